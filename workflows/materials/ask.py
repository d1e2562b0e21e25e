"""Ask for a material by chat: the worker draws it with her QR and sends it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.materials import Material
from rules.materials import MaterialStatus
from workflows.materials.share import share_material
from workflows.outbox import Work, WorkKind, enqueue


def ask_for_newest(
    session: Session, *, wechat_user_id: int, distributor_id: int, key: str, now: datetime
) -> str | None:
    """Ask for the newest usable material; return its title, None when there is none. A step.

    `key` is the message that asks: its repeats ask for nothing more.
    """
    newest = session.execute(
        select(Material.id, Material.title)
        .where(Material.status == MaterialStatus.PUBLISHED, Material.valid_until > now)
        .order_by(Material.published_at.desc(), Material.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return None
    share = share_material(session, newest.id, distributor_id, now)
    work = Work(
        kind=WorkKind.MATERIAL,
        key=f"material:{key}"[:120],
        details={"share_id": share.id},
        wechat_user_id=wechat_user_id,
    )
    enqueue(session, work, now)
    title: str = newest.title
    return title
