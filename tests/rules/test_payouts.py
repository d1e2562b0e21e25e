"""Requests for payout, and who must approve them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import payouts
from rules.payouts import (
    OPEN,
    RETURNS_FUNDS,
    ApprovalRefused,
    PayoutChannel,
    PayoutFacts,
    PayoutRefused,
    PayoutStatus,
    approvals_needed,
    check_request,
    is_approved_by,
    most_payable,
)
from rules.policy import Policy

RICH = PayoutFacts(available_fen=1_000_000, debt_fen=0, has_open_payout=False)
BANK = replace(RICH, channel=PayoutChannel.BANK, has_bank_account=True)
POLICY = Policy()


@pytest.mark.parametrize("amount", [0, -1, 10.0, "1000", True, None, 1000.5])
def test_only_a_positive_whole_number_is_an_amount(amount: Any) -> None:
    with pytest.raises(payouts.PayoutAmountInvalid):
        check_request(amount, RICH, POLICY)


REFUSED = [
    (999, RICH, payouts.PayoutBelowMinimum),
    (20_001, RICH, payouts.PayoutAboveCap),
    (1_000_001, BANK, payouts.PayoutAboveAvailable),
    (1_500, replace(RICH, available_fen=1_499), payouts.PayoutAboveAvailable),
    (1_000, replace(RICH, debt_fen=1), payouts.PayoutInDebt),
    (1_000, replace(RICH, has_open_payout=True), payouts.PayoutAlreadyOpen),
]


@pytest.mark.parametrize(("amount", "facts", "refusal"), REFUSED)
def test_a_request_is_refused_with_its_own_reason(
    amount: int, facts: PayoutFacts, refusal: type[PayoutRefused]
) -> None:
    with pytest.raises(refusal) as caught:
        check_request(amount, facts, POLICY)
    assert caught.value.amount_fen == amount
    assert caught.value.message.endswith("。")


@pytest.mark.parametrize("amount", [1_000, 20_000])
def test_minimum_and_cap_themselves_are_fine(amount: int) -> None:
    assert check_request(amount, RICH, POLICY) == amount


def test_a_bank_transfer_knows_no_cap() -> None:
    assert check_request(500_000, BANK, POLICY) == 500_000


def test_a_bank_transfer_needs_an_account_to_go_to() -> None:
    with pytest.raises(payouts.PayoutNeedsBankAccount):
        check_request(5_000, replace(BANK, has_bank_account=False), POLICY)


def test_a_large_wechat_transfer_needs_the_real_name() -> None:
    generous = replace(POLICY, maximum_transfer_fen=300_000)
    with pytest.raises(payouts.PayoutNeedsRealName):
        check_request(200_000, RICH, generous)
    assert check_request(199_999, RICH, generous) == 199_999
    assert check_request(200_000, replace(RICH, has_real_name=True), generous) == 200_000


@given(available=st.integers(0, 10**7), amount=st.integers(-10, 10**7))
def test_whatever_passes_is_covered_by_what_is_available(available: int, amount: int) -> None:
    facts = replace(RICH, available_fen=available)
    try:
        granted = check_request(amount, facts, POLICY)
    except PayoutRefused:
        most = most_payable(available, POLICY)
        assert not (POLICY.minimum_payout_fen <= amount <= most)
    else:
        assert POLICY.minimum_payout_fen <= granted <= available


def test_what_may_be_asked_for_at_most() -> None:
    assert most_payable(999, POLICY) == 0
    assert most_payable(1_234, POLICY) == 1_234
    assert most_payable(99_999, POLICY) == 20_000
    generous = replace(POLICY, maximum_transfer_fen=300_000)
    assert most_payable(250_000, generous) == 199_999
    assert most_payable(250_000, generous, has_real_name=True) == 250_000


def test_above_the_limit_two_different_people_approve() -> None:
    policy = replace(POLICY, two_person_limit_fen=100_000)
    assert approvals_needed(100_000, policy) == 1
    assert approvals_needed(100_001, policy) == 2
    assert is_approved_by(100_000, (), 7, policy)
    assert not is_approved_by(100_001, (), 7, policy)
    assert is_approved_by(100_001, (7,), 8, policy)
    with pytest.raises(ApprovalRefused):
        is_approved_by(100_001, (7,), 7, policy)


def test_a_payout_ends_paid_or_gives_the_funds_back() -> None:
    assert frozenset(PayoutStatus) - OPEN - RETURNS_FUNDS == {PayoutStatus.PAID}
    assert not OPEN & RETURNS_FUNDS
