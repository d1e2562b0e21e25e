"""Take in one message or event of the official account, once, and keep its reply.

The repeats that WeChat sends get the stored reply. What the message caused and that it was taken
in are one transaction, so neither is ever there without the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Executable, FromClause, literal_column, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from models.bare import Exchange, Question
from models.clock import BusinessClock
from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.hurried import HurriedSessions
from models.people import Conversation, InboundEvent, WeChatUser
from models.prepared import Prepared, Row, Types, Values
from rules.chat_window import InteractionKind
from rules.distributors import ApplicationStatus, DistributorStatus, is_authorised
from workflows.chats import NOTE, WINDOW, note, note_interaction
from workflows.clock import real_now
from workflows.people import follow, know

WECHAT = "wechat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What came: its key for repeats, from whom, and which chat window it opens, if any.

    `sent_at` is WeChat's time of it.
    """

    dedup_key: str
    openid: str
    interaction: InteractionKind | None
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerDistributor:
    """The distributor that the caller is."""

    id: int
    name: str
    number: str
    status: DistributorStatus
    authorised_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who spoke to us, what we know of her, and when (business time).

    `key` is the arrival's, unique among all: work that she asks for is keyed by it.
    `is_waiting`: staff have not decided her application yet.
    """

    id: int
    openid: str
    key: str
    now: datetime
    distributor: CallerDistributor | None
    conversation: str | None
    is_waiting: bool

    @property
    def is_authorised(self) -> bool:
        """Whether she may refer and earn now."""
        known = self.distributor
        return known is not None and is_authorised(known.status, known.authorised_until, self.now)


Handler = Callable[[Session, Caller], str | None]
"""Does what a message asks for, in our transaction, and returns the reply to keep."""


PlainReply = Callable[[Caller], str | None]
"""The reply to a message that changes nothing, from what is known of the caller; None where the
message needs a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A message that is taken in; `reply` None is `success`."""

    reply: str | None


class _AnsweredMeanwhile(Exception):  # noqa: N818 - control flow within this file
    """A repeat of this message, in another process, was faster."""


def answer_plainly(
    sessions: HurriedSessions, arrival: Arrival, reply_of: PlainReply
) -> Answered | None:
    """Take in a message that changes nothing but its chat window, or a repeat; else return None.

    Most messages are of this kind. One statement looks, one writes the message with its reply and
    the window; `answer_once` does the same for those that change more.

    Raises: models.hurried.OutOfTime.
    """

    def decide(row: Row | None) -> Values | None:
        found = _found(row)
        if found.event_id is not None or arrival.interaction is None:
            return None
        if found.person_id is None or not found.is_following:
            return None
        now = real_now() + timedelta(seconds=found.offset_seconds or 0)
        reply = reply_of(_known_caller(found.person_id, arrival, found, now))
        if reply is None:
            return None
        window = {"wechat_user_id": found.person_id, "kind": arrival.interaction}
        return {"key": arrival.dedup_key, "reply": reply, "now": now} | window

    question = Question(key=arrival.dedup_key, values=_looked_for(arrival), decide=decide)
    answer = sessions.ask(question)
    while answer.decided is not None and not answer.is_written:
        # A repeat in another process was faster: its reply is the reply.
        answer = sessions.ask(question)
    found = _found(answer.seen)
    if found.event_id is not None:
        return Answered(reply=found.reply)
    return None if answer.decided is None else Answered(reply=str(answer.decided["reply"]))


def _found(row: Row | None) -> "_Found":
    assert row is not None, "it has a row whatever is known"
    return _Found(*row)


def _looked_for(arrival: Arrival) -> dict[str, object]:
    return {"key": arrival.dedup_key, "openid": arrival.openid}


def answer_once(sessions: SessionFactory, arrival: Arrival, handle: Handler) -> str | None:
    """Handle a message that is new, else return what was answered then.

    Three statements for a message that asks for nothing: who she is (and whether we know the
    message), the chat window, the message with its reply. The message is written last, with the
    reply in it; of two repeats at once the slower one finds it there, undoes all that it did and
    gives the same answer.
    """
    try:
        return sessions.retrying(lambda session: _answer(session, arrival, handle))
    except _AnsweredMeanwhile:
        with sessions.read() as session:
            return session.scalars(
                select(InboundEvent.reply).where(
                    InboundEvent.source == WECHAT, InboundEvent.dedup_key == arrival.dedup_key
                )
            ).one()


def _answer(session: Session, arrival: Arrival, handle: Handler) -> str | None:
    connection = session.connection()
    (row,) = _LOOK.rows(connection, [_looked_for(arrival)])
    found = _found(row)
    if found.event_id is not None:
        return found.reply
    now = real_now() + timedelta(seconds=found.offset_seconds or 0)
    caller = _caller(session, arrival, found, now)
    reply = handle(session, caller)
    if arrival.interaction is not None:
        note_interaction(session, caller.id, arrival.interaction, now)
    kept = {"key": arrival.dedup_key, "reply": reply, "now": now}
    if not _KEEP.rows(connection, [kept]):
        raise _AnsweredMeanwhile
    return reply


def _caller(session: Session, arrival: Arrival, found: "_Found", now: datetime) -> Caller:
    person_id = found.person_id
    if person_id is None:
        person_id = know(session, arrival.openid, now).id
    if arrival.interaction is not None and not found.is_following:
        # Only a follower can write, tap or scan: a lost event must not leave her unreachable.
        follow(session.get_one(WeChatUser, person_id), now, arrival.sent_at)
    return _known_caller(person_id, arrival, found, now)


def _known_caller(person_id: int, arrival: Arrival, found: "_Found", now: datetime) -> Caller:
    return Caller(
        id=person_id,
        openid=arrival.openid,
        key=arrival.dedup_key,
        now=now,
        distributor=_distributor(found),
        conversation=found.flow,
        is_waiting=found.application_id is not None,
    )


def _distributor(found: "_Found") -> CallerDistributor | None:
    if found.distributor_id is None:
        return None
    return CallerDistributor(
        id=found.distributor_id,
        name=found.name,
        number=found.number,
        status=found.status,
        authorised_until=found.authorised_until,
    )


class _Found(NamedTuple):
    """The row of `_look`; the distributor's columns are None where `distributor_id` is."""

    key: str
    event_id: int | None
    reply: str | None
    person_id: int | None
    is_following: bool | None
    distributor_id: int | None
    name: str
    number: str
    status: DistributorStatus
    authorised_until: datetime
    flow: str | None
    application_id: int | None
    offset_seconds: int | None


