"""Answers in time, or says `success` in time and answers later by customer-service message.

The quick way runs in the request's own thread: its transactions end by themselves within 4.3 s
(`models.hurried` says why), so no watchdog and no second thread is needed for the usual message.
What ran out of time wrote nothing. It is handled again, patiently, by a thread of this process;
its reply goes through the outbox, in the transaction that takes the message in. Until then the
message is only in memory: where the database is blocked there is nowhere else to put it, and
WeChat doesn't repeat what got an answer.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from time import monotonic, sleep

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.chat import Chat, Talk
from bot.handlers import interaction_of, respond
from bot.handlers.plainly import respond as respond_plainly
from bot.stored_reply import from_stored, to_stored
from bot.words import Words
from web.site import SiteFacts
from wechat.events import ImageReply, InboundEvent, NoReply, OtherEvent, Reply, TextReply
from workflows import HurriedSessions, OutOfTime, SessionFactory
from workflows.inbound import PLAIN_ANSWERS, Arrival, Caller, Handler, answer_once, answer_plainly
from workflows.outbox import Work, WorkKind, enqueue

log = structlog.get_logger(__name__)

LATE_THREADS = 2
MOST_LATE = 1000
GIVE_UP_SECONDS = 120.0
PAUSE_SECONDS = 1.0
LONGEST_KEY = 120


class ChatDesk:
    """Takes in messages and finds the replies; one for each process. Safe for many threads."""

    def __init__(self, sessions: SessionFactory, site: SiteFacts, words: Words) -> None:
        self._patient = sessions
        self._hurried = HurriedSessions(sessions, PLAIN_ANSWERS)
        self._site = site
        self._words = words
        self._late = ThreadPoolExecutor(LATE_THREADS, thread_name_prefix="late-replies")
        self._room = BoundedSemaphore(MOST_LATE)

    def answer(self, event: InboundEvent) -> Reply:
        """Return the reply to a message, the stored one to its repeat; within 4.3 s."""
        if isinstance(event, OtherEvent):
            # Nothing is done about it, so a repeat does no harm either.
            return NoReply()

        def handle(session: Session, caller: Caller) -> str | None:
            return to_stored(self._respond(event, session, caller))

        def plainly(caller: Caller) -> str | None:
            reply = respond_plainly(event, Talk(caller=caller, site=self._site, words=self._words))
            return None if reply is None else to_stored(reply)

        arrival = _arrival(event)
        try:
            with self._hurried.hurry():
                plain = answer_plainly(self._hurried, arrival, plainly)
                if plain is not None:
                    return from_stored(plain.reply)
                return from_stored(answer_once(self._hurried, arrival, handle))
        except OutOfTime:
            self._answer_late(event)
            return NoReply()

    def close(self) -> None:
        """Finish what is late, and give the connections back."""
        self._late.shutdown(wait=True)
        self._hurried.dispose()

    def _respond(self, event: InboundEvent, session: Session, caller: Caller) -> Reply:
        chat = Chat(session=session, caller=caller, site=self._site, words=self._words)
        return respond(event, chat)

    def _answer_late(self, event: InboundEvent) -> None:
        if not self._room.acquire(blocking=False):
            log.error("message lost", key=event.dedup_key, reason="too many wait already")
            return
        log.warning("answering late", key=event.dedup_key)

        def handle(session: Session, caller: Caller) -> str | None:
            _reply_by_message(session, caller, self._respond(event, session, caller))
            return None

        self._late.submit(self._try_until_done, event, handle)

    def _try_until_done(self, event: InboundEvent, handle: Handler) -> None:
        give_up = monotonic() + GIVE_UP_SECONDS
        try:
            while True:
                try:
                    answer_once(self._patient, _arrival(event), handle)
                except OperationalError:
                    if monotonic() > give_up:
                        raise
                    sleep(PAUSE_SECONDS)
                else:
                    log.info("answered late", key=event.dedup_key)
                    return
        except Exception:
            # The last place where anybody could hear of it: a thread's error goes nowhere.
            log.exception("message lost", key=event.dedup_key)
            raise
        finally:
            self._room.release()


def _arrival(event: InboundEvent) -> Arrival:
    return Arrival(
        dedup_key=event.dedup_key,
        openid=event.openid,
        interaction=interaction_of(event),
        sent_at=event.created_at,
    )


def _reply_by_message(session: Session, caller: Caller, reply: Reply) -> None:
    """Ask for a reply to be sent as a customer-service message."""
    if isinstance(reply, TextReply):
        work = Work(
            kind=WorkKind.REPLY,
            key=f"reply:{caller.key}"[:LONGEST_KEY],
            details={"text": reply.text},
            wechat_user_id=caller.id,
        )
        enqueue(session, work, caller.now)
    elif isinstance(reply, ImageReply) and caller.distributor is not None:
        # The only picture that is ever a reply is her poster.
        work = Work(
            kind=WorkKind.POSTER,
            key=f"poster:{caller.key}"[:LONGEST_KEY],
            details={"distributor_id": caller.distributor.id},
            wechat_user_id=caller.id,
        )
        enqueue(session, work, caller.now)
