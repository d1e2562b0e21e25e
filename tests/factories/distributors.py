"""Distributors with their application, grade and accounts."""

from datetime import datetime, timedelta
from itertools import count

from sqlalchemy.orm import Session

from models.distributors import Distributor, DistributorApplication
from models.people import WeChatUser
from rules.distributors import ApplicationStatus, DistributorStatus
from tests.factories.people import LONG_AGO, make_person
from tests.factories.policies import grade_id
from workflows.ledger import open_distributor_accounts
from workflows.policies import policy_in_force

_numbers = count(1)


def make_distributor(
    session: Session,
    *,
    inviter: Distributor | None = None,
    status: DistributorStatus = DistributorStatus.APPROVED,
    person: WeChatUser | None = None,
    authorised_until: datetime | None = None,
) -> Distributor:
    """An approved distributor of the lowest grade, authorised for two years."""
    person = person or make_person(session)
    application = DistributorApplication(
        wechat_user_id=person.id,
        name="小满",
        phone="13800000001",
        province_code="330000",
        city_code="330100",
        inviter_id=inviter.id if inviter else None,
        policy_version_id=policy_in_force(session, LONG_AGO).id,
        accepted_at=LONG_AGO,
        status=ApplicationStatus.APPROVED,
        decided_at=LONG_AGO,
    )
    session.add(application)
    session.flush()
    distributor = Distributor(
        # Far from the numbers that an approval gives.
        number=f"FX9{next(_numbers):05d}",
        wechat_user_id=person.id,
        application_id=application.id,
        name=application.name,
        phone=application.phone,
        province_code=application.province_code,
        city_code=application.city_code,
        grade_id=grade_id(session),
        inviter_id=inviter.id if inviter else None,
        status=status,
        approved_at=LONG_AGO,
        authorised_until=authorised_until or LONG_AGO + timedelta(days=730),
    )
    session.add(distributor)
    session.flush()
    open_distributor_accounts(session, distributor.id)
    session.flush()
    return distributor
