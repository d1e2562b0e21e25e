"""People, as the official account knows them."""

from datetime import UTC, datetime
from itertools import count

from sqlalchemy.orm import Session

from models.people import WeChatUser

LONG_AGO = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
_numbers = count(1)


def make_person(session: Session, *, openid: str | None = None) -> WeChatUser:
    """A follower with an openid of her own."""
    person = WeChatUser(
        openid=openid or f"o{next(_numbers):027d}",
        is_virtual=False,
        is_following=True,
        followed_at=LONG_AGO,
        created_at=LONG_AGO,
    )
    session.add(person)
    session.flush()
    return person
