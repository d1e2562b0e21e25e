"""Ask for a payout."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.payout_accounts import PayoutDestination
from models.payouts import Payout
from rules.china_time import SHANGHAI
from rules.commission_postings import payout_request_postings
from rules.distributors import DistributorStatus, NotAuthorised
from rules.ledger import AccountKind, TransactionKind
from rules.payouts import (
    OPEN,
    PayoutChannel,
    PayoutFacts,
    PayoutStatus,
    check_may_ask,
    check_request,
)
from rules.withholding import Withholding
from workflows.ledger import Balances, Occasion, balances, locked_balances, post
from workflows.payouts.account import registered
from workflows.payouts.notices import tell
from workflows.payouts.tax import expected_tax
from workflows.policies import policy_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedPayout:
    """A payout that waits for approval; the bill number is fixed for life. Amounts are fen."""

    payout_id: int
    out_bill_no: str
    amount_fen: int
    tax_fen: int
    net_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOffer:
    """What may be asked for now, in fen; `most_fen` is the most that WeChat carries at once."""

    available_fen: int
    minimum_fen: int
    most_fen: int


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

    def step(session: Session) -> RequestedPayout:
        asked = ask_for_payout(session, distributor_id, amount_fen, channel, now)
        tell(session, session.get_one(Payout, asked.payout_id), now)
        return asked

    return sessions.retrying(step)


def offer_payout(session: Session, distributor_id: int, now: datetime) -> PayoutOffer:
    """Return what she may ask WeChat to carry now. A step.

    Raises: as `request_payout`, where nothing may be asked for.
    """
    facts = _facts(session, distributor_id, balances(session, distributor_id), PayoutChannel.WECHAT)
    policy = policy_in_force(session, now).policy
    return PayoutOffer(
        available_fen=facts.available_fen,
        minimum_fen=policy.minimum_payout_fen,
        most_fen=check_may_ask(facts, policy),
    )


def check_payout(
    session: Session, distributor_id: int, amount_fen: int, channel: PayoutChannel, now: datetime
) -> Withholding:
    """Return a payout in its parts as it would be asked for now; nothing is written. A step.

    Raises: as `request_payout`.
    """
    facts = _facts(session, distributor_id, balances(session, distributor_id), channel)
    checked_fen = check_request(amount_fen, facts, policy_in_force(session, now).policy)
    return expected_tax(session, distributor_id, checked_fen, now).parts


def ask_for_payout(
    session: Session, distributor_id: int, amount_fen: int, channel: PayoutChannel, now: datetime
) -> RequestedPayout:
    """Set the amount aside for a payout that waits for approval; nobody is told. A step.

    Raises: as `request_payout`, before anything is written.
    """
    held = locked_balances(session, [distributor_id])[distributor_id]
    facts = _facts(session, distributor_id, held, channel)
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
    account = registered(session, distributor_id)
    if account is not None:
        session.add(PayoutDestination(payout_id=payout.id, payout_account_id=account.id))
        session.flush()
    occasion = Occasion(
        kind=TransactionKind.PAYOUT_REQUESTED,
        key=f"payout-requested:{payout.id}",
        occurred_at=now,
        payout_id=payout.id,
    )
    post(session, occasion, payout_request_postings(distributor_id, checked_fen))
    return RequestedPayout(
        payout_id=payout.id,
        out_bill_no=payout.out_bill_no,
        amount_fen=checked_fen,
        tax_fen=tax.parts.tax_fen,
        net_fen=tax.parts.net_fen,
    )


def _facts(
    session: Session, distributor_id: int, held: Balances, channel: PayoutChannel
) -> PayoutFacts:
    """Return what the rule asks; `held` is locked where a request follows.

    Raises: rules.distributors.NotAuthorised: the distributor is suspended.
    """
    distributor = session.get_one(Distributor, distributor_id)
    if distributor.status is DistributorStatus.SUSPENDED:
        raise NotAuthorised("授权暂停期间不能提现，请联系品牌方。")
    open_id = session.scalar(
        select(Payout.id).where(Payout.distributor_id == distributor_id, Payout.status.in_(OPEN))
    )
    account = registered(session, distributor_id)
    return PayoutFacts(
        available_fen=held[AccountKind.AVAILABLE],
        debt_fen=-held[AccountKind.DEBT],
        has_open_payout=open_id is not None,
        has_real_name=account is not None,
        has_bank_account=account is not None and account.account_tail is not None,
        channel=channel,
    )


def _bill_number(now: datetime) -> str:
    """Return a number that WeChat takes: letters and digits, 26 of them; nobody can guess it."""
    return f"TX{now.astimezone(SHANGHAI):%Y%m%d}{secrets.token_hex(8).upper()}"
