"""Know a person by her openid."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.people import WeChatUser
from wechat.gateway import WebIdentity


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


def lock_person(session: Session, wechat_user_id: int) -> WeChatUser:
    """Return a person, and let one transaction at a time decide about her. A step.

    Rows that only refer to her can still be written meanwhile, so the lock never waits for them.
    """
    return session.scalars(
        select(WeChatUser)
        .where(WeChatUser.id == wechat_user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who opened a page: our id for her, and whether she is a snapshot user."""

    id: int
    openid: str
    is_virtual: bool


def recognise(sessions: SessionFactory, person_id: int, openid: str) -> Person | None:
    """Return the person whom a browser remembers, if we still know her by both names."""
    with sessions.read() as session:
        row = session.get(WeChatUser, person_id)
    if row is None or row.openid != openid:
        return None
    return Person(id=row.id, openid=row.openid, is_virtual=row.is_virtual)


def identify(sessions: SessionFactory, identity: WebIdentity, now: datetime) -> Person:
    """Return the person whom WeChat's web authorisation names, written down if she is new."""
    with sessions.begin() as session:
        person = know(session, identity.openid, now)
        person.is_virtual = identity.is_virtual
        if identity.union_id is not None:
            person.union_id = identity.union_id
        return Person(id=person.id, openid=person.openid, is_virtual=person.is_virtual)


def follow(person: WeChatUser, now: datetime, told_at: datetime | None = None) -> None:
    """Write down that she follows the account (关注). A step.

    `told_at` is when that was by WeChat's clock: a later word that she left stands.
    """
    if not _is_news(person, told_at):
        return
    person.is_following = True
    person.followed_at = now
    person.unfollowed_at = None


def unfollow(person: WeChatUser, now: datetime, told_at: datetime) -> bool:
    """Write down that she left (取消关注); nothing may be sent to her by chat. A step.

    False: she has come back since, and this word was late.
    """
    if not _is_news(person, told_at):
        return False
    person.is_following = False
    person.unfollowed_at = now
    return True


def _is_news(person: WeChatUser, told_at: datetime | None) -> bool:
    """Tell whether a word is the latest, and remember its time. WeChat counts in seconds."""
    if told_at is None:
        return True
    if person.follow_told_at is not None and told_at < person.follow_told_at:
        return False
    person.follow_told_at = told_at
    return True
