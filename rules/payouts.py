"""How much may a distributor withdraw (提现), who must approve it, and which states follow?

`requested → approved | rejected`; `approved → sending → awaiting_user_confirm → paid`; a transfer
that WeChat reports as failed or unconfirmed for a day ends as `failed` or `expired` and its funds
return once; so does one that staff took back before she confirmed it, as `cancelled`. An unknown
outcome stays `sending` with the same bill number until WeChat answers. Amounts are fen.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.money import yuan
from rules.policy import Policy
from rules.states import Edges, TransitionRefused, is_allowed, sources_of

REAL_NAME_FROM_FEN: Final = 200_000
"""From 2,000 yuan WeChat's transfer needs the person's real name. Source: 商家转账 API."""


class PayoutStatus(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    SENDING = "sending"
    AWAITING_USER_CONFIRM = "awaiting_user_confirm"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class PayoutChannel(StrEnum):
    """How the money leaves: WeChat transfer (商家转账, scene 1005) or recorded bank transfer."""

    WECHAT = "wechat"
    BANK = "bank"


EDGES: Final[Edges[PayoutStatus]] = MappingProxyType(
    {
        PayoutStatus.REQUESTED: frozenset({PayoutStatus.APPROVED, PayoutStatus.REJECTED}),
        PayoutStatus.APPROVED: frozenset({PayoutStatus.SENDING, PayoutStatus.CANCELLED}),
        PayoutStatus.SENDING: frozenset(
            {
                PayoutStatus.AWAITING_USER_CONFIRM,
                PayoutStatus.PAID,
                PayoutStatus.FAILED,
                PayoutStatus.EXPIRED,
                PayoutStatus.CANCELLED,
            }
        ),
        PayoutStatus.AWAITING_USER_CONFIRM: frozenset(
            {
                PayoutStatus.PAID,
                PayoutStatus.FAILED,
                PayoutStatus.EXPIRED,
                PayoutStatus.CANCELLED,
            }
        ),
        PayoutStatus.PAID: frozenset(),
        PayoutStatus.REJECTED: frozenset(),
        PayoutStatus.FAILED: frozenset(),
        PayoutStatus.EXPIRED: frozenset(),
        PayoutStatus.CANCELLED: frozenset(),
    }
)
"""`sending` reaches every end: a poll may be the first answer we ever get."""

OPEN: Final = frozenset(status for status, targets in EDGES.items() if targets)
"""States in which the money stands on `paying_out`; one open payout per distributor."""

RETURNS_FUNDS: Final = frozenset(
    {PayoutStatus.REJECTED, PayoutStatus.FAILED, PayoutStatus.EXPIRED, PayoutStatus.CANCELLED}
)
"""Entering one of these moves the amount from `paying_out` back to `available`, once."""


CANCELLABLE: Final = frozenset({PayoutStatus.APPROVED, PayoutStatus.AWAITING_USER_CONFIRM})
"""States in which staff may take a payout back: WeChat doesn't have it, or waits for her."""


class PayoutTransitionRefused(TransitionRefused):
    """A payout has no such edge."""

    code = "payout_transition_refused"
    message = "这笔提现当前状态不能进行这个操作，请刷新后再试。"


class PayoutRefused(RuleViolation):
    """A payout may not be requested; `amount_fen` is what was asked for."""

    code = "payout_refused"
    message = "现在不能申请提现。"

    def __init__(self, amount_fen: object, message: str | None = None) -> None:
        self.amount_fen = amount_fen
        super().__init__(message)


class PayoutAmountInvalid(PayoutRefused):
    """The amount isn't a positive whole number of fen."""

    code = "payout_amount_invalid"
    message = "提现金额不正确，请重新输入。"


class PayoutBelowMinimum(PayoutRefused):
    """Less than the programme's minimum."""

    code = "payout_below_minimum"


class PayoutAboveCap(PayoutRefused):
    """More than one WeChat transfer may carry."""

    code = "payout_above_cap"


