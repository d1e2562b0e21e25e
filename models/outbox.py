"""Work to be done later, and which ticks of the clock were taken."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.outbox import Delivery, WorkStatus

WAITING = "status IN ('pending', 'claimed', 'sending')"


class OutboxItem(Base):
    """One piece of work, written with the business change that asks for it.

    `key` makes it happen once; `available_at` is business time, the lease is real time; `epoch`
    counts claims, so that a worker that lost its lease can't finish what another has taken.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "available_at",
            "id",
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index(None, "wechat_user_id", "id"),
        CheckConstraint("attempts >= 0 AND epoch >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    delivery: Mapped[Delivery]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    wechat_user_id: Mapped[int | None] = mapped_column(ForeignKey("wechat_users.id"))
    status: Mapped[WorkStatus] = mapped_column(default=WorkStatus.PENDING)
    available_at: Mapped[datetime]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))


class JobFire(Base):
    """One tick of one job that somebody took; a second scheduler finds it taken."""

    __tablename__ = "job_fires"
    __table_args__ = (UniqueConstraint("job", "fire_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    fire_at: Mapped[datetime]
    taken_at: Mapped[datetime]
