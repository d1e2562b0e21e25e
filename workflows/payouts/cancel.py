"""Take a payout back that was approved, before she has confirmed the transfer (撤销提现)."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.payouts import Payout
from rules.distributors import ReasonMissing
from rules.payouts import PayoutMissing, PayoutStatus, check_cancel
from rules.staff import Permission
from wechat.errors import WeChatError
from wechat.gateway import Payments
from workflows.audit import Change, StaffActor, record
from workflows.ledger import locked_balances
from workflows.payouts.move import give_back
from workflows.payouts.settle import settle_payout

log = structlog.get_logger(__name__)


def cancel_payout(
    sessions: SessionFactory,
    payments: Payments,
    payout_id: int,
    *,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> PayoutStatus:
    """Cancel an approved payout with a reason; return where it stands then.

    What WeChat doesn't have yet ends at once. A transfer that waits for her is called back: the
    wish is written down first, and every later question to WeChat repeats it, until the transfer
    is cancelled, or she was quicker and it is paid. Without a certain answer it waits for her
    still, and the next tick asks again.

    Raises:
        rules.staff.PermissionMissing: the role may not decide on payouts.
        rules.distributors.ReasonMissing: no reason was given.
        rules.payouts.PayoutMissing, rules.payouts.NotAWeChatPayout: it isn't there, or goes by
            bank, where a failed transfer is recorded instead.
        rules.payouts.TransferUndecided: it is being sent; WeChat hasn't said yet what became of it.
        rules.payouts.AlreadyConfirmed: she was quicker, and it is paid.
        rules.payouts.PayoutTransitionRefused: it isn't approved, or has ended otherwise.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    said = reason.strip()
    if not said:
        raise ReasonMissing
    status = sessions.retrying(lambda session: _wish(session, payout_id, said, actor, now))
    if status is PayoutStatus.CANCELLED:
        return status
    try:
        return settle_payout(sessions, payments, payout_id, now)
    except WeChatError as error:
        log.warning("payout not called back yet", payout_id=payout_id, errcode=error.errcode)
        return status


def _wish(
    session: Session, payout_id: int, reason: str, actor: StaffActor, now: datetime
) -> PayoutStatus:
    payout = _locked(session, payout_id)
    before = payout.status
    check_cancel(before, payout.channel)
    if payout.cancel_reason is not None:
        return before  # a second tap: the first one's wish stands
    payout.cancel_reason, payout.cancelled_by_id = reason, actor.staff_id
    payout.next_query_at = now
    if before is PayoutStatus.APPROVED:
        session.flush()
        payout = give_back(session, payout, PayoutStatus.CANCELLED, reason, now)
    change = Change(
        action="cancel_payout",
        subject_kind="payout",
        subject_id=payout_id,
        before={"status": before.value},
        after={"status": payout.status.value, "amount_fen": payout.amount_fen, "reason": reason},
    )
    record(session, actor, change, now)
    return payout.status


def _locked(session: Session, payout_id: int) -> Payout:
    payout = session.get(Payout, payout_id)
    if payout is None:
        raise PayoutMissing
    locked_balances(session, [payout.distributor_id])
    return session.get_one(Payout, payout_id, populate_existing=True, with_for_update=True)
