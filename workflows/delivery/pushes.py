"""One person's turn in a push plan: her channel is chosen at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.pictures import Picture
from models.training import Campaign, CampaignRecipient, Lesson
from rules.distributors import is_authorised
from rules.outbox import WorkStatus
from rules.push_timing import choose_channel, is_quiet, send_at
from rules.training import CampaignStatus, Channel
from wechat.gateway import Article
from workflows.chats import reserve_messages
from workflows.clock import real_now
from workflows.delivery.chat import openid_of, settle_windows, settle_work
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, finish, postpone
from workflows.delivery.tools import DeliveryTools, ask
from workflows.inbox import InboxNote, keep

EXCERPT_LENGTH = 60
STOPPED = "推送计划已停止"
NOT_AUTHORISED = "分销授权未生效或已到期"
QUIET = "夜间 22:00–08:00 不推送"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one turn is made of."""

    recipient: CampaignRecipient
    campaign: Campaign
    lesson: Lesson
    distributor: Distributor
    picture_sha256: str | None

    @property
    def path(self) -> str:
        """The lesson's page, with this turn's mark."""
        return f"/d/lessons/{self.lesson.id}?p={self.recipient.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A lesson on its way to one person: a card, or a text where there is no picture."""

    openid: str
    article: Article
    has_picture: bool


def deliver_push(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Send her the lesson by chat while that is allowed, else keep it in her inbox.

    In the quiet hours it waits until the morning; the channel is chosen then.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    person_id = work.wechat_user_id
    assert person_id is not None, "a push has a receiver"

    def begin(session: Session) -> _Card | None:
        turn = _turn(session, work)
        obstacle = _obstacle(turn, now)
        if obstacle is not None:
            finish(session, work, WorkStatus.SKIPPED, obstacle, now)
            return None
        if is_quiet(now):
            postpone(session, work, send_at(now), QUIET)
            return None
        room = reserve_messages(session, person_id, 1, now)
        if room.opens_at is not None:
            postpone(session, work, room.opens_at, room.reason)
            return None
        choice = choose_channel(room)
        if choice.channel is Channel.INBOX:
            _keep(session, work, turn, choice.reason, now)
            return None
        turn.recipient.channel = Channel.CHAT
        turn.recipient.channel_reason = None
        begin_sending(session, (work,), real_now())
        return _card(tools, turn, openid_of(session, person_id))

    def settle(session: Session) -> None:
        settle_windows(session, person_id, 1, answer)
        if answer.shut is None:
            settle_work(session, work, answer, now)
        else:
            _keep(session, work, _turn(session, work), answer.shut, now)

    card = tools.sessions.retrying(begin)
    if card is not None:
        answer = ask(lambda: _send(tools, card))
        tools.sessions.retrying(settle)


def excerpt(body: str) -> str:
    """Return a lesson's first words, for a card or a list."""
    words = " ".join(body.split())
    return words if len(words) <= EXCERPT_LENGTH else f"{words[: EXCERPT_LENGTH - 1]}…"


def _turn(session: Session, work: ClaimedWork) -> _Turn:
    recipient, campaign, lesson, distributor, sha256 = session.execute(
        select(CampaignRecipient, Campaign, Lesson, Distributor, Picture.sha256)
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .join(Lesson, Lesson.id == Campaign.lesson_id)
        .join(Distributor, Distributor.id == CampaignRecipient.distributor_id)
        .outerjoin(Picture, Picture.id == Lesson.picture_id)
        .where(CampaignRecipient.outbox_id == work.id)
    ).one()
    return _Turn(
        recipient=recipient,
        campaign=campaign,
        lesson=lesson,
        distributor=distributor,
        picture_sha256=sha256,
    )


def _obstacle(turn: _Turn, now: datetime) -> str | None:
    if turn.campaign.status is CampaignStatus.STOPPED:
        return STOPPED
    if not is_authorised(turn.distributor.status, turn.distributor.authorised_until, now):
        return NOT_AUTHORISED
    return None


def _keep(session: Session, work: ClaimedWork, turn: _Turn, reason: str, now: datetime) -> None:
    turn.recipient.channel = Channel.INBOX
    turn.recipient.channel_reason = reason
    note = InboxNote(
        key=f"outbox:{work.id}",
        distributor_id=turn.distributor.id,
        title=turn.lesson.title,
        body=excerpt(turn.lesson.body),
        path=turn.path,
        kept_because=reason,
    )
    keep(session, note, now)
    finish(session, work, WorkStatus.DONE, reason, now)


def _card(tools: DeliveryTools, turn: _Turn, openid: str) -> _Card:
    sha256 = turn.picture_sha256
    return _Card(
        openid=openid,
        article=Article(
            title=turn.lesson.title,
            description=excerpt(turn.lesson.body),
            url=tools.url(turn.path),
            picture_url=tools.url(f"/media/{sha256}.jpg") if sha256 else "",
        ),
        has_picture=sha256 is not None,
    )


def _send(tools: DeliveryTools, card: _Card) -> None:
    article = card.article
    if card.has_picture:
        tools.account.send_article(card.openid, article)
    else:
        text = f"【{article.title}】\n{article.description}\n{article.url}"
        tools.account.send_text(card.openid, text)
