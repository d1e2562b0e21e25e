"""Send a distributor her referral poster."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules import outbox
from rules.outbox import WorkStatus
from workflows.chats import reserve_messages
from workflows.clock import real_now
from workflows.delivery.chat import openid_of, settle_windows, settle_work
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, fail, finish
from workflows.delivery.tools import Answer, DeliveryTools, ask
from workflows.posters import forget_uploaded, uploaded_poster

MEDIA_GONE = "40007"


def deliver_poster(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Draw and upload the poster of `details.distributor_id`, and send it at most once.

    Without room in her chat window it is skipped: her code is on `/d/code` as well.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    person_id = work.wechat_user_id
    assert person_id is not None, "a poster has a receiver"
    media_id = _upload(tools, work, now)
    if media_id is None:
        return

    def begin(session: Session) -> str | None:
        room = reserve_messages(session, person_id, 1, now)
        if not room.is_open:
            finish(session, work, WorkStatus.SKIPPED, room.reason, now)
            return None
        begin_sending(session, (work,), real_now())
        return openid_of(session, person_id)

    def settle(session: Session) -> None:
        settle_windows(session, person_id, 1, answer)
        if answer.shut is not None:
            finish(session, work, WorkStatus.SKIPPED, answer.shut, now)
        elif _is_media_gone(answer):
            # Certainly not sent, and certain to work with a fresh upload.
            reason = answer.reason
            fail(session, work, outbox.Outcome.NOT_SENT, reason, may_retry=True, now=now)
        else:
            settle_work(session, work, answer, now)

    openid = tools.sessions.retrying(begin)
    if openid is None:
        return
    answer = ask(lambda: tools.account.send_image(openid, media_id))
    if _is_media_gone(answer):
        forget_uploaded(tools.sessions, work.number("distributor_id"), media_id)
    tools.sessions.retrying(settle)


def _is_media_gone(answer: Answer) -> bool:
    return answer.error is not None and answer.error.errcode == MEDIA_GONE


def _upload(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> str | None:
    """Return the poster's media id; None when that failed, which is written down."""
    media_ids: list[str] = []
    answer = ask(
        lambda: media_ids.append(
            uploaded_poster(
                tools.sessions,
                tools.account,
                work.number("distributor_id"),
                brand_name=tools.brand_name,
                now=now,
            )
        )
    )
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
