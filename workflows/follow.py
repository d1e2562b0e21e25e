"""Take in that somebody left the account (取消关注)."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.people import WeChatUser
from workflows.chats import close_windows
from workflows.people import unfollow


def part(session: Session, wechat_user_id: int, now: datetime) -> None:
    """She has left: she can't be written to. Her bindings and her orders stay. A step."""
    unfollow(session.get_one(WeChatUser, wechat_user_id), now)
    close_windows(session, wechat_user_id)
