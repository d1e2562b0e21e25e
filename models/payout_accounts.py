"""Where a distributor's payouts go: her real name and bank account, encrypted."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class PayoutAccount(Base):
    """What a distributor registered; a change is a new row, the newest one counts.

    The name and the account number are sealed (`models.encrypted`) for this row's `reference`;
    beside them stands what may be shown: `name_mask` (李*) and the number's last four digits.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        Index(None, "distributor_id", "id"),
        CheckConstraint(
            "(account_sealed IS NULL) = (bank_name IS NULL)"
            " AND (account_sealed IS NULL) = (account_tail IS NULL)",
            name="bank",
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    name_sealed: Mapped[str] = mapped_column(String(512))
    name_mask: Mapped[str] = mapped_column(String(32))
    bank_name: Mapped[str | None] = mapped_column(String(40))
    branch: Mapped[str | None] = mapped_column(String(60))
    account_sealed: Mapped[str | None] = mapped_column(String(512))
    account_tail: Mapped[str | None] = mapped_column(String(4))
    created_at: Mapped[datetime]


class PayoutDestination(Base):
    """Where one payout goes: fixed when it is asked for, whatever she registers later."""

    __tablename__ = "payout_destinations"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    payout_account_id: Mapped[int] = mapped_column(ForeignKey("payout_accounts.id"))
