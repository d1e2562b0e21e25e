"""Where payouts go: a real name and a bank account."""

from sqlalchemy.orm import Session

from models.distributors import Distributor
from rules.payout_accounts import BankDetails, PayoutDetails
from tests.factories.people import LONG_AGO
from workflows.payouts.account import register

REAL_NAME = "林女士"
ACCOUNT_NUMBER = "0062226200001234"
DETAILS = PayoutDetails(
    real_name=REAL_NAME,
    bank=BankDetails(bank_name="招商银行", branch="杭州文三路支行", account_number=ACCOUNT_NUMBER),
)


def make_payout_account(
    session: Session, distributor: Distributor, details: PayoutDetails = DETAILS
) -> int:
    """A registered account; its number begins with zeros, which no file may lose."""
    return register(session, distributor.id, details, LONG_AGO).id
