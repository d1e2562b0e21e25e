"""Take in a touch (触达): a scanned referral QR or an opened referral link."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.materials import MaterialShare
from models.referrals import Binding, ReferralCode, Touch
from rules.bindings import (
    BindingTerm,
    TouchDecision,
    Toucher,
    TouchFacts,
    TouchSource,
    TouchVerdict,
    decide_touch,
    renewal_on_paid_order,
)
from rules.distributors import is_authorised, normalise_referral_code
from rules.policy import Policy
from workflows.people import lock_person
from workflows.policies import policy_in_force

LONGEST_CODE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What was presented: a code as it came, how, and the share's token if it carried one."""

    code: str
    source: TouchSource
    share_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchOutcome:
    """What the touch did, and whose code it was (None: nobody's)."""

    touch_id: int
    verdict: TouchVerdict
    reason: str
    distributor_id: int | None
    distributor_name: str | None


def record_touch(
    sessions: SessionFactory, wechat_user_id: int, presented: Presented, now: datetime
) -> TouchOutcome:
    """Take in a touch in a transaction of its own."""
    return sessions.retrying(lambda session: touch(session, wechat_user_id, presented, now))


def touch(
    session: Session, wechat_user_id: int, presented: Presented, now: datetime
) -> TouchOutcome:
    """Write a touch with its verdict, and open, renew or take over the customer's binding.

    A step. The customer's row is locked first, so two touches of hers never decide at once; then
    her binding, so no payment renews it under the decision.
    """
    person = lock_person(session, wechat_user_id)
    distributor = _owner(session, presented.code)
    binding = _lock_binding(session, wechat_user_id)
    decision = decide_touch(
        TouchFacts(
            toucher=_toucher(distributor, wechat_user_id, now),
            is_virtual=person.is_virtual,
            binding=_term(binding) if binding else None,
        ),
        policy_in_force(session, now).policy,
        now,
    )
    row = Touch(
        wechat_user_id=wechat_user_id,
        code=presented.code[:LONGEST_CODE],
        distributor_id=distributor.id if distributor else None,
        share_id=_share(session, presented.share_token, distributor),
        source=presented.source,
        occurred_at=now,
        verdict=decision.verdict,
        reason=decision.reason,
    )
    session.add(row)
    session.flush()
    _apply(session, decision, binding, row)
    return TouchOutcome(
        touch_id=row.id,
        verdict=decision.verdict,
        reason=decision.reason,
        distributor_id=distributor.id if distributor else None,
        distributor_name=distributor.name if distributor else None,
    )


def renew_binding_on_payment(
    session: Session, binding: Binding, referrer_id: int | None, policy: Policy, now: datetime
) -> None:
    """Renew both clocks of the customer's binding when she paid an order of its referrer.

    A step. `binding` may have been read without a lock: one that a touch ended since stays ended,
    and a clock that was set later since stays as it is.
    """
    renewed = renewal_on_paid_order(_term(binding), referrer_id, now, policy)
    if renewed is None:
        return
    session.execute(
        update(Binding)
        .where(Binding.id == binding.id, Binding.ended_at.is_(None))
        .values(
            protected_until=_later(Binding.protected_until, renewed.protected_until),
            valid_until=_later(Binding.valid_until, renewed.valid_until),
        )
        .execution_options(synchronize_session=False)
    )


def _later(clock: InstrumentedAttribute[datetime], moment: datetime) -> ColumnElement[datetime]:
    """Return the clock's own value or a moment, whichever is later."""
    given = literal(moment, clock.type)
    return case((clock < given, given), else_=clock)


def _owner(session: Session, code: str) -> Distributor | None:
    normal = normalise_referral_code(code)
    if normal is None:
        return None
    return session.scalar(
        select(Distributor)
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id)
        .where(ReferralCode.code == normal)
    )


def _toucher(distributor: Distributor | None, wechat_user_id: int, now: datetime) -> Toucher | None:
    if distributor is None:
        return None
    return Toucher(
        distributor_id=distributor.id,
        is_authorised=is_authorised(distributor.status, distributor.authorised_until, now),
        is_customer=distributor.wechat_user_id == wechat_user_id,
    )


def _lock_binding(session: Session, wechat_user_id: int) -> Binding | None:
    return session.scalar(
        select(Binding)
        .where(Binding.wechat_user_id == wechat_user_id, Binding.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _term(binding: Binding) -> BindingTerm:
    return BindingTerm(
        distributor_id=binding.distributor_id,
        bound_at=binding.bound_at,
        protected_until=binding.protected_until,
        valid_until=binding.valid_until,
    )


def _share(session: Session, token: str | None, distributor: Distributor | None) -> int | None:
    """Return the share that the token names, if it is this distributor's."""
    if token is None or distributor is None:
        return None
    return session.scalar(
        select(MaterialShare.id).where(
            MaterialShare.token == token, MaterialShare.distributor_id == distributor.id
        )
    )


def _apply(session: Session, decision: TouchDecision, binding: Binding | None, row: Touch) -> None:
    if binding is not None and decision.ends_at is not None:
        binding.ended_at = decision.ends_at
        binding.end_reason = decision.end_reason
        # The old binding must be closed before the new one opens: at most one is open.
        session.flush()
    if binding is not None and decision.renews is not None:
        binding.valid_until = decision.renews.valid_until
    if decision.opens is not None:
        session.add(
            Binding(
                wechat_user_id=row.wechat_user_id,
                distributor_id=decision.opens.distributor_id,
                touch_id=row.id,
                bound_at=decision.opens.bound_at,
                protected_until=decision.opens.protected_until,
                valid_until=decision.opens.valid_until,
            )
        )
        session.flush()
