"""Which lines are due for release: the hours in which they mature, and batches of them. Steps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.commissions import CommissionState, LineCommission, MaturityHour
from models.database import Id
from models.holds import CommissionHold
from models.orders import Order
from rules.aftersales import OPEN
from rules.commission import CommissionStage
from rules.holds import HoldStatus
from rules.orders import OrderStatus
from workflows.commissions.hold_days import WAITING

HOUR = timedelta(hours=1)
NEAR = timedelta(days=2)
"""Hours no further apart are read in one go."""
DENSE = 20
"""Reading a whole table beats jumping to one row in so many."""
HIGHEST_ID = 2**63 - 1


_STOPPED = select(CommissionHold.distributor_id).where(
    CommissionHold.status == HoldStatus.OPEN, CommissionHold.distributor_id.is_not(None)
)

_HELD = select(CommissionHold.id).where(CommissionHold.status == HoldStatus.OPEN)

_ASKED = (
    select(LineCommission.id)
    .join(Order, Order.id == LineCommission.order_id)
    .join(AfterSalesRequest, AfterSalesRequest.order_id == Order.id)
    .where(AfterSalesRequest.status.in_(OPEN), Order.status == OrderStatus.COMPLETED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The hours that hold due lines; `seen` are they with their counts, to be forgotten later.
    `lines` is how many are due at most, `all_lines` how many the table has, about.

    `is_dense` says that the lines in it are a good part of the table, `has_stopped` that a hold on
    a whole distributor is open: what she earns meanwhile waits for its end.
    """

    lines: int
    all_lines: int
    seen: tuple[tuple[datetime, int], ...]
    spans: tuple[tuple[datetime, datetime], ...]
    is_dense: bool
    has_stopped: bool = False
    has_asked: bool = False

    @property
    def owner(self) -> ColumnElement[int]:
        """The distributor: to SQLite a part of the table's key only where much of it is due.

        Else it would read the whole table in that order, and not what the hours name.
        """
        owner = CommissionState.distributor_id
        return owner.expression if self.is_dense else owner + 0

    def waits(self, batch: "Batch") -> ColumnElement[bool]:
        """The condition of lines in the window and the batch that wait: maturing."""
        waits = and_(
            self.owner.between(batch.first_id, batch.last_id),
            self._within(),
            CommissionState.stage.in_([CommissionStage.MATURING]),
        )
        if self.has_stopped:
            waits = and_(waits, CommissionState.distributor_id.not_in(_STOPPED))
        if self.has_asked:
            waits = and_(waits, CommissionState.line_commission_id.not_in(_ASKED))
        return waits

    def still_waits(self) -> ColumnElement[bool]:
        """The condition of lines in the window that keep their hour: maturing or held."""
        return and_(self._within(), CommissionState.stage.in_(WAITING))

    def _within(self) -> ColumnElement[bool]:
        if self.is_dense:
            matures = CommissionState.matures_at
            # SQLite, which knows nothing of the data, would take the index even for every row.
            return func.coalesce(matures, matures) <= self.spans[-1][1]
        return _in(self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A range of distributors by id, whose lines are released in one database transaction."""

    first_id: int = 1
    last_id: int = HIGHEST_ID


def due_window(session: Session, now: datetime) -> Window | None:
    """Return where lines may be due at `now`, or None."""
    seen = _hours(session, now)
    if not seen:
        return None
    spans: list[tuple[datetime, datetime]] = []
    for starts_at, _ in seen:
        since = starts_at
        if spans and starts_at - spans[-1][1] <= NEAR:
            since = spans.pop()[0]
        spans.append((since, min(now, starts_at + HOUR)))
    lines = sum(counted for _, counted in seen)
    all_lines = session.scalar(select(func.max(LineCommission.id))) or 0
    return Window(
        lines=lines,
        all_lines=all_lines,
        seen=seen,
        spans=tuple(spans),
        is_dense=lines * DENSE > all_lines,
        has_stopped=session.scalar(_STOPPED.limit(1)) is not None,
        has_asked=session.scalar(_ASKED.limit(1)) is not None,
    )


def _hours(session: Session, now: datetime) -> tuple[tuple[datetime, int], ...]:
    rows = session.execute(
        select(MaturityHour.starts_at, MaturityHour.lines)
        .where(MaturityHour.starts_at <= now)
        .order_by(MaturityHour.starts_at)
    )
    return tuple((row.starts_at, row.lines) for row in rows)


def _in(spans: Iterable[tuple[datetime, datetime]]) -> ColumnElement[bool]:
    return or_(*(CommissionState.matures_at.between(*span) for span in spans))


def batches(session: Session, window: Window, most_lines: int) -> Iterator[Batch]:
    """Divide the window into ranges of distributors with about `most_lines` due lines each.

    By distributors, because then each is paid in one transaction, and the lines of one lie side by
    side on SQLite: each batch reads and writes its own part of the table. Who has more lines than
    that is a batch of her own.
    """
    if window.lines <= most_lines:
        yield Batch()
        return
    width = min(window.all_lines * most_lines // window.lines, 2 * most_lines)
    owner, first_id = CommissionState.distributor_id, 1
    while True:
        beyond = session.scalar(
            select(owner)
            .where(owner >= first_id)
            .order_by(owner, CommissionState.line_commission_id)
            .offset(width)
            .limit(1)
        )
        if beyond is None:
            yield Batch(first_id=first_id)
            return
        last_id = max(first_id, beyond - 1)
        yield Batch(first_id=first_id, last_id=last_id)
        first_id = last_id + 1


def forget_hours(session: Session, window: Window, released: int, now: datetime) -> None:
    """Delete the hours that are over and of which no line waits, maturing or held. A step.

    `released` lines of the window were. If that is all of them, nobody has to look; unless some
    were added meanwhile, which might be among the released in another's place, or some are held,
    whose hour may have been forgotten and noted again with the same count.
    """
    waiting: set[datetime | None] = set()
    is_all = released == window.lines and _hours(session, now) == window.seen
    if not is_all or session.scalar(_HELD.limit(1)) is not None:
        waiting = _waiting(session, window)
    over = [
        {"hour": starts_at, "seen": lines}
        for starts_at, lines in window.seen
        if starts_at + HOUR <= now
        and not any(starts_at <= moment < starts_at + HOUR for moment in waiting if moment)
    ]
    if over:
        seen = MaturityHour.lines == bindparam("seen", type_=Id)
        forgotten = delete(MaturityHour).where(MaturityHour.starts_at == bindparam("hour"), seen)
        session.connection().execute(forgotten, over)


def _waiting(session: Session, window: Window) -> set[datetime | None]:
    waits = select(CommissionState.matures_at).where(window.still_waits()).distinct()
    return set(session.scalars(waits))
