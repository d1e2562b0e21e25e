"""What anybody may know of a distributor's certificate (授权证书)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.policies import Grade
from rules.distributors import DistributorStatus, is_authorised


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as the public sees it: no phone, no address, no figures."""

    number: str
    name: str
    grade: str
    city_code: str
    authorised_from: datetime
    authorised_until: datetime
    status: DistributorStatus
    is_valid: bool


def certificate(session: Session, number: str, now: datetime) -> Certificate | None:
    """Return the certificate with this number; None when the brand never issued it."""
    row = session.execute(
        select(Distributor, Grade.name)
        .join(Grade, Grade.id == Distributor.grade_id)
        .where(Distributor.number == number)
    ).one_or_none()
    if row is None:
        return None
    distributor: Distributor = row[0]
    return Certificate(
        number=distributor.number,
        name=distributor.name,
        grade=row[1],
        city_code=distributor.city_code,
        authorised_from=distributor.approved_at,
        authorised_until=distributor.authorised_until,
        status=distributor.status,
        is_valid=is_authorised(distributor.status, distributor.authorised_until, now),
    )
