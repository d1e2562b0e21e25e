"""Claim work that is due, keep the claim alive, and give back what wasn't begun."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CTE, ColumnElement, TextClause, exists, select, text, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.outbox import WAITING, OutboxItem
from rules.outbox import LEASED, Delivery, WorkStatus
from workflows.outbox import WorkKind

LEASE = timedelta(seconds=60)
"""Longer than any call to WeChat may take; living workers renew it."""

Details = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who claims, which kinds, and how many rows at most."""

    owner: str
    kinds: Collection[WorkKind]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedWork:
    """One claimed row; `attempts` counts this one, `owner` and `epoch` are the claim."""

    id: int
    kind: WorkKind
    delivery: Delivery
    details: Details
    wechat_user_id: int | None
    owner: str
    epoch: int
    attempts: int

    def number(self, name: str) -> int:
        """Return a detail that is an id."""
        value = self.details[name]
        assert isinstance(value, int)
        return value

    def words(self, name: str) -> str:
        """Return a detail that is a text."""
        value = self.details[name]
        assert isinstance(value, str)
        return value


def claim_due(
    sessions: SessionFactory, claimant: Claimant, *, now: datetime, real_now: datetime
) -> tuple[ClaimedWork, ...]:
    """Claim up to `limit` due rows of these kinds, the longest waiting first."""
    is_due = _due(claimant.kinds, now)
    with sessions.read() as session:
        # Writing transactions queue on SQLite: an idle worker shouldn't stand in that line.
        if not session.scalar(select(exists().where(*is_due))):
            return ()
    found = (
        select(OutboxItem.id)
        .where(*is_due)
        .order_by(OutboxItem.available_at, OutboxItem.id)
        .limit(claimant.limit)
        .with_for_update(skip_locked=True)
        .cte("found")
    )
    return sessions.retrying(
        lambda session: _claim(session, found, claimant.owner, real_now + LEASE)
    )


def claim_notices_of(
    session: Session, wechat_user_id: int, owner: str, *, now: datetime, real_now: datetime
) -> tuple[ClaimedWork, ...]:
    """Claim every other notice that waits for this person, to be sent as one. A step."""
    found = (
        select(OutboxItem.id)
        .where(OutboxItem.wechat_user_id == wechat_user_id, *_due((WorkKind.NOTICE,), now))
        .order_by(OutboxItem.id)
        .with_for_update(skip_locked=True)
        .cte("found")
    )
    return _claim(session, found, owner, real_now + LEASE)


def renew(sessions: SessionFactory, ids: Collection[int], owner: str, real_now: datetime) -> int:
    """Keep this owner's claims alive for another lease; return how many still were its own."""
    if not ids:
        return 0
    with sessions.begin() as session:
        return row_count(
            session.execute(
                update(OutboxItem)
                .where(
                    OutboxItem.id.in_(ids),
                    OutboxItem.lease_owner == owner,
                    OutboxItem.status.in_(LEASED),
                )
                .values(lease_until=real_now + LEASE)
                .execution_options(synchronize_session=False)
            )
        )


def give_back(session: Session, works: Sequence[ClaimedWork]) -> None:
    """Return claimed rows that were not begun: it was no attempt. A step."""
    for work in works:
        session.execute(
            update(OutboxItem)
            .where(
                OutboxItem.id == work.id,
                OutboxItem.lease_owner == work.owner,
                OutboxItem.epoch == work.epoch,
                OutboxItem.status == WorkStatus.CLAIMED,
            )
            .values(
                status=WorkStatus.PENDING,
                attempts=OutboxItem.attempts - 1,
                lease_owner=None,
                lease_until=None,
            )
            .execution_options(synchronize_session=False)
        )


def _due(
    kinds: Collection[WorkKind], now: datetime
) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return (
        # In the index's own words: without them SQLite doesn't see that the partial index fits.
        text(WAITING),
        OutboxItem.status == WorkStatus.PENDING,
        OutboxItem.available_at <= now,
        OutboxItem.kind.in_([kind.value for kind in kinds]),
    )


def _claim(
    session: Session, found: CTE, owner: str, lease_until: datetime
) -> tuple[ClaimedWork, ...]:
    """Claim the rows that `found` names.

    Not materialised, PostgreSQL may evaluate `found` anew for each row and claim far too many.
    """
    rows = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id.in_(select(found.prefix_with("MATERIALIZED", dialect="postgresql").c.id)),
            OutboxItem.status == WorkStatus.PENDING,
        )
        .values(
            status=WorkStatus.CLAIMED,
            lease_owner=owner,
            lease_until=lease_until,
            epoch=OutboxItem.epoch + 1,
            attempts=OutboxItem.attempts + 1,
        )
        .returning(
            OutboxItem.id,
            OutboxItem.kind,
            OutboxItem.delivery,
            OutboxItem.payload,
            OutboxItem.wechat_user_id,
            OutboxItem.epoch,
            OutboxItem.attempts,
        )
        .execution_options(synchronize_session=False)
    ).all()
    return tuple(
        ClaimedWork(
            id=row.id,
            kind=WorkKind(row.kind),
            delivery=row.delivery,
            details=row.payload,
            wechat_user_id=row.wechat_user_id,
            owner=owner,
            epoch=row.epoch,
            attempts=row.attempts,
        )
        for row in sorted(rows, key=lambda row: int(row.id))
    )
