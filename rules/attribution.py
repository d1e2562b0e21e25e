"""Who earns from this order?

Decided once, when the order is placed (归因), and frozen on it, with a trail: what was looked at,
what became of it and why, in Chinese. Times are aware UTC.

Source: business rules, section 4.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.bindings import REFUSAL_REASONS, BindingTerm, TouchVerdict, is_protected, is_valid
from rules.china_time import local_minute
from rules.policy import MAX_LEVELS, Policy


class AttributionSource(StrEnum):
    """By what an order came to its referrer, strongest first."""

    PROTECTED_BINDING = "protected_binding"
    SESSION_LINK = "session_link"
    BINDING = "binding"
    NONE = "none"


class TrailVerdict(StrEnum):
    """What became of one consideration in an order's trail."""

    WON = "won"
    OUTRANKED = "outranked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCandidate:
    """The buyer's open binding as a candidate: who, her inviter, and the touch that bound."""

    term: BindingTerm
    inviter_id: int | None
    touch_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCandidate:
    """The latest touch of the buyer's session, with the verdict it got then.

    `distributor_id` is None when its code was unknown.
    """

    distributor_id: int | None
    inviter_id: int | None
    touch_id: int
    verdict: TouchVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Consideration:
    """One row of an order's trail: what was looked at, what became of it and why."""

    distributor_id: int | None
    touch_id: int | None
    source: AttributionSource
    verdict: TrailVerdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The frozen answer for one order; `inviter_id` is the second level, if there is one."""

    source: AttributionSource
    referrer_id: int | None
    inviter_id: int | None
    touch_id: int | None
    reason: str
    trail: tuple[Consideration, ...]


def attribute(
    binding: BoundCandidate | None,
    session: SessionCandidate | None,
    policy: Policy,
    now: datetime,
) -> Attribution:
    """Decide who referred an order placed at `now`.

    Protected binding > link of this session > binding past protection > nobody. The inviter
    counts only under a programme with two levels. Whether the referrer is still authorised isn't
    asked here: eligibility is judged once, at payment.
    """
    considered = [
        *([_judge_binding(binding, now)] if binding else []),
        *([_judge_session(session, policy)] if session else []),
    ]
    considered.sort(key=lambda item: _RANK[item.source])
    winner = next((item for item in considered if item.verdict is TrailVerdict.WON), None)
    if winner is None:
        reason = "没有有效的绑定或推广链接，本单无推广人"
        nobody = Consideration(
            distributor_id=None,
            touch_id=None,
            source=AttributionSource.NONE,
            verdict=TrailVerdict.WON,
            reason=reason,
        )
        return Attribution(
            source=AttributionSource.NONE,
            referrer_id=None,
            inviter_id=None,
            touch_id=None,
            reason=reason,
            trail=(*considered, nobody),
        )
    candidate = session if winner.source is AttributionSource.SESSION_LINK else binding
    assert candidate is not None
    return Attribution(
        source=winner.source,
        referrer_id=winner.distributor_id,
        inviter_id=candidate.inviter_id if policy.levels == MAX_LEVELS else None,
        touch_id=winner.touch_id,
        reason=winner.reason,
        trail=tuple(_outranked(item, winner) for item in considered),
    )


_RANK: Final = MappingProxyType(
    {source: position for position, source in enumerate(AttributionSource)}
)

_SESSION_REFUSED: Final = frozenset(
    {
        TouchVerdict.REFUSED_VIRTUAL,
        TouchVerdict.REFUSED_UNKNOWN_CODE,
        TouchVerdict.REFUSED_NOT_AUTHORISED,
    }
)
"""Not `refused_protected`: such a link may still win once the protection has run out."""


def _judge_binding(candidate: BoundCandidate, now: datetime) -> Consideration:
    """Judge the binding by itself: protected, past protection, or over."""
    term = candidate.term
    if is_protected(term, now):
        source = AttributionSource.PROTECTED_BINDING
        reason = f"客户绑定在保护期内（至 {local_minute(term.protected_until)}），归绑定推广人"
    else:
        source = AttributionSource.BINDING
        reason = f"客户绑定仍有效（至 {local_minute(term.valid_until)}），归绑定推广人"
    verdict = TrailVerdict.WON
    if not is_valid(term, now):
        verdict = TrailVerdict.REFUSED
        reason = f"客户绑定已于 {local_minute(term.valid_until)} 到期"
    return Consideration(
        distributor_id=term.distributor_id,
        touch_id=candidate.touch_id,
        source=source,
        verdict=verdict,
        reason=reason,
    )


def _judge_session(candidate: SessionCandidate, policy: Policy) -> Consideration:
    """Judge the session's link by itself; one's own link counts only if the programme allows."""
    verdict = TrailVerdict.WON
    reason = "通过本次访问的推广链接下单，归链接推广人"
    if candidate.verdict is TouchVerdict.REFUSED_SELF and not policy.self_purchase_allowed:
        verdict = TrailVerdict.REFUSED
        reason = "本次访问的是自己的推广链接，自购不计佣金"
    elif candidate.verdict in _SESSION_REFUSED or candidate.distributor_id is None:
        verdict = TrailVerdict.REFUSED
        reason = REFUSAL_REASONS.get(
            candidate.verdict, REFUSAL_REASONS[TouchVerdict.REFUSED_UNKNOWN_CODE]
        )
    return Consideration(
        distributor_id=candidate.distributor_id,
        touch_id=candidate.touch_id,
        source=AttributionSource.SESSION_LINK,
        verdict=verdict,
        reason=reason,
    )


def _outranked(item: Consideration, winner: Consideration) -> Consideration:
    """Return how a consideration reads beside the winner."""
    if item is winner or item.verdict is not TrailVerdict.WON:
        return item
    if item.source is not AttributionSource.SESSION_LINK:
        reason = "客户绑定已过保护期，本次访问的推广链接优先"
    elif item.distributor_id == winner.distributor_id:
        reason = "本次访问的推广链接与绑定是同一推广人"
    else:
        reason = "本次访问的推广链接有效，但客户仍在其他绑定的保护期内"
    return Consideration(
        distributor_id=item.distributor_id,
        touch_id=item.touch_id,
        source=item.source,
        verdict=TrailVerdict.OUTRANKED,
        reason=reason,
    )
