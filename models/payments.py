"""Money between the buyer and the brand: payments and refunds at WeChat Pay."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.payments import PaymentStatus, RefundReason, RefundStatus


class Payment(Base):
    """One attempt to pay an order; `is_applied` marks the one that made it paid."""

    __tablename__ = "payments"
    __table_args__ = (
        Index(
            "uq_payments_applied",
            "order_id",
            unique=True,
            sqlite_where=text("is_applied"),
            postgresql_where=text("is_applied"),
        ),
        Index(None, "order_id"),
        Index(None, "status", "id"),
        Index(None, "paid_at"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    out_trade_no: Mapped[str] = mapped_column(String(32), unique=True)
    transaction_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    openid: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[int] = mapped_column(Id)
    status: Mapped[PaymentStatus]
    is_applied: Mapped[bool] = mapped_column(default=False)
    prepay_id: Mapped[str | None] = mapped_column(String(64))
    prepay_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    next_query_at: Mapped[datetime | None]


class Refund(Base):
    """One refund of part or all of a payment; the number is fixed for all tries.

    `goods_fen` and `freight_fen` are the parts that it gives back. `asked_at` is when WeChat was
    last asked for it; `failure` is what WeChat said when it didn't take it on; `hand_reference`
    names the bank transfer by which staff gave an abnormal one back. One that `is_by_hand` was
    never WeChat's to pay: it is abnormal, waiting for staff, from the start.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        Index(None, "payment_id"),
        Index(None, "status", "id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("amount_fen = goods_fen + freight_fen", name="parts"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    out_refund_no: Mapped[str] = mapped_column(String(32), unique=True)
    refund_id: Mapped[str | None] = mapped_column(String(40))
    amount_fen: Mapped[int] = mapped_column(Id)
    goods_fen: Mapped[int] = mapped_column(Id)
    freight_fen: Mapped[int] = mapped_column(Id)
    reason: Mapped[RefundReason]
    status: Mapped[RefundStatus]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    next_query_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(200))
    hand_reference: Mapped[str | None] = mapped_column(String(100))
    is_by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())


class RefundLine(Base):
    """The part of a refund that falls on one order line."""

    __tablename__ = "refund_lines"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(Id)
