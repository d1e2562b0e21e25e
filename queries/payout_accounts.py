"""Where payouts go, as it may be shown: a masked name and the last four digits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.payout_accounts import PayoutAccount, PayoutDestination


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedAccount:
    """What a distributor registered; `account_tail` None: no bank account."""

    name_mask: str
    bank_name: str | None
    branch: str | None
    account_tail: str | None
    registered_at: datetime


def payout_account(session: Session, distributor_id: int) -> MaskedAccount | None:
    """Return what a distributor has registered, masked; None if nothing."""
    found = session.scalars(
        select(PayoutAccount)
        .where(PayoutAccount.distributor_id == distributor_id)
        .order_by(PayoutAccount.id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else _masked(found)


def payout_destination(session: Session, payout_id: int) -> MaskedAccount | None:
    """Return where a payout goes, masked; None if nothing was registered when it was asked for."""
    found = session.scalars(
        select(PayoutAccount)
        .join(PayoutDestination, PayoutDestination.payout_account_id == PayoutAccount.id)
        .where(PayoutDestination.payout_id == payout_id)
    ).one_or_none()
    return None if found is None else _masked(found)


def _masked(stored: PayoutAccount) -> MaskedAccount:
    return MaskedAccount(
        name_mask=stored.name_mask,
        bank_name=stored.bank_name,
        branch=stored.branch,
        account_tail=stored.account_tail,
        registered_at=stored.created_at,
    )
