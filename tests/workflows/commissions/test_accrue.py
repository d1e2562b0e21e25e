"""What a paid order earns, for whom, and what they hear."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.commissions import CommissionPosting, LineCommission
from models.database import SessionFactory
from models.outbox import OutboxItem
from models.people import WeChatUser
from models.policies import CommissionRate
from rules.commission import ELIGIBLE, CommissionStage
from rules.distributors import DistributorStatus
from rules.ledger import AccountKind
from rules.policy import Policy
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order
from tests.factories.policies import TWO_LEVELS, grade_id, start_programme
from workflows.commissions import accrue
from workflows.ledger import balances
from workflows.policies import policy_in_force


def shares(sessions: SessionFactory) -> list[LineCommission]:
    with sessions.read() as session:
        wanted = select(LineCommission).options(joinedload(LineCommission.state))
        return list(session.scalars(wanted.order_by(LineCommission.id)))


def estimated(sessions: SessionFactory, distributor_id: int) -> int:
    with sessions.read() as session:
        return balances(session, distributor_id)[AccountKind.ESTIMATED]


def test_both_levels_earn_their_rate_rounded_down(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        order = make_order(
            session, [(make_sku(session, sale_fen=12_399), 1)], now=now, referrer=referrer
        )
        pay_order(session, order, now)
    assert estimated(sessions, referrer.id) == 1_239
    assert estimated(sessions, inviter.id) == 371
    assert [share.state.stage for share in shares(sessions)] == [CommissionStage.ESTIMATED] * 2


def test_a_posting_carries_the_figures_that_explain_it(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 2)], now=now, referrer=referrer)
        pay_order(session, order, now)
    with sessions.read() as session:
        posting = session.scalars(select(CommissionPosting)).one()
    assert (posting.base_fen, posting.refunded_fen, posting.rate_bp) == (24_800, 0, 1_000)
    assert (posting.target_fen, posting.amount_fen) == (2_480, 2_480)


def test_the_cap_never_exceeds_price_less_cost_and_trims_level_two_first(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        thin = make_sku(session, sale_fen=10_000, cost_fen=8_900)
        make_order(session, [(thin, 3)], now=now, referrer=referrer)
    assert [(share.level, share.rate_bp, share.rate_source) for share in shares(sessions)] == [
        (1, 1_000, "programme"),
        (2, 100, "programme+cap"),
    ]


def test_a_sku_s_rate_goes_before_a_grade_s_before_the_programme_s(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        policy = policy_in_force(session, now)
        special, usual = make_sku(session), make_sku(session)
        session.add_all(
            [
                CommissionRate(
                    policy_version_id=policy.id, level=1, sku_id=special.id, rate_bp=2_000
                ),
                CommissionRate(
                    policy_version_id=policy.id, level=1, grade_id=grade_id(session), rate_bp=1_200
                ),
            ]
        )
        session.flush()
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        make_order(session, [(special, 1), (usual, 1)], now=now, referrer=referrer)
    assert [(share.rate_bp, share.rate_source) for share in shares(sessions)] == [
        (2_000, "sku"),
        (300, "programme"),
        (1_200, "grade"),
        (300, "programme"),
    ]


def test_one_level_pays_no_inviter(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions, Policy())
    with sessions.begin() as session:
        referrer = make_distributor(session, inviter=make_distributor(session))
        make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
    assert [share.level for share in shares(sessions)] == [1]


@pytest.mark.parametrize(
    ("status", "days_left", "reason"),
    [
        (DistributorStatus.SUSPENDED, 1, "付款时授权已暂停"),
        (DistributorStatus.TERMINATED, 1, "付款时授权已终止"),
        (DistributorStatus.APPROVED, 0, "付款时授权已到期"),
    ],
)
def test_an_ineligible_referrer_earns_nothing_but_her_inviter_does(
    sessions: SessionFactory, now: datetime, status: DistributorStatus, days_left: int, reason: str
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(
            session,
            inviter=inviter,
            status=status,
            authorised_until=now + timedelta(days=days_left),
        )
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
    assert estimated(sessions, referrer.id) == 0
    assert estimated(sessions, inviter.id) == 372
    hers, inviters = (share.state for share in shares(sessions))
    assert (hers.is_eligible, hers.ineligible_reason) == (False, reason)
    assert (inviters.is_eligible, inviters.reason) == (True, ELIGIBLE)
    assert hers.stage is CommissionStage.NONE


@pytest.mark.parametrize(("is_allowed", "expected_fen"), [(False, 0), (True, 1_240)])
def test_buying_for_oneself_earns_only_where_the_programme_allows_it(
    sessions: SessionFactory, now: datetime, is_allowed: bool, expected_fen: int
) -> None:
    start_programme(sessions, Policy(self_purchase_allowed=is_allowed))
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(
            session,
            [(make_sku(session), 1)],
            now=now,
            referrer=referrer,
            buyer=session.get_one(WeChatUser, referrer.wechat_user_id),
        )
        pay_order(session, order, now)
    assert estimated(sessions, referrer.id) == expected_fen


def test_accruing_again_changes_nothing(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions, TWO_LEVELS)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
    with sessions.begin() as session:
        accrue(session, order, now)
    assert estimated(sessions, referrer.id) == 1_240


def test_each_beneficiary_hears_of_the_sale_once(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        order = make_order(session, [(make_sku(session), 2)], now=now, referrer=referrer)
        pay_order(session, order, now)
    with sessions.read() as session:
        told = {
            item.wechat_user_id: item.payload["body"]
            for item in session.scalars(select(OutboxItem))
        }
    how = f"回复“为什么 {order.number[-6:]}”看怎么算的。"
    assert told == {
        referrer.wechat_user_id: (
            "您的客户下单了「水光精华」等 2 件商品，实付 ¥248.00。"
            "预计佣金 ¥24.80，订单完成并过冻结期后可提现。"
            f"{how}"
        ),
        inviter.wechat_user_id: (
            "您邀请的伙伴的客户下单了「水光精华」等 2 件商品，实付 ¥248.00。"
            "预计佣金 ¥7.44，订单完成并过冻结期后可提现。"
            f"{how}"
        ),
    }
