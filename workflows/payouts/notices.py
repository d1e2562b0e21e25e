"""What a distributor hears at each step of her payout. Steps."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.payouts import Payout
from rules.money import yuan
from rules.payouts import PayoutChannel, PayoutStatus
from workflows.outbox import Notice, enqueue_notice

PAYOUTS_PAGE = "/d/payouts"
NAME_NOT_CORRECT = "NAME_NOT_CORRECT"
"""`fail_reason` of a transfer whose name isn't the person's. Source: 商家转账 API."""
TITLES: Mapping[PayoutStatus, str] = MappingProxyType(
    {
        PayoutStatus.REQUESTED: "提现申请已提交",
        PayoutStatus.APPROVED: "提现审核通过",
        PayoutStatus.REJECTED: "提现申请已退回",
        PayoutStatus.AWAITING_USER_CONFIRM: "请确认收款",
        PayoutStatus.PAID: "提现已到账",
        PayoutStatus.FAILED: "提现没有成功",
        PayoutStatus.EXPIRED: "提现超时未确认",
        PayoutStatus.CANCELLED: "提现已撤销",
    }
)


def tell(session: Session, payout: Payout, now: datetime) -> None:
    """Tell the distributor where her payout stands now; the technical step `sending` is quiet."""
    person = session.get_one(Distributor, payout.distributor_id).wechat_user_id
    notice = Notice(
        key=f"payout:{payout.id}:{payout.status.value}",
        wechat_user_id=person,
        title=TITLES[payout.status],
        body=_body(payout),
        path=PAYOUTS_PAGE,
    )
    enqueue_notice(session, notice, now)


def _body(payout: Payout) -> str:
    amount = f"¥{yuan(payout.amount_fen)}"
    is_bank = payout.channel is PayoutChannel.BANK
    match payout.status:
        case PayoutStatus.REQUESTED:
            text = f"您申请提现 {amount}，审核后会通知您。{_withheld(payout)}"
        case PayoutStatus.APPROVED:
            way = "银行转账，请留意到账短信" if is_bank else "微信转账，随后请您确认收款"
            text = f"您的 {amount} 提现已通过审核，正在安排{way}。"
        case PayoutStatus.AWAITING_USER_CONFIRM:
            net = f"¥{yuan(payout.net_fen)}"
            text = f"{net} 已发起微信转账，请在 24 小时内点开确认收款，超时会退回余额。"
        case PayoutStatus.PAID:
            where = "银行账户" if is_bank else "微信零钱"
            text = f"¥{yuan(payout.net_fen)} 已转入您的{where}。{_withheld(payout)}"
        case PayoutStatus.EXPIRED:
            text = f"{amount} 超过 24 小时没有确认收款，已退回可提现余额，可以重新申请。"
        case PayoutStatus.CANCELLED:
            text = f"{amount} 提现已由品牌方撤销，已退回可提现余额。原因：{payout.failure}"
        case PayoutStatus.FAILED if payout.failure == NAME_NOT_CORRECT:
            text = (
                f"{amount} 转账没有成功：登记的姓名与微信实名不一致。已退回可提现余额，"
                "请核对收款信息后重新申请。"
            )
        case PayoutStatus.FAILED if is_bank:
            text = (
                f"{amount} 银行转账没有成功，已退回可提现余额。原因：{payout.failure}。"
                "请核对收款信息后重新申请。"
            )
        case PayoutStatus.FAILED:
            text = f"{amount} 转账没有成功，已退回可提现余额。可以重新申请，或联系品牌方。"
        case _:
            text = f"{amount} 已退回可提现余额。原因：{payout.failure}"
    return text


def _withheld(payout: Payout) -> str:
    """Say what the tax takes, where it takes anything."""
    if not payout.tax_fen:
        return ""
    parts = (yuan(payout.amount_fen), yuan(payout.tax_fen), yuan(payout.net_fen))
    return "提现 ¥{}，代扣个税 ¥{}，到账 ¥{}。".format(*parts)
