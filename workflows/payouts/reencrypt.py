"""Seal real names and bank accounts anew, once `[site] data_key` was replaced.

The application may run meanwhile, and this may be stopped and started again: each batch is one
transaction, and a value is replaced only while it is still what was opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.encrypted import DataCipher, DataKeyMissingError, SealedTextDamagedError
from models.payout_accounts import PayoutAccount
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.payouts.account import place_of

BATCH = 200
SEALED: Final = MappingProxyType(
    {"name": PayoutAccount.name_sealed, "account": PayoutAccount.account_sealed}
)
"""Every column that keeps a sealed text, by the field that its place names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A value that no key opens; `reason` says why, and nothing of what it holds."""

    payout_account_id: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reencrypted:
    """How many values were sealed anew, and how many had the first key already.

    `late` were sealed with another key while this ran: some program has not got the new one yet.
    """

    changed: int
    kept: int
    late: int
    unreadable: tuple[Unreadable, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the first key opens everything, so that former ones may go."""
        return not (self.late or self.unreadable)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """One sealed text where it stands."""

    row_id: int
    field: str
    place: str
    sealed: str


def reencrypt_payout_accounts(
    sessions: SessionFactory, *, actor: StaffActor, now: datetime, batch: int = BATCH
) -> Reencrypted:
    """Seal with the first data key what another one sealed; open the rest, to see that it opens.

    What can't be opened stays as it is and is returned. An audit row goes with each batch.

    Raises:
        rules.staff.PermissionMissing: the role may not see payout accounts.
        models.encrypted.DataKeyMissingError: the database was opened without a data key.
    """
    actor.check(Permission.SEE_PAYOUT_ACCOUNTS)
    cipher = sessions.cipher
    mark = cipher.mark
    readable = changed = last_id = 0
    unreadable: list[Unreadable] = []
    foreign = 0
    while values := _next_values(sessions, last_id, batch):
        last_id = values[-1].row_id
        anew: list[tuple[_Value, str]] = []
        for value in values:
            is_foreign = not value.sealed.startswith(mark)
            opened = _open(cipher, value)
            if isinstance(opened, Unreadable):
                unreadable.append(opened)
                foreign += is_foreign
                continue
            readable += 1
            if is_foreign:
                anew.append((value, cipher.seal(opened, value.place)))
        if anew:
            changed += _replace(sessions, anew, actor, now)
    return Reencrypted(
        changed=changed,
        kept=readable - changed,
        late=_count_sealed_otherwise(sessions, mark) - foreign,
        unreadable=tuple(unreadable),
    )


def _next_values(sessions: SessionFactory, after_id: int, batch: int) -> list[_Value]:
    """Return what the next rows keep."""
    with sessions.read() as session:
        rows = session.execute(
            select(
                PayoutAccount.id,
                PayoutAccount.distributor_id,
                PayoutAccount.reference,
                *(column.label(field) for field, column in SEALED.items()),
            )
            .where(PayoutAccount.id > after_id)
            .order_by(PayoutAccount.id)
            .limit(batch)
        ).mappings()
        return [
            _Value(
                row_id=row["id"],
                field=field,
                place=place_of(row["distributor_id"], row["reference"], field),
                sealed=row[field],
            )
            for row in rows
            for field in SEALED
            if row[field] is not None
        ]


def _open(cipher: DataCipher, value: _Value) -> str | Unreadable:
    try:
        return cipher.open(value.sealed, value.place)
    except DataKeyMissingError:
        reason = f"key {value.sealed.partition('.')[0]} isn't configured"
    except SealedTextDamagedError:
        reason = "altered"
    return Unreadable(payout_account_id=value.row_id, field=value.field, reason=reason)


def _replace(
    sessions: SessionFactory,
    anew: Sequence[tuple[_Value, str]],
    actor: StaffActor,
    now: datetime,
) -> int:
    """Replace each value that is still what was opened; return how many were."""

    def step(session: Session) -> int:
        changed = sum(_replace_one(session, value, sealed) for value, sealed in anew)
        first, last = anew[0][0].row_id, anew[-1][0].row_id
        change = Change(
            action="reencrypt_payout_accounts",
            subject_kind="payout_account",
            subject_id=f"{first}-{last}",
            before={},
            after={"rows": changed},
        )
        if changed:
            record(session, actor, change, now)
        return changed

    return sessions.retrying(step)


def _replace_one(session: Session, value: _Value, sealed: str) -> int:
    column = SEALED[value.field]
    return row_count(
        session.execute(
            update(PayoutAccount)
            .where(PayoutAccount.id == value.row_id, column == value.sealed)
            .values({column: sealed})
            .execution_options(synchronize_session=False)
        )
    )


def _count_sealed_otherwise(sessions: SessionFactory, mark: str) -> int:
    """Count the values that another key sealed; a missing one counts for nothing."""
    with sessions.read() as session:
        return sum(
            session.scalar(select(func.count()).where(column.not_like(f"{mark}%"))) or 0
            for column in SEALED.values()
        )
