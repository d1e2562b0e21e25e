"""Register where a distributor's payouts go, and read it where somebody must know it all."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.encrypted import SealedTextDamagedError, cipher_of
from models.payout_accounts import PayoutAccount, PayoutDestination
from models.payouts import Payout
from rules.payout_accounts import (
    BankDetails,
    PayoutDetails,
    check_details,
    mask_name,
    tail_of,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.outbox import Notice, enqueue_notice

ACCOUNT_PAGE = "/d/payout-account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a payout goes, in clear: for the transfer, the bank's file and a staff's own eyes."""

    real_name: str
    bank: BankDetails | None


def register_payout_account(
    sessions: SessionFactory, distributor_id: int, details: PayoutDetails, now: datetime
) -> int:
    """Register her real name and bank account, encrypted; return the row's id.

    Payouts that were asked for before keep what was registered then. She is told, in case it
    wasn't she. What is registered already stays as it is: who taps twice is told once.

    Raises:
        rules.payout_accounts.PayoutAccountRefused: a name or number that can't be right.
        models.encrypted.DataKeyMissingError: the database was opened without a data key.
    """
    checked = check_details(details)

    def step(session: Session) -> int:
        current = registered(session, distributor_id)
        if current is not None and _says(session, current, checked):
            return current.id
        account = register(session, distributor_id, checked, now)
        _tell(session, account, now)
        return account.id

    return sessions.retrying(step)


def register(
    session: Session, distributor_id: int, details: PayoutDetails, now: datetime
) -> PayoutAccount:
    """Write checked details down, encrypted. A step."""
    cipher = cipher_of(session)
    reference = secrets.token_hex(16)
    bank = details.bank
    account = PayoutAccount(
        distributor_id=distributor_id,
        reference=reference,
        name_sealed=cipher.seal(details.real_name, place_of(distributor_id, reference, "name")),
        name_mask=mask_name(details.real_name),
        created_at=now,
    )
    if bank is not None:
        account.bank_name, account.branch = bank.bank_name, bank.branch
        account.account_tail = tail_of(bank.account_number)
        account.account_sealed = cipher.seal(
            bank.account_number, place_of(distributor_id, reference, "account")
        )
    session.add(account)
    session.flush()
    return account


def registered(session: Session, distributor_id: int) -> PayoutAccount | None:
    """Return what she has registered, the newest; None if nothing. A step."""
    return session.scalars(
        select(PayoutAccount)
        .where(PayoutAccount.distributor_id == distributor_id)
        .order_by(PayoutAccount.id.desc())
        .limit(1)
    ).one_or_none()


def destination(session: Session, payout_id: int) -> Destination | None:
    """Return where a payout goes, in clear; None if nothing was registered for it. A step.

    Raises: models.encrypted.DataKeyMissingError, models.encrypted.SealedTextDamagedError.
    """
    account = session.scalars(
        select(PayoutAccount)
        .join(PayoutDestination, PayoutDestination.payout_account_id == PayoutAccount.id)
        .where(PayoutDestination.payout_id == payout_id)
    ).one_or_none()
    if account is None:
        return None
    return _opened(session, account)


def reveal_destination(
    sessions: SessionFactory, payout_id: int, actor: StaffActor, now: datetime
) -> Destination | None:
    """Show staff where a payout goes, in clear; each look is written down.

    Raises: rules.staff.PermissionMissing: the role may not see it.
    """
    actor.check(Permission.SEE_PAYOUT_ACCOUNTS)

    def step(session: Session) -> Destination | None:
        session.get_one(Payout, payout_id)
        found = destination(session, payout_id)
        change = Change(
            action="reveal_payout_account",
            subject_kind="payout",
            subject_id=payout_id,
            before={},
            after={"has_account": found is not None},
        )
        record(session, actor, change, now)
        return found

    return sessions.retrying(step)


def _says(session: Session, account: PayoutAccount, details: PayoutDetails) -> bool:
    """Return whether exactly this is registered."""
    try:
        found = _opened(session, account)
    except SealedTextDamagedError:
        # Sealed with a key that is gone: to register anew is the way out of it.
        return False
    return found == Destination(real_name=details.real_name, bank=details.bank)


def _opened(session: Session, account: PayoutAccount) -> Destination:
    cipher = cipher_of(session)
    owner, reference = account.distributor_id, account.reference
    bank = None
    if account.account_sealed is not None:
        assert account.bank_name is not None
        bank = BankDetails(
            bank_name=account.bank_name,
            branch=account.branch or "",
            account_number=cipher.open(
                account.account_sealed, place_of(owner, reference, "account")
            ),
        )
    real_name = cipher.open(account.name_sealed, place_of(owner, reference, "name"))
    return Destination(real_name=real_name, bank=bank)


def place_of(distributor_id: int, reference: str, field: str) -> str:
    """Name the row and field that a sealed text belongs to."""
    return f"payout_accounts:{distributor_id}:{reference}:{field}"


def _tell(session: Session, account: PayoutAccount, now: datetime) -> None:
    bank = f"，{account.bank_name}（尾号 {account.account_tail}）" if account.account_tail else ""
    notice = Notice(
        key=f"payout-account:{account.id}",
        wechat_user_id=session.get_one(Distributor, account.distributor_id).wechat_user_id,
        title="收款信息已更新",
        body=f"新的收款信息：{account.name_mask}{bank}。如果不是您本人操作，请马上联系品牌方。",
        path=ACCOUNT_PAGE,
    )
    enqueue_notice(session, notice, now)
