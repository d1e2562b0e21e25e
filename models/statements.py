"""Monthly statements (结算单): what moved on each distributor's accounts, frozen."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id

OPENING = (
    "opening_estimated_fen + opening_maturing_fen + opening_held_fen + opening_available_fen"
    " + opening_paying_out_fen - opening_debt_fen"
)


class StatementMonth(Base):
    """A Shanghai month (`2026-11`) whose statements were written, all at once. Append-only.

    Ledger transactions from `starts_at` on and before `ends_at` belong to it.
    """

    __tablename__ = "statement_months"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), unique=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    written_at: Mapped[datetime]


class Statement(Base):
    """One distributor's month, in fen; debt is what she owes, above 0. Append-only.

    Who never had a posting has none. `accrued_fen` is commission estimated, `reversed_fen` what
    corrections took back, `netted_fen` debt that was paid off, `gross_fen` = `tax_fen` + `net_fen`
    what was paid out.
    """

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("month", "distributor_id"),
        CheckConstraint("gross_fen = tax_fen + net_fen", name="parts"),
        CheckConstraint(
            f"{OPENING} + accrued_fen - reversed_fen - gross_fen"
            f" = {OPENING.replace('opening', 'closing')}",
            name="closes",
        ),
        CheckConstraint(
            "opening_paying_out_fen + requested_fen - returned_fen - gross_fen"
            " = closing_paying_out_fen",
            name="payouts",
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    month: Mapped[str] = mapped_column(ForeignKey("statement_months.month"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"), index=True)
    opening_estimated_fen: Mapped[int] = mapped_column(Id)
    opening_maturing_fen: Mapped[int] = mapped_column(Id)
    opening_held_fen: Mapped[int] = mapped_column(Id)
    opening_available_fen: Mapped[int] = mapped_column(Id)
    opening_paying_out_fen: Mapped[int] = mapped_column(Id)
    opening_debt_fen: Mapped[int] = mapped_column(Id)
    accrued_fen: Mapped[int] = mapped_column(Id)
    reversed_fen: Mapped[int] = mapped_column(Id)
    matured_fen: Mapped[int] = mapped_column(Id)
    released_fen: Mapped[int] = mapped_column(Id)
    netted_fen: Mapped[int] = mapped_column(Id)
    requested_fen: Mapped[int] = mapped_column(Id)
    returned_fen: Mapped[int] = mapped_column(Id)
    gross_fen: Mapped[int] = mapped_column(Id)
    tax_fen: Mapped[int] = mapped_column(Id)
    net_fen: Mapped[int] = mapped_column(Id)
    closing_estimated_fen: Mapped[int] = mapped_column(Id)
    closing_maturing_fen: Mapped[int] = mapped_column(Id)
    closing_held_fen: Mapped[int] = mapped_column(Id)
    closing_available_fen: Mapped[int] = mapped_column(Id)
    closing_paying_out_fen: Mapped[int] = mapped_column(Id)
    closing_debt_fen: Mapped[int] = mapped_column(Id)


class BrandStatement(Base):
    """The brand's own month, in fen, written once its distributors' statements are. Append-only.

    Sales are what was paid for orders in the month, refunds what was given back of them in it,
    each with its freight. Commission is split by level where the ledger knows it. Liabilities are
    the sums of the distributors' closing balances; `tax_payable_fen` is all tax withheld so far.
    """

    __tablename__ = "brand_statements"
    __table_args__ = (
        CheckConstraint("gross_fen = tax_fen + net_fen", name="parts"),
        CheckConstraint("orders >= 0 AND sales_fen >= 0 AND freight_fen >= 0", name="sales"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    month: Mapped[str] = mapped_column(ForeignKey("statement_months.month"), unique=True)
    written_at: Mapped[datetime]
    orders: Mapped[int] = mapped_column(Id)
    sales_fen: Mapped[int] = mapped_column(Id)
    freight_fen: Mapped[int] = mapped_column(Id)
    refunds: Mapped[int] = mapped_column(Id)
    refunded_goods_fen: Mapped[int] = mapped_column(Id)
    refunded_freight_fen: Mapped[int] = mapped_column(Id)
    accrued_1_fen: Mapped[int] = mapped_column(Id)
    accrued_2_fen: Mapped[int] = mapped_column(Id)
    reversed_1_fen: Mapped[int] = mapped_column(Id)
    reversed_2_fen: Mapped[int] = mapped_column(Id)
    released_fen: Mapped[int] = mapped_column(Id)
    netted_fen: Mapped[int] = mapped_column(Id)
    gross_fen: Mapped[int] = mapped_column(Id)
    tax_fen: Mapped[int] = mapped_column(Id)
    net_fen: Mapped[int] = mapped_column(Id)
    tax_payable_fen: Mapped[int] = mapped_column(Id)
    paid_distributors: Mapped[int] = mapped_column(Id)
    closing_estimated_fen: Mapped[int] = mapped_column(Id)
    closing_maturing_fen: Mapped[int] = mapped_column(Id)
    closing_held_fen: Mapped[int] = mapped_column(Id)
    closing_available_fen: Mapped[int] = mapped_column(Id)
    closing_paying_out_fen: Mapped[int] = mapped_column(Id)
    closing_debt_fen: Mapped[int] = mapped_column(Id)
