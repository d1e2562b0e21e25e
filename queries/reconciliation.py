"""Reconciliation (对账) as staff read it: days with both sides' sums, and differences."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.orders import Order
from models.reconciliation import ReconciliationCase, ReconciliationRun
from models.staff import StaffMember
from queries.reconciliation_facts import linked_ids
from rules.reconciliation import BillKind, CaseStatus, DifferenceKind, Entry, RunStatus, Sums

MOST_EXPORTED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One bill of one day: both sides' sums in fen, and how many differences it has."""

    bill_kind: BillKind
    bill_date: date
    status: RunStatus
    sha1: str
    ours: Sums
    bill: Sums
    fee_fen: int
    other_fen: int
    trouble: str
    tried_at: datetime
    compared_at: datetime | None
    open_cases: int
    cases: int

    @property
    def ours_net_fen(self) -> int:
        """What should have come, less what should have left."""
        return self.ours.income_fen - self.ours.expense_fen

    @property
    def bill_net_fen(self) -> int:
        """What came by the bill, less what left."""
        return self.bill.income_fen - self.bill.expense_fen

    @property
    def difference_fen(self) -> int:
        """WeChat's net less ours."""
        return self.bill_net_fen - self.ours_net_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which differences: None means all."""

    status: CaseStatus | None = None
    bill_kind: BillKind | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One difference; `closed_by` is a member's name, None where a later run explained it."""

    id: int
    bill_kind: BillKind
    bill_date: date
    kind: DifferenceKind
    entry: Entry
    number: str
    wechat_number: str
    ours_fen: int | None
    bill_fen: int | None
    note: str
    status: CaseStatus
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLinks:
    """Where a difference leads: the order's or the payout's page, if we know one."""

    order_number: str | None
    order_id: int | None
    payout_id: int | None


def runs_of(
    session: Session, kind: BillKind, *, offset: int, limit: int
) -> tuple[tuple[RunRow, ...], int]:
    """Return one page of a kind's days, newest first, and how many there are."""
    total = session.scalar(
        select(func.count(ReconciliationRun.id)).where(ReconciliationRun.bill_kind == kind)
    )
    rows = session.execute(
        _runs()
        .where(ReconciliationRun.bill_kind == kind)
        .order_by(ReconciliationRun.bill_date.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(_run(row) for row in rows), total or 0


def run_of(session: Session, kind: BillKind, day: date) -> RunRow | None:
    """Return one bill of one day, or None when nobody has asked for it yet."""
    row = session.execute(
        _runs().where(ReconciliationRun.bill_kind == kind, ReconciliationRun.bill_date == day)
    ).one_or_none()
    return None if row is None else _run(row)


def case_counts(session: Session) -> dict[CaseStatus, int]:
    """Count differences by status."""
    rows = session.execute(
        select(ReconciliationCase.status, func.count()).group_by(ReconciliationCase.status)
    )
    return {row[0]: int(row[1]) for row in rows}


def cases(
    session: Session, wanted: CaseFilter, *, offset: int, limit: int
) -> tuple[tuple[CaseRow, ...], int]:
    """Return one page of differences, newest day first, and how many there are."""
    total = session.scalar(_filtered(select(func.count(ReconciliationCase.id)), wanted))
    rows = session.execute(
        _filtered(_cases(), wanted).offset(offset).limit(limit).order_by(*_ORDER)
    )
    return tuple(_case(row) for row in rows), total or 0


def cases_for_export(session: Session, wanted: CaseFilter) -> tuple[CaseRow, ...]:
    """Return differences for a file, newest day first; at most 20,000."""
    found = _filtered(_cases(), wanted).order_by(*_ORDER).limit(MOST_EXPORTED)
    return tuple(_case(row) for row in session.execute(found))


def case(session: Session, case_id: int) -> CaseRow | None:
    """Return one difference, or None."""
    row = session.execute(_cases().where(ReconciliationCase.id == case_id)).one_or_none()
    return None if row is None else _case(row)


def links_of(session: Session, row: CaseRow) -> CaseLinks:
    """Return where a difference leads."""
    order_id, payout_id = linked_ids(session, row.entry, row.number)
    number = None
    if order_id is not None:
        number = session.scalar(select(Order.number).where(Order.id == order_id))
    return CaseLinks(order_number=number, order_id=order_id, payout_id=payout_id)


_ORDER = (ReconciliationCase.bill_date.desc(), ReconciliationCase.id.desc())


def _filtered(found: Select[*tuple[Any, ...]], wanted: CaseFilter) -> Select[*tuple[Any, ...]]:
    if wanted.status is not None:
        found = found.where(ReconciliationCase.status == wanted.status)
    if wanted.bill_kind is not None:
        found = found.where(ReconciliationCase.bill_kind == wanted.bill_kind)
    if wanted.day is not None:
        found = found.where(ReconciliationCase.bill_date == wanted.day)
    return found


def _cases() -> Select[*tuple[Any, ...]]:
    return select(ReconciliationCase, StaffMember.name).outerjoin(
        StaffMember, StaffMember.id == ReconciliationCase.closed_by_id
    )


def _case(row: Any) -> CaseRow:
    found, closed_by = row
    return CaseRow(
        id=found.id,
        bill_kind=found.bill_kind,
        bill_date=found.bill_date,
        kind=found.kind,
        entry=found.entry,
        number=found.number,
        wechat_number=found.wechat_number,
        ours_fen=found.ours_fen,
        bill_fen=found.bill_fen,
        note=found.note,
        status=found.status,
        opened_at=found.opened_at,
        closed_at=found.closed_at,
        closed_by=closed_by,
        reason=found.reason,
    )


def _runs() -> Select[*tuple[Any, ...]]:
    counted = (
        select(func.count(ReconciliationCase.id))
        .where(
            ReconciliationCase.bill_kind == ReconciliationRun.bill_kind,
            ReconciliationCase.bill_date == ReconciliationRun.bill_date,
        )
        .correlate(ReconciliationRun)
    )
    is_open = ReconciliationCase.status == CaseStatus.OPEN
    return select(
        ReconciliationRun,
        counted.where(is_open).scalar_subquery().label("open_cases"),
        counted.scalar_subquery().label("cases"),
    )


def _run(row: Any) -> RunRow:
    found, open_cases, all_cases = row
    return RunRow(
        bill_kind=found.bill_kind,
        bill_date=found.bill_date,
        status=found.status,
        sha1=found.sha1,
        ours=Sums(
            count=found.our_count,
            income_fen=found.our_income_fen,
            expense_fen=found.our_expense_fen,
        ),
        bill=Sums(
            count=found.bill_count,
            income_fen=found.bill_income_fen,
            expense_fen=found.bill_expense_fen,
        ),
        fee_fen=found.fee_fen,
        other_fen=found.other_fen,
        trouble=found.trouble,
        tried_at=found.tried_at,
        compared_at=found.compared_at,
        open_cases=open_cases,
        cases=all_cases,
    )
