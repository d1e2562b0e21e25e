"""What each order line earns for whom, and every change of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.database import Base, Id, UtcSecond
from rules.commission import ELIGIBLE, CommissionStage


class LineCommission(Base):
    """One level's share of one order line: its terms, frozen at placement. Append-only.

    The terms are a rate, or on consignment the supply price per unit, with a rate of 0.
    `grade_id` is the beneficiary's grade at placement; None on rows older than that column.
    """

    __tablename__ = "line_commissions"
    __table_args__ = (
        UniqueConstraint("order_line_id", "level"),
        CheckConstraint("level IN (1, 2)", name="level"),
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint(
            "supply_price_fen IS NULL OR (supply_price_fen >= 0 AND level = 1 AND rate_bp = 0)",
            name="supply_price",
        ),
        Index(None, "order_id"),
        Index(None, "distributor_id", "id", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    level: Mapped[int]
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    grade_id: Mapped[int | None] = mapped_column(ForeignKey("grades.id"))
    rate_bp: Mapped[int]
    rate_source: Mapped[str] = mapped_column(String(16))
    supply_price_fen: Mapped[int | None] = mapped_column(Id)

    state: Mapped["CommissionState"] = relationship(lazy="raise")


def _initials(stages: Iterable[CommissionStage]) -> list[str]:
    return [stage.value[0] for stage in stages]


class CommissionState(Base):
    """Where one share stands; written with the share, and all of it that ever changes.

    `ineligible_reason` is the verdict, given once, at payment: None before, empty if she earns.
    `posted_fen` is what the ledger holds for the share, net of reversals, and `stage` says in
    which account, stored as its initial.

    A month end writes every row that matured, so a row is narrow, and a distributor's rows lie
    side by side on SQLite: see docs/decisions/a-month-end-marks-each-share.md.
    """

    __tablename__ = "commission_states"
    __table_args__ = (
        # With the share's own key this leaves just one state for each share.
        ForeignKeyConstraint(
            ["distributor_id", "line_commission_id"],
            ["line_commissions.distributor_id", "line_commissions.id"],
            name="fk_commission_states_share",
        ),
        CheckConstraint("posted_fen >= 0", name="posted"),
        Index(None, "matures_at", "distributor_id"),
        # No index knows `stage`, and each page has room for a second version of its rows: so
        # PostgreSQL marks a released line in place, ten times as fast. See release.py.
        {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": "50"}},
    )

    distributor_id: Mapped[int] = mapped_column(Id, primary_key=True)
    line_commission_id: Mapped[int] = mapped_column(Id, primary_key=True)
    ineligible_reason: Mapped[str | None] = mapped_column(String(100))
    posted_fen: Mapped[int] = mapped_column(Id, default=0)
    stage: Mapped[CommissionStage] = mapped_column(
        Enum(CommissionStage, native_enum=False, length=1, values_callable=_initials),
        default=CommissionStage.NONE,
    )
    matures_at: Mapped[datetime | None] = mapped_column(UtcSecond)

    @hybrid_property
    def is_eligible(self) -> bool | None:
        """Whether she earns; None before payment."""
        return None if self.ineligible_reason is None else not self.ineligible_reason

    @is_eligible.inplace.expression
    @classmethod
    def _is_eligible(cls) -> ColumnElement[bool]:
        return cls.ineligible_reason == ""

    @property
    def reason(self) -> str:
        """Why she earns or doesn't, in words; empty before payment."""
        return self.ineligible_reason or (ELIGIBLE if self.is_eligible else "")


class MaturityHour(Base):
    """An hour (aware UTC) in which commission matures and may wait for its release.

    A row for each such hour, deleted when nothing of it waits any more: so the due lines are found
    without an index over the stage. `lines` counts the shares that were ever added to it; it only
    grows, and tells whoever deletes the row that somebody used it meanwhile.
    """

    __tablename__ = "maturity_hours"

    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    lines: Mapped[int] = mapped_column(Id)


class CommissionPosting(Base):
    """One change of a line's commission, with the figures that explain it. Append-only.

    `amount_fen` is the target less what was posted before: negative takes back. Consignment is
    explained by `supply_price_fen` per unit and `quantity_kept`; both are None where a rate counts.
    """

    __tablename__ = "commission_postings"
    __table_args__ = (Index(None, "line_commission_id"), Index(None, "transaction_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    line_commission_id: Mapped[int] = mapped_column(ForeignKey("line_commissions.id"))
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    base_fen: Mapped[int] = mapped_column(Id)
    refunded_fen: Mapped[int] = mapped_column(Id)
    rate_bp: Mapped[int]
    supply_price_fen: Mapped[int | None] = mapped_column(Id)
    quantity_kept: Mapped[int | None]
    target_fen: Mapped[int] = mapped_column(Id)
    amount_fen: Mapped[int] = mapped_column(Id)