class PayoutAboveAvailable(PayoutRefused):
    """More than what is available."""

    code = "payout_above_available"


class PayoutAlreadyOpen(PayoutRefused):
    """Another payout is under way."""

    code = "payout_already_open"
    message = "您有一笔提现正在处理中，完成后才能再次申请。"


class PayoutInDebt(PayoutRefused):
    """The distributor owes money from refunded orders."""

    code = "payout_in_debt"


class PayoutNeedsRealName(PayoutRefused):
    """WeChat wants a real name for a transfer this large."""

    code = "payout_needs_real_name"
    message = "单笔 2,000 元及以上的微信转账需要先登记真实姓名。"


class PayoutNeedsBankAccount(PayoutRefused):
    """A bank transfer needs a bank account to go to."""

    code = "payout_needs_bank_account"
    message = "银行转账需要先登记开户银行和账号。"


class ApprovalRefused(RuleViolation):
    """A payout may not be approved by this person now."""

    code = "payout_approval_refused"
    message = "同一位员工不能重复审批同一笔提现，请由另一位同事审批。"


class TransferUnknown(RuleViolation):
    """WeChat speaks of a transfer that we never asked for."""

    code = "transfer_unknown"
    message = "没有这个单号的提现。"


class TransferMismatch(RuleViolation):
    """WeChat reports a transfer that differs from what was asked; `field` names the difference."""

    code = "transfer_mismatch"
    message = "转账信息与提现申请不符，已停止处理。"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__()


class PayoutMissing(RuleViolation):
    """No such payout."""

    code = "payout_missing"
    message = "没有找到这笔提现，请刷新页面后再试。"


class NotABankPayout(RuleViolation):
    """A bank transfer was recorded for a payout that WeChat carries."""

    code = "payout_not_by_bank"
    message = "这笔提现走微信转账，不能登记银行转账。"


class NotAWeChatPayout(RuleViolation):
    """A transfer was to be called back that a bank carries."""

    code = "payout_not_by_wechat"
    message = "这笔提现走银行转账，没有成功时请登记失败。"


class AlreadyConfirmed(RuleViolation):
    """A transfer was to be called back that she has confirmed."""

    code = "payout_already_confirmed"
    message = "对方已经确认收款，不能再撤销。"


class TransferUndecided(RuleViolation):
    """A transfer was to be called back while WeChat hasn't said yet whether it exists."""

    code = "transfer_undecided"
    message = "这笔打款还没有结果，暂时不能撤销，请稍后再试。"


class BankReferenceMissing(RuleViolation):
    """A bank transfer is recorded with the bank's own reference."""

    code = "bank_reference_missing"
    message = "请填写银行流水号。"


class NothingChosen(RuleViolation):
    """Transfers were to be recorded, and none was ticked."""

    code = "nothing_chosen"
    message = "请先勾选已经转账的提现。"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFacts:
    """What is known of a distributor when a payout is requested; all amounts fen."""

    available_fen: int
    debt_fen: int
    has_open_payout: bool
    has_real_name: bool = False
    has_bank_account: bool = False
    channel: PayoutChannel = PayoutChannel.WECHAT


def check_transition(current: PayoutStatus, target: PayoutStatus) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: PayoutTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise PayoutTransitionRefused(current.value, target.value)


def check_cancel(status: PayoutStatus, channel: PayoutChannel) -> None:
    """Refuse to take a payout back unless it is approved, by WeChat, and she hasn't confirmed it.

    Raises: NotAWeChatPayout, TransferUndecided, AlreadyConfirmed, PayoutTransitionRefused.
    """
    if channel is not PayoutChannel.WECHAT:
        raise NotAWeChatPayout
    if status is PayoutStatus.SENDING:
        raise TransferUndecided
    if status is PayoutStatus.PAID:
        raise AlreadyConfirmed
    if status not in CANCELLABLE:
        raise PayoutTransitionRefused(status.value, PayoutStatus.CANCELLED.value)


