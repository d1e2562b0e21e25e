"""What every chat delivery does before and after its one call. Steps."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.people import WeChatUser
from rules.outbox import WorkStatus
from workflows.chats import close_windows, return_messages
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import fail, finish
from workflows.delivery.tools import Answer


def openid_of(session: Session, wechat_user_id: int) -> str:
    """Return where to send."""
    return session.get_one(WeChatUser, wechat_user_id).openid


def settle_windows(session: Session, wechat_user_id: int, messages: int, answer: Answer) -> None:
    """Bring our count of her windows in line with WeChat's answer."""
    if answer.shut is not None:
        close_windows(session, wechat_user_id)
    elif answer.is_certain and not answer.is_sent:
        return_messages(session, wechat_user_id, messages)


def settle_work(session: Session, work: ClaimedWork, answer: Answer, now: datetime) -> None:
    """Finish a work that was being sent, or let it try again, by WeChat's answer.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    if answer.is_sent:
        finish(session, work, WorkStatus.DONE, None, now)
    else:
        fail(session, work, answer.failure, answer.reason, may_retry=answer.may_retry, now=now)
