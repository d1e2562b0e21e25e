"""Past orders, read as they were frozen, for trying another policy on them. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.policies import PolicyVersion
from rules.commission import LineFacts, LineGoods, PublishedRates
from rules.orders import SupplyMode
from rules.policy_trial import (
    PastEarner,
    PastLine,
    Standing,
    TrialResult,
    TriedLine,
    sum_up,
    try_lines,
)

ROWS_AT_A_TIME = 5_000

_First = aliased(LineCommission, name="first_shares")
_FirstState = aliased(CommissionState, name="first_states")
_Second = aliased(LineCommission, name="second_shares")
_SecondState = aliased(CommissionState, name="second_states")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributorTrial:
    """What one distributor earned in one level of the period, and would have; fen."""

    distributor_id: int
    name: str
    number: str
    level: int
    lines: int
    actual_fen: int
    proposed_fen: int

    @property
    def difference_fen(self) -> int:
        """What the proposal gives more; negative gives less."""
        return self.proposed_fen - self.actual_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial with names; `rows` are sorted by how much the proposal changes."""

    result: TrialResult
    rows: tuple[DistributorTrial, ...]
    names: dict[int, str]


def try_policy(
    session: Session, proposed: PublishedRates, since: datetime, until: datetime
) -> Trial:
    """Try a policy on the orders that were paid from `since` until before `until`."""
    result = sum_up(tried_lines(session, proposed, since, until))
    people = _people(session, {distributor_id for distributor_id, _ in result.by_distributor})
    rows = [
        DistributorTrial(
            distributor_id=distributor_id,
            name=people[distributor_id][0],
            number=people[distributor_id][1],
            level=level,
            lines=found.lines,
            actual_fen=found.actual_fen,
            proposed_fen=found.proposed_fen,
        )
        for (distributor_id, level), found in result.by_distributor.items()
    ]
    rows.sort(key=lambda row: (-abs(row.difference_fen), row.number, row.level))
    return Trial(
        result=result,
        rows=tuple(rows),
        names={distributor_id: name for distributor_id, (name, _) in people.items()},
    )


def tried_lines(
    session: Session, proposed: PublishedRates, since: datetime, until: datetime
) -> Iterator[TriedLine]:
    """Return the lines of a period under another policy, one after the other, by order."""
    return try_lines(proposed, past_lines(session, since, until))


def past_lines(session: Session, since: datetime, until: datetime) -> Iterator[PastLine]:
    """Read the lines that may pay commission, in one statement, a few thousand at a time."""
    allowed = {
        row.id: row.policy.self_purchase_allowed for row in session.scalars(select(PolicyVersion))
    }
    people = _distributors(session)
    for line in session.execute(_lines(since, until)):
        order_id, number, paid_at, version_id, buyer_id, referrer_id, *goods = line
        product, sku_id, goods_fen, cost_fen, refunded_fen, kept, supply_fen, *shares = goods
        assert referrer_id is not None
        assert paid_at is not None
        referrer = people[referrer_id]
        who = [_earner(1, referrer, buyer_id, shares[:3])]
        if referrer.inviter_id is not None and supply_fen is None:
            who.append(_earner(2, people[referrer.inviter_id], buyer_id, shares[3:]))
        yield PastLine(
            order_id=order_id,
            order_number=number,
            product=product,
            paid_at=paid_at,
            goods=LineGoods(sku_id=sku_id, goods_fen=goods_fen, cost_fen=cost_fen),
            facts=LineFacts(paid_fen=goods_fen, refunded_fen=refunded_fen, quantity_kept=kept),
            supply_price_fen=supply_fen,
            self_purchase_was_allowed=allowed[version_id],
            earners=tuple(who),
        )


def _lines(since: datetime, until: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Order.id,
            Order.number,
            Order.paid_at,
            Order.policy_version_id,
            Order.wechat_user_id,
            Order.referrer_id,
            OrderLine.product_name,
            OrderLine.sku_id,
            OrderLine.goods_fen,
            OrderLine.cost_fen * OrderLine.quantity,
            OrderLine.refunded_fen,
            OrderLine.quantity - OrderLine.refunded_quantity,
            _First.supply_price_fen,
            _First.grade_id,
            _FirstState.is_eligible,
            _FirstState.posted_fen,
            _Second.grade_id,
            _SecondState.is_eligible,
            _SecondState.posted_fen,
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(_First, (_First.order_line_id == OrderLine.id) & (_First.level == 1), isouter=True)
        .join(_First.state.of_type(_FirstState), isouter=True)
        .join(_Second, (_Second.order_line_id == OrderLine.id) & (_Second.level == 2), isouter=True)
        .join(_Second.state.of_type(_SecondState), isouter=True)
        .where(
            Order.paid_at >= since,
            Order.paid_at < until,
            Order.referrer_id.is_not(None),
            Order.supply_mode != SupplyMode.WHOLESALE,
        )
        .order_by(Order.id, OrderLine.id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of a distributor today."""

    standing: Standing
    inviter_id: int | None
    grade_id: int
    wechat_user_id: int


def _distributors(session: Session) -> dict[int, _Known]:
    rows = session.execute(
        select(
            Distributor.id,
            Distributor.inviter_id,
            Distributor.grade_id,
            Distributor.wechat_user_id,
            Distributor.status,
            Distributor.authorised_until,
        ).execution_options(yield_per=ROWS_AT_A_TIME)
    )
    return {
        row.id: _Known(
            standing=Standing(
                distributor_id=row.id, status=row.status, authorised_until=row.authorised_until
            ),
            inviter_id=row.inviter_id,
            grade_id=row.grade_id,
            wechat_user_id=row.wechat_user_id,
        )
        for row in rows
    }


def _earner(level: int, known: _Known, buyer_id: int, share: Sequence[int | None]) -> PastEarner:
    """Put one level together; `share` is its frozen grade, verdict and posted amount, or Nones."""
    grade_id, is_eligible, posted_fen = share
    return PastEarner(
        level=level,
        who=known.standing,
        grade_id=grade_id or known.grade_id,
        is_buyer=known.wechat_user_id == buyer_id,
        is_eligible=None if is_eligible is None else bool(is_eligible),
        earned_fen=posted_fen or 0,
    )


def _people(session: Session, distributor_ids: set[int]) -> dict[int, tuple[str, str]]:
    wanted = sorted(distributor_ids)
    found: dict[int, tuple[str, str]] = {}
    for first in range(0, len(wanted), ROWS_AT_A_TIME):
        rows = session.execute(
            select(Distributor.id, Distributor.name, Distributor.number).where(
                Distributor.id.in_(wanted[first : first + ROWS_AT_A_TIME])
            )
        )
        found |= {row.id: (row.name, row.number) for row in rows}
    return found
