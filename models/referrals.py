"""Referral codes, touches and the bindings that they open."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.bindings import TouchSource, TouchVerdict


class ReferralCode(Base):
    """A distributor's code (推广码), and what its permanent parametric QR contains."""

    __tablename__ = "referral_codes"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"), unique=True)
    qr_url: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]


class Touch(Base):
    """One touch (触达): a scan, or an opened link of an identified person. Append-only.

    `code` is what she presented, known or not; `reason` is the sentence in the order's trail.
    """

    __tablename__ = "touches"
    __table_args__ = (Index(None, "wechat_user_id", "id"), Index(None, "share_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    code: Mapped[str] = mapped_column(String(64))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("material_shares.id"))
    source: Mapped[TouchSource]
    occurred_at: Mapped[datetime]
    verdict: Mapped[TouchVerdict]
    reason: Mapped[str] = mapped_column(String(200))


class Binding(Base):
    """A customer bound to a distributor (绑客) for an interval; at most one is open."""

    __tablename__ = "bindings"
    __table_args__ = (
        Index(
            "uq_bindings_open",
            "wechat_user_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "distributor_id", "ended_at"),
        CheckConstraint("ended_at IS NULL OR ended_at >= bound_at", name="interval"),
        CheckConstraint("valid_until >= bound_at", name="validity"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    touch_id: Mapped[int] = mapped_column(ForeignKey("touches.id"))
    bound_at: Mapped[datetime]
    protected_until: Mapped[datetime]
    valid_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(100))
