"""The ledger: accounts, sealed transactions and their entries (账本).

A positive balance of a distributor's account is money the brand owes her; `debt` is at most 0.
Platform accounts keep no stored balance: it would serialise every payment.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.ledger import AccountKind, TransactionKind


class LedgerAccount(Base):
    """One account of a distributor, or of the platform when `distributor_id` is null."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        Index(
            "uq_ledger_accounts_distributor",
            "distributor_id",
            "kind",
            unique=True,
            sqlite_where=text("distributor_id IS NOT NULL"),
            postgresql_where=text("distributor_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_accounts_platform",
            "kind",
            unique=True,
            sqlite_where=text("distributor_id IS NULL"),
            postgresql_where=text("distributor_id IS NULL"),
        ),
        CheckConstraint("(distributor_id IS NULL) = (balance_fen IS NULL)", name="stored"),
        CheckConstraint(
            "CASE WHEN kind = 'debt' THEN balance_fen <= 0 ELSE balance_fen >= 0 END", name="sign"
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    kind: Mapped[AccountKind]
    balance_fen: Mapped[int | None] = mapped_column(Id)


class LedgerTransaction(Base):
    """A balanced set of entries; sealed in the transaction that wrote it. Append-only.

    `key` makes the effect happen once: `estimate:<order id>`, `payout-paid:<payout id>` …
    """

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index(None, "order_id"),
        Index(None, "payout_id"),
        Index(None, "occurred_at", "kind"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[TransactionKind]
    key: Mapped[str] = mapped_column(String(80), unique=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payouts.id"))
    occurred_at: Mapped[datetime]
    is_sealed: Mapped[bool] = mapped_column(default=False)


class LedgerEntry(Base):
    """One signed amount (fen) on one account. Append-only."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        # All that a sum over transactions needs: the entries themselves aren't read.
        Index(None, "transaction_id", "account_id", "amount_fen"),
        Index(None, "account_id", "id"),
        CheckConstraint("amount_fen <> 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    amount_fen: Mapped[int] = mapped_column(Id)
