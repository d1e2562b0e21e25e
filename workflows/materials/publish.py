"""Publish a material, or recall it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.catalogue import Product
from models.database import SessionFactory, row_count
from models.materials import Material
from rules.materials import (
    EDGES,
    MaterialStatus,
    MaterialTransitionRefused,
    check_material,
)
from rules.staff import Permission
from rules.states import sources_of
from workflows.audit import Change, StaffActor, record


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialDraft:
    """A picture and a caption for one product; `valid_until` is aware UTC."""

    title: str
    caption: str
    picture_id: int
    product_id: int
    valid_until: datetime


def publish_material(
    sessions: SessionFactory, draft: MaterialDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Publish a material for all distributors; return its id.

    Raises:
        PermissionMissing, rules.materials.MaterialRefused.
        sqlalchemy.exc.NoResultFound: there is no such product.
    """
    actor.check(Permission.MANAGE_MATERIALS)
    check_material(draft.title, draft.caption, draft.valid_until, now)
    assert actor.staff_id is not None, "a material has a publisher"
    with sessions.begin() as session:
        product = session.get_one(Product, draft.product_id)
        material = Material(
            title=draft.title.strip(),
            caption=draft.caption.strip(),
            picture_id=draft.picture_id,
            product_id=product.id,
            status=MaterialStatus.PUBLISHED,
            valid_until=draft.valid_until,
            published_at=now,
            published_by_id=actor.staff_id,
        )
        session.add(material)
        session.flush()
        change = Change(
            action="publish_material",
            subject_kind="material",
            subject_id=material.id,
            before={},
            after={
                "title": material.title,
                "caption": material.caption,
                "picture_id": material.picture_id,
                "product_id": product.id,
                "valid_until": material.valid_until.isoformat(),
            },
        )
        record(session, actor, change, now)
        return material.id


def recall_material(
    sessions: SessionFactory, material_id: int, *, actor: StaffActor, now: datetime
) -> None:
    """Recall a material: it is not handed out any more. Links that are out keep working.

    Raises:
        PermissionMissing.
        rules.materials.MaterialTransitionRefused: it was recalled before.
        sqlalchemy.exc.NoResultFound: there is no such material.
    """
    actor.check(Permission.MANAGE_MATERIALS)
    sessions.retrying(lambda session: _recall(session, material_id, actor, now))


def _recall(session: Session, material_id: int, actor: StaffActor, now: datetime) -> None:
    before = session.get_one(Material, material_id).status
    recalled = session.execute(
        update(Material)
        .where(
            Material.id == material_id,
            Material.status.in_(sources_of(EDGES, MaterialStatus.RECALLED)),
        )
        .values(status=MaterialStatus.RECALLED)
        .execution_options(synchronize_session=False)
    )
    if row_count(recalled) != 1:
        raise MaterialTransitionRefused(before, MaterialStatus.RECALLED)
    change = Change(
        action="recall_material",
        subject_kind="material",
        subject_id=material_id,
        before={"status": before},
        after={"status": MaterialStatus.RECALLED},
    )
    record(session, actor, change, now)
