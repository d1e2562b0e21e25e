"""Keep uploaded pictures: checked, normalised, stored once by their checksum."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.pictures import Picture
from posters.pictures import NormalisedPicture, normalise


def keep_picture(sessions: SessionFactory, upload: bytes, now: datetime) -> int:
    """Check and keep an uploaded picture; return its id. The same picture is kept once.

    Raises:
        posters.pictures.PictureRejected: no picture, too large, or of a strange shape.
    """
    normal = normalise(upload)
    with sessions.begin() as session:
        return store_picture(session, normal, now)


def store_picture(session: Session, normal: NormalisedPicture, now: datetime) -> int:
    """Store a normalised picture; return its id. A step."""
    session.execute(
        insert_on_conflict(session, Picture)
        .values(
            sha256=normal.sha256,
            width=normal.width,
            height=normal.height,
            jpeg=normal.jpeg,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    return session.scalars(select(Picture.id).where(Picture.sha256 == normal.sha256)).one()
