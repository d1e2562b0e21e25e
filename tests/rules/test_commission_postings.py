"""From which account a change of commission moves, played against a small oracle."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commission import CommissionStage, delta, target
from rules.commission_postings import (
    EXPENSE,
    STAGE_ACCOUNTS,
    Holdings,
    change_postings,
    move_postings,
    netting_postings,
    payout_paid_postings,
    payout_request_postings,
    payout_return_postings,
    release_postings,
    taken_from,
)
from rules.ledger import Account, AccountKind, Posting, entries_of, may_hold

ME = 7


def mine(kind: AccountKind) -> Account:
    return Account(kind=kind, distributor_id=ME)


def posting(source: AccountKind, destination: AccountKind, amount_fen: int) -> Posting:
    return Posting(source=mine(source), destination=mine(destination), amount_fen=amount_fen)


TAKEN = [
    ("own stage", CommissionStage.ESTIMATED, 100, 500, 60, [("estimated", 60)]),
    ("maturing", CommissionStage.MATURING, 100, 500, 100, [("maturing", 100)]),
    ("held", CommissionStage.HELD, 100, 0, 100, [("held", 100)]),
    ("released", CommissionStage.RELEASED, 100, 500, 60, [("available", 60)]),
    (
        "released, spent",
        CommissionStage.RELEASED,
        100,
        20,
        60,
        [("available", 20), ("debt", 40)],
    ),
    ("released, all spent", CommissionStage.RELEASED, 100, 0, 60, [("debt", 60)]),
    (
        "beyond all",
        CommissionStage.MATURING,
        10,
        20,
        60,
        [("maturing", 10), ("available", 20), ("debt", 30)],
    ),
    ("nothing", CommissionStage.MATURING, 10, 20, 0, []),
]


@pytest.mark.parametrize(("_case", "stage", "own", "available", "amount", "parts"), TAKEN)
def test_taken_from_the_lines_own_stage_then_available_then_debt(
    _case: str,
    stage: CommissionStage,
    own: int,
    available: int,
    amount: int,
    parts: list[tuple[str, int]],
) -> None:
    holdings = Holdings(stage=stage, stage_fen=own, available_fen=available)
    assert list(taken_from(amount, holdings)) == parts


def test_the_first_posting_of_a_line_is_estimated() -> None:
    holdings = Holdings(stage=CommissionStage.NONE, stage_fen=0, available_fen=0)
    assert change_postings(ME, 120, holdings) == (
        Posting(source=EXPENSE, destination=mine(AccountKind.ESTIMATED), amount_fen=120),
    )
    assert change_postings(ME, 0, holdings) == ()


def test_debt_is_netted_at_release() -> None:
    assert release_postings(ME, 100, 0, 30) == (
        posting(AccountKind.MATURING, AccountKind.AVAILABLE, 100),
        posting(AccountKind.AVAILABLE, AccountKind.DEBT, 30),
    )
    assert netting_postings(ME, 0, 30) == ()
    assert netting_postings(ME, 30, 0) == ()


def test_a_returned_payout_pays_the_debt_first() -> None:
    assert payout_return_postings(ME, 100, 0, 130) == (
        posting(AccountKind.PAYING_OUT, AccountKind.AVAILABLE, 100),
        posting(AccountKind.AVAILABLE, AccountKind.DEBT, 100),
    )


def test_a_paid_payout_is_cash_and_tax() -> None:
    entries = entries_of(payout_paid_postings(ME, 90, 10))
    assert {(entry.account.kind, entry.amount_fen) for entry in entries} == {
        (AccountKind.CASH_OUT, 90),
        (AccountKind.TAX_PAYABLE, 10),
        (AccountKind.PAYING_OUT, -100),
    }
    assert len(payout_paid_postings(ME, 90, 0)) == 1


@dataclass
class Line:
    paid: int
    rate_bp: int
    refunded: int = 0
    posted: int = 0
    stage: CommissionStage = CommissionStage.NONE


@dataclass
class Book:
    """One distributor's accounts; every transaction must balance and no account go wrong."""

    balances: dict[Account, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    payout_fen: int = 0

    def balance(self, kind: AccountKind) -> int:
        return self.balances.get(mine(kind), 0)

    @property
    def owed(self) -> int:
        return -self.balance(AccountKind.DEBT)

    def post(self, postings: tuple[Posting, ...]) -> None:
        if not postings:
            return
        for entry in entries_of(postings):
            self.balances[entry.account] = self.balances.get(entry.account, 0) + entry.amount_fen
        for account, balance_fen in self.balances.items():
            assert may_hold(account.kind, balance_fen)

    def adjust(self, line: Line) -> None:
        own = line.posted if line.stage is not CommissionStage.RELEASED else 0
        holdings = Holdings(
            stage=line.stage,
            stage_fen=own,
            available_fen=self.balance(AccountKind.AVAILABLE),
        )
        change = delta(target(line.paid, line.refunded, line.rate_bp), line.posted)
        self.post(change_postings(ME, change, holdings))
        line.posted += change

    def pay(self, paid: int, rate_bp: int) -> None:
        line = Line(paid, rate_bp)
        self.adjust(line)
        line.stage = CommissionStage.ESTIMATED
        self.lines.append(line)

    def refund(self, line: Line, amount: int) -> None:
        line.refunded = min(line.paid, line.refunded + amount)
        self.adjust(line)

    def advance(self, line: Line) -> None:
        if line.stage is CommissionStage.ESTIMATED:
            following = CommissionStage.MATURING
            self.post(move_postings(ME, line.posted, line.stage, following))
        elif line.stage is CommissionStage.MATURING:
            following = CommissionStage.RELEASED
            available = self.balance(AccountKind.AVAILABLE)
            self.post(release_postings(ME, line.posted, available, self.owed))
        else:
            return
        line.stage = following

    def request_payout(self) -> None:
        amount = self.balance(AccountKind.AVAILABLE)
        if amount and not self.payout_fen and not self.owed:
            self.post(payout_request_postings(ME, amount))
            self.payout_fen = amount

    def finish_payout(self, *, is_paid: bool) -> None:
        if not self.payout_fen:
            return
        if is_paid:
            self.post(payout_paid_postings(ME, self.payout_fen, 0))
        else:
            available = self.balance(AccountKind.AVAILABLE)
            self.post(payout_return_postings(ME, self.payout_fen, available, self.owed))
        self.payout_fen = 0


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "refund", "refund", "advance", "advance", "out", "paid", "back"]),
        st.integers(0, 100),
        st.integers(0, 50_000),
        st.integers(0, 5_000),
    ),
    max_size=40,
)


