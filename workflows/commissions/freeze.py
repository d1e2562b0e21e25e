"""Freeze who may earn from an order's lines, and on which terms, when it is placed."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.policies import CommissionRate
from models.supply_prices import SupplyPrice
from rules.commission import (
    TRIMMED,
    LineGoods,
    PublishedRates,
    RateSource,
    earners,
    line_rates,
)
from rules.orders import SupplyMode
from rules.supply_prices import PublishedSupplyPrice, resolve_supply_price
from workflows.policies import PolicyInForce


def freeze_terms(session: Session, order: Order, policy: PolicyInForce) -> None:
    """Write one row per line and beneficiary, with her terms of this moment. A step.

    By rate: the referrer and under two levels her inviter, trimmed to the cap. On consignment:
    the referrer alone, who owns the mini shop, with her grade's supply price. Orders without a
    referrer and wholesale get no rows. The order must be flushed and its attribution decided.

    Raises:
        rules.supply_prices.NotSupplied: a SKU has no supply price for her grade.
    """
    if order.referrer_id is None or order.supply_mode is SupplyMode.WHOLESALE:
        return
    grades = _grades(session, order)
    if order.supply_mode is SupplyMode.CONSIGNMENT:
        session.add_all(_margins(session, order, grades[order.referrer_id]))
    else:
        session.add_all(_rates(session, order, policy, grades))
    session.flush()


def _rates(
    session: Session, order: Order, policy: PolicyInForce, grades: dict[int, int]
) -> list[LineCommission]:
    assert order.referrer_id is not None
    inviter_id = order.inviter_id
    who = earners(
        policy.policy,
        (order.referrer_id, grades[order.referrer_id]),
        None if inviter_id is None else (inviter_id, grades[inviter_id]),
    )
    published = _published_rates(session, order, policy, grades.values())
    return [
        LineCommission(
            order_id=order.id,
            order_line_id=line.id,
            level=rate.level,
            distributor_id=rate.distributor_id,
            grade_id=grades[rate.distributor_id],
            rate_bp=rate.rate_bp,
            rate_source=rate.source.value + (TRIMMED if rate.was_trimmed else ""),
            state=CommissionState(),
        )
        for line in order.lines
        for rate in line_rates(published, who, _goods(line))
    ]


def _margins(session: Session, order: Order, grade_id: int) -> list[LineCommission]:
    published: dict[int, list[PublishedSupplyPrice]] = {line.sku_id: [] for line in order.lines}
    for price in session.scalars(
        select(SupplyPrice).where(
            SupplyPrice.sku_id.in_(published), SupplyPrice.grade_id == grade_id
        )
    ):
        published[price.sku_id].append(
            PublishedSupplyPrice(supply_fen=price.supply_fen, effective_at=price.effective_at)
        )
    return [
        LineCommission(
            order_id=order.id,
            order_line_id=line.id,
            level=1,
            distributor_id=order.referrer_id,
            grade_id=grade_id,
            rate_bp=0,
            rate_source=RateSource.SUPPLY_PRICE.value,
            supply_price_fen=resolve_supply_price(published[line.sku_id], order.placed_at),
            state=CommissionState(),
        )
        for line in order.lines
    ]


def _goods(line: OrderLine) -> LineGoods:
    return LineGoods(
        sku_id=line.sku_id, goods_fen=line.goods_fen, cost_fen=line.cost_fen * line.quantity
    )


def _grades(session: Session, order: Order) -> dict[int, int]:
    wanted = [each for each in (order.referrer_id, order.inviter_id) if each is not None]
    rows = session.execute(
        select(Distributor.id, Distributor.grade_id).where(Distributor.id.in_(wanted))
    )
    return {row.id: row.grade_id for row in rows}


def _published_rates(
    session: Session, order: Order, policy: PolicyInForce, grade_ids: Collection[int]
) -> PublishedRates:
    by_sku: dict[tuple[int, int], int] = {}
    by_grade: dict[tuple[int, int], int] = {}
    rows = session.scalars(
        select(CommissionRate).where(
            CommissionRate.policy_version_id == policy.id,
            or_(
                CommissionRate.sku_id.in_([line.sku_id for line in order.lines]),
                CommissionRate.grade_id.in_(grade_ids),
            ),
        )
    )
    for rate in rows:
        if rate.sku_id is not None:
            by_sku[rate.level, rate.sku_id] = rate.rate_bp
        elif rate.grade_id is not None:
            by_grade[rate.level, rate.grade_id] = rate.rate_bp
    return PublishedRates(policy=policy.policy, by_sku=by_sku, by_grade=by_grade)
