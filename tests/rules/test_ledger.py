"""Postings and balances of the ledger."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.ledger import (
    DISTRIBUTOR_KINDS,
    PLATFORM_KINDS,
    Account,
    AccountKind,
    Entry,
    LedgerRefused,
    Posting,
    Unbalanced,
    check_balanced,
    entries_of,
    may_hold,
)

EXPENSE = Account(kind=AccountKind.COMMISSION_EXPENSE)
CASH = Account(kind=AccountKind.CASH_OUT)
HERS = Account(kind=AccountKind.AVAILABLE, distributor_id=1)
DEBT = Account(kind=AccountKind.DEBT, distributor_id=1)


def posting(source: Account, destination: Account, amount_fen: Any = 100) -> Posting:
    return Posting(source=source, destination=destination, amount_fen=amount_fen)


def test_postings_become_one_entry_per_account() -> None:
    assert entries_of([posting(EXPENSE, HERS), posting(HERS, DEBT, 30)]) == (
        Entry(account=EXPENSE, amount_fen=-100),
        Entry(account=HERS, amount_fen=70),
        Entry(account=DEBT, amount_fen=30),
    )


def test_an_account_that_money_only_passes_through_has_no_entry() -> None:
    entries = entries_of([posting(EXPENSE, HERS), posting(HERS, DEBT)])
    assert [entry.account for entry in entries] == [EXPENSE, DEBT]


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "5"])
def test_only_a_positive_whole_amount_is_posted(amount: Any) -> None:
    with pytest.raises(LedgerRefused):
        entries_of([posting(EXPENSE, HERS, amount)])


MISPLACED = [
    posting(HERS, HERS),
    posting(Account(kind=AccountKind.AVAILABLE), HERS),
    posting(EXPENSE, Account(kind=AccountKind.CASH_OUT, distributor_id=1)),
]


@pytest.mark.parametrize("wrong", MISPLACED)
def test_a_posting_to_itself_or_to_a_misplaced_account_is_refused(wrong: Posting) -> None:
    with pytest.raises(LedgerRefused):
        entries_of([wrong])


def test_postings_that_cancel_out_are_no_transaction() -> None:
    with pytest.raises(Unbalanced):
        entries_of([posting(EXPENSE, HERS), posting(HERS, EXPENSE)])


ENTRIES = [
    ([(EXPENSE, -1), (HERS, 2)], 1),
    ([(EXPENSE, 0), (HERS, 0)], 0),
    ([(EXPENSE, 0)], 0),
    ([], 0),
]


@pytest.mark.parametrize(("pairs", "sum_fen"), ENTRIES)
def test_entries_that_do_not_balance(pairs: list[tuple[Account, int]], sum_fen: int) -> None:
    entries = [Entry(account=account, amount_fen=amount) for account, amount in pairs]
    with pytest.raises(Unbalanced) as refusal:
        check_balanced(entries)
    assert refusal.value.sum_fen == sum_fen


@pytest.mark.parametrize("kind", AccountKind)
def test_which_side_of_zero_an_account_may_stand_on(kind: AccountKind) -> None:
    assert may_hold(kind, 0)
    assert may_hold(kind, -1) is (kind in PLATFORM_KINDS or kind is AccountKind.DEBT)
    assert may_hold(kind, 1) is (kind is not AccountKind.DEBT)


def test_every_kind_is_a_distributors_or_the_platforms() -> None:
    assert frozenset(AccountKind) == DISTRIBUTOR_KINDS | PLATFORM_KINDS
    assert len(DISTRIBUTOR_KINDS) == 6


ACCOUNTS = st.sampled_from([EXPENSE, CASH, HERS, DEBT])


@given(st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(1, 10**12)), min_size=1, max_size=10))
def test_entries_of_any_postings_sum_to_zero(
    triples: list[tuple[Account, Account, int]],
) -> None:
    postings = [posting(*triple) for triple in triples if triple[0] != triple[1]]
    net: dict[Account, int] = {}
    for each in postings:
        net[each.source] = net.get(each.source, 0) - each.amount_fen
        net[each.destination] = net.get(each.destination, 0) + each.amount_fen
    expected = {account: amount for account, amount in net.items() if amount}
    assume(expected)
    entries = entries_of(postings)
    assert {entry.account: entry.amount_fen for entry in entries} == expected
    assert len(entries) == len(expected) >= 2
    assert sum(entry.amount_fen for entry in entries) == 0
