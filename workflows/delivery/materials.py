"""Send a distributor a material with her own QR on it, then the caption with her own link."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.materials import Material, MaterialShare
from models.pictures import Picture
from models.referrals import ReferralCode
from posters.material import MaterialPicture, draw
from rules import outbox
from rules.materials import MaterialUnusable, caption_with_link, check_usable
from rules.outbox import WorkStatus
from workflows.chats import may_write, reserve_messages
from workflows.clock import real_now
from workflows.delivery.chat import openid_of, settle_windows, settle_work
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, fail, finish
from workflows.delivery.tools import Answer, DeliveryTools, ask
from workflows.inbox import InboxNote, keep
from workflows.materials.share import share_path

MESSAGES = 2
"""The picture and the caption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Handout:
    """One share of a material, ready to be drawn."""

    distributor_id: int
    material_id: int
    openid: str
    title: str
    caption: str
    picture: MaterialPicture


def deliver_material(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Draw, upload and send the share `details.share_id`; without room it waits in her inbox.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    person_id = work.wechat_user_id
    assert person_id is not None, "a material has a receiver"
    handout = tools.sessions.retrying(lambda session: _prepare(tools, session, work, now))
    if handout is None:
        return
    media_id = _upload(tools, work, draw(handout.picture), now)
    if media_id is None:
        return

    def begin(session: Session) -> bool:
        room = reserve_messages(session, person_id, MESSAGES, now)
        if not room.is_open:
            _keep(session, work, handout, room.reason, now)
            return False
        begin_sending(session, (work,), real_now())
        return True

    def settle(session: Session) -> None:
        _settle(session, work, handout, (picture_sent, caption_sent), now)

    if tools.sessions.retrying(begin):
        picture_sent = ask(lambda: tools.account.send_image(handout.openid, media_id))
        caption_sent = (
            ask(lambda: tools.account.send_text(handout.openid, handout.caption))
            if picture_sent.is_sent
            else picture_sent
        )
        tools.sessions.retrying(settle)


def _prepare(
    tools: DeliveryTools, session: Session, work: ClaimedWork, now: datetime
) -> _Handout | None:
    """Read what is to be drawn; None when there is no need to draw at all."""
    assert work.wechat_user_id is not None
    handout, material = _handout(tools, session, work)
    try:
        check_usable(material.status, material.valid_until, now)
    except MaterialUnusable as unusable:
        finish(session, work, WorkStatus.SKIPPED, str(unusable), now)
        return None
    room = may_write(session, work.wechat_user_id, now)
    if not room.is_open:
        _keep(session, work, handout, room.reason, now)
        return None
    return handout


def _handout(
    tools: DeliveryTools, session: Session, work: ClaimedWork
) -> tuple[_Handout, Material]:
    share, material, distributor, code, jpeg = session.execute(
        select(MaterialShare, Material, Distributor, ReferralCode.code, Picture.jpeg)
        .join(Material, Material.id == MaterialShare.material_id)
        .join(Distributor, Distributor.id == MaterialShare.distributor_id)
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id)
        .join(Picture, Picture.id == Material.picture_id)
        .where(MaterialShare.id == work.number("share_id"))
    ).one()
    link = tools.url(share_path(code, share.token))
    handout = _Handout(
        distributor_id=distributor.id,
        material_id=material.id,
        openid=openid_of(session, distributor.wechat_user_id),
        title=material.title,
        caption=caption_with_link(material.caption, link),
        picture=MaterialPicture(
            jpeg=jpeg,
            distributor_name=distributor.name,
            code_content=link,
            caption=material.caption,
        ),
    )
    return handout, material


def _upload(tools: DeliveryTools, work: ClaimedWork, jpeg: bytes, now: datetime) -> str | None:
    """Return the picture's media id; None when the upload failed, which is written down."""
    media_ids: list[str] = []
    answer = ask(lambda: media_ids.append(tools.account.upload_image(jpeg).media_id))
    if answer.is_sent:
        return media_ids[0]

    def record(session: Session) -> None:
        # Nobody sees an upload: whatever became of it, trying again does no harm.
        fail(
            session,
            work,
            outbox.Outcome.NOT_SENT,
            answer.reason,
            may_retry=answer.may_retry or not answer.is_certain,
            now=now,
        )

    tools.sessions.retrying(record)
    return None


def _settle(
    session: Session,
    work: ClaimedWork,
    handout: _Handout,
    answers: tuple[Answer, Answer],
    now: datetime,
) -> None:
    """Record both messages; a caption that didn't follow its picture waits in her inbox."""
    picture_sent, caption_sent = answers
    assert work.wechat_user_id is not None
    unsent = MESSAGES if not picture_sent.is_sent else 1
    settle_windows(session, work.wechat_user_id, unsent, caption_sent)
    if caption_sent.shut is not None:
        _keep(session, work, handout, caption_sent.shut, now)
    elif picture_sent.is_sent and caption_sent.is_certain and not caption_sent.is_sent:
        # The whole can't be tried again: she has the picture already.
        _keep(session, work, handout, caption_sent.reason, now)
    else:
        settle_work(session, work, caption_sent, now)


def _keep(
    session: Session, work: ClaimedWork, handout: _Handout, reason: str, now: datetime
) -> None:
    note = InboxNote(
        key=f"outbox:{work.id}",
        distributor_id=handout.distributor_id,
        title=f"素材：{handout.title}",
        body=handout.caption,
        path=f"/d/materials/{handout.material_id}",
        kept_because=reason,
    )
    keep(session, note, now)
    finish(session, work, WorkStatus.DONE, reason, now)
