"""The programme: what every database starts with."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.policies import Grade
from rules.policy import Policy
from tests.factories.people import LONG_AGO
from workflows.policies import install_programme

TWO_LEVELS = Policy(
    levels=2, has_legal_acknowledgement=True, level_1_rate_bp=1000, level_2_rate_bp=300
)


def start_programme(sessions: SessionFactory, policy: Policy = TWO_LEVELS) -> None:
    """Publish a policy, effective long before any test's `now`."""
    install_programme(sessions, policy, LONG_AGO)


def grade_id(session: Session, code: str = "copper") -> int:
    """Find one of the first grades."""
    return session.scalars(select(Grade.id).where(Grade.code == code)).one()
