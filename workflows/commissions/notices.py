"""What a distributor hears about her commission. Steps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.orders import Order
from rules.explanation import short_code
from rules.money import yuan
from workflows.outbox import Notice, enqueue_notice, enqueue_notices

COMMISSIONS_PAGE = "/d/commissions"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What a refund took from one distributor; `debt_fen` is the part she owes now."""

    amount_fen: int
    debt_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What matured for one distributor: `lines` with money, their sum, and what debt took."""

    distributor_id: int
    key: str
    lines: int
    amount_fen: int
    netted_fen: int


def tell_sale(
    session: Session,
    order: Order,
    earned: Mapping[int, int],
    people: Mapping[int, int],
    now: datetime,
) -> None:
    """Tell each beneficiary of a paid order what she earns.

    `earned` is fen by distributor, `people` the distributors' WeChat users.
    """
    goods = _goods(order)
    notices: list[Notice] = []
    for distributor_id, amount_fen in earned.items():
        whose = "您的客户" if distributor_id == order.referrer_id else "您邀请的伙伴的客户"
        notice = Notice(
            key=f"commission:sale:{order.id}:{distributor_id}",
            wechat_user_id=people[distributor_id],
            title="新订单",
            body=(
                f"{whose}下单了{goods}，实付 ¥{yuan(order.payable_fen)}。"
                f"预计佣金 ¥{yuan(amount_fen)}，订单完成并过冻结期后可提现。"
                f"{_how_to_ask(order.number)}"
            ),
            path=COMMISSIONS_PAGE,
        )
        notices.append(notice)
    enqueue_notices(session, notices, now)


def tell_releases(session: Session, releases: Sequence[Released], now: datetime) -> None:
    """Tell each distributor, once for all her lines, that commission became available."""
    people = _people(session, [release.distributor_id for release in releases])
    enqueue_notices(
        session,
        [
            Notice(
                key=f"commission:{release.key}",
                wechat_user_id=people[release.distributor_id],
                title="佣金可提现",
                body=_what_was_released(release),
                path="/d/payouts",
            )
            for release in releases
        ],
        now,
    )


def tell_taken_back(
    session: Session, order_id: int, key: str, taken: dict[int, TakenBack], now: datetime
) -> None:
    """Tell each beneficiary what a refund took back."""
    number = session.scalars(select(Order.number).where(Order.id == order_id)).one()
    people = _people(session, taken)
    for distributor_id, change in taken.items():
        debt = (
            f"其中 ¥{yuan(change.debt_fen)} 余额不足，将从以后的佣金中抵扣。"
            if change.debt_fen
            else ""
        )
        notice = Notice(
            key=f"commission:{key}:{distributor_id}",
            wechat_user_id=people[distributor_id],
            title="佣金扣回",
            body=(
                f"订单 {number} 发生退款，佣金减少 ¥{yuan(change.amount_fen)}。{debt}"
                f"{_how_to_ask(number)}"
            ),
            path=COMMISSIONS_PAGE,
        )
        enqueue_notice(session, notice, now)


def _how_to_ask(order_number: str) -> str:
    return f"回复“为什么 {short_code(order_number)}”看怎么算的。"


def _what_was_released(release: Released) -> str:
    netted = f"其中 ¥{yuan(release.netted_fen)} 抵扣了退款佣金。" if release.netted_fen else ""
    return f"{release.lines} 笔佣金共 ¥{yuan(release.amount_fen)} 已过冻结期，可以提现了。{netted}"


def _goods(order: Order) -> str:
    count = sum(line.quantity for line in order.lines)
    name = order.lines[0].product_name
    return f"「{name}」等 {count} 件商品" if count > 1 else f"「{name}」"


def _people(session: Session, distributor_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        select(Distributor.id, Distributor.wechat_user_id).where(
            Distributor.id.in_(distributor_ids)
        )
    )
    return {row.id: row.wechat_user_id for row in rows}
