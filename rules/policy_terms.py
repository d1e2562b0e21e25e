"""What is each term of the programme called, in which unit is it, and how is it written?

One table for the form, the comparison of versions, the audit trail and the refusals: amounts are
fen, rates basis points, times of day Asia/Shanghai.
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Final

from rules.money import BASIS_POINTS, percent, yuan
from rules.withholding import WithholdingMethod


class Unit(StrEnum):
    """In what a term is counted."""

    LEVELS = "levels"
    RATE = "rate"
    FEN = "fen"
    DAYS = "days"
    MINUTES = "minutes"
    PIECES = "pieces"
    FLAG = "flag"
    TIME = "time"
    METHOD = "method"


class TermGroup(StrEnum):
    """Under which heading a term stands."""

    COMMISSION = "佣金"
    BINDING = "客户绑定"
    ORDER = "订单和售后"
    PAYOUT = "结算和提现"
    FREIGHT = "运费和限购"
    OTHER = "授权和打扰"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term: the setting's name, its Chinese label, and the bounds of a number (inclusive)."""

    setting: str
    label: str
    unit: Unit
    group: TermGroup
    lowest: int = 0
    highest: int = 0
    hint: str = ""


def _days(
    setting: str, label: str, group: TermGroup, bounds: tuple[int, int], hint: str = ""
) -> Term:
    return Term(
        setting=setting,
        label=label,
        unit=Unit.DAYS,
        group=group,
        lowest=bounds[0],
        highest=bounds[1],
        hint=hint,
    )


def _fen(
    setting: str, label: str, group: TermGroup, bounds: tuple[int, int], hint: str = ""
) -> Term:
    return Term(
        setting=setting,
        label=label,
        unit=Unit.FEN,
        group=group,
        lowest=bounds[0],
        highest=bounds[1],
        hint=hint,
    )


def _rate(setting: str, label: str, hint: str) -> Term:
    return Term(
        setting=setting,
        label=label,
        unit=Unit.RATE,
        group=TermGroup.COMMISSION,
        highest=BASIS_POINTS,
        hint=hint,
    )


TERMS: Final = (
    Term(
        setting="levels",
        label="分销层级",
        unit=Unit.LEVELS,
        group=TermGroup.COMMISSION,
        lowest=1,
        highest=2,
        hint="2 级需要留存合规声明；不可能有第 3 级",
    ),
    _rate("level_1_rate_bp", "推广佣金率", "没有单品比例、等级比例的商品按它计算"),
    _rate("level_2_rate_bp", "邀请人佣金率", "只有 1 级时填 0"),
    _rate("max_payout_bp", "佣金上限", "各级之和占实付的上限，并且不超过“售价 − 成本”"),
    Term(
        setting="self_purchase_allowed",
        label="自购计佣",
        unit=Unit.FLAG,
        group=TermGroup.COMMISSION,
        hint="分销商通过自己的链接购买时计佣金",
    ),
    _days("protection_days", "绑客保护期", TermGroup.BINDING, (0, 3650), "期内其他人不能改绑"),
    _days("validity_days", "绑客有效期", TermGroup.BINDING, (1, 3650), "不短于保护期"),
    Term(
        setting="payment_minutes",
        label="付款时限",
        unit=Unit.MINUTES,
        group=TermGroup.ORDER,
        lowest=1,
        highest=7 * 24 * 60,
        hint="超时未付的订单自动取消",
    ),
    _days("receipt_days_after_delivery", "签收后自动收货", TermGroup.ORDER, (1, 90)),
    _days(
        "receipt_days_after_shipping",
        "发货后自动收货",
        TermGroup.ORDER,
        (1, 90),
        "没有物流轨迹时",
    ),
    _days("after_sales_days", "售后期", TermGroup.ORDER, (7, 90), "收货后可申请售后的天数"),
    _days("price_drop_days", "价保期", TermGroup.ORDER, (0, 90), "付款后降价可申请退差价的天数"),
    _days("hold_days", "佣金冻结期", TermGroup.PAYOUT, (0, 90), "订单完成后再等多少天可提现"),
    _fen("minimum_payout_fen", "最低提现金额", TermGroup.PAYOUT, (10, 10_000_000)),
    _fen(
        "maximum_transfer_fen",
        "微信转账单笔上限",
        TermGroup.PAYOUT,
        (10, 100_000_000),
        "超出的走银行转账",
    ),
    _fen("two_person_limit_fen", "双人审批金额", TermGroup.PAYOUT, (0, 100_000_000), "超出要两人"),
    Term(setting="withholding", label="代扣个税", unit=Unit.METHOD, group=TermGroup.PAYOUT),
    _fen("freight_fen", "运费", TermGroup.FREIGHT, (0, 1_000_000)),
    _fen("free_freight_from_fen", "包邮金额", TermGroup.FREIGHT, (0, 100_000_000)),
    Term(
        setting="max_quantity_per_line",
        label="单款限购",
        unit=Unit.PIECES,
        group=TermGroup.FREIGHT,
        lowest=1,
        highest=10_000,
    ),
    _days("authorisation_days", "授权期限", TermGroup.OTHER, (1, 3650), "通过申请后的有效天数"),
    Term(setting="quiet_from", label="免打扰开始", unit=Unit.TIME, group=TermGroup.OTHER),
    Term(setting="quiet_until", label="免打扰结束", unit=Unit.TIME, group=TermGroup.OTHER),
)
"""Every term that a version sets, in the order of the form. A test compares it with `Policy`."""

METHOD_WORDS: Final = {
    WithholdingMethod.NONE: "不代扣",
    WithholdingMethod.GENERAL: "按劳务报酬预扣率表代扣",
}

_COUNTED: Final = {Unit.LEVELS: "级", Unit.DAYS: "天", Unit.MINUTES: "分钟", Unit.PIECES: "件"}


def term_words(term: Term, value: object) -> str:
    """Write a term's value as people read it: `12.5%`, `¥10.00`, `7 天`, `是`."""
    if term.unit is Unit.FLAG:
        return "是" if value else "否"
    if isinstance(value, WithholdingMethod):
        return METHOD_WORDS[value]
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if not isinstance(value, int):
        raise TypeError(f"{term.setting} is no {term.unit}: {type(value).__name__}")
    if term.unit is Unit.RATE:
        return percent(value)
    if term.unit is Unit.FEN:
        return f"¥{yuan(value)}"
    return f"{value} {_COUNTED[term.unit]}"


def bounds_words(term: Term) -> str:
    """Write what a term must be, as a whole sentence."""
    lowest, highest = term_words(term, term.lowest), term_words(term, term.highest)
    return f"{term.label}必须在 {lowest} 到 {highest} 之间。"