_COLUMNS = (
    InboundEvent.id,
    InboundEvent.reply,
    WeChatUser.id,
    WeChatUser.is_following,
    Distributor.id,
    Distributor.name,
    Distributor.number,
    Distributor.status,
    Distributor.authorised_until,
    Conversation.flow,
    DistributorApplication.id,
    BusinessClock.offset_seconds,
)


def _look(_dialect: str, asked: FromClause) -> Executable:
    """All that is known beforehand, a row for each: the message, the person, business time."""
    return (
        select(asked.c.key, *_COLUMNS)
        .select_from(asked)
        .outerjoin(
            InboundEvent,
            (InboundEvent.source == literal_column(f"'{WECHAT}'"))
            & (InboundEvent.dedup_key == asked.c.key),
        )
        .outerjoin(WeChatUser, WeChatUser.openid == asked.c.openid)
        .outerjoin(Distributor, Distributor.wechat_user_id == WeChatUser.id)
        .outerjoin(Conversation, Conversation.wechat_user_id == WeChatUser.id)
        .outerjoin(
            DistributorApplication,
            (DistributorApplication.wechat_user_id == WeChatUser.id)
            & (DistributorApplication.status == literal_column(f"'{ApplicationStatus.APPLIED}'")),
        )
        .outerjoin(BusinessClock, BusinessClock.id == literal_column("1"))
    )


def _keep(dialect: str, asked: FromClause) -> ReturningInsert[tuple[str]]:
    """The messages' rows, but those that are there; PostgreSQL locks them in one order."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    rows = select(literal_column(f"'{WECHAT}'"), asked.c.key, asked.c.reply, asked.c.now).where(
        true()
    )
    return (
        insert(InboundEvent)
        .from_select(["source", "dedup_key", "reply", "received_at"], rows.order_by(asked.c.key))
        .on_conflict_do_nothing(index_elements=["source", "dedup_key"])
        .returning(InboundEvent.dedup_key)
    )


def _keep_and_note(dialect: str, asked: FromClause) -> Executable:
    """The messages' rows but those that are there, and the chat windows of what is new."""
    kept = _keep(dialect, asked).cte("kept")
    noted = note(dialect, asked, asked.c.key.in_(select(kept.c.dedup_key))).cte("noted")
    return select(kept.c.dedup_key).add_cte(noted)


_MESSAGE: Types = {
    "key": InboundEvent.dedup_key.type,
    "reply": InboundEvent.reply.type,
    "now": InboundEvent.received_at.type,
}
_KEY = [InboundEvent.dedup_key.type]
_LOOK = Prepared(
    _look,
    takes={"key": InboundEvent.dedup_key.type, "openid": WeChatUser.openid.type},
    gives=[*_KEY, *(column.type for column in _COLUMNS)],
)
_KEEP = Prepared(_keep, takes=_MESSAGE, gives=_KEY)
_KEEP_AND_NOTE = Prepared(_keep_and_note, takes={**_MESSAGE, **WINDOW}, gives=_KEY)
PLAIN_ANSWERS = Exchange(
    look=_LOOK, keep_on_postgresql=_KEEP_AND_NOTE, keep_on_sqlite=(_KEEP, NOTE)
)
"""For the sessions that `answer_plainly` takes."""
