"""Does WeChat's bill of a day say what we know, and if not, where do the two differ (对账)?

Rows and facts meet by their numbers, never by their day: a day only says by when something must
have been seen. What happened in the last half hour before midnight may stand in the next day's
bill, so its absence waits for that one. Money that moved for one side and not for the other
differs; what is under way on either side contradicts nothing. Amounts are fen, days Asia/Shanghai.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.states import Edges, TransitionRefused

BORDER: Final = timedelta(minutes=30)
"""How late before midnight something may be booked on the next day."""
FEE_TOLERANCE_FEN: Final = 1
MAX_REASON_LENGTH: Final = 200
CURRENCY: Final = "CNY"
BY_HAND: Final = "by_hand"
"""The word of a refund that staff paid outside of WeChat, so that no money moves there."""


class BillKind(StrEnum):
    """The trade bill (交易账单) has payments and refunds, the fund bill (资金账单) all money."""

    TRADE = "trade"
    FUND = "fund"


class Entry(StrEnum):
    """What a row is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    TRANSFER = "transfer"


class Standing(StrEnum):
    """Did the money move, as one side sees it?"""

    MOVED = "moved"
    UNDER_WAY = "under_way"
    NOT_MOVED = "not_moved"


class DifferenceKind(StrEnum):
    """How the two sides differ."""

    MISSING_AT_WECHAT = "missing_at_wechat"
    MISSING_HERE = "missing_here"
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"
    DUPLICATE = "duplicate"
    FEE_DIFFERS = "fee_differs"
    REFUNDED_TWICE = "refunded_twice"
    REFUND_STUCK = "refund_stuck"


TOLD: Final = frozenset({DifferenceKind.REFUNDED_TWICE, DifferenceKind.REFUND_STUCK})
"""What WeChat pays beside us, or can't pay: no bill that is silent about it explains it."""


class RunStatus(StrEnum):
    """Where a day's comparison stands; `empty`: no bill, and nothing to be found in one."""

    WAITING = "waiting"
    COMPARED = "compared"
    EMPTY = "empty"


