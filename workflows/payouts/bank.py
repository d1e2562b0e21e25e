"""Record that an approved payout was transferred by bank."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.payouts import Payout
from rules.payouts import BankReferenceMissing, NotABankPayout, PayoutChannel, PayoutStatus
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.ledger import locked_balances
from workflows.payouts.move import mark_paid, move


def record_bank_transfer(
    sessions: SessionFactory, payout_id: int, *, reference: str, actor: StaffActor, now: datetime
) -> None:
    """Record the bank's reference of a transfer that was made; the payout is paid.

    Raises:
        rules.staff.PermissionMissing: the role may not decide on payouts.
        rules.payouts.BankReferenceMissing: no reference of the bank was given.
        rules.payouts.NotABankPayout: it goes by WeChat.
        rules.payouts.PayoutTransitionRefused: it isn't approved.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    if not reference.strip():
        raise BankReferenceMissing
    sessions.retrying(
        lambda session: _record(session, payout_id, reference.strip()[:64], actor, now)
    )


def _record(
    session: Session, payout_id: int, reference: str, actor: StaffActor, now: datetime
) -> None:
    payout = session.get_one(Payout, payout_id)
    if payout.channel is not PayoutChannel.BANK:
        raise NotABankPayout
    locked_balances(session, [payout.distributor_id])
    sending = move(session, payout_id, PayoutStatus.SENDING, transfer_bill_no=reference)
    mark_paid(session, sending, now)
    change = Change(
        action="record_bank_transfer",
        subject_kind="payout",
        subject_id=payout_id,
        before={"status": PayoutStatus.APPROVED.value},
        after={"status": PayoutStatus.PAID.value, "reference": reference},
    )
    record(session, actor, change, now)
