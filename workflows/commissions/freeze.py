"""Freeze who may earn from an order's lines, and at which rate, when it is placed."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.commissions import LineCommission
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.policies import CommissionRate
from rules.commission import TRIMMED, LineRate, RateFacts, cap_bp, choose_rate, trim_rates
from rules.orders import SupplyMode
from rules.policy import Policy
from workflows.policies import PolicyInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """What was published for this order's SKUs and beneficiaries, in basis points."""

    by_sku: dict[tuple[int, int], int]
    by_grade: dict[tuple[int, int], int]
    policy: Policy

    def programme_bp(self, level: int) -> int:
        return self.policy.level_1_rate_bp if level == 1 else self.policy.level_2_rate_bp


def freeze_rates(session: Session, order: Order, policy: PolicyInForce) -> None:
    """Write one row per line and level, with the rate trimmed to the cap. A step.

    The order must be flushed and its attribution decided. Orders without a referrer, and supply
    modes that pay no commission by rate, get no rows.
    """
    if order.referrer_id is None or order.supply_mode is not SupplyMode.REFERRAL:
        return
    beneficiaries = {1: order.referrer_id}
    if policy.policy.levels > 1 and order.inviter_id is not None:
        beneficiaries[2] = order.inviter_id
    grades = _grades(session, beneficiaries)
    rates = _published_rates(session, order, policy, set(grades.values()))
    for line in order.lines:
        chosen = tuple(
            choose_rate(
                RateFacts(
                    level=level,
                    distributor_id=distributor_id,
                    sku_bp=rates.by_sku.get((level, line.sku_id)),
                    grade_bp=rates.by_grade.get((level, grades[distributor_id])),
                    programme_bp=rates.programme_bp(level),
                )
            )
            for level, distributor_id in beneficiaries.items()
        )
        most_bp = cap_bp(line.goods_fen, line.cost_fen * line.quantity, policy.policy)
        session.add_all(_row(line, rate) for rate in trim_rates(chosen, most_bp))
    session.flush()


def _row(line: OrderLine, rate: LineRate) -> LineCommission:
    return LineCommission(
        order_id=line.order_id,
        order_line_id=line.id,
        level=rate.level,
        distributor_id=rate.distributor_id,
        rate_bp=rate.rate_bp,
        rate_source=rate.source.value + (TRIMMED if rate.was_trimmed else ""),
    )


def _grades(session: Session, beneficiaries: dict[int, int]) -> dict[int, int]:
    rows = session.execute(
        select(Distributor.id, Distributor.grade_id).where(
            Distributor.id.in_(beneficiaries.values())
        )
    )
    return {row.id: row.grade_id for row in rows}


def _published_rates(
    session: Session, order: Order, policy: PolicyInForce, grade_ids: set[int]
) -> _Rates:
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
    return _Rates(by_sku=by_sku, by_grade=by_grade, policy=policy.policy)
