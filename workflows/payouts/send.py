"""Send an approved payout to WeChat: claim it, call outside the transaction, record the answer."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.payouts import Payout
from rules.china_time import month_of
from rules.payouts import PayoutChannel, PayoutStatus
from wechat.errors import CredentialError, Outcome, WeChatError, WeChatUnreachable
from wechat.gateway import NotFound, Payments, TransferFact, TransferState
from workflows.payouts.move import give_back, move
from workflows.payouts.tax import fix_tax
from workflows.payouts.transfer_facts import ASK_AGAIN, Bill, read_bill, take_in

FORGOTTEN = "a transfer that waited for her is unknown now"

log = structlog.get_logger(__name__)


def send_payout(
    sessions: SessionFactory, payments: Payments, payout_id: int, now: datetime
) -> PayoutStatus:
    """Ask WeChat for the transfer under the payout's own number; return where it stands then.

    Doing it again is harmless: a payout that was being sent is asked about before anything is
    sent again, and always under the same number. While the outcome is unknown it stays `sending`.

    Raises:
        wechat.errors.WeChatError: no certain answer, or one that another try may change.
    """
    bill = sessions.retrying(lambda session: _claim(session, payout_id, now))
    if bill.status is PayoutStatus.APPROVED:
        return _record(sessions, bill, _transfer(payments, bill), now)
    if bill.status in {PayoutStatus.SENDING, PayoutStatus.AWAITING_USER_CONFIRM}:
        return ask_and_record(sessions, payments, bill, now)
    return bill.status


def ask_and_record(
    sessions: SessionFactory, payments: Payments, bill: Bill, now: datetime
) -> PayoutStatus:
    """Ask WeChat where a transfer stands and record it.

    A transfer that WeChat never heard of is sent, under the number it always had. The sheet's
    package is only in the answer to a request, so that is repeated when we missed it. What staff
    don't want any more is called back while it waits for her.

    Raises:
        wechat.errors.WeChatError: no certain answer.
    """
    try:
        fact: TransferFact | WeChatError = payments.query_transfer(bill.request.out_bill_no)
    except NotFound:
        if bill.is_unwanted:
            raise WeChatUnreachable(FORGOTTEN) from None
        fact = _transfer(payments, bill)
    else:
        assert isinstance(fact, TransferFact)
        is_waiting = fact.state is TransferState.WAIT_USER_CONFIRM
        if is_waiting and bill.is_unwanted:
            fact = _call_back(payments, bill)
        elif is_waiting and not (fact.package_info or bill.package_info):
            fact = payments.transfer(bill.request)
    return _record(sessions, bill, fact, now)


def _claim(session: Session, payout_id: int, now: datetime) -> Bill:
    """Mark an approved payout as being sent, committed before the call; its parts stand from here.

    Return it as it was before.
    """
    payout = session.get_one(Payout, payout_id, with_for_update=True)
    if payout.channel is not PayoutChannel.WECHAT:
        raise ValueError(f"payout {payout_id} is a bank transfer")
    if payout.status is PayoutStatus.APPROVED and payout.tax_month != month_of(now):
        # Nothing was sent yet, so it still can count to the month in which it is.
        fix_tax(session, payout, now)
    bill = read_bill(session, payout_id)
    if bill.status is PayoutStatus.APPROVED:
        move(session, payout_id, PayoutStatus.SENDING, next_query_at=now + ASK_AGAIN)
    return bill


def _transfer(payments: Payments, bill: Bill) -> TransferFact | WeChatError:
    """Return WeChat's answer, or its final refusal: then no transfer exists under the number.

    A refusal because of our own credentials isn't final: staff mend them, the number stays.
    """
    try:
        return payments.transfer(bill.request)
    except CredentialError:
        raise
    except WeChatError as error:
        if error.outcome is Outcome.UNKNOWN or error.may_retry:
            raise
        return error


def _call_back(payments: Payments, bill: Bill) -> TransferFact:
    """Call a transfer back and return where it stands then; she may have been quicker."""
    number = bill.request.out_bill_no
    try:
        payments.cancel_transfer(number)
    except WeChatError as error:
        if error.outcome is Outcome.UNKNOWN or error.may_retry:
            raise
        log.warning("transfer not called back", payout_id=bill.payout_id, errcode=error.errcode)
    try:
        return payments.query_transfer(number)
    except NotFound:
        raise WeChatUnreachable(FORGOTTEN) from None


def _record(
    sessions: SessionFactory, bill: Bill, answer: TransferFact | WeChatError, now: datetime
) -> PayoutStatus:
    def step(session: Session) -> PayoutStatus:
        if isinstance(answer, TransferFact):
            return take_in(session, bill, answer, now)
        payout = session.get_one(Payout, bill.payout_id)
        return give_back(session, payout, PayoutStatus.FAILED, str(answer)[:200], now).status

    return sessions.retrying(step)
