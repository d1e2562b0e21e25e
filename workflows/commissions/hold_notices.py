"""What a distributor hears of a hold on her commission, and of its end. Steps."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.holds import CommissionHold
from models.orders import Order
from rules.holds import HoldStatus
from rules.money import yuan
from workflows.outbox import Notice, enqueue_notice

COMMISSIONS_PAGE = "/d/commissions"


def tell_held(
    session: Session, hold: CommissionHold, sums: Mapping[int, int], now: datetime
) -> None:
    """Tell each distributor what is held and why; `sums` is fen by distributor."""
    what = _what(session, hold)
    for distributor_id, amount_fen in sums.items():
        body = (
            f"{what} ¥{yuan(amount_fen)} 正在核实，先暂时冻结，钱还在您的账户里。"
            f"原因：{hold.reason}。有结果会马上告诉您；有疑问请联系品牌方。"
        )
        _tell(session, (hold, distributor_id), ("佣金暂时冻结", body), now)


def tell_resolved(
    session: Session, hold: CommissionHold, sums: Mapping[int, int], now: datetime
) -> None:
    """Tell each distributor how it ended, and why."""
    what = _what(session, hold)
    for distributor_id, amount_fen in sums.items():
        if hold.status is HoldStatus.RELEASED:
            title = "佣金已解冻"
            body = (
                f"{what} ¥{yuan(amount_fen)} 已核实无误，恢复正常结算。"
                f"说明：{hold.outcome_reason}。感谢您的耐心等待。"
            )
        else:
            title = "佣金核实结果"
            body = (
                f"{what} ¥{yuan(amount_fen)} 经核实不计佣，已取消。"
                f"原因：{hold.outcome_reason}。如有疑问，请联系品牌方。"
            )
        _tell(session, (hold, distributor_id), (title, body), now)


def _what(session: Session, hold: CommissionHold) -> str:
    if hold.order_id is None:
        return "您尚未结算的佣金"
    number = session.scalars(select(Order.number).where(Order.id == hold.order_id)).one()
    return f"订单 {number} 的佣金"


def _tell(
    session: Session, about: tuple[CommissionHold, int], words: tuple[str, str], now: datetime
) -> None:
    hold, distributor_id = about
    title, body = words
    notice = Notice(
        key=f"hold:{hold.id}:{hold.status.value}:{distributor_id}",
        wechat_user_id=session.get_one(Distributor, distributor_id).wechat_user_id,
        title=title,
        body=body,
        path=COMMISSIONS_PAGE,
    )
    enqueue_notice(session, notice, now)
