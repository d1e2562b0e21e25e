"""Publish the programme's policy, and read the one that holds now."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.policies import CommissionRate, Grade, PolicyVersion, terms_of
from queries.policies import published_rates
from rules.commission import PublishedRates
from rules.policy import Policy, check_policy
from rules.policy_versions import (
    LEGAL_TEXT,
    PolicyMoved,
    changes,
    check_effective_at,
    check_version,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.ledger import open_platform_accounts

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
        terms=terms_of(policy),
        effective_at=effective_at,
        published_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A version as staff propose it; the version's number is given when it is published.

    `based_on` is the newest version that was known when it was begun. `effective_at` None is at
    once. `has_acknowledged` says that `rules.policy_versions.LEGAL_TEXT` was confirmed for it.
    """

    rates: PublishedRates
    based_on: int
    effective_at: datetime | None = None
    note: str = ""
    has_acknowledged: bool = False


def check_draft(session: Session, draft: PolicyDraft, now: datetime) -> PublishedRates:
    """Return what a draft would be once published: checked, with its number. A step.

    Raises:
        rules.policy.PolicyRefused: what is wrong with it, by the setting's name.
    """
    newest = session.scalars(select(func.max(PolicyVersion.version))).one() or 0
    if draft.based_on != newest:
        raise PolicyMoved(newest)
    if draft.effective_at is not None:
        check_effective_at(draft.effective_at, now)
    proposed = replace(
        draft.rates,
        policy=replace(
            draft.rates.policy,
            version=newest + 1,
            has_legal_acknowledgement=draft.has_acknowledged,
        ),
    )
    check_version(proposed, has_acknowledged=draft.has_acknowledged)
    return proposed


def publish_policy(
    sessions: SessionFactory, draft: PolicyDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Publish a version for good, from now or from its moment on; return its number.

    Orders, bindings and applications keep the version they were made under.

    Raises:
        PermissionMissing.
        rules.policy.PolicyRefused: what is wrong with it, by the setting's name.
    """
    actor.check(Permission.MANAGE_POLICY)
    try:
        return sessions.retrying(lambda session: _publish(session, draft, actor, now))
    except IntegrityError as error:
        # Two at the same moment: the number is unique, the second one looks again.
        if "policy_versions" not in str(error.orig):
            raise
        raise PolicyMoved(draft.based_on + 1) from None


def _publish(session: Session, draft: PolicyDraft, actor: StaffActor, now: datetime) -> int:
    proposed = check_draft(session, draft, now)
    effective_at = draft.effective_at or now
    before = published_rates(session, _version_before(session, effective_at))
    row = PolicyVersion(
        version=proposed.policy.version,
        terms=terms_of(proposed.policy),
        effective_at=effective_at,
        published_at=now,
        published_by_id=actor.staff_id,
        note=draft.note,
        acknowledgement=LEGAL_TEXT if draft.has_acknowledged else None,
        acknowledged_at=now if draft.has_acknowledged else None,
        acknowledged_by_id=actor.staff_id if draft.has_acknowledged else None,
    )
    session.add(row)
    session.flush()
    session.add_all(
        CommissionRate(policy_version_id=row.id, level=level, sku_id=sku_id, rate_bp=rate_bp)
        for (level, sku_id), rate_bp in sorted(proposed.by_sku.items())
    )
    session.add_all(
        CommissionRate(policy_version_id=row.id, level=level, grade_id=grade_id, rate_bp=rate_bp)
        for (level, grade_id), rate_bp in sorted(proposed.by_grade.items())
    )
    session.flush()
    changed = changes(before, proposed)
    record(
        session,
        actor,
        Change(
            action="publish_policy",
            subject_kind="policy",
            subject_id=row.version,
            before={change.setting: change.before for change in changed.terms},
            after={
                **{change.setting: change.after for change in changed.terms},
                "effective_at": effective_at.isoformat(),
                "rates_changed": len(changed.rates),
                "has_legal_acknowledgement": draft.has_acknowledged,
                "note": draft.note,
            },
        ),
        now,
    )
    return row.version


def _version_before(session: Session, effective_at: datetime) -> PolicyVersion:
    """Return the version that holds at a moment before a new one is added."""
    return session.scalars(
        select(PolicyVersion)
        .where(PolicyVersion.effective_at <= effective_at)
        .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.version.desc())
        .limit(1)
    ).one()


def policy_in_force(session: Session, now: datetime) -> PolicyInForce:
    """Return the newest policy that has come into effect.

    Raises:
        LookupError: no policy was published: `fenxiao migrate` was never run.
    """
    row = session.scalar(
        select(PolicyVersion).where(PolicyVersion.id == id_in_force(now).scalar_subquery())
    )
    if row is None:
        raise LookupError("no policy is in force; run `fenxiao migrate`")
    return PolicyInForce(id=row.id, policy=row.policy)


def id_in_force(now: datetime) -> Select[int]:
    """Return the query for the id of the newest policy that has come into effect."""
    return (
        select(PolicyVersion.id)
        .where(PolicyVersion.effective_at <= now)
        .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.version.desc())
        .limit(1)
    )


def policy_by_id(session: Session, policy_version_id: int) -> Policy:
    """Return the policy that an order, application or binding was made under."""
    return session.get_one(PolicyVersion, policy_version_id).policy
