"""Past orders, read as they were frozen, for trying another policy on them. Nothing is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from models.commissions import LineCommission
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.policies import PolicyVersion
from rules.commission import LineFacts, LineGoods, PublishedRates
from rules.orders import SupplyMode
from rules.policy_trial import PastEarner, PastLine, TrialResult, TriedLine, sum_up, try_lines

ROWS_AT_A_TIME = 5_000

_Referrer = aliased(Distributor, name="referrers")
_Inviter = aliased(Distributor, name="inviters")
_First = aliased(LineCommission, name="first_shares")
_Second = aliased(LineCommission, name="second_shares")


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
    found = session.execute(
        select(
            Order.id,
            Order.number,
            Order.paid_at,
            Order.policy_version_id,
            Order.wechat_user_id,
            OrderLine.product_name,
            OrderLine.sku_id,
            OrderLine.goods_fen,
            OrderLine.cost_fen,
            OrderLine.quantity,
            OrderLine.refunded_fen,
            OrderLine.refunded_quantity,
            _First.supply_price_fen,
            *_columns(_Referrer, _First, "first"),
            *_columns(_Inviter, _Second, "second"),
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(_Referrer, _Referrer.id == Order.referrer_id)
        .join(_Inviter, _Inviter.id == _Referrer.inviter_id, isouter=True)
        .join(_First, (_First.order_line_id == OrderLine.id) & (_First.level == 1), isouter=True)
        .join(_Second, (_Second.order_line_id == OrderLine.id) & (_Second.level == 2), isouter=True)
        .where(
            Order.paid_at >= since,
            Order.paid_at < until,
            Order.supply_mode != SupplyMode.WHOLESALE,
        )
        .order_by(Order.id, OrderLine.id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for row in found:
        yield _past_line(row, allowed[row.policy_version_id])


def _columns(who: Any, share: Any, prefix: str) -> Iterable[Any]:
    return (
        who.id.label(f"{prefix}_id"),
        who.grade_id.label(f"{prefix}_grade_now"),
        who.wechat_user_id.label(f"{prefix}_user_id"),
        who.status.label(f"{prefix}_status"),
        who.authorised_until.label(f"{prefix}_until"),
        share.grade_id.label(f"{prefix}_grade_then"),
        share.is_eligible.label(f"{prefix}_eligible"),
        share.posted_fen.label(f"{prefix}_posted"),
    )


def _past_line(row: Any, self_purchase_was_allowed: bool) -> PastLine:
    who = [
        PastEarner(
            level=1,
            distributor_id=row.first_id,
            grade_id=row.first_grade_then or row.first_grade_now,
            is_buyer=row.first_user_id == row.wechat_user_id,
            is_eligible=row.first_eligible,
            earned_fen=row.first_posted or 0,
            status=row.first_status,
            authorised_until=row.first_until,
        )
    ]
    if row.second_id is not None and row.supply_price_fen is None:
        who.append(
            PastEarner(
                level=2,
                distributor_id=row.second_id,
                grade_id=row.second_grade_then or row.second_grade_now,
                is_buyer=row.second_user_id == row.wechat_user_id,
                is_eligible=row.second_eligible,
                earned_fen=row.second_posted or 0,
                status=row.second_status,
                authorised_until=row.second_until,
            )
        )
    return PastLine(
        order_id=row.id,
        order_number=row.number,
        product=row.product_name,
        paid_at=row.paid_at,
        goods=LineGoods(
            sku_id=row.sku_id, goods_fen=row.goods_fen, cost_fen=row.cost_fen * row.quantity
        ),
        facts=LineFacts(
            paid_fen=row.goods_fen,
            refunded_fen=row.refunded_fen,
            quantity_kept=row.quantity - row.refunded_quantity,
        ),
        supply_price_fen=row.supply_price_fen,
        self_purchase_was_allowed=self_purchase_was_allowed,
        earners=tuple(who),
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
