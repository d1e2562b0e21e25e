"""Policy versions: published once and for good, audited, and tried on the past before."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from models.commissions import CommissionState, LineCommission
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import OrderLine
from models.policies import CommissionRate, PolicyVersion
from models.staff import StaffAudit
from models.tables import metadata
from queries.policies import grades as grades_of
from queries.policies import policy_version, published_rates, sku_offers, sku_rates
from queries.policy_trial import Trial, try_policy
from rules.commission import PublishedRates
from rules.orders import SupplyMode
from rules.policy import LegalAcknowledgementMissing, Policy, PolicyRefused
from rules.policy_versions import LEGAL_TEXT, PolicyMoved
from rules.staff import PermissionMissing, Role
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, refund_line
from tests.factories.policies import TWO_LEVELS, grade_id, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.factories.supply_prices import make_supply_price
from workflows.audit import StaffActor
from workflows.policies import PolicyDraft, policy_in_force, publish_policy

DAY = timedelta(days=1)
# Where the database decides nothing.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def owner(sessions: SessionFactory) -> StaffActor:
    start_programme(sessions)
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OWNER))


def draft(policy: Policy = TWO_LEVELS, **changes: object) -> PolicyDraft:
    rates = PublishedRates(policy=policy, by_sku={}, by_grade={})
    usual = PolicyDraft(rates=rates, based_on=1, has_acknowledged=policy.levels == 2)
    return replace(usual, **changes)  # type: ignore[arg-type]


def test_a_version_is_kept_whole_with_its_acknowledgement_and_audited(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        sku_id, gold = make_sku(session).id, grade_id(session, "gold")
    rates = PublishedRates(
        policy=replace(TWO_LEVELS, level_1_rate_bp=1_250),
        by_sku={(1, sku_id): 2_000},
        by_grade={(1, gold): 1_500, (2, gold): 0},
    )
    version = publish_policy(sessions, draft(rates=rates, note="提高金牌"), actor=owner, now=now)
    with sessions.read() as session:
        page = policy_version(session, version, now)
        audited = session.scalars(select(StaffAudit)).one()
    assert page is not None
    assert (page.rates.policy.version, page.rates.policy.level_1_rate_bp) == (2, 1_250)
    assert (page.rates.by_sku, page.rates.by_grade) == (rates.by_sku, rates.by_grade)
    assert page.acknowledgement is not None
    assert (page.acknowledgement.text, page.acknowledgement.at) == (LEGAL_TEXT, now)
    assert [(each.label, each.before, each.after) for each in page.row.changes.terms] == [
        ("推广佣金率", "10%", "12.5%")
    ]
    assert len(page.row.rate_differences) == 3
    assert (audited.action, audited.subject_id, audited.staff_id) == (
        "publish_policy",
        "2",
        owner.staff_id,
    )
    assert (audited.before["level_1_rate_bp"], audited.after["level_1_rate_bp"]) == ("10%", "12.5%")


def test_orders_keep_their_version_and_the_next_one_has_the_new_rates(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        referrer, sku = make_distributor(session), make_sku(session)
        before = make_order(session, [(sku, 1)], now=now, referrer=referrer)
    rates = PublishedRates(policy=TWO_LEVELS, by_sku={}, by_grade={(1, referrer.grade_id): 1_800})
    publish_policy(sessions, draft(rates=rates, effective_at=now + DAY), actor=owner, now=now)
    with sessions.begin() as session:
        assert policy_in_force(session, now + DAY - timedelta(seconds=1)).policy.version == 1
        make_order(session, [(session.merge(sku), 1)], now=now + DAY, referrer=referrer)
        pay_order(session, session.merge(before), now + DAY)
    with sessions.read() as session:
        found = session.execute(
            select(LineCommission.rate_bp, LineCommission.rate_source, CommissionState.posted_fen)
            .join(LineCommission.state)
            .order_by(LineCommission.id)
        ).all()
    assert [tuple(share) for share in found] == [
        (1_000, "programme", 1_240),
        (1_800, "grade", 0),
    ]


@ON_SQLITE
def test_what_may_not_be_published_is_not(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    two_unsigned = draft(has_acknowledged=False)
    for wrong, refusal in (
        (draft(effective_at=now - timedelta(seconds=1)), PolicyRefused),
        (two_unsigned, LegalAcknowledgementMissing),
        (draft(replace(TWO_LEVELS, level_1_rate_bp=2_800)), PolicyRefused),
        (draft(based_on=0), PolicyMoved),
    ):
        with pytest.raises(refusal):
            publish_policy(sessions, wrong, actor=owner, now=now)
    for role in set(Role) - {Role.OWNER}:
        actor = replace(owner, role=role)
        with pytest.raises(PermissionMissing):
            publish_policy(sessions, draft(), actor=actor, now=now)
    with sessions.read() as session:
        assert session.scalars(select(func.count()).select_from(PolicyVersion)).one() == 1
        assert session.scalars(select(func.count()).select_from(StaffAudit)).one() == 0


@ON_SQLITE
def test_of_two_that_began_from_the_same_version_one_is_published(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    assert publish_policy(sessions, draft(), actor=owner, now=now) == 2
    with pytest.raises(PolicyMoved):
        publish_policy(sessions, draft(), actor=owner, now=now)
    assert publish_policy(sessions, draft(based_on=2), actor=owner, now=now) == 3


def test_a_published_version_and_its_rates_are_never_edited(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    publish_policy(
        sessions,
        draft(rates=PublishedRates(policy=TWO_LEVELS, by_sku={}, by_grade={(1, 1): 1_100})),
        actor=owner,
        now=now,
    )
    for statement in (
        update(PolicyVersion).values(effective_at=now - DAY),
        delete(CommissionRate),
        update(CommissionRate).values(rate_bp=0),
    ):
        with pytest.raises(IntegrityError), sessions.begin() as session:
            session.execute(statement)


@ON_SQLITE
def test_a_rate_above_price_less_cost_is_shown_as_trimmed(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        make_sku(session, sale_fen=9_999, cost_fen=9_000)
        matrix = sku_rates(
            PublishedRates(policy=TWO_LEVELS, by_sku={}, by_grade={}),
            grades_of(session),
            sku_offers(session, now),
        )
    assert matrix[0].cap_bp == 999
    assert [(rate.asked_bp, rate.rate_bp) for rate in matrix[0].by_grade[0]] == [
        (1_000, 999),
        (300, 0),
    ]


def past(sessions: SessionFactory, now: datetime) -> Distributor:
    """By rate on two SKUs and two levels, partly refunded; and on consignment."""
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        good, thin = make_sku(session), make_sku(session, sale_fen=9_999, cost_fen=9_000)
        make_supply_price(session, good, 5_000)
        order = make_order(session, [(good, 2), (thin, 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
        refund_line(session, order.lines[0], 4_005, now)
        consigned = make_order(
            session,
            [(good, 1)],
            now=now,
            referrer=referrer,
            supply_mode=SupplyMode.CONSIGNMENT,
        )
        pay_order(session, consigned, now)
        make_order(session, [(good, 1)], now=now, referrer=referrer)
        pay_order(session, make_order(session, [(good, 1)], now=now), now)
    return referrer


def trial_of(
    sessions: SessionFactory, rates: PublishedRates, since: datetime, until: datetime
) -> Trial:
    with sessions.read() as session:
        return try_policy(session, rates, since, until)


def every_row(sessions: SessionFactory) -> dict[str, list[str]]:
    with sessions.read() as session:
        return {
            table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for table in metadata.sorted_tables
        }


def test_the_policy_in_force_gives_exactly_what_was_posted_and_nothing_is_written(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    past(sessions, now)
    with sessions.read() as session:
        stored = session.get_one(PolicyVersion, policy_in_force(session, now).id)
        rates = published_rates(session, stored)
        posted = session.scalars(select(func.sum(CommissionState.posted_fen))).one()
    before = every_row(sessions)
    trial = trial_of(sessions, rates, now, now + DAY)
    assert every_row(sessions) == before
    assert trial.result.total.difference_fen == 0
    assert trial.result.total.actual_fen == posted == 2_079 + 623 + 998 + 7_400
    assert (trial.result.orders, trial.result.trimmed_orders) == (2, 1)
    assert trial_of(sessions, rates, now - DAY, now).rows == ()


def test_another_policy_s_figures_are_what_orders_placed_under_it_would_earn(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    referrer = past(sessions, now)
    proposed = PublishedRates(
        policy=Policy(level_1_rate_bp=1_500), by_sku={}, by_grade={(1, referrer.grade_id): 2_000}
    )
    tried = trial_of(sessions, proposed, now, now + DAY)
    publish_policy(sessions, draft(rates=proposed, has_acknowledged=False), actor=owner, now=now)
    past(sessions, now + DAY)
    with sessions.read() as session:
        newer = session.scalars(
            select(func.sum(CommissionState.posted_fen))
            .select_from(LineCommission)
            .join(LineCommission.state)
            .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        ).one()
    assert newer - tried.result.total.actual_fen == tried.result.total.proposed_fen
    assert {(row.level, row.proposed_fen) for row in tried.rows} == {
        (1, 4_159 + 998 + 7_400),
        (2, 0),
    }
