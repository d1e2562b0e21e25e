"""Where a bill and our books differ, and where they only seem to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.reconciliation import (
    BillEntry,
    CaseReasonRefused,
    Comparison,
    Day,
    DifferenceKind,
    Entry,
    Fact,
    Key,
    Standing,
    Sums,
    check_reason,
    compare,
    fund_entry,
)

ENDS = datetime(2026, 11, 23, 16, tzinfo=UTC)
DAY = Day(ends_at=ENDS, covered_from=ENDS - timedelta(days=5))
NOON = ENDS - timedelta(hours=12)
MOVED, UNDER_WAY, NOT_MOVED = Standing.MOVED, Standing.UNDER_WAY, Standing.NOT_MOVED
PAYMENT: Key = (Entry.PAYMENT, "T1")


def row(
    entry: Entry | None = Entry.PAYMENT,
    number: str = "T1",
    fen: int = 10_000,
    standing: Standing = MOVED,
    *,
    is_reversal: bool = False,
    fee: tuple[int, int | None] = (60, 6000),
) -> BillEntry:
    return BillEntry(
        entry=entry,
        number=number,
        wechat_number=f"W{number}",
        amount_fen=fen,
        is_income=(entry is Entry.PAYMENT) is not is_reversal,
        standing=standing,
        is_reversal=is_reversal,
        fee_fen=fee[0],
        rate_ppm=fee[1],
        word="SUCCESS",
    )


def fact(
    entry: Entry = Entry.PAYMENT,
    number: str = "T1",
    fen: int = 10_000,
    standing: Standing = MOVED,
    *,
    at: datetime = NOON,
    begun_at: datetime | None = None,
) -> Fact:
    return Fact(
        entry=entry,
        number=number,
        wechat_number=f"W{number}",
        amount_fen=fen,
        standing=standing,
        moved_at=at if standing is MOVED else None,
        begun_at=begun_at or at,
        word=standing.value,
    )


def against(
    rows: list[BillEntry], facts: list[Fact], elsewhere: dict[Key, date] | None = None
) -> Comparison:
    """Compare; what moved is due on this day."""
    due = [known for known in facts if known.standing is MOVED]
    return compare(DAY, rows, facts, due, elsewhere or {})


def kinds(compared: Comparison) -> list[str]:
    return [f"{found.kind}:{found.number}" for found in compared.differences]


@pytest.mark.parametrize(
    ("rows", "facts", "found"),
    [
        ([row()], [fact()], []),
        ([], [], []),
        ([row()], [], ["missing_here:T1"]),
        ([], [fact()], ["missing_at_wechat:T1"]),
        ([row(fen=9_999)], [fact()], ["amount_differs:T1"]),
        ([row(), row()], [fact()], ["duplicate:T1"]),
        ([row(), row(), row()], [fact()], ["duplicate:T1"]),
        ([row(), row()], [], ["missing_here:T1"]),
        ([row()], [fact(standing=NOT_MOVED)], ["state_differs:T1"]),
        ([row(standing=NOT_MOVED)], [fact()], ["state_differs:T1"]),
        ([row(standing=NOT_MOVED)], [fact(standing=NOT_MOVED)], []),
        (
            [row(fen=1, fee=(0, 0))],
            [fact(standing=NOT_MOVED)],
            ["amount_differs:T1", "state_differs:T1"],
        ),
        ([], [fact(standing=NOT_MOVED)], []),
        ([], [fact(standing=UNDER_WAY)], []),
        ([row(fee=(61, 6000))], [fact()], []),
        ([row(fee=(62, 6000))], [fact()], ["fee_differs:T1"]),
        ([row(fee=(0, 6000))], [fact()], ["fee_differs:T1"]),
        ([row(fee=(0, None))], [fact()], []),
        ([row(fee=(0, 0))], [fact()], []),
        ([row(None, "X")], [], []),
    ],
)
def test_each_difference_has_one_kind(
    rows: list[BillEntry], facts: list[Fact], found: list[str]
) -> None:
    assert kinds(against(rows, facts)) == found


@pytest.mark.parametrize("bill", list(Standing))
@pytest.mark.parametrize("ours", list(Standing))
def test_a_refund_contradicts_only_what_certainly_is_otherwise(
    bill: Standing, ours: Standing
) -> None:
    said = row(Entry.REFUND, "R1", 500, bill, fee=(-3, 6000))
    known = fact(Entry.REFUND, "R1", 500, ours)
    differs = {bill, ours} == {MOVED, NOT_MOVED}
    assert kinds(against([said], [known])) == (["state_differs:R1"] if differs else [])


def test_rows_and_facts_meet_by_wechats_number_where_ours_is_not_in_the_bill() -> None:
    said = BillEntry(
        entry=Entry.PAYMENT, number="", wechat_number="WT1", amount_fen=10_000, is_income=True
    )
    assert against([said], [fact()]).seen == (PAYMENT,)
    (found,) = against([said], []).differences
    assert (found.kind, found.number) == (DifferenceKind.MISSING_HERE, "WT1")


def test_the_same_figure_in_another_currency_is_another_amount() -> None:
    (found,) = against([replace(row(), currency="USD")], [fact()]).differences
    assert (found.kind, found.note) == (DifferenceKind.AMOUNT_DIFFERS, "币种是 USD")


def test_a_payment_and_a_refund_of_the_same_number_are_two_things() -> None:
    refund = row(Entry.REFUND, "T1", 10_000)
    compared = against([row(), refund], [fact(), fact(Entry.REFUND, "T1")])
    assert kinds(compared) == []
    assert compared.seen == (PAYMENT, (Entry.REFUND, "T1"))


@pytest.mark.parametrize(
    ("at", "is_waiting"),
    [
        (ENDS - timedelta(seconds=1), True),
        (ENDS - timedelta(minutes=30), True),
        (ENDS - timedelta(minutes=30, seconds=1), False),
        (ENDS - timedelta(days=1), False),
    ],
)
def test_what_happened_just_before_midnight_waits_for_the_next_bill(
    at: datetime, is_waiting: bool
) -> None:
    (found,) = against([], [fact(at=at)]).differences
    assert found.is_waiting is is_waiting


def test_what_another_days_bill_had_is_not_missing_but_may_not_come_twice() -> None:
    elsewhere = {PAYMENT: date(2026, 11, 22)}
    assert kinds(against([], [fact()], elsewhere)) == []
    (found,) = against([row()], [fact()], elsewhere).differences
    assert found.kind is DifferenceKind.DUPLICATE
    assert "2026-11-22" in found.note


def test_what_began_before_bills_were_compared_may_stand_in_an_older_one() -> None:
    long_ago = DAY.covered_from - timedelta(seconds=1)
    assert kinds(against([], [fact(Entry.REFUND, "R1", begun_at=long_ago)])) == []


@pytest.mark.parametrize(
    ("ours", "back_fen", "found"),
    [
        (NOT_MOVED, 500, []),
        (NOT_MOVED, 400, ["state_differs:B1"]),
        (MOVED, 500, ["state_differs:B1"]),
        (UNDER_WAY, 500, []),
    ],
)
def test_a_transfer_that_came_back_moved_nothing(
    ours: Standing, back_fen: int, found: list[str]
) -> None:
    out = row(Entry.TRANSFER, "B1", 500, fee=(0, None))
    back = row(Entry.TRANSFER, "B1", back_fen, is_reversal=True, fee=(0, None))
    compared = against([out, back], [fact(Entry.TRANSFER, "B1", 500, ours)])
    assert kinds(compared) == found
    assert compared.reversed == ((Entry.TRANSFER, "B1"),)


def test_sums_differ_by_what_the_differences_say() -> None:
    rows = [
        row(),
        row(number="T2", fen=300, fee=(2, 6000)),
        row(Entry.REFUND, "R1", 40, fee=(0, None)),
        row(number="T4", fen=9_000, standing=NOT_MOVED, fee=(0, None)),
        row(None, "F", 5, fee=(5, None)),
        row(None, "X", 1_000, is_reversal=True, fee=(0, None)),
    ]
    facts = [fact(), fact(Entry.REFUND, "R1", 50), fact(number="T3", fen=7)]
    facts.append(fact(number="T4", fen=9_000, standing=NOT_MOVED))
    compared = against(rows, facts)
    assert kinds(compared) == ["missing_here:T2", "amount_differs:R1", "missing_at_wechat:T3"]
    assert compared.bill == Sums(count=4, income_fen=10_300, expense_fen=40)
    assert compared.ours == Sums(count=3, income_fen=10_007, expense_fen=50)
    assert (compared.fee_fen, compared.other_fen) == (67, 1_000)


@pytest.mark.parametrize(
    ("kind", "is_income", "said"),
    [
        ("交易", True, (Entry.PAYMENT, False)),
        ("交易", False, (Entry.PAYMENT, True)),
        ("退款", False, (Entry.REFUND, False)),
        ("退款关闭", True, (Entry.REFUND, True)),
        ("商家转账", False, (Entry.TRANSFER, False)),
        ("企业付款", False, (Entry.TRANSFER, False)),
        ("商家转账退回", True, (Entry.TRANSFER, True)),
        ("扣除交易手续费", False, (None, False)),
        ("退还交易手续费", True, (None, False)),
        ("提现", False, (None, False)),
        ("将来的业务", True, (None, False)),
    ],
)
def test_the_fund_bills_words(kind: str, is_income: bool, said: tuple[Entry | None, bool]) -> None:
    assert fund_entry(kind, is_income=is_income) == said


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row(None, "B1", 5_000)], []),
        ([row(None, "B1", 4_999)], ["amount_differs:B1"]),
        ([row(None, "B1", 5_000), row(None, "B1", 5_000)], ["duplicate:B1"]),
        ([row(None, "B2", 5_000)], ["missing_at_wechat:B1"]),
        ([row(None, "B1", 5_000, fee=(30, None))], ["missing_at_wechat:B1"]),
    ],
)
def test_a_transfer_is_known_by_its_number_whatever_wechat_calls_it(
    rows: list[BillEntry], found: list[str]
) -> None:
    named = [replace(each, fee_fen=each.fee_fen if each.fee_fen == 30 else 0) for each in rows]
    assert kinds(against(named, [fact(Entry.TRANSFER, "B1", 5_000)])) == found
    without_ours = [replace(each, number="") for each in named]
    assert kinds(against(without_ours, [fact(Entry.TRANSFER, "B1", 5_000)])) == found


def test_a_transfer_that_came_back_under_any_name_did_not_move() -> None:
    out = row(None, "B1", 5_000, fee=(0, None))
    back = replace(out, is_income=True)
    assert kinds(against([out, back], [fact(Entry.TRANSFER, "B1", 5_000)])) == ["state_differs:B1"]


@pytest.mark.parametrize("reason", ["", "   ", "长" * 201])
def test_a_case_is_not_closed_without_a_word(reason: str) -> None:
    with pytest.raises(CaseReasonRefused):
        check_reason(reason)


def test_a_reason_is_kept_without_the_space_around_it() -> None:
    assert check_reason(f" {'长' * 200} ") == "长" * 200
