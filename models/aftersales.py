"""What buyers ask for after they paid, and how it was decided."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.database import Base, Id
from rules.aftersales import AfterSalesKind, AfterSalesStatus


class AfterSalesRequest(Base):
    """One after-sales request (售后) for units of an order, or for money without units.

    `goods_fen` is fixed when it is made or appealed, `freight_fen` when it is accepted.
    `position` counts an order's requests from 1. `refund_id` is its refund under way or done; None
    again once WeChat closed it. `requested_by_id` is the member of staff who asked in the buyer's
    place.
    """

    __tablename__ = "after_sales_requests"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index(None, "status", "id"),
        CheckConstraint("goods_fen > 0 AND freight_fen >= 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    kind: Mapped[AfterSalesKind]
    status: Mapped[AfterSalesStatus]
    goods_fen: Mapped[int] = mapped_column(Id)
    freight_fen: Mapped[int] = mapped_column(Id, default=0)
    reason: Mapped[str] = mapped_column(String(200))
    has_appealed: Mapped[bool] = mapped_column(default=False)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"), unique=True)
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    decision_reason: Mapped[str] = mapped_column(String(200), default="")
    finished_at: Mapped[datetime | None]

    lines: Mapped[list["AfterSalesLine"]] = relationship(order_by="AfterSalesLine.order_line_id")


class AfterSalesLine(Base):
    """The part of a request that falls on one order line; `quantity` 0 is money without units."""

    __tablename__ = "after_sales_lines"
    __table_args__ = (
        Index(None, "order_line_id"),
        CheckConstraint("quantity >= 0 AND amount_fen >= 0", name="amounts"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("after_sales_requests.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(Id)


class AfterSalesEvent(Base):
    """One step of a request from state to state. Append-only; `position` counts from 1.

    `actor` is `buyer`, `wechat` or `staff:<id>`; `note` is what they wrote.
    """

    __tablename__ = "after_sales_events"

    request_id: Mapped[int] = mapped_column(ForeignKey("after_sales_requests.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    from_status: Mapped[AfterSalesStatus | None]
    to_status: Mapped[AfterSalesStatus]
    occurred_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")
