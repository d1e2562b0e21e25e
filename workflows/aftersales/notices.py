"""What a buyer hears about her request and her money. Steps."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order
from models.payments import Refund
from rules.aftersales import AfterSalesKind
from rules.money import yuan
from workflows.outbox import Notice, enqueue_notice

WORDS = {AfterSalesKind.REFUND_ONLY: "退款申请", AfterSalesKind.PRICE_DROP: "价保申请"}


def tell_accepted(
    session: Session, order: Order, request: AfterSalesRequest, refund: Refund, now: datetime
) -> None:
    """The request was accepted; the money is on its way."""
    freight = f"（含运费 ¥{yuan(refund.freight_fen)}）" if refund.freight_fen else ""
    body = f"¥{yuan(refund.amount_fen)}{freight}将原路退回，一般几分钟到账，最长不超过 3 天。"
    title = f"{WORDS[request.kind]}已通过"
    _tell(session, order, f"after-sales:accepted:{refund.out_refund_no}", (title, body), now)


def tell_rejected(
    session: Session, order: Order, request: AfterSalesRequest, reason: str, now: datetime
) -> None:
    """The request was rejected, and why."""
    appeal = "" if request.has_appealed else "如有异议，可以申诉一次。"
    end = "" if reason.endswith(("。", "！", "？")) else "。"
    words = (f"{WORDS[request.kind]}未通过", f"原因：{reason}{end}{appeal}")
    turn = 2 if request.has_appealed else 1
    _tell(session, order, f"after-sales:rejected:{request.id}:{turn}", words, now)


def tell_sent(
    session: Session, order: Order, request: AfterSalesRequest, words: str, now: datetime
) -> None:
    """The units are on their way instead of the money."""
    title, body = "商品已补发", f"退款没有成功，商品由{words}补发。如有疑问请联系客服。"
    _tell(session, order, f"after-sales:sent:{request.id}", (title, body), now)


def tell_refunded(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """The money arrived."""
    way = "按约定的方式退给您" if refund.hand_reference else "原路退回"
    words = ("退款已到账", f"订单 {order.number} 的 ¥{yuan(refund.amount_fen)} 已{way}，请查收。")
    _tell(session, order, f"refund-done:{refund.out_refund_no}", words, now)


def tell_closed(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """The money didn't leave; staff look at it again."""
    body = f"¥{yuan(refund.amount_fen)} 暂时没有退成，客服正在重新处理，无需您再次申请。"
    _tell(session, order, f"refund-closed:{refund.out_refund_no}", ("退款需要重新处理", body), now)


def tell_abnormal(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """The money can't go back the way it came."""
    body = f"¥{yuan(refund.amount_fen)} 无法退回原支付账户，客服会与您联系其他退款方式。"
    _tell(session, order, f"refund-abnormal:{refund.out_refund_no}", ("退款遇到问题", body), now)


def _tell(session: Session, order: Order, key: str, words: tuple[str, str], now: datetime) -> None:
    title, body = words
    enqueue_notice(
        session,
        Notice(
            key=key,
            wechat_user_id=order.wechat_user_id,
            title=title,
            body=body,
            path=f"/orders/{order.number}",
        ),
        now,
    )
