"""Take in what WeChat says of a transfer: in its answer, when asked, or by notification. Steps.

Facts come in any order and more than once. One that is older than what we know changes nothing;
one that contradicts a final state is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.payouts import Payout
from models.people import WeChatUser
from rules.money import yuan
from rules.payouts import (
    OPEN,
    REAL_NAME_FROM_FEN,
    PayoutChannel,
    PayoutStatus,
    PayoutTransitionRefused,
    TransferMismatch,
)
from wechat.gateway import TransferFact, TransferRequest, TransferState
from workflows.ledger import locked_balances
from workflows.payouts.account import destination
from workflows.payouts.move import give_back, mark_paid, move
from workflows.payouts.notices import tell

ASK_AGAIN = timedelta(seconds=15)
"""While WeChat works on it: there is no notification before the end."""
ASK_AGAIN_AWAITING = timedelta(minutes=10)
"""While the person has not confirmed: the notification usually comes first."""
OVERDUE = "OVERDUE_CLOSE"
"""`fail_reason` of a transfer that nobody confirmed within 24 hours. Source: 商家转账 API."""

CANCELLED_ELSEWHERE = "在微信商户平台撤销"
"""Why a transfer was cancelled that nobody called back here."""

ENDED_UNPAID = frozenset({TransferState.FAIL, TransferState.CANCELLED})
ENDED_UNPAID_AS = frozenset({PayoutStatus.FAILED, PayoutStatus.EXPIRED, PayoutStatus.CANCELLED})
FINAL = ENDED_UNPAID | {TransferState.SUCCESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A payout as WeChat is asked for it: the same words at every try.

    `is_unwanted` says that staff want it back.
    """

    payout_id: int
    status: PayoutStatus
    package_info: str | None
    is_unwanted: bool
    request: TransferRequest


def read_bill(session: Session, payout_id: int) -> Bill:
    """Return what WeChat is asked for."""
    payout = session.get_one(Payout, payout_id, populate_existing=True)
    distributor = session.get_one(Distributor, payout.distributor_id)
    person = session.get_one(WeChatUser, distributor.wechat_user_id)
    return Bill(
        payout_id=payout.id,
        status=payout.status,
        package_info=payout.package_info,
        is_unwanted=payout.cancel_reason is not None,
        request=TransferRequest(
            out_bill_no=payout.out_bill_no,
            openid=person.openid,
            amount_fen=payout.net_fen,
            remark=f"佣金提现 {yuan(payout.net_fen)} 元",
            real_name=_real_name(session, payout),
        ),
    )


def _real_name(session: Session, payout: Payout) -> str | None:
    """Return the name that WeChat compares, where the transfer is so large that it wants one."""
    if payout.net_fen < REAL_NAME_FROM_FEN or payout.channel is not PayoutChannel.WECHAT:
        return None
    found = destination(session, payout.id)
    return None if found is None else found.real_name


def take_in(session: Session, bill: Bill, fact: TransferFact, now: datetime) -> PayoutStatus:
    """Move the payout to where the fact says it is; return where it stands.

    Raises:
        rules.payouts.TransferMismatch: the fact is about another bill, amount or person.
        rules.payouts.PayoutTransitionRefused: the payout had ended otherwise before.
    """
    _check(bill.request, fact)
    payout = _lock(session, bill.payout_id, is_final=fact.state in FINAL)
    if fact.state is TransferState.SUCCESS:
        return _end_paid(session, payout, fact, now)
    if fact.state in ENDED_UNPAID:
        return _end_unpaid(session, payout, fact, now)
    if payout.status not in OPEN:
        return payout.status
    if fact.state is TransferState.WAIT_USER_CONFIRM and payout.status is PayoutStatus.SENDING:
        payout = move(
            session,
            payout.id,
            PayoutStatus.AWAITING_USER_CONFIRM,
            transfer_bill_no=fact.transfer_bill_no,
            package_info=fact.package_info,
            next_query_at=now + ASK_AGAIN_AWAITING,
        )
        tell(session, payout, now)
        return payout.status
    _note(session, payout, fact, now)
    return payout.status


def _lock(session: Session, payout_id: int, *, is_final: bool) -> Payout:
    """Return the payout as it is now, locked; where funds will move, the accounts come first."""
    payout = session.get_one(Payout, payout_id)
    if is_final:
        locked_balances(session, [payout.distributor_id])
    return session.get_one(Payout, payout_id, populate_existing=True, with_for_update=True)


def _check(asked: TransferRequest, fact: TransferFact) -> None:
    """Refuse a fact about something else; WeChat doesn't always repeat the openid."""
    if fact.out_bill_no != asked.out_bill_no:
        raise TransferMismatch("out_bill_no")
    if fact.amount_fen != asked.amount_fen:
        raise TransferMismatch("amount_fen")
    if fact.openid and fact.openid != asked.openid:
        raise TransferMismatch("openid")


def _end_paid(session: Session, payout: Payout, fact: TransferFact, now: datetime) -> PayoutStatus:
    if payout.status is PayoutStatus.PAID:
        return payout.status
    _note(session, payout, fact, now)
    return mark_paid(session, payout, now).status


def _end_unpaid(
    session: Session, payout: Payout, fact: TransferFact, now: datetime
) -> PayoutStatus:
    if payout.status in ENDED_UNPAID_AS:
        return payout.status
    if payout.status not in OPEN:
        raise PayoutTransitionRefused(payout.status.value, PayoutStatus.FAILED.value)
    _note(session, payout, fact, now)
    target, failure = PayoutStatus.FAILED, fact.fail_reason or fact.state.value
    if fact.state is TransferState.CANCELLED:
        target, failure = PayoutStatus.CANCELLED, payout.cancel_reason or CANCELLED_ELSEWHERE
    elif fact.fail_reason == OVERDUE:
        target = PayoutStatus.EXPIRED
    return give_back(session, payout, target, failure, now).status


def _note(session: Session, payout: Payout, fact: TransferFact, now: datetime) -> None:
    """Keep WeChat's number and the sheet's package, and decide when to ask again."""
    is_moving = payout.status is PayoutStatus.SENDING or payout.cancel_reason is not None
    pause = ASK_AGAIN if is_moving else ASK_AGAIN_AWAITING
    session.execute(
        update(Payout)
        .where(Payout.id == payout.id, Payout.status.in_(OPEN))
        .values(
            transfer_bill_no=fact.transfer_bill_no,
            package_info=fact.package_info or payout.package_info,
            next_query_at=now + pause,
        )
        .execution_options(synchronize_session=False)
    )