def may_become(target: PayoutStatus) -> tuple[PayoutStatus, ...]:
    """Return the states from which a payout may become `target`, for a guarded UPDATE."""
    return sources_of(EDGES, target)


def check_request(amount_fen: object, facts: PayoutFacts, policy: Policy) -> int:
    """Check a request and return its amount in fen.

    Floats, strings and True are refused, not rounded. `available_fen` is what the account holds
    before the request.

    Raises: a PayoutRefused that says why.
    """
    if type(amount_fen) is not int or amount_fen <= 0:
        raise PayoutAmountInvalid(amount_fen)
    _check_standing(amount_fen, facts)
    if amount_fen < policy.minimum_payout_fen:
        raise PayoutBelowMinimum(amount_fen, f"单笔提现最低 {yuan(policy.minimum_payout_fen)} 元。")
    if amount_fen > facts.available_fen:
        raise PayoutAboveAvailable(
            amount_fen, f"可提现余额为 {yuan(facts.available_fen)} 元，请重新输入金额。"
        )
    if facts.channel is PayoutChannel.WECHAT:
        _check_transfer(amount_fen, facts, policy)
    elif not facts.has_bank_account:
        raise PayoutNeedsBankAccount(amount_fen)
    return amount_fen


def check_may_ask(facts: PayoutFacts, policy: Policy) -> int:
    """Return the largest amount in fen that may be asked for now, before she named one.

    Raises: a PayoutRefused that says why nothing may be asked for.
    """
    _check_standing(None, facts)
    most_fen = most_payable(facts.available_fen, policy, has_real_name=facts.has_real_name)
    if not most_fen:
        minimum = yuan(policy.minimum_payout_fen)
        raise PayoutBelowMinimum(
            None, f"可提现余额为 {yuan(facts.available_fen)} 元，满 {minimum} 元就可以提现。"
        )
    return most_fen


def _check_standing(amount_fen: object, facts: PayoutFacts) -> None:
    """Refuse whatever the amount is, while another payout or debt is open."""
    if facts.has_open_payout:
        raise PayoutAlreadyOpen(amount_fen)
    if facts.debt_fen > 0:
        raise PayoutInDebt(
            amount_fen, f"您有 {yuan(facts.debt_fen)} 元退款佣金待抵扣，抵扣完后才能提现。"
        )


def _check_transfer(amount_fen: int, facts: PayoutFacts, policy: Policy) -> None:
    """Refuse what WeChat's transfer can't carry."""
    if amount_fen > policy.maximum_transfer_fen:
        raise PayoutAboveCap(
            amount_fen,
            f"微信转账单笔最高 {yuan(policy.maximum_transfer_fen)} 元，更高金额请选择银行转账。",
        )
    if amount_fen >= REAL_NAME_FROM_FEN and not facts.has_real_name:
        raise PayoutNeedsRealName(amount_fen)


def most_payable(available_fen: int, policy: Policy, *, has_real_name: bool = False) -> int:
    """Return the largest amount in fen that one WeChat request may ask for, 0 if too little."""
    most = min(available_fen, policy.maximum_transfer_fen)
    if not has_real_name:
        most = min(most, REAL_NAME_FROM_FEN - 1)
    return most if most >= policy.minimum_payout_fen else 0


def approvals_needed(amount_fen: int, policy: Policy) -> int:
    """Return how many different staff must approve: two above the programme's limit, else one."""
    return 2 if amount_fen > policy.two_person_limit_fen else 1


def is_approved_by(
    amount_fen: int, approved_by: tuple[int, ...], approver: int, policy: Policy
) -> bool:
    """Decide whether the payout is approved once `approver` agrees; False: one more is needed.

    `approved_by` are the staff ids that approved before.

    Raises: ApprovalRefused when the same person approves twice.
    """
    if approver in approved_by:
        raise ApprovalRefused
    return len(set(approved_by)) + 1 >= approvals_needed(amount_fen, policy)
