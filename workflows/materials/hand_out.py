"""Hand a material out on a distributor's own page: one share, and another when she wants one."""

from datetime import datetime

from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.materials import MaterialShare
from workflows.materials.share import share_material


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
