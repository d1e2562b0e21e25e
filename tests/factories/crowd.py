"""Thousands of distributors in a few statements."""

from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models.distributors import Distributor, DistributorApplication
from models.people import ChatInteraction, WeChatUser
from rules.chat_window import InteractionKind
from rules.distributors import ApplicationStatus, DistributorStatus
from tests.factories.people import LONG_AGO
from tests.factories.policies import grade_id
from workflows.policies import policy_in_force

WHO = {
    "name": "小满",
    "phone": "13800000001",
    "province_code": "330000",
    "city_code": "330100",
}


def make_crowd(session: Session, count: int, *, spoke_at: datetime | None = None) -> None:
    """Approved distributors without accounts; with `spoke_at`, each has an open chat window."""
    people = session.scalars(
        insert(WeChatUser).returning(WeChatUser.id, sort_by_parameter_order=True),
        [
            {
                "openid": f"crowd-{number:05d}",
                "is_virtual": False,
                "is_following": True,
                "created_at": LONG_AGO,
            }
            for number in range(count)
        ],
    ).all()
    policy_id = policy_in_force(session, LONG_AGO).id
    applications = session.scalars(
        insert(DistributorApplication).returning(
            DistributorApplication.id, sort_by_parameter_order=True
        ),
        [
            WHO
            | {
                "wechat_user_id": person,
                "policy_version_id": policy_id,
                "accepted_at": LONG_AGO,
                "status": ApplicationStatus.APPROVED,
            }
            for person in people
        ],
    ).all()
    grade = grade_id(session)
    session.execute(
        insert(Distributor),
        [
            WHO
            | {
                "number": f"FX8{number:05d}",
                "wechat_user_id": person,
                "application_id": application,
                "grade_id": grade,
                "status": DistributorStatus.APPROVED,
                "approved_at": LONG_AGO,
                "authorised_until": LONG_AGO + timedelta(days=7300),
            }
            for number, (person, application) in enumerate(zip(people, applications, strict=True))
        ],
    )
    if spoke_at is not None:
        session.execute(
            insert(ChatInteraction),
            [
                {
                    "wechat_user_id": person,
                    "kind": InteractionKind.MESSAGE,
                    "occurred_at": spoke_at,
                    "sent_count": 0,
                }
                for person in people
            ],
        )
