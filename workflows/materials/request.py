"""A distributor asks for materials: the list, and one of them with her own QR on its way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.materials import Material, MaterialShare
from queries.materials import UsableMaterial, usable_materials
from rules.distributors import check_authorised
from workflows.materials.share import share_material
from workflows.outbox import Work, WorkKind, enqueue

LISTED = 8
"""A chat text with more lines isn't read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedMaterials:
    """The current materials, newest first and numbered from 1, and the one that is on its way.

    `sent` is None when there is nothing current, or no material with the number she asked for.
    """

    current: tuple[UsableMaterial, ...]
    sent: UsableMaterial | None


def request_materials(
    session: Session, distributor_id: int, *, number: int | None = None, now: datetime
) -> RequestedMaterials:
    """Send her the newest material, or the one with this number in the list. A step.

    The caller answers with the list at once; the picture follows by customer-service message.

    Raises:
        rules.distributors.NotAuthorised: she may not sell now.
    """
    distributor = session.get_one(Distributor, distributor_id)
    check_authorised(distributor.status, distributor.authorised_until, now)
    current = usable_materials(session, now, limit=LISTED)
    position = 1 if number is None else number
    if not 1 <= position <= len(current):
        return RequestedMaterials(current=current, sent=None)
    chosen = current[position - 1]
    share = share_material(session, chosen.id, distributor_id, now)
    work = Work(
        kind=WorkKind.MATERIAL,
        key=f"material:{share.id}",
        details={"share_id": share.id},
        wechat_user_id=distributor.wechat_user_id,
    )
    enqueue(session, work, now)
    return RequestedMaterials(current=current, sent=chosen)


def share_for_page(
    sessions: SessionFactory, material_id: int, distributor_id: int, now: datetime
) -> str:
    """Return the token of her newest share of a material; the first look makes one.

    Raises:
        rules.materials.MaterialUnusable, sqlalchemy.exc.NoResultFound.
    """
    with sessions.begin() as session:
        # Two looks at once make one share: they queue at her row.
        session.get_one(Distributor, distributor_id, with_for_update=True)
        newest = session.scalar(
            select(MaterialShare.token)
            .join(Material, Material.id == MaterialShare.material_id)
            .where(
                MaterialShare.material_id == material_id,
                MaterialShare.distributor_id == distributor_id,
            )
            .order_by(MaterialShare.id.desc())
            .limit(1)
        )
        return newest or share_material(session, material_id, distributor_id, now).token


def share_again(
    sessions: SessionFactory, material_id: int, distributor_id: int, now: datetime
) -> str:
    """Return the token of a new share, for another group: its figures are counted apart.

    Raises:
        rules.materials.MaterialUnusable, sqlalchemy.exc.NoResultFound.
    """
    with sessions.begin() as session:
        return share_material(session, material_id, distributor_id, now).token
