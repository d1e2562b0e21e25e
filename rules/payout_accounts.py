"""Which real name and bank account may a distributor register, and how are they shown?

WeChat's transfer compares the name with the one its user is verified under; a bank needs the name,
the bank with its branch, and the number. Shown are only a mask and the last four digits.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from rules.errors import RuleViolation

MOST_NAME: Final = 30
MOST_BANK: Final = 40
MOST_BRANCH: Final = 60
TAIL: Final = 4

_NAME: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+(?:·[\u3400-\u9fff]+)*")
_LATIN_NAME: Final = re.compile(r"[A-Za-z]+(?:[ .'-]+[A-Za-z]+)*\.?")
_NUMBER: Final = re.compile(r"[0-9]{12,24}")


class PayoutAccountRefused(RuleViolation):
    """A name or account that can't be right; `field` is its name in the form."""

    code = "payout_account_refused"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetails:
    """A bank account: the bank, its branch and the number in digits."""

    bank_name: str
    branch: str
    account_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDetails:
    """What she registers: her real name, and a bank account if she likes."""

    real_name: str
    bank: BankDetails | None = None


def check_details(details: PayoutDetails) -> PayoutDetails:
    """Return the details as they are kept: trimmed, the number in digits alone.

    Raises: PayoutAccountRefused.
    """
    return PayoutDetails(
        real_name=check_real_name(details.real_name),
        bank=None if details.bank is None else _check_bank(details.bank),
    )


def check_real_name(typed: str) -> str:
    """Return a real name (真实姓名): 2 to 30 Chinese characters or Latin letters.

    Raises: PayoutAccountRefused.
    """
    name = re.sub(r"[•‧・．]", "·", " ".join(typed.split()))
    is_name = _NAME.fullmatch(name) or _LATIN_NAME.fullmatch(name)
    if is_name is None or not 2 <= len(name) <= MOST_NAME:
        raise PayoutAccountRefused("real_name", "请填写证件上的真实姓名，不要带称呼、空格或符号。")
    return name


def _check_bank(bank: BankDetails) -> BankDetails:
    bank_name, branch = " ".join(bank.bank_name.split()), " ".join(bank.branch.split())
    if not 2 <= len(bank_name) <= MOST_BANK:
        raise PayoutAccountRefused("bank_name", f"请填写开户银行，最多 {MOST_BANK} 个字。")
    if not 2 <= len(branch) <= MOST_BRANCH:
        raise PayoutAccountRefused("branch", f"请填写开户支行，最多 {MOST_BRANCH} 个字。")
    number = bank.account_number.replace(" ", "").replace("-", "")
    if _NUMBER.fullmatch(number) is None:
        if _NUMBER.fullmatch(unicodedata.normalize("NFKC", number)):
            raise PayoutAccountRefused("account_number", "银行账号请用半角数字填写。")
        raise PayoutAccountRefused("account_number", "银行账号要填 12 到 24 位数字。")
    return BankDetails(bank_name=bank_name, branch=branch, account_number=number)


def mask_name(name: str) -> str:
    """Return a name of which only the first character shows: 李雷 is 李*."""
    return name[:1] + "*" * (len(name) - 1)


def tail_of(account_number: str) -> str:
    """Return the last four digits, which are all that is shown."""
    return account_number[-TAIL:]
