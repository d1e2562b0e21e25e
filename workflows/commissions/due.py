"""Which lines are due for release: the hours in which they mature, and batches of them. Steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.commissions import LineCommission, MaturityHour
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


_STOPPED = select(CommissionHold.distributor_id).where(
    CommissionHold.status == HoldStatus.OPEN, CommissionHold.distributor_id.is_not(None)
)

_ASKED = (
    select(AfterSalesRequest.order_id)
    .join(Order, Order.id == AfterSalesRequest.order_id)
    .where(AfterSalesRequest.status.in_(OPEN), Order.status == OrderStatus.COMPLETED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The hours that hold due lines; `seen` are they with their counts, to be forgotten later.
    `lines` is how many are due at most, `newest_id` the highest id of any line.

    `is_dense` says that the lines in it are a good part of the table, `has_stopped` that a hold on
    a whole distributor is open: what she earns meanwhile waits for its end.
    """

    lines: int
    newest_id: int
    seen: tuple[tuple[datetime, int], ...]
    spans: tuple[tuple[datetime, datetime], ...]
    is_dense: bool
    has_stopped: bool = False
    has_asked: bool = False

    def waits(self, batch: "Batch") -> ColumnElement[bool]:
        """The condition of lines in the window and the batch that wait: maturing."""
        # SQLite reads either this part of the table, or what the index over the hours names.
        ids = LineCommission.id if self.is_dense else LineCommission.id + 0
        in_batch = ids.between(batch.first_id, batch.last_id)
        waits = and_(in_batch, self._within(), LineCommission.stage.in_([CommissionStage.MATURING]))
        if self.has_stopped:
            waits = and_(waits, LineCommission.distributor_id.not_in(_STOPPED))
        if self.has_asked:
            waits = and_(waits, LineCommission.order_id.not_in(_ASKED))
        return waits

    def still_waits(self) -> ColumnElement[bool]:
        """The condition of lines in the window that keep their hour: maturing or held."""
        return and_(self._within(), LineCommission.stage.in_(WAITING))

    def _within(self) -> ColumnElement[bool]:
        matures = LineCommission.matures_at
        # SQLite, which knows nothing of the data, would take the index even for every row.
        moment = func.coalesce(matures, matures) if self.is_dense else matures
        return or_(*(and_(moment >= since, moment <= until) for since, until in self.spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines by a range of their ids, released in one database transaction."""

    first_id: int
    last_id: int


def due_window(session: Session, now: datetime) -> Window | None:
    """Return where lines may be due at `now`, or None."""
    hours = session.execute(
        select(MaturityHour.starts_at, MaturityHour.orders)
        .where(MaturityHour.starts_at <= now)
        .order_by(MaturityHour.starts_at)
    ).all()
    if not hours:
        return None
    spans: list[tuple[datetime, datetime]] = []
    for starts_at, _ in hours:
        since = starts_at
        if spans and starts_at - spans[-1][1] <= NEAR:
            since = spans.pop()[0]
        spans.append((since, min(now, starts_at + HOUR)))
    between = or_(*(LineCommission.matures_at.between(*span) for span in spans))
    lines = session.scalar(select(func.count()).where(between)) or 0
    newest_id = session.scalar(select(func.max(LineCommission.id))) or 0
    return Window(
        lines=lines,
        newest_id=newest_id,
        seen=tuple((starts_at, orders) for starts_at, orders in hours),
        spans=tuple(spans),
        is_dense=lines * DENSE > newest_id,
        has_stopped=session.scalar(_STOPPED.limit(1)) is not None,
        has_asked=session.scalar(_ASKED.limit(1)) is not None,
    )


def batches(window: Window, most_lines: int) -> Sequence[Batch]:
    """Divide the window into ranges of ids with about `most_lines` due lines each, twice at most.

    By ids, because lines that mature together were written together: each batch reads and writes
    its own part of the table, and all of them together read it once.
    """
    if window.lines <= most_lines:
        return (Batch(first_id=1, last_id=window.newest_id),)
    width = min(-(-window.newest_id * most_lines // window.lines), 2 * most_lines)
    starts = range(1, window.newest_id + 1, width)
    return tuple(Batch(first_id=start, last_id=start + width - 1) for start in starts)


def forget_hours(session: Session, window: Window, released: int, now: datetime) -> None:
    """Delete the hours that are over and of which no line waits, maturing or held. A step.

    `released` lines of the window were. If that is all of them, nobody has to look.
    """
    if released == window.lines:
        waiting: set[datetime | None] = set()
    else:
        waiting = _waiting(session, window)
    over = [
        {"hour": starts_at, "seen": orders}
        for starts_at, orders in window.seen
        if starts_at + HOUR <= now
        and not any(starts_at <= moment < starts_at + HOUR for moment in waiting if moment)
    ]
    if over:
        seen = MaturityHour.orders == bindparam("seen", type_=Id)
        forgotten = delete(MaturityHour).where(MaturityHour.starts_at == bindparam("hour"), seen)
        session.connection().execute(forgotten, over)


def _waiting(session: Session, window: Window) -> set[datetime | None]:
    waits = select(LineCommission.matures_at).where(window.still_waits()).distinct()
    return set(session.scalars(waits))
