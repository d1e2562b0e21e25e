"""Payouts as the distributor and the staff see them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.payout_accounts import PayoutAccount, PayoutDestination
from models.payouts import Payout, PayoutDecision
from models.staff import StaffMember
from queries.centre import Balances, balances_of
from rules.payouts import CANCELLABLE, OPEN, PayoutChannel, PayoutStatus
from rules.withholding import WithholdingMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one member of staff said about a payout."""

    staff_id: int
    staff_name: str
    is_approval: bool
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRow:
    """One payout; amounts are fen. `package_info` opens the sheet in which she confirms."""

    id: int
    out_bill_no: str
    distributor_id: int
    distributor_name: str
    distributor_number: str
    channel: PayoutChannel
    status: PayoutStatus
    amount_fen: int
    tax_fen: int
    net_fen: int
    tax_month: str
    tax_method: WithholdingMethod
    requested_at: datetime
    approved_at: datetime | None
    finished_at: datetime | None
    transfer_bill_no: str | None
    package_info: str | None
    failure: str | None
    cancel_reason: str | None
    cancelled_by: str
    decisions: tuple[Decision, ...]

    @property
    def approvals(self) -> int:
        """How many different people have approved."""
        return sum(decision.is_approval for decision in self.decisions)

    @property
    def is_called_back(self) -> bool:
        """Whether staff want a transfer back and WeChat hasn't answered yet."""
        is_waiting = self.status is PayoutStatus.AWAITING_USER_CONFIRM
        return is_waiting and self.cancel_reason is not None

    @property
    def may_cancel(self) -> bool:
        """Whether staff may take it back: approved, and not confirmed or under way to WeChat."""
        is_by_wechat = self.channel is PayoutChannel.WECHAT
        return is_by_wechat and self.status in CANCELLABLE and self.cancel_reason is None

    @property
    def is_wechat_s_code(self) -> bool:
        """Whether `failure` is a code of WeChat's, not a sentence of somebody's."""
        is_by_wechat = self.channel is PayoutChannel.WECHAT
        failure = self.failure or ""
        is_code = failure.isascii() and failure.isupper()
        return is_by_wechat and self.status is PayoutStatus.FAILED and is_code


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPayoutRow:
    """An approved payout that waits for the bank; `net_fen` is what is to be transferred.

    The account is masked; None where nothing was registered for it.
    """

    id: int
    out_bill_no: str
    distributor_name: str
    distributor_number: str
    net_fen: int
    tax_fen: int
    name_mask: str | None
    bank_name: str | None
    account_tail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDesk:
    """What stands on a distributor's payout page besides the list."""

    balances: Balances
    open_payout: PayoutRow | None
    paid_fen: int


def payout_desk(session: Session, distributor_id: int) -> PayoutDesk:
    """Return what she may ask for, and the payout that is under way."""
    found = _rows(session, [Payout.distributor_id == distributor_id, Payout.status.in_(OPEN)], 0, 1)
    paid_fen = session.scalar(
        select(func.sum(Payout.amount_fen)).where(
            Payout.distributor_id == distributor_id, Payout.status == PayoutStatus.PAID
        )
    )
    return PayoutDesk(
        balances=balances_of(session, distributor_id),
        open_payout=found[0] if found else None,
        paid_fen=int(paid_fen or 0),
    )


def payouts_of(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[PayoutRow, ...], int]:
    """Return one page of a distributor's payouts, newest first, and how many there are."""
    wanted = [Payout.distributor_id == distributor_id]
    total = session.scalar(select(func.count(Payout.id)).where(*wanted)) or 0
    return _rows(session, wanted, offset, limit), total


def payouts_in(
    session: Session, statuses: Collection[PayoutStatus], *, offset: int, limit: int
) -> tuple[tuple[PayoutRow, ...], int]:
    """Return one page of all payouts in some states (none: all), newest first, and how many."""
    wanted = [Payout.status.in_(statuses)] if statuses else []
    total = session.scalar(select(func.count(Payout.id)).where(*wanted)) or 0
    return _rows(session, wanted, offset, limit), total


