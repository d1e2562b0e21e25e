"""Payouts by bank: a file for the bank, and what became of each transfer outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.payouts import Payout
from rules.distributors import ReasonMissing
from rules.payouts import (
    BankReferenceMissing,
    NotABankPayout,
    NothingChosen,
    PayoutChannel,
    PayoutMissing,
    PayoutStatus,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.ledger import locked_balances
from workflows.payouts.account import Destination, destination
from workflows.payouts.move import give_back, mark_paid, move

LONGEST_REFERENCE = 64
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BankOrder:
    """One transfer that the bank is asked for, in clear; `net_fen` is what is to be paid."""

    payout_id: int
    out_bill_no: str
    distributor_number: str
    net_fen: int
    destination: Destination | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransfer:
    """One transfer that was made: the bank's own reference for it."""

    payout_id: int
    reference: str


def export_bank_payouts(
    sessions: SessionFactory, *, file_kind: str, actor: StaffActor, now: datetime
) -> tuple[BankOrder, ...]:
    """Return the approved bank payouts, oldest first, for the bank's file.

    Nothing is marked: what became of each is recorded afterwards. Who took the file, and which
    payouts stood in it, is written down.

    Raises: rules.staff.PermissionMissing: the role may not see names and numbers in clear.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    actor.check(Permission.SEE_PAYOUT_ACCOUNTS)

    def step(session: Session) -> tuple[BankOrder, ...]:
        rows = session.execute(
            select(Payout, Distributor.number)
            .join(Distributor, Distributor.id == Payout.distributor_id)
            .where(Payout.status == PayoutStatus.APPROVED, Payout.channel == PayoutChannel.BANK)
            .order_by(Payout.id)
            .limit(MOST_AT_ONCE)
        ).all()
        orders = tuple(
            BankOrder(
                payout_id=payout.id,
                out_bill_no=payout.out_bill_no,
                distributor_number=number,
                net_fen=payout.net_fen,
                destination=destination(session, payout.id),
            )
            for payout, number in rows
        )
        change = Change(
            action="export_bank_payouts",
            subject_kind="payout",
            subject_id="bank",
            before={},
            after={
                "file": file_kind,
                "rows": len(orders),
                "net_fen": sum(order.net_fen for order in orders),
                "numbers": " ".join(order.out_bill_no for order in orders),
            },
        )
        record(session, actor, change, now)
        return orders

    return sessions.retrying(step)


def record_bank_transfer(
    sessions: SessionFactory, payout_id: int, *, reference: str, actor: StaffActor, now: datetime
) -> None:
    """Record the bank's reference of a transfer that was made; the payout is paid.

    Raises: as `record_bank_transfers`.
    """
    transfer = BankTransfer(payout_id=payout_id, reference=reference)
    record_bank_transfers(sessions, [transfer], actor=actor, now=now)


def record_bank_transfers(
    sessions: SessionFactory,
    transfers: Sequence[BankTransfer],
    *,
    actor: StaffActor,
    now: datetime,
) -> int:
    """Record transfers that were made, all of them or none; return how many.

    Raises:
        rules.staff.PermissionMissing: the role may not decide on payouts.
        rules.payouts.NothingChosen: the list is empty.
        rules.payouts.BankReferenceMissing: no reference of the bank was given.
        rules.payouts.NotABankPayout, rules.payouts.PayoutMissing: one goes by WeChat, or isn't
            there.
        rules.payouts.PayoutTransitionRefused: one isn't approved, or was recorded before.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    made = {each.payout_id: each.reference.strip()[:LONGEST_REFERENCE] for each in transfers}
    if not made:
        raise NothingChosen
    if not all(made.values()):
        raise BankReferenceMissing

    def step(session: Session) -> int:
        for payout in _locked(session, sorted(made)):
            reference = made[payout.id]
            move(session, payout.id, PayoutStatus.SENDING, transfer_bill_no=reference)
            mark_paid(session, payout, now)
            change = _ended("record_bank_transfer", payout, PayoutStatus.PAID, reference=reference)
            record(session, actor, change, now)
        return len(made)

    return sessions.retrying(step)


def fail_bank_transfer(
    sessions: SessionFactory, payout_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Record that the bank returned or refused a transfer: the money is available again, once.

    Raises:
        rules.distributors.ReasonMissing: no reason was given.
        and as `record_bank_transfers`.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    said = reason.strip()
    if not said:
        raise ReasonMissing

    def step(session: Session) -> None:
        (payout,) = _locked(session, [payout_id])
        sending = move(session, payout_id, PayoutStatus.SENDING)
        give_back(session, sending, PayoutStatus.FAILED, said, now)
        change = _ended("fail_bank_transfer", payout, PayoutStatus.FAILED, reason=said)
        record(session, actor, change, now)

    sessions.retrying(step)


def _locked(session: Session, payout_ids: Sequence[int]) -> tuple[Payout, ...]:
    """Return bank payouts with their owners' accounts locked, in the ledger's own order."""
    found = [session.get(Payout, payout_id) for payout_id in payout_ids]
    payouts = tuple(payout for payout in found if payout is not None)
    if len(payouts) != len(found):
        raise PayoutMissing
    if any(payout.channel is not PayoutChannel.BANK for payout in payouts):
        raise NotABankPayout
    locked_balances(session, sorted({payout.distributor_id for payout in payouts}))
    return payouts


def _ended(action: str, payout: Payout, status: PayoutStatus, **said: str) -> Change:
    return Change(
        action=action,
        subject_kind="payout",
        subject_id=payout.id,
        before={"status": PayoutStatus.APPROVED.value},
        after={"status": status.value, **said},
    )
