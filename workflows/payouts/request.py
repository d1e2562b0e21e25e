"""Ask for a payout."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.payouts import Payout
from rules.china_time import SHANGHAI
from rules.commission_postings import payout_request_postings
from rules.distributors import DistributorStatus, NotAuthorised
from rules.ledger import AccountKind, TransactionKind
from rules.payouts import OPEN, PayoutChannel, PayoutFacts, PayoutStatus, check_request
from workflows.ledger import Occasion, locked_balances, post
from workflows.payouts.notices import tell
from workflows.payouts.tax import expected_tax
from workflows.policies import policy_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedPayout:
    """A payout that waits for approval; the bill number is fixed for life."""

    payout_id: int
    out_bill_no: str


def request_payout(
    sessions: SessionFactory,
    distributor_id: int,
    amount_fen: int,
    channel: PayoutChannel,
    now: datetime,
) -> RequestedPayout:
    """Ask for `amount_fen` of what is available; it is set aside at once.

    Of several requests at the same moment one is taken: they queue at the accounts.

    Raises:
        rules.payouts.PayoutRefused: the amount, an open payout, debt or a limit forbids it.
        rules.distributors.NotAuthorised: the distributor is suspended.
    """
    return sessions.retrying(
        lambda session: _request(session, distributor_id, amount_fen, channel, now)
    )


def _request(
    session: Session, distributor_id: int, amount_fen: int, channel: PayoutChannel, now: datetime
) -> RequestedPayout:
    distributor = session.get_one(Distributor, distributor_id)
    if distributor.status is DistributorStatus.SUSPENDED:
        raise NotAuthorised("授权暂停期间不能提现，请联系品牌方。")
    held = locked_balances(session, [distributor_id])[distributor_id]
    open_id = session.scalar(
        select(Payout.id).where(Payout.distributor_id == distributor_id, Payout.status.in_(OPEN))
    )
    facts = PayoutFacts(
        available_fen=held[AccountKind.AVAILABLE],
        debt_fen=-held[AccountKind.DEBT],
        has_open_payout=open_id is not None,
        channel=channel,
    )
    checked_fen = check_request(amount_fen, facts, policy_in_force(session, now).policy)
    tax = expected_tax(session, distributor_id, checked_fen, now)
    payout = Payout(
        distributor_id=distributor_id,
        out_bill_no=_bill_number(now),
        channel=channel,
        status=PayoutStatus.REQUESTED,
        amount_fen=checked_fen,
        tax_fen=tax.parts.tax_fen,
        net_fen=tax.parts.net_fen,
        tax_month=tax.month,
        tax_method=tax.method,
        requested_at=now,
    )
    session.add(payout)
    session.flush()
    occasion = Occasion(
        kind=TransactionKind.PAYOUT_REQUESTED,
        key=f"payout-requested:{payout.id}",
        occurred_at=now,
        payout_id=payout.id,
    )
    post(session, occasion, payout_request_postings(distributor_id, checked_fen))
    tell(session, payout, now)
    return RequestedPayout(payout_id=payout.id, out_bill_no=payout.out_bill_no)


def _bill_number(now: datetime) -> str:
    """Return a number that WeChat takes: letters and digits, 26 of them; nobody can guess it."""
    return f"TX{now.astimezone(SHANGHAI):%Y%m%d}{secrets.token_hex(8).upper()}"
