"""The printed trail (归因记录) of an order: who was considered, who won, who earns what and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor
from models.materials import Material, MaterialShare
from models.orders import Order, OrderLine, OrderTrail
from models.policies import PolicyVersion
from models.referrals import Touch
from rules.attribution import AttributionSource, TrailVerdict
from rules.bindings import TouchSource, TouchVerdict
from rules.commission import TRIMMED, CommissionStage, EarningTerms, LineFacts, earned


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchFacts:
    """The touch behind a consideration: how it reached us, and its verdict at that time."""

    code: str
    source: TouchSource
    verdict: TouchVerdict
    reason: str
    occurred_at: datetime
    material: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One consideration, in the order it was looked at."""

    position: int
    distributor_id: int | None
    distributor_name: str | None
    distributor_number: str | None
    source: AttributionSource
    verdict: TrailVerdict
    reason: str
    touch: TouchFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One level's commission on one line; fen. `is_eligible` is None before payment."""

    level: int
    distributor_id: int
    distributor_name: str
    distributor_number: str
    product_name: str
    sku_name: str
    base_fen: int
    refunded_fen: int
    rate_bp: int
    rate_source: str
    supply_price_fen: int | None
    quantity_kept: int
    is_trimmed: bool
    is_eligible: bool | None
    eligibility_reason: str
    stage: CommissionStage
    posted_fen: int
    matures_at: datetime | None

    @property
    def counted_fen(self) -> int:
        """What the rate is applied to: paid for the goods, less what was refunded."""
        return self.base_fen - self.refunded_fen

    @property
    def target_fen(self) -> int:
        """What the rule gives now; nothing to who isn't eligible."""
        if self.is_eligible is False:
            return 0
        return earned(
            EarningTerms(rate_bp=self.rate_bp, supply_price_fen=self.supply_price_fen),
            LineFacts(
                paid_fen=self.base_fen,
                refunded_fen=self.refunded_fen,
                quantity_kept=self.quantity_kept,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The whole trail of one order."""

    source: AttributionSource
    reason: str
    policy_version: int
    placed_at: datetime
    considered: tuple[Considered, ...]
    shares: tuple[Share, ...]

    @property
    def commission_fen(self) -> int:
        """What all beneficiaries hold from this order, net of reversals."""
        return sum(share.posted_fen for share in self.shares)

    @property
    def expected_fen(self) -> int:
        """What the rule gives all of them, before payment too."""
        return sum(share.target_fen for share in self.shares)


def attribution_trail(session: Session, order_id: int) -> Trail | None:
    """Return the trail of an order as it was frozen at placement, and what came of it."""
    found = session.execute(
        select(Order, PolicyVersion.version)
        .join(PolicyVersion, PolicyVersion.id == Order.policy_version_id)
        .where(Order.id == order_id)
    ).one_or_none()
    if found is None:
        return None
    return Trail(
        source=found.Order.attribution_source,
        reason=found.Order.attribution_reason,
        policy_version=found.version,
        placed_at=found.Order.placed_at,
        considered=_considered(session, order_id),
        shares=_shares(session, order_id),
    )


def _considered(session: Session, order_id: int) -> tuple[Considered, ...]:
    rows = session.execute(
        select(OrderTrail, Distributor.name, Distributor.number, Touch, Material.title)
        .join(Distributor, Distributor.id == OrderTrail.distributor_id, isouter=True)
        .join(Touch, Touch.id == OrderTrail.touch_id, isouter=True)
        .join(MaterialShare, MaterialShare.id == Touch.share_id, isouter=True)
        .join(Material, Material.id == MaterialShare.material_id, isouter=True)
        .where(OrderTrail.order_id == order_id)
        .order_by(OrderTrail.position)
    )
    return tuple(
        Considered(
            position=stored.position,
            distributor_id=stored.distributor_id,
            distributor_name=name,
            distributor_number=number,
            source=stored.source,
            verdict=stored.verdict,
            reason=stored.reason,
            touch=_touch(touch, material),
        )
        for stored, name, number, touch, material in rows
    )


def _touch(touch: Touch | None, material: str | None) -> TouchFacts | None:
    if touch is None:
        return None
    return TouchFacts(
        code=touch.code,
        source=touch.source,
        verdict=touch.verdict,
        reason=touch.reason,
        occurred_at=touch.occurred_at,
        material=material,
    )


def _shares(session: Session, order_id: int) -> tuple[Share, ...]:
    rows: Sequence[tuple[LineCommission, CommissionState, OrderLine, str, str]] = [
        (row[0], row[1], row[2], row[3], row[4])
        for row in session.execute(
            select(LineCommission, CommissionState, OrderLine, Distributor.name, Distributor.number)
            .join(LineCommission.state)
            .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
            .join(Distributor, Distributor.id == LineCommission.distributor_id)
            .where(LineCommission.order_id == order_id)
            .order_by(OrderLine.id, LineCommission.level)
        )
    ]
    return tuple(
        Share(
            level=share.level,
            distributor_id=share.distributor_id,
            distributor_name=name,
            distributor_number=number,
            product_name=line.product_name,
            sku_name=line.sku_name,
            base_fen=line.goods_fen,
            refunded_fen=line.refunded_fen,
            rate_bp=share.rate_bp,
            rate_source=share.rate_source.removesuffix(TRIMMED),
            supply_price_fen=share.supply_price_fen,
            quantity_kept=line.quantity - line.refunded_quantity,
            is_trimmed=share.rate_source.endswith(TRIMMED),
            is_eligible=state.is_eligible,
            eligibility_reason=state.reason,
            stage=state.stage,
            posted_fen=state.posted_fen,
            matures_at=state.matures_at,
        )
        for share, state, line, name, number in rows
    )
