"""Which names and account numbers are taken, and how they are shown."""

import pytest

from rules.payout_accounts import (
    BankDetails,
    PayoutAccountRefused,
    PayoutDetails,
    check_details,
    check_real_name,
    mask_name,
    tail_of,
)

GOOD = BankDetails(
    bank_name="招商银行", branch="杭州文三路支行", account_number="0062 2262-00001234"
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 李雷 ", "李雷"),
        ("喆镕囍", "喆镕囍"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("John  Smith", "John Smith"),
    ],
)
def test_real_names(typed: str, kept: str) -> None:
    assert check_real_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "李",
        "李 雷",
        "李雷1",
        "=李雷",
        "李雷\x00",
        "<b>李雷</b>",
        "１２",
        "李" * 31,
        "·李雷",
        "🙂🙂",
    ],
)
def test_what_is_no_real_name(typed: str) -> None:
    with pytest.raises(PayoutAccountRefused) as refusal:
        check_real_name(typed)
    assert refusal.value.field == "real_name"


def test_a_bank_account_is_kept_in_digits_with_its_zeros() -> None:
    checked = check_details(PayoutDetails(real_name="李雷", bank=GOOD))
    assert checked.bank is not None
    assert checked.bank.account_number == "0062226200001234"
    assert check_details(PayoutDetails(real_name="李雷")).bank is None


@pytest.mark.parametrize(
    ("bank", "field"),
    [
        (BankDetails(bank_name="", branch="支行", account_number="1" * 16), "bank_name"),
        (BankDetails(bank_name="招商银行", branch="", account_number="1" * 16), "branch"),
        (BankDetails(bank_name="招商银行", branch="支行", account_number=""), "account_number"),
        (
            BankDetails(bank_name="招商银行", branch="支行", account_number="1" * 11),
            "account_number",
        ),
        (
            BankDetails(bank_name="招商银行", branch="支行", account_number="1" * 25),
            "account_number",
        ),
        (
            BankDetails(bank_name="招商银行", branch="支行", account_number="１" * 16),
            "account_number",
        ),
        (
            BankDetails(bank_name="招商银行", branch="支行", account_number="-1e16"),
            "account_number",
        ),
    ],
)
def test_a_bank_account_that_cannot_be(bank: BankDetails, field: str) -> None:
    with pytest.raises(PayoutAccountRefused) as refusal:
        check_details(PayoutDetails(real_name="李雷", bank=bank))
    assert refusal.value.field == field


def test_little_of_it_is_shown() -> None:
    assert [mask_name(name) for name in ("李雷", "王小美", "J")] == ["李*", "王**", "J"]
    assert tail_of("0062226200001234") == "1234"
