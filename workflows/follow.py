"""Take in that somebody followed the account (关注), or left it (取消关注).

WeChat may hand over the two in another order than they happened: the one that happened last wins.
`told_at` is WeChat's time of the event.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from models.people import WeChatUser
from workflows.chats import close_windows
from workflows.people import follow, unfollow


def arrive(session: Session, wechat_user_id: int, told_at: datetime, now: datetime) -> None:
    """She follows, unless she has left since. A step."""
    follow(session.get_one(WeChatUser, wechat_user_id), now, told_at)


def part(session: Session, wechat_user_id: int, told_at: datetime, now: datetime) -> None:
    """She has left: she can't be written to. Her bindings and her orders stay. A step."""
    if unfollow(session.get_one(WeChatUser, wechat_user_id), now, told_at):
        close_windows(session, wechat_user_id)