def act(book: Book, action: tuple[str, int, int, int]) -> None:
    kind, which, amount, rate_bp = action
    line = book.lines[which % len(book.lines)] if book.lines else None
    if kind == "pay":
        book.pay(amount, rate_bp)
    elif kind == "refund" and line:
        book.refund(line, amount)
    elif kind == "advance" and line:
        book.advance(line)
    elif kind == "out":
        book.request_payout()
    elif kind in {"paid", "back"}:
        book.finish_payout(is_paid=kind == "paid")


@given(ACTIONS)
def test_the_book_always_agrees_with_the_rule(actions: list[tuple[str, int, int, int]]) -> None:
    book = Book()
    paid_out = 0
    for action in actions:
        before = book.payout_fen
        act(book, action)
        paid_out += before if action[0] == "paid" else 0
        assert sum(book.balances.values()) == 0
        assert book.balance(AccountKind.PAYING_OUT) == book.payout_fen
        earned = sum(target(line.paid, line.refunded, line.rate_bp) for line in book.lines)
        assert -book.balances.get(EXPENSE, 0) == earned
        assert book.balances.get(Account(kind=AccountKind.CASH_OUT), 0) == paid_out
        for stage in (CommissionStage.ESTIMATED, CommissionStage.MATURING):
            held = sum(line.posted for line in book.lines if line.stage is stage)
            assert book.balance(STAGE_ACCOUNTS[stage]) == held
