"""Referral codes."""

from itertools import count

from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.referrals import ReferralCode
from rules.distributors import REFERRAL_CODE_ALPHABET
from tests.factories.people import LONG_AGO

_numbers = count(1)


def make_code(session: Session, distributor: Distributor) -> str:
    """The distributor's referral code, without its QR yet."""
    number = next(_numbers)
    tail = ""
    for _ in range(4):
        number, digit = divmod(number, len(REFERRAL_CODE_ALPHABET))
        tail = REFERRAL_CODE_ALPHABET[digit] + tail
    code = f"TEST{tail}"
    session.add(ReferralCode(code=code, distributor_id=distributor.id, created_at=LONG_AGO))
    session.flush()
    return code