def approved_bank_payouts(session: Session, *, limit: int) -> tuple[BankPayoutRow, ...]:
    """Return the payouts that wait for the bank, oldest first."""
    rows = session.execute(
        select(
            Payout.id,
            Payout.out_bill_no,
            Distributor.name.label("distributor_name"),
            Distributor.number.label("distributor_number"),
            Payout.net_fen,
            Payout.tax_fen,
            PayoutAccount.name_mask,
            PayoutAccount.bank_name,
            PayoutAccount.account_tail,
        )
        .join(Distributor, Distributor.id == Payout.distributor_id)
        .outerjoin(PayoutDestination, PayoutDestination.payout_id == Payout.id)
        .outerjoin(PayoutAccount, PayoutAccount.id == PayoutDestination.payout_account_id)
        .where(Payout.status == PayoutStatus.APPROVED, Payout.channel == PayoutChannel.BANK)
        .order_by(Payout.id)
        .limit(limit)
    )
    return tuple(BankPayoutRow(**row) for row in rows.mappings())


def payout_counts(session: Session) -> dict[PayoutStatus, int]:
    """Count all payouts by state."""
    rows = session.execute(select(Payout.status, func.count(Payout.id)).group_by(Payout.status))
    return {row[0]: row[1] for row in rows}


def payout(session: Session, payout_id: int) -> PayoutRow | None:
    """Return one payout, or None."""
    found = _rows(session, [Payout.id == payout_id], 0, 1)
    return found[0] if found else None


def _rows(
    session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[PayoutRow, ...]:
    found = session.execute(
        select(Payout, Distributor.name, Distributor.number, StaffMember.name.label("cancelled_by"))
        .join(Distributor, Distributor.id == Payout.distributor_id)
        .outerjoin(StaffMember, StaffMember.id == Payout.cancelled_by_id)
        .where(*wanted)
        .order_by(Payout.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    decisions = _decisions(session, [row.Payout.id for row in found])
    return tuple(_row(row, decisions.get(row.Payout.id, ())) for row in found)


def _row(row: Row[*tuple[Any, ...]], decisions: tuple[Decision, ...]) -> PayoutRow:
    stored: Payout = row.Payout
    return PayoutRow(
        id=stored.id,
        out_bill_no=stored.out_bill_no,
        distributor_id=stored.distributor_id,
        distributor_name=row.name,
        distributor_number=row.number,
        channel=stored.channel,
        status=stored.status,
        amount_fen=stored.amount_fen,
        tax_fen=stored.tax_fen,
        net_fen=stored.net_fen,
        tax_month=stored.tax_month,
        tax_method=stored.tax_method,
        requested_at=stored.requested_at,
        approved_at=stored.approved_at,
        finished_at=stored.finished_at,
        transfer_bill_no=stored.transfer_bill_no,
        package_info=stored.package_info,
        failure=stored.failure,
        cancel_reason=stored.cancel_reason,
        cancelled_by=row.cancelled_by or "",
        decisions=decisions,
    )


def _decisions(session: Session, payout_ids: Sequence[int]) -> dict[int, tuple[Decision, ...]]:
    found: defaultdict[int, list[Decision]] = defaultdict(list)
    for decision, name in session.execute(
        select(PayoutDecision, StaffMember.name)
        .join(StaffMember, StaffMember.id == PayoutDecision.staff_id)
        .where(PayoutDecision.payout_id.in_(payout_ids))
        .order_by(PayoutDecision.id)
    ):
        found[decision.payout_id].append(
            Decision(
                staff_id=decision.staff_id,
                staff_name=name,
                is_approval=decision.is_approval,
                reason=decision.reason,
                decided_at=decision.decided_at,
            )
        )
    return {payout_id: tuple(rows) for payout_id, rows in found.items()}
