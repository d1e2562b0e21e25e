"""What we know of payments, refunds and transfers, as a day's bill is compared with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.database import UtcDateTime
from models.payments import Payment, Refund
from models.payouts import Payout
from models.reconciliation import BillSighting
from rules.payments import PaymentStatus, RefundStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.reconciliation import BY_HAND, BillKind, Entry, Fact, Key, Standing

AT_A_TIME = 400
STANDING: Final[Mapping[tuple[Entry, StrEnum], Standing]] = {
    (Entry.PAYMENT, PaymentStatus.SUCCEEDED): Standing.MOVED,
    (Entry.REFUND, RefundStatus.SUCCEEDED): Standing.MOVED,
    (Entry.REFUND, RefundStatus.REQUESTED): Standing.UNDER_WAY,
    (Entry.REFUND, RefundStatus.PROCESSING): Standing.UNDER_WAY,
    (Entry.REFUND, RefundStatus.ABNORMAL): Standing.UNDER_WAY,
    (Entry.TRANSFER, PayoutStatus.PAID): Standing.MOVED,
    (Entry.TRANSFER, PayoutStatus.SENDING): Standing.UNDER_WAY,
    (Entry.TRANSFER, PayoutStatus.AWAITING_USER_CONFIRM): Standing.UNDER_WAY,
}
"""In any other state no money of ours should have moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where the facts of one kind of entry stand."""

    entry: Entry
    number: InstrumentedAttribute[str]
    wechat_number: InstrumentedAttribute[str | None]
    moved_at: InstrumentedAttribute[datetime | None]
    has_moved: ColumnElement[bool]
    facts: Select[*tuple[Any, ...]]


_PAYMENTS = _Source(
    entry=Entry.PAYMENT,
    number=Payment.out_trade_no,
    wechat_number=Payment.transaction_id,
    moved_at=Payment.paid_at,
    has_moved=Payment.status == PaymentStatus.SUCCEEDED,
    facts=select(
        Payment.out_trade_no,
        Payment.transaction_id,
        Payment.amount_fen,
        Payment.status,
        Payment.paid_at,
        func.coalesce(Payment.paid_at, Payment.created_at, type_=UtcDateTime()),
    ),
)
_REFUNDS = _Source(
    entry=Entry.REFUND,
    number=Refund.out_refund_no,
    wechat_number=Refund.refund_id,
    moved_at=Refund.finished_at,
    # What staff paid by hand WeChat never carries.
    has_moved=and_(Refund.status == RefundStatus.SUCCEEDED, Refund.hand_reference.is_(None)),
    facts=select(
        Refund.out_refund_no,
        Refund.refund_id,
        Refund.amount_fen,
        Refund.status,
        Refund.finished_at,
        Refund.requested_at,
        Refund.hand_reference.is_not(None),
    ),
)
_TRANSFERS = _Source(
    entry=Entry.TRANSFER,
    number=Payout.out_bill_no,
    wechat_number=Payout.transfer_bill_no,
    moved_at=Payout.finished_at,
    has_moved=Payout.status == PayoutStatus.PAID,
    facts=select(
        Payout.out_bill_no,
        Payout.transfer_bill_no,
        Payout.net_fen,
        Payout.status,
        Payout.finished_at,
        Payout.requested_at,
    ).where(Payout.channel == PayoutChannel.WECHAT),
)
_SOURCES: Final = {
    BillKind.TRADE: (_PAYMENTS, _REFUNDS),
    BillKind.FUND: (_PAYMENTS, _REFUNDS, _TRANSFERS),
}


def due_facts(
    session: Session, kind: BillKind, starts_at: datetime, ends_at: datetime
) -> tuple[Fact, ...]:
    """Return whose money moved from one moment on and before another."""
    return tuple(
        _fact(source.entry, row)
        for source in _SOURCES[kind]
        for row in session.execute(
            source.facts.where(
                source.has_moved, source.moved_at >= starts_at, source.moved_at < ends_at
            )
        )
    )


def facts_named(
    session: Session, kind: BillKind, names: Iterable[tuple[Entry, str, str]]
) -> tuple[Fact, ...]:
    """Return what rows name, by our number or by WeChat's: (entry, our number, WeChat's)."""
    named = list(names)
    found: dict[Key, Fact] = {}
    for source in _SOURCES[kind]:
        ours = {number for entry, number, _ in named if entry is source.entry and number}
        theirs = {number for entry, _, number in named if entry is source.entry and number}
        for column, numbers in ((source.number, ours), (source.wechat_number, theirs)):
            for some in _chunks(sorted(numbers)):
                for row in session.execute(source.facts.where(column.in_(some))):
                    fact = _fact(source.entry, row)
                    found[fact.key] = fact
    return tuple(found.values())


def seen_on_other_days(
    session: Session, kind: BillKind, day: date, keys: Iterable[Key]
) -> dict[Key, date]:
    """Return which of these another day's bill of this kind had, and which day's."""
    wanted = set(keys)
    found: dict[Key, date] = {}
    for some in _chunks(sorted({number for _, number in wanted})):
        rows = session.execute(
            select(BillSighting.entry, BillSighting.number, BillSighting.bill_date).where(
                BillSighting.bill_kind == kind,
                BillSighting.number.in_(some),
                BillSighting.bill_date != day,
            )
        )
        found |= {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) in wanted}
    return found


def first_payment_at(session: Session) -> datetime | None:
    """Return when somebody paid for the first time."""
    return session.scalar(select(func.min(Payment.paid_at)))


def linked_ids(session: Session, entry: Entry, number: str) -> tuple[int | None, int | None]:
    """Return the order and the payout that a number of ours leads to."""
    if entry is Entry.TRANSFER:
        return None, session.scalar(select(Payout.id).where(Payout.out_bill_no == number))
    order = select(Payment.order_id)
    if entry is Entry.REFUND:
        order = order.join(Refund, Refund.payment_id == Payment.id)
        return session.scalar(order.where(Refund.out_refund_no == number)), None
    is_it = or_(Payment.out_trade_no == number, Payment.transaction_id == number)
    return session.scalar(order.where(is_it)), None


def _fact(entry: Entry, row: Any) -> Fact:
    number, wechat_number, amount_fen, status, moved_at, begun_at, *is_by_hand = row
    if any(is_by_hand):
        standing, word = Standing.NOT_MOVED, BY_HAND
    else:
        standing, word = STANDING.get((entry, status), Standing.NOT_MOVED), status.value
    return Fact(
        entry=entry,
        number=number,
        wechat_number=wechat_number or "",
        amount_fen=int(amount_fen),
        standing=standing,
        moved_at=moved_at,
        begun_at=begun_at,
        word=word,
    )


def _chunks(numbers: Sequence[str]) -> Iterator[list[str]]:
    waiting = iter(numbers)
    while some := list(islice(waiting, AT_A_TIME)):
        yield some
