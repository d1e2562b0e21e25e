"""Know a person by her openid."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import insert_on_conflict
from models.people import WeChatUser


def know(session: Session, openid: str, now: datetime) -> WeChatUser:
    """Return the person with this openid, written down first if she is new. A step.

    Two processes that meet her at the same moment both get the one row.
    """
    person = session.scalar(select(WeChatUser).where(WeChatUser.openid == openid))
    if person is not None:
        return person
    session.execute(
        insert_on_conflict(session, WeChatUser)
        .values(openid=openid, is_virtual=False, is_following=False, created_at=now)
        .on_conflict_do_nothing(index_elements=["openid"])
    )
    return session.scalars(select(WeChatUser).where(WeChatUser.openid == openid)).one()
