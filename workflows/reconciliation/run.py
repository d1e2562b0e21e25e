"""Fetch one day's bill, compare it with what we know, and keep what came of it; twice is once.

The bill is fetched between transactions; what it says is compared and kept in one. Runs of one kind
of bill take turns, because each may explain the cases of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.reconciliation import BillSighting, ReconciliationRun
from queries.reconciliation_facts import (
    due_facts,
    facts_named,
    seen_on_other_days,
)
from rules.bill_days import RETRY, counts_as_empty, day_bounds
from rules.reconciliation import (
    BillEntry,
    BillKind,
    Comparison,
    Day,
    Entry,
    RunStatus,
    compare,
)
from rules.staff import Permission
from wechat.errors import (
    BillUnreadable,
    CredentialError,
    QuotaExceeded,
    WeChatError,
    WeChatUnreachable,
)
from wechat.gateway import BillMissing, Bills
from workflows.audit import Change, StaffActor, record
from workflows.reconciliation.cases import settle_cases
from workflows.reconciliation.entries import fund_bill_entry, trade_entry

log = structlog.get_logger(__name__)

TURNS = {BillKind.TRADE: 7_301_021, BillKind.FUND: 7_301_022}
MISSING = "微信还没有生成这一天的账单"
LONGEST_TROUBLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A bill as it was fetched; `entries` None: WeChat has none."""

    kind: BillKind
    day: date
    sha1: str
    entries: Sequence[BillEntry] | None


def fetch_and_compare(
    sessions: SessionFactory, bills: Bills, kind: BillKind, day: date, now: datetime
) -> RunStatus:
    """Compare one bill of one Shanghai day; return where its comparison stands.

    Raises:
        wechat.errors.WeChatError: the bill couldn't be had; it is noted, and tried again later.
    """
    return _fetch_and_compare(sessions, bills, kind, day, (None, now))


def run_again(
    sessions: SessionFactory,
    bills: Bills,
    kind: BillKind,
    day: date,
    asked: tuple[StaffActor, datetime],
) -> RunStatus:
    """Compare a day anew because a member of staff asks for it; `asked`: who, and when.

    Raises:
        rules.staff.PermissionMissing: the role may not do that.
        wechat.errors.WeChatError: the bill couldn't be had; it is noted.
    """
    asked[0].check(Permission.SETTLE_RECONCILIATION)
    return _fetch_and_compare(sessions, bills, kind, day, asked)


def _fetch_and_compare(
    sessions: SessionFactory,
    bills: Bills,
    kind: BillKind,
    day: date,
    asked: tuple[StaffActor | None, datetime],
) -> RunStatus:
    try:
        fetched = _fetch(bills, kind, day)
    except WeChatError as error:
        said = _said(error)
        sessions.retrying(lambda session: _note_trouble(session, kind, day, asked, said))
        raise
    status = sessions.retrying(lambda session: _take_in(session, fetched, asked))
    log.info("bill compared", kind=kind, day=day.isoformat(), status=status)
    return status


def _said(error: WeChatError) -> str:
    """Say to staff why there is no bill; the log has the details."""
    if isinstance(error, BillUnreadable):
        return "取到的账单不完整或格式不对，没有采用"
    if isinstance(error, CredentialError):
        return "微信支付不认我们的签名或权限，请检查商户号配置"
    if isinstance(error, QuotaExceeded):
        return "向微信取账单太频繁，稍后再取"
    if isinstance(error, WeChatUnreachable):
        return "微信支付没有回应，稍后再取"
    return f"微信支付没有给出账单（{error.errcode}）"


def _fetch(bills: Bills, kind: BillKind, day: date) -> Fetched:
    try:
        if kind is BillKind.TRADE:
            trade = bills.trade_bill(day)
            entries, sha1 = [trade_entry(row) for row in trade.rows], trade.sha1
        else:
            fund = bills.fund_bill(day)
            entries, sha1 = [fund_bill_entry(row) for row in fund.rows], fund.sha1
    except BillMissing:
        return Fetched(kind=kind, day=day, sha1="", entries=None)
    return Fetched(kind=kind, day=day, sha1=sha1, entries=entries)


def _take_in(
    session: Session, fetched: Fetched, asked: tuple[StaffActor | None, datetime]
) -> RunStatus:
    actor, now = asked
    run = _open_run(session, fetched.kind, fetched.day, now)
    before = run.status
    entries = fetched.entries
    if entries is None and run.status is RunStatus.COMPARED:
        # It was there once; WeChat keeps bills for three months.
        run.trouble, run.next_try_at = MISSING, None
    elif entries is None and not _is_empty(session, run, now):
        run.status, run.trouble, run.next_try_at = RunStatus.WAITING, MISSING, now + RETRY
    else:
        comparison = _compare(session, run, entries or ())
        _keep(session, run, comparison)
        run.sha1 = fetched.sha1
        is_empty = entries is None and not comparison.differences
        run.status = RunStatus.EMPTY if is_empty else RunStatus.COMPARED
        run.compared_at, run.next_try_at, run.trouble = now, None, ""
        session.flush()
        settle_cases(session, run, comparison, now)
    if actor is not None:
        _audit(session, actor, run, before, now)
    return run.status


