"""Send a chat text that answers her; where that isn't allowed, it is skipped."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.outbox import WorkStatus
from workflows.chats import reserve_messages
from workflows.clock import real_now
from workflows.delivery.chat import openid_of, settle_windows, settle_work
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, finish
from workflows.delivery.tools import DeliveryTools, ask


def deliver_reply(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Send `details.text` to the person, at most once.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    person_id = work.wechat_user_id
    assert person_id is not None, "a reply has a receiver"

    def begin(session: Session) -> str | None:
        room = reserve_messages(session, person_id, 1, now)
        if not room.is_open:
            finish(session, work, WorkStatus.SKIPPED, room.reason, now)
            return None
        begin_sending(session, (work,), real_now())
        return openid_of(session, person_id)

    def settle(session: Session) -> None:
        settle_windows(session, person_id, 1, answer)
        if answer.shut is None:
            settle_work(session, work, answer, now)
        else:
            finish(session, work, WorkStatus.SKIPPED, answer.shut, now)

    openid = tools.sessions.retrying(begin)
    if openid is not None:
        answer = ask(lambda: tools.account.send_text(openid, work.words("text")))
        tools.sessions.retrying(settle)
