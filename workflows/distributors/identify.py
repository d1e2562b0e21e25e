"""Tell whether a person is a distributor. A step."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.distributors import Distributor


def distributor_of(session: Session, wechat_user_id: int) -> Distributor | None:
    """Return the person's distributor row, in whatever state, or None if she never was one."""
    return session.scalar(select(Distributor).where(Distributor.wechat_user_id == wechat_user_id))
