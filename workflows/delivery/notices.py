"""Tell a person her news: all that waits goes out as one text, else into her inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.distributors import Distributor
from rules.outbox import WorkStatus
from rules.push_timing import group_notices
from workflows.chats import reserve_messages
from workflows.clock import real_now
from workflows.delivery.chat import openid_of, settle_windows, settle_work
from workflows.delivery.claim import ClaimedWork, claim_notices_of, give_back
from workflows.delivery.finish import begin_sending, finish, postpone
from workflows.delivery.tools import DeliveryTools, ask
from workflows.distributors.identify import distributor_of
from workflows.inbox import InboxNote, keep


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """One text to send, the notices it is made of, and to whom."""

    openid: str
    text: str
    works: tuple[ClaimedWork, ...]


def deliver_notices(tools: DeliveryTools, works: Sequence[ClaimedWork], now: datetime) -> None:
    """Send one person's notices as one text, those that still wait included.

    What doesn't fit into one text is given back and makes the next one. Without room in her
    chat a distributor finds them in her inbox; for anybody else they are skipped. Room that a
    minute's patience brings is waited for.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    person_id = works[0].wechat_user_id
    assert person_id is not None, "a notice has a receiver"

    def begin(session: Session) -> _Text | None:
        more = claim_notices_of(session, person_id, works[0].owner, now=now, real_now=real_now())
        waiting = (*works, *more)
        room = reserve_messages(session, person_id, 1, now)
        if room.opens_at is not None:
            for work in waiting:
                postpone(session, work, room.opens_at, room.reason)
            return None
        if not room.is_open:
            _keep_or_skip(session, waiting, person_id, room.reason, now)
            return None
        text, fitting = _one_text(tools, waiting)
        give_back(session, waiting[fitting:])
        begin_sending(session, waiting[:fitting], real_now())
        return _Text(openid=openid_of(session, person_id), text=text, works=waiting[:fitting])

    def settle(session: Session) -> None:
        assert message is not None
        settle_windows(session, person_id, 1, answer)
        if answer.shut is not None:
            _keep_or_skip(session, message.works, person_id, answer.shut, now)
            return
        for work in message.works:
            settle_work(session, work, answer, now)

    message = tools.sessions.retrying(begin)
    if message is not None:
        answer = ask(lambda: tools.account.send_text(message.openid, message.text))
        tools.sessions.retrying(settle)


def _one_text(tools: DeliveryTools, works: Sequence[ClaimedWork]) -> tuple[str, int]:
    """Return the first text and how many of the works, from the front, it is made of."""
    notices = [_sentence(tools, work) for work in works]
    fitting = 1
    while fitting < len(notices) and len(group_notices(notices[: fitting + 1])) == 1:
        fitting += 1
    return group_notices(notices[:fitting])[0], fitting


def _sentence(tools: DeliveryTools, work: ClaimedWork) -> str:
    path = work.details.get("path")
    parts = [f"【{work.words('title')}】", work.words("body")]
    if isinstance(path, str):
        parts.append(f'<a href="{tools.url(path)}">点击查看</a>')
    return "\n".join(parts)


def _keep_or_skip(
    session: Session, works: Sequence[ClaimedWork], person_id: int, reason: str, now: datetime
) -> None:
    distributor = distributor_of(session, person_id)
    for work in works:
        if distributor is None:
            finish(session, work, WorkStatus.SKIPPED, reason, now)
        else:
            _keep(session, work, distributor, reason, now)


def _keep(
    session: Session, work: ClaimedWork, distributor: Distributor, reason: str, now: datetime
) -> None:
    path = work.details.get("path")
    note = InboxNote(
        key=f"outbox:{work.id}",
        distributor_id=distributor.id,
        title=work.words("title"),
        body=work.words("body"),
        path=path if isinstance(path, str) else None,
        kept_because=reason,
    )
    keep(session, note, now)
    finish(session, work, WorkStatus.DONE, reason, now)
