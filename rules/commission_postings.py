"""From which account to which does a change of commission move?

Earnings come from the platform's `commission_expense`. What is taken back comes from the account
that holds the line, then from `available`, and what is missing becomes `debt`; never from a payout
under way. Debt is netted at each release. Amounts are fen; `owed_fen` is debt as a positive number
(the account's balance with its sign turned).

Source: business rules, sections 8 and 9.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rules.commission import CommissionStage
from rules.ledger import Account, AccountKind, Posting

STAGE_ACCOUNTS: Final = MappingProxyType(
    {
        CommissionStage.NONE: AccountKind.ESTIMATED,
        CommissionStage.ESTIMATED: AccountKind.ESTIMATED,
        CommissionStage.MATURING: AccountKind.MATURING,
        CommissionStage.HELD: AccountKind.HELD,
        CommissionStage.RELEASED: AccountKind.AVAILABLE,
    }
)
"""The account that a line's stage means; the first posting of a line goes to `estimated`."""

EXPENSE: Final = Account(kind=AccountKind.COMMISSION_EXPENSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a distributor's accounts hold when a line changes.

    `stage_fen` is what the line itself holds in its stage's account; `available_fen` is the whole
    balance of `available`, and is all that counts once the line has been released.
    """

    stage: CommissionStage
    stage_fen: int
    available_fen: int


def change_postings(distributor_id: int, delta_fen: int, holdings: Holdings) -> tuple[Posting, ...]:
    """Return the postings of a line's change: what `commission.delta` asks for; () for 0."""
    if delta_fen > 0:
        kind = STAGE_ACCOUNTS[holdings.stage]
        return (_posting(EXPENSE, Account(kind=kind, distributor_id=distributor_id), delta_fen),)
    return tuple(
        _posting(Account(kind=kind, distributor_id=distributor_id), EXPENSE, amount_fen)
        for kind, amount_fen in taken_from(-delta_fen, holdings)
    )


def taken_from(amount_fen: int, holdings: Holdings) -> tuple[tuple[AccountKind, int], ...]:
    """Return from which accounts `amount_fen` (0 or more) is taken back; the parts sum to it."""
    own_kind = STAGE_ACCOUNTS[holdings.stage]
    is_released = own_kind is AccountKind.AVAILABLE
    own_fen = 0 if is_released else min(amount_fen, max(0, holdings.stage_fen))
    available_fen = min(amount_fen - own_fen, max(0, holdings.available_fen))
    debt_fen = amount_fen - own_fen - available_fen
    parts = (
        (own_kind, own_fen),
        (AccountKind.AVAILABLE, available_fen),
        (AccountKind.DEBT, debt_fen),
    )
    return tuple((kind, part_fen) for kind, part_fen in parts if part_fen)


def move_postings(
    distributor_id: int, amount_fen: int, source: CommissionStage, destination: CommissionStage
) -> tuple[Posting, ...]:
    """Return the postings that carry `amount_fen` from stage to stage; () for 0."""
    if not amount_fen:
        return ()
    return (
        _posting(
            Account(kind=STAGE_ACCOUNTS[source], distributor_id=distributor_id),
            Account(kind=STAGE_ACCOUNTS[destination], distributor_id=distributor_id),
            amount_fen,
        ),
    )


def netting_postings(distributor_id: int, available_fen: int, owed_fen: int) -> tuple[Posting, ...]:
    """Return the posting that pays debt from `available`, as far as it goes; () if nothing does.

    Post it with every release, and when a payout's funds come back.
    """
    amount_fen = min(max(0, available_fen), max(0, owed_fen))
    if not amount_fen:
        return ()
    return (
        _posting(
            Account(kind=AccountKind.AVAILABLE, distributor_id=distributor_id),
            Account(kind=AccountKind.DEBT, distributor_id=distributor_id),
            amount_fen,
        ),
    )


def release_postings(
    distributor_id: int, matured_fen: int, available_fen: int, owed_fen: int
) -> tuple[Posting, ...]:
    """Return the postings of one distributor's release, debt netted: one transaction for all lines.

    `matured_fen` is the sum of the lines released, `available_fen` the balance before.
    """
    return (
        *move_postings(
            distributor_id, matured_fen, CommissionStage.MATURING, CommissionStage.RELEASED
        ),
        *netting_postings(distributor_id, available_fen + matured_fen, owed_fen),
    )


def payout_request_postings(distributor_id: int, amount_fen: int) -> tuple[Posting, ...]:
    """Return the posting that sets a requested payout's funds aside."""
    return (
        _posting(
            Account(kind=AccountKind.AVAILABLE, distributor_id=distributor_id),
            Account(kind=AccountKind.PAYING_OUT, distributor_id=distributor_id),
            amount_fen,
        ),
    )


def payout_return_postings(
    distributor_id: int, amount_fen: int, available_fen: int, owed_fen: int
) -> tuple[Posting, ...]:
    """Return the postings when a payout ends unpaid: funds back once, and debt netted from them.

    `available_fen` is the balance before.
    """
    back = _posting(
        Account(kind=AccountKind.PAYING_OUT, distributor_id=distributor_id),
        Account(kind=AccountKind.AVAILABLE, distributor_id=distributor_id),
        amount_fen,
    )
    return (back, *netting_postings(distributor_id, available_fen + amount_fen, owed_fen))


def payout_paid_postings(distributor_id: int, net_fen: int, tax_fen: int) -> tuple[Posting, ...]:
    """Return the postings of a paid payout: cash out, and the tax withheld."""
    source = Account(kind=AccountKind.PAYING_OUT, distributor_id=distributor_id)
    parts = ((AccountKind.CASH_OUT, net_fen), (AccountKind.TAX_PAYABLE, tax_fen))
    return tuple(
        _posting(source, Account(kind=kind), amount_fen) for kind, amount_fen in parts if amount_fen
    )


def _posting(source: Account, destination: Account, amount_fen: int) -> Posting:
    """Write a posting in one line."""
    return Posting(source=source, destination=destination, amount_fen=amount_fen)
