"""Hand a material to a distributor with a token of its own, and count who opened it."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.materials import Material, MaterialShare, ShareOpen
from rules.materials import check_usable

TOKEN_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # noqa: S105 - letters, not a secret
TOKEN_LENGTH = 10


def share_material(
    session: Session, material_id: int, distributor_id: int, now: datetime
) -> MaterialShare:
    """Write a new share of a usable material; its token goes into the QR and the link. A step.

    Raises:
        rules.materials.MaterialUnusable: recalled or no longer valid.
        sqlalchemy.exc.NoResultFound: there is no such material.
    """
    material = session.get_one(Material, material_id)
    check_usable(material.status, material.valid_until, now)
    share = MaterialShare(
        token="".join(secrets.choice(TOKEN_ALPHABET) for _ in range(TOKEN_LENGTH)),
        material_id=material_id,
        distributor_id=distributor_id,
        created_at=now,
    )
    session.add(share)
    session.flush()
    return share


def share_path(code: str, token: str) -> str:
    """Return the path behind a share's QR and link."""
    return f"/r/{code}?s={token}"


def record_open(sessions: SessionFactory, token: str, wechat_user_id: int, now: datetime) -> None:
    """Count that a person opened a share; the same person counts once, an unknown token never."""
    with sessions.begin() as session:
        share_id = session.scalar(select(MaterialShare.id).where(MaterialShare.token == token))
        if share_id is None:
            return
        session.execute(
            insert_on_conflict(session, ShareOpen)
            .values(share_id=share_id, wechat_user_id=wechat_user_id, opened_at=now)
            .on_conflict_do_nothing(index_elements=["share_id", "wechat_user_id"])
        )
