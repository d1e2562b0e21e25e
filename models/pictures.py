"""Pictures, kept in the database so that every machine can serve them."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class Picture(Base):
    """One normalised JPEG, named by its sha256 (hex)."""

    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    width: Mapped[int]
    height: Mapped[int]
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class UploadedPicture(Base):
    """A picture's temporary copy at WeChat, usable until it expires.

    `subject` names what was drawn (`poster:<distributor id>`), `sha256` the bytes.
    """

    __tablename__ = "uploaded_pictures"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    media_id: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


class SharedCredential(Base):
    """A token of the platform that all processes share; a lease lets one of them refresh it."""

    __tablename__ = "shared_credentials"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(1024), default="")
    expires_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
