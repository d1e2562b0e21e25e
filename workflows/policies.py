"""Publish the programme's policy, and read the one that holds now."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.policies import Grade, PolicyVersion
from rules.policy import Policy, check_policy
from workflows.ledger import open_platform_accounts

TERMS = TypeAdapter(Policy)
FIRST_GRADES = (("copper", "铜牌", 1), ("silver", "银牌", 2), ("gold", "金牌", 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """A published policy and its row."""

    id: int
    policy: Policy


def install_programme(sessions: SessionFactory, first: Policy, now: datetime) -> None:
    """Write what every database starts with, once: grades, platform accounts, first policy.

    Raises:
        rules.policy.PolicyRefused: the first policy may not be published.
    """
    with sessions.begin() as session:
        open_platform_accounts(session)
        known = set(session.scalars(select(Grade.code)))
        session.add_all(
            Grade(code=code, name=name, rank=rank)
            for code, name, rank in FIRST_GRADES
            if code not in known
        )
        if session.scalar(select(PolicyVersion.id).limit(1)) is None:
            publish(session, first, effective_at=now, now=now)


def publish(session: Session, policy: Policy, *, effective_at: datetime, now: datetime) -> int:
    """Publish a policy version; return its row's id. A step.

    Raises:
        rules.policy.PolicyRefused: the policy may not be published.
    """
    check_policy(policy)
    row = PolicyVersion(
        version=policy.version,
        terms=TERMS.dump_python(policy, mode="json"),
        effective_at=effective_at,
        published_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def policy_in_force(session: Session, now: datetime) -> PolicyInForce:
    """Return the newest policy that has come into effect.

    Raises:
        LookupError: no policy was published: `fenxiao migrate` was never run.
    """
    row = session.scalar(
        select(PolicyVersion)
        .where(PolicyVersion.effective_at <= now)
        .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.version.desc())
        .limit(1)
    )
    if row is None:
        raise LookupError("no policy is in force; run `fenxiao migrate`")
    return PolicyInForce(id=row.id, policy=_policy(row))


def policy_by_id(session: Session, policy_version_id: int) -> Policy:
    """Return the policy that an order, application or binding was made under."""
    return _policy(session.get_one(PolicyVersion, policy_version_id))


def _policy(row: PolicyVersion) -> Policy:
    # A setting that came later than this version has the product's default.
    return TERMS.validate_python(row.terms)