class CaseStatus(StrEnum):
    """Where a difference stands; `waiting` for the next day's bill, nobody need look yet."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


CASE_EDGES: Final[Edges[CaseStatus]] = MappingProxyType(
    {
        CaseStatus.WAITING: frozenset({CaseStatus.OPEN, CaseStatus.CLOSED}),
        CaseStatus.OPEN: frozenset({CaseStatus.CLOSED}),
        # The bill said something else again when it was fetched anew.
        CaseStatus.CLOSED: frozenset({CaseStatus.OPEN}),
    }
)


class CaseTransitionRefused(TransitionRefused):
    """A case has no such edge: it was closed already."""

    code = "case_transition_refused"
    message = "这条差异已经处理过了，请刷新后再看。"


class CaseReasonRefused(RuleViolation):
    """A case isn't closed without a word about why."""

    code = "case_reason_refused"
    message = f"请写下关闭差异的原因，最多 {MAX_REASON_LENGTH} 个字。"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillEntry:
    """One row of a bill. `entry` None: money that isn't ours to know (fees, top-ups).

    `number` is ours, `wechat_number` WeChat's; a reversal takes back what another row moved.
    """

    entry: Entry | None
    number: str
    wechat_number: str
    amount_fen: int
    is_income: bool
    standing: Standing = Standing.MOVED
    is_reversal: bool = False
    fee_fen: int = 0
    rate_ppm: int | None = None
    currency: str = CURRENCY
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What we know of a payment, refund or transfer; no bill before `begun_at` can have it."""

    entry: Entry
    number: str
    wechat_number: str
    amount_fen: int
    standing: Standing
    moved_at: datetime | None
    begun_at: datetime
    word: str = ""

    @property
    def key(self) -> "Key":
        """What a row and a fact meet by."""
        return (self.entry, self.number)


Key = tuple[Entry, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; an amount is None where that side knows nothing. `note` says the states."""

    kind: DifferenceKind
    entry: Entry
    number: str
    wechat_number: str
    ours_fen: int | None
    bill_fen: int | None
    note: str = ""
    is_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Payments, refunds and transfers of one side: how many, what came, what left (fen).

    What certainly didn't move is no part of the amounts.
    """

    count: int = 0
    income_fen: int = 0
    expense_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of a day: where they differ, what was seen, what came back, and both sides' sums.

    `fee_fen` is what WeChat kept; `other_fen` what else moved the balance, net.
    """

    differences: tuple[Difference, ...]
    seen: tuple[Key, ...]
    reversed: tuple[Key, ...]
    ours: Sums
    bill: Sums
    fee_fen: int
    other_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The day whose bill is compared, when it ends, and since when bills are compared at all."""

    ends_at: datetime
    covered_from: datetime


@dataclass(slots=True)
class _Sheet:
    """The two sides of one number."""

    moves: list[BillEntry] = field(default_factory=list)
    reversals: list[BillEntry] = field(default_factory=list)


def compare(
    day: Day,
    entries: Iterable[BillEntry],
    facts: Sequence[Fact],
    due: Sequence[Fact],
    seen_elsewhere: Mapping[Key, date],
) -> Comparison:
    """Compare a day's bill with what we know.

    `facts` are all that the rows may name, `due` those whose money moved on this day, and
    `seen_elsewhere` which of either another day's bill had already.
    """
    known = {fact.key: fact for fact in (*facts, *due)}
    by_wechat = {
        (fact.entry, fact.wechat_number): fact for fact in known.values() if fact.wechat_number
    }
    sheets, others = _sorted_out(entries, known, by_wechat)
    differences: list[Difference] = []
    for key, sheet in sheets.items():
        fact = known.get(key)
        if fact is None:
            differences.append(_unknown(key, sheet))
        else:
            differences += _against(fact, sheet, seen_elsewhere.get(key))
    absent = [
        fact
        for fact in due
        if fact.key not in sheets
        and fact.key not in seen_elsewhere
        and fact.begun_at >= day.covered_from
    ]
    differences += [_absent(fact, day) for fact in absent]
    matched = [known[key] for key in sheets if key in known]
    rows = [row for sheet in sheets.values() for row in (*sheet.moves, *sheet.reversals)]
    return Comparison(
        differences=tuple(differences),
        seen=tuple(key for key, sheet in sheets.items() if key in known and sheet.moves),
        reversed=tuple(key for key, sheet in sheets.items() if key in known and sheet.reversals),
        ours=_our_sums([*matched, *absent]),
        bill=_bill_sums(rows),
        fee_fen=sum(row.fee_fen for row in (*rows, *others)),
        other_fen=sum(
            row.amount_fen if row.is_income else -row.amount_fen
            for row in others
            if not row.fee_fen
        ),
    )


def _sorted_out(
    entries: Iterable[BillEntry], known: Mapping[Key, Fact], by_wechat: Mapping[Key, Fact]
) -> tuple[dict[Key, _Sheet], list[BillEntry]]:
    """Put rows of one number together, and beside them what isn't ours to know.

    WeChat may call a transfer what it likes: a row with the number of one of ours is one.
    """
    sheets: dict[Key, _Sheet] = {}
    others: list[BillEntry] = []
    for row in entries:
        entry = row.entry or Entry.TRANSFER
        found = by_wechat.get((entry, row.wechat_number)) or known.get((entry, row.number))
        if row.entry is None and (found is None or row.fee_fen):
            others.append(row)
            continue
        number = found.number if found else row.number or row.wechat_number
        sheet = sheets.setdefault((entry, number), _Sheet())
        is_reversal = row.is_reversal if row.entry else row.is_income
        (sheet.reversals if is_reversal else sheet.moves).append(row)
    return sheets, others


def _unknown(key: Key, sheet: _Sheet) -> Difference:
    rows = [*sheet.moves, *sheet.reversals]
    return Difference(
        kind=DifferenceKind.MISSING_HERE,
        entry=key[0],
        number=key[1],
        wechat_number=rows[0].wechat_number,
        ours_fen=None,
        bill_fen=_net(sheet),
        note=rows[0].word,
    )


def _against(fact: Fact, sheet: _Sheet, other_day: date | None) -> list[Difference]:
    """Compare what the bill says of one number with what we know of it."""
    found: list[Difference] = []

    def differs(kind: DifferenceKind, ours_fen: int, bill_fen: int, note: str = "") -> None:
        found.append(
            Difference(
                kind=kind,
                entry=fact.entry,
                number=fact.number,
                wechat_number=fact.wechat_number,
                ours_fen=ours_fen,
                bill_fen=bill_fen,
                note=note,
            )
        )

    total_fen = sum(row.amount_fen for row in sheet.moves)
    if len(sheet.moves) > 1:
        differs(DifferenceKind.DUPLICATE, fact.amount_fen, total_fen, "同一份账单")
    elif sheet.moves and other_day is not None:
        differs(DifferenceKind.DUPLICATE, fact.amount_fen, total_fen, f"{other_day} 的账单里也有")
    elif sheet.moves and sheet.moves[0].currency != CURRENCY:
        note = f"币种是 {sheet.moves[0].currency}"
        differs(DifferenceKind.AMOUNT_DIFFERS, fact.amount_fen, total_fen, note)
    elif sheet.moves and total_fen != fact.amount_fen:
        differs(DifferenceKind.AMOUNT_DIFFERS, fact.amount_fen, total_fen)
    standing = _standing(sheet)
    if {standing, fact.standing} == {Standing.MOVED, Standing.NOT_MOVED}:
        word = (sheet.moves or sheet.reversals)[0].word
        is_twice = fact.word == BY_HAND
        kind = DifferenceKind.REFUNDED_TWICE if is_twice else DifferenceKind.STATE_DIFFERS
        differs(kind, fact.amount_fen, _net(sheet), f"{fact.word}/{word}")
    for row in sheet.moves[:1]:
        if row.rate_ppm is None or row.entry is not Entry.PAYMENT:
            continue
        expected_fen = (row.amount_fen * row.rate_ppm + 500_000) // 1_000_000
        if abs(row.fee_fen - expected_fen) > FEE_TOLERANCE_FEN:
            differs(DifferenceKind.FEE_DIFFERS, expected_fen, row.fee_fen)
    return found


def _standing(sheet: _Sheet) -> Standing:
    if not sheet.moves or (sheet.reversals and _net(sheet) == 0):
        return Standing.NOT_MOVED
    return sheet.moves[0].standing


def _net(sheet: _Sheet) -> int:
    """What moved in all: rows less their reversals."""
    moved = sum(row.amount_fen for row in sheet.moves)
    return moved - sum(row.amount_fen for row in sheet.reversals)


def _absent(fact: Fact, day: Day) -> Difference:
    assert fact.moved_at is not None
    return Difference(
        kind=DifferenceKind.MISSING_AT_WECHAT,
        entry=fact.entry,
        number=fact.number,
        wechat_number=fact.wechat_number,
        ours_fen=fact.amount_fen,
        bill_fen=None,
        note=fact.word,
        is_waiting=fact.moved_at >= day.ends_at - BORDER,
    )


def _bill_sums(rows: Sequence[BillEntry]) -> Sums:
    moved = [row for row in rows if row.standing is not Standing.NOT_MOVED]
    return Sums(
        count=len(rows),
        income_fen=sum(row.amount_fen for row in moved if row.is_income),
        expense_fen=sum(row.amount_fen for row in moved if not row.is_income),
    )


def _our_sums(facts: Sequence[Fact]) -> Sums:
    moved = [fact for fact in facts if fact.standing is not Standing.NOT_MOVED]
    paid = [fact.amount_fen for fact in moved if fact.entry is Entry.PAYMENT]
    return Sums(
        count=len(moved),
        income_fen=sum(paid),
        expense_fen=sum(fact.amount_fen for fact in moved) - sum(paid),
    )


def fund_entry(kind: str, *, is_income: bool) -> tuple[Entry | None, bool]:
    """Say by its 业务类型 what a fund bill's row is about, and whether it takes back another."""
    if "手续费" in kind:
        return None, False
    if kind == "交易":
        return Entry.PAYMENT, not is_income
    if kind.startswith("退款"):
        return Entry.REFUND, is_income
    if "转账" in kind or "企业付款" in kind:
        return Entry.TRANSFER, is_income
    return None, False


def check_reason(reason: str) -> str:
    """Return why a case is closed, trimmed.

    Raises: CaseReasonRefused.
    """
    words = reason.strip()
    if not 0 < len(words) <= MAX_REASON_LENGTH:
        raise CaseReasonRefused
    return words
