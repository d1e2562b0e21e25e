"""How much individual income tax (个人所得税) is withheld from a payout?

What a brand pays a distributor is labour remuneration (劳务报酬). What one person gets for the same
continuing work within a calendar month counts as one payment, so tax is owed on the month's
cumulative gross, and each payout bears what is owed by then less what was withheld before. The
order of a month's payouts therefore never changes the month's tax. Amounts are fen, rates basis
points; a month's tax is rounded half up to the fen once, never part by part.

Source: 国家税务总局公告2018年第61号 (个人所得税扣缴申报管理办法（试行）), article 8 and the annex's
预扣率表二, in force from 2019-01-01; 个人所得税法实施条例, article 14: the month as one payment.

STA announcement 2025/16 (in force from 2025-10-01) prescribes a cumulative method to internet
platform enterprises: it takes the year's income, 20 % of it as expenses and 5,000 yuan for each
month of uninterrupted income. How a month without income counts, and whether a brand's own shop is
such a platform at all, isn't settled by its text alone, so the method isn't offered here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.errors import RuleViolation
from rules.money import BASIS_POINTS


class WithholdingMethod(StrEnum):
    """How tax is withheld; a setting of the programme, so it changes with a dated policy version.

    `none`: nothing is withheld, because the brand declares its distributors' income otherwise.
    `general`: the general table for labour remuneration, by month.
    """

    NONE = "none"
    GENERAL = "general"


EXEMPT_FEN: Final = 80_000
"""What is taken off a month's gross of at most 4,000 yuan: 800 yuan."""

FLAT_UP_TO_FEN: Final = 400_000
"""Up to 4,000 yuan the fixed amount is taken off; above, a fifth of the gross."""

TAXABLE_SHARE_BP: Final = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A row of the table: up to `taxable_up_to_fen` (None: without end), less `quick_fen`."""

    taxable_up_to_fen: int | None
    rate_bp: int
    quick_fen: int


GENERAL_TABLE: Final = (
    Bracket(taxable_up_to_fen=2_000_000, rate_bp=2_000, quick_fen=0),
    Bracket(taxable_up_to_fen=5_000_000, rate_bp=3_000, quick_fen=200_000),
    Bracket(taxable_up_to_fen=None, rate_bp=4_000, quick_fen=700_000),
)
"""个人所得税预扣率表二 (labour remuneration of residents), with quick deductions (速算扣除数)."""


class WithholdingRefused(RuleViolation):
    """An amount that no tax can be worked out from, or more withheld before than is owed."""

    code = "withholding_refused"
    message = "代扣个税计算失败：金额不正确。"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSoFar:
    """What was paid in a month under one method before this payout, and withheld from it."""

    gross_fen: int = 0
    tax_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """A payout in its parts: `net_fen` reaches the person, `tax_fen` goes to the tax office."""

    tax_fen: int
    net_fen: int


def month_tax(method: WithholdingMethod, gross_fen: int) -> int:
    """Return the tax in fen that a month's cumulative gross (fen) owes, rounded half up.

    Raises: WithholdingRefused for anything but whole fen from 0 on.
    """
    if type(gross_fen) is not int or gross_fen < 0:
        raise WithholdingRefused
    if method is WithholdingMethod.NONE or gross_fen <= EXEMPT_FEN:
        return 0
    # In ten-thousandths of a fen, so that taking 80 % of it loses nothing before the one rounding.
    if gross_fen <= FLAT_UP_TO_FEN:
        taxable = (gross_fen - EXEMPT_FEN) * BASIS_POINTS
    else:
        taxable = gross_fen * TAXABLE_SHARE_BP
    bracket = next(
        row
        for row in GENERAL_TABLE
        if row.taxable_up_to_fen is None or taxable <= row.taxable_up_to_fen * BASIS_POINTS
    )
    whole = BASIS_POINTS * BASIS_POINTS
    return (taxable * bracket.rate_bp + whole // 2) // whole - bracket.quick_fen


def withhold(method: WithholdingMethod, amount_fen: int, before: MonthSoFar) -> Withholding:
    """Split a payout of `amount_fen` into tax and net, given the month before it.

    Raises: WithholdingRefused when amounts make no sense, or nothing would be left to pay.
    """
    if type(amount_fen) is not int or amount_fen <= 0:
        raise WithholdingRefused
    tax_fen = month_tax(method, before.gross_fen + amount_fen) - before.tax_fen
    if not 0 <= tax_fen < amount_fen:
        raise WithholdingRefused
    return Withholding(tax_fen=tax_fen, net_fen=amount_fen - tax_fen)