def take_turn(session: Session, kind: BillKind) -> None:
    """Wait until nobody else writes cases of a kind of bill; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURNS[kind])))


def _open_run(session: Session, kind: BillKind, day: date, now: datetime) -> ReconciliationRun:
    """Wait for our turn, and return the day's run."""
    take_turn(session, kind)
    session.execute(
        insert_on_conflict(session, ReconciliationRun)
        .values(bill_kind=kind, bill_date=day, status=RunStatus.WAITING, tried_at=now)
        .on_conflict_do_nothing(index_elements=["bill_kind", "bill_date"])
    )
    run = session.scalars(
        select(ReconciliationRun).where(
            ReconciliationRun.bill_kind == kind, ReconciliationRun.bill_date == day
        )
    ).one()
    run.tried_at = now
    return run


def _is_empty(session: Session, run: ReconciliationRun, now: datetime) -> bool:
    due = due_facts(session, run.bill_kind, *day_bounds(run.bill_date))
    elsewhere = seen_on_other_days(
        session, run.bill_kind, run.bill_date, [fact.key for fact in due]
    )
    has_facts = any(fact.key not in elsewhere for fact in due)
    return counts_as_empty(run.bill_date, now, has_facts=has_facts)


def _compare(session: Session, run: ReconciliationRun, entries: Sequence[BillEntry]) -> Comparison:
    kind, day = run.bill_kind, run.bill_date
    starts_at, ends_at = day_bounds(day)
    # What isn't known by its name may be a transfer of ours by its number.
    names = [(row.entry or Entry.TRANSFER, row.number, row.wechat_number) for row in entries]
    facts = facts_named(session, kind, names)
    due = due_facts(session, kind, starts_at, ends_at)
    keys = {fact.key for fact in (*facts, *due)}
    return compare(
        Day(ends_at=ends_at, covered_from=_covered_from(session)),
        entries,
        facts,
        due,
        seen_on_other_days(session, kind, day, keys),
    )


def _covered_from(session: Session) -> datetime:
    """Return since when bills are compared; what began before may stand in one that wasn't."""
    earliest = session.scalar(select(func.min(ReconciliationRun.bill_date)))
    assert earliest is not None, "there is a run: this one"
    return day_bounds(earliest)[0]


def _keep(session: Session, run: ReconciliationRun, comparison: Comparison) -> None:
    """Write down the sums, and what this day's bill has now."""
    run.bill_count = comparison.bill.count
    run.bill_income_fen = comparison.bill.income_fen
    run.bill_expense_fen = comparison.bill.expense_fen
    run.our_count = comparison.ours.count
    run.our_income_fen = comparison.ours.income_fen
    run.our_expense_fen = comparison.ours.expense_fen
    run.fee_fen, run.other_fen = comparison.fee_fen, comparison.other_fen
    session.execute(
        delete(BillSighting).where(
            BillSighting.bill_kind == run.bill_kind, BillSighting.bill_date == run.bill_date
        )
    )
    elsewhere = seen_on_other_days(session, run.bill_kind, run.bill_date, comparison.seen)
    rows = [
        {"bill_kind": run.bill_kind, "entry": entry, "number": number, "bill_date": run.bill_date}
        for entry, number in comparison.seen
        if (entry, number) not in elsewhere
    ]
    if rows:
        session.execute(insert(BillSighting), rows)


def _note_trouble(
    session: Session,
    kind: BillKind,
    day: date,
    asked: tuple[StaffActor | None, datetime],
    said: str,
) -> None:
    actor, now = asked
    run = _open_run(session, kind, day, now)
    run.trouble = said[:LONGEST_TROUBLE]
    run.next_try_at = now + RETRY
    if actor is not None:
        _audit(session, actor, run, run.status, now)


def _audit(
    session: Session, actor: StaffActor, run: ReconciliationRun, before: RunStatus, now: datetime
) -> None:
    change = Change(
        action="run_reconciliation",
        subject_kind="reconciliation_run",
        subject_id=f"{run.bill_kind}:{run.bill_date}",
        before={"status": before.value},
        after={"status": run.status.value, "rows": run.bill_count},
    )
    record(session, actor, change, now)
