"""Who referred this customer, and for how long does that hold?

A touch (触达) may open, renew or take over the customer's binding (绑客), or be refused. Each
verdict carries a reason in Chinese, which the order's trail prints. Times are aware UTC; an
interval contains its start and not its end.

Source: business rules, section 3.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.china_time import local_minute
from rules.policy import Policy


class TouchSource(StrEnum):
    """How a touch (触达) reached us."""

    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    LINK = "link"


class TouchVerdict(StrEnum):
    """What a touch did to the customer's binding."""

    BOUND = "bound"
    RENEWED = "renewed"
    TAKEN_OVER = "taken_over"
    REFUSED_PROTECTED = "refused_protected"
    REFUSED_SELF = "refused_self"
    REFUSED_NOT_AUTHORISED = "refused_not_authorised"
    REFUSED_UNKNOWN_CODE = "refused_unknown_code"
    REFUSED_VIRTUAL = "refused_virtual"


ACCEPTED: Final = frozenset({TouchVerdict.BOUND, TouchVerdict.RENEWED, TouchVerdict.TAKEN_OVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingTerm:
    """A customer bound to a distributor: nobody takes over before `protected_until`."""

    distributor_id: int
    bound_at: datetime
    protected_until: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Toucher:
    """The distributor whose code was presented. `is_customer`: she is the customer herself."""

    distributor_id: int
    is_authorised: bool
    is_customer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchFacts:
    """One touch: whose code (None: unknown or expired), by whom, and her open binding if any."""

    toucher: Toucher | None
    is_virtual: bool
    binding: BindingTerm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchDecision:
    """What a touch does.

    `opens` is a new binding, `renews` the open one with its new validity; at most one is set.
    `ends_at` is when the open binding ends, before the new one is written, so that they never
    overlap; `end_reason` says why.
    """

    verdict: TouchVerdict
    reason: str
    opens: BindingTerm | None = None
    renews: BindingTerm | None = None
    ends_at: datetime | None = None
    end_reason: str | None = None


def is_valid(binding: BindingTerm, now: datetime) -> bool:
    """Return whether the binding still counts at `now`."""
    return now < binding.valid_until


def is_protected(binding: BindingTerm, now: datetime) -> bool:
    """Return whether nobody else may take the customer over at `now`."""
    return is_valid(binding, now) and now < binding.protected_until


def decide_touch(facts: TouchFacts, policy: Policy, now: datetime) -> TouchDecision:
    """Decide whether a touch binds, renews, takes over or is refused.

    Refusals that hold always come first: a snapshot user, an unknown code, herself, a referrer
    who isn't authorised. Then the open binding speaks: expired or none binds, the same referrer
    renews validity only, another one takes over past protection and is refused inside it.
    Protection holds even while its distributor is suspended: only time ends it.
    """
    toucher = _admitted(facts)
    if isinstance(toucher, TouchVerdict):
        return TouchDecision(verdict=toucher, reason=REFUSAL_REASONS[toucher])
    binding = facts.binding
    if binding is None:
        return TouchDecision(
            verdict=TouchVerdict.BOUND,
            reason="客户未绑定，绑定成功",
            opens=_new_term(toucher.distributor_id, policy, now),
        )
    if not is_valid(binding, now):
        return TouchDecision(
            verdict=TouchVerdict.BOUND,
            reason=f"原绑定已于 {local_minute(binding.valid_until)} 到期，重新绑定成功",
            opens=_new_term(toucher.distributor_id, policy, now),
            ends_at=binding.valid_until,
            end_reason="有效期已过",
        )
    if binding.distributor_id == toucher.distributor_id:
        renewed = _with_validity(binding, policy, now)
        return TouchDecision(
            verdict=TouchVerdict.RENEWED,
            reason=f"同一推广人再次触达，有效期至 {local_minute(renewed.valid_until)}",
            renews=renewed,
        )
    if is_protected(binding, now):
        until = local_minute(binding.protected_until)
        return TouchDecision(
            verdict=TouchVerdict.REFUSED_PROTECTED,
            reason=f"客户已绑定其他推广人，保护期至 {until}",
        )
    return TouchDecision(
        verdict=TouchVerdict.TAKEN_OVER,
        reason=f"原绑定的保护期已于 {local_minute(binding.protected_until)} 结束，改绑成功",
        opens=_new_term(toucher.distributor_id, policy, now),
        ends_at=now,
        end_reason="保护期后被其他推广人改绑",
    )


def renewal_on_paid_order(
    binding: BindingTerm, referrer_id: int | None, paid_at: datetime, policy: Policy
) -> BindingTerm | None:
    """Return the customer's open binding with both clocks renewed by a paid order.

    None when nothing is renewed: the order was referred by somebody else, or the binding was
    over when it was paid. Wholesale orders never renew: don't ask for them. A clock is never
    turned back, so a shorter policy leaves a longer term as it is.
    """
    if binding.distributor_id != referrer_id or not is_valid(binding, paid_at):
        return None
    renewed = _with_validity(binding, policy, paid_at)
    protected_until = paid_at + timedelta(days=policy.protection_days)
    return BindingTerm(
        distributor_id=renewed.distributor_id,
        bound_at=renewed.bound_at,
        protected_until=max(renewed.protected_until, protected_until),
        valid_until=renewed.valid_until,
    )


def _admitted(facts: TouchFacts) -> Toucher | TouchVerdict:
    """Return who may bind her, or the refusal that holds whatever the binding says."""
    toucher = facts.toucher
    if facts.is_virtual:
        return TouchVerdict.REFUSED_VIRTUAL
    if toucher is None:
        return TouchVerdict.REFUSED_UNKNOWN_CODE
    if toucher.is_customer:
        return TouchVerdict.REFUSED_SELF
    return toucher if toucher.is_authorised else TouchVerdict.REFUSED_NOT_AUTHORISED


REFUSAL_REASONS: Final = MappingProxyType(
    {
        TouchVerdict.REFUSED_VIRTUAL: "微信快照页访客，未识别到真实用户，不绑定",
        TouchVerdict.REFUSED_UNKNOWN_CODE: "推广码不存在或已失效",
        TouchVerdict.REFUSED_SELF: "不能绑定自己",
        TouchVerdict.REFUSED_NOT_AUTHORISED: "推广人的授权未生效或已到期",
    }
)


def _new_term(distributor_id: int, policy: Policy, now: datetime) -> BindingTerm:
    """Return a binding that starts now."""
    return BindingTerm(
        distributor_id=distributor_id,
        bound_at=now,
        protected_until=now + timedelta(days=policy.protection_days),
        valid_until=now + timedelta(days=policy.validity_days),
    )


def _with_validity(binding: BindingTerm, policy: Policy, now: datetime) -> BindingTerm:
    """Return the binding valid from now on anew, never for shorter than it was."""
    return BindingTerm(
        distributor_id=binding.distributor_id,
        bound_at=binding.bound_at,
        protected_until=binding.protected_until,
        valid_until=max(binding.valid_until, now + timedelta(days=policy.validity_days)),
    )
