"""Know who follows the account (粉丝). Steps."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.people import WeChatUser
from workflows.chats import close_windows


def follow(session: Session, wechat_user_id: int, now: datetime) -> None:
    """She follows since now; nothing changes if that was known."""
    session.execute(
        update(WeChatUser)
        .where(WeChatUser.id == wechat_user_id, WeChatUser.is_following.is_(False))
        .values(is_following=True, followed_at=now, unfollowed_at=None)
        .execution_options(synchronize_session="fetch")
    )


def part(session: Session, wechat_user_id: int, now: datetime) -> None:
    """She has left: she can't be written to. Her bindings and her orders stay."""
    session.execute(
        update(WeChatUser)
        .where(WeChatUser.id == wechat_user_id)
        .values(is_following=False, unfollowed_at=now)
        .execution_options(synchronize_session="fetch")
    )
    close_windows(session, wechat_user_id)
