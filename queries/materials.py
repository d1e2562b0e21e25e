"""Materials: what is current, and what came of each and of each share."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.catalogue import Product
from models.distributors import Distributor
from models.materials import Material, MaterialShare, ShareOpen
from models.orders import Order
from models.pictures import Picture
from models.referrals import ReferralCode, Touch
from models.staff import StaffMember
from rules.bindings import TouchVerdict
from rules.materials import MaterialStatus, is_usable
from rules.orders import PAID_LIKE

NEW_BINDINGS = (TouchVerdict.BOUND, TouchVerdict.TAKEN_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFigures:
    """What came of shares: people who opened, customers bound, paid orders, sales in fen.

    Sales are what was paid less what was given back.
    """

    shares: int
    opens: int
    binds: int
    orders: int
    sales_fen: int


NOTHING = ShareFigures(shares=0, opens=0, binds=0, orders=0, sales_fen=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableMaterial:
    """A material that may be handed out now."""

    id: int
    title: str
    caption: str
    picture_sha256: str
    product_name: str
    valid_until: datetime

    @property
    def picture_url(self) -> str:
        """The picture without anybody's QR."""
        return f"/media/{self.picture_sha256}.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRow:
    """One material as staff see it."""

    id: int
    title: str
    caption: str
    picture_sha256: str
    product_name: str
    product_slug: str
    status: MaterialStatus
    valid_until: datetime
    published_at: datetime
    published_by: str
    figures: ShareFigures

    @property
    def picture_url(self) -> str:
        """The picture without anybody's QR."""
        return f"/media/{self.picture_sha256}.jpg"

    def state(self, now: datetime) -> str:
        """Return `published`, `expired` or `recalled`."""
        if self.status is MaterialStatus.RECALLED:
            return "recalled"
        return "published" if is_usable(self.status, self.valid_until, now) else "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One hand-out, to whom, and what came of it."""

    id: int
    token: str
    distributor_id: int
    distributor_number: str
    distributor_name: str
    created_at: datetime
    figures: ShareFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnShare:
    """A distributor's own share with what is needed to draw it."""

    material_id: int
    token: str
    code: str
    distributor_name: str
    caption: str
    jpeg: bytes
    status: MaterialStatus
    valid_until: datetime


def usable_materials(
    session: Session, now: datetime, *, limit: int = 100
) -> tuple[UsableMaterial, ...]:
    """Return what may be handed out now, newest first."""
    rows = session.execute(
        select(Material, Picture.sha256, Product.name)
        .join(Picture, Picture.id == Material.picture_id)
        .join(Product, Product.id == Material.product_id)
        .where(Material.status == MaterialStatus.PUBLISHED, Material.valid_until > now)
        .order_by(Material.id.desc())
        .limit(limit)
    ).all()
    return tuple(
        UsableMaterial(
            id=material.id,
            title=material.title,
            caption=material.caption,
            picture_sha256=sha256,
            product_name=product_name,
            valid_until=material.valid_until,
        )
        for material, sha256, product_name in rows
    )


def materials(
    session: Session, state: str | None, now: datetime, *, offset: int, limit: int
) -> tuple[tuple[MaterialRow, ...], int]:
    """Return one page of materials, newest first, and how many there are; state as on a row."""
    wanted = _in_state(state, now)
    total = session.scalar(select(func.count()).select_from(Material).where(*wanted)) or 0
    rows = session.execute(
        _materials().where(*wanted).order_by(Material.id.desc()).offset(offset).limit(limit)
    ).all()
    figures = _figures(session, MaterialShare.material_id, [row[0].id for row in rows])
    return tuple(_row(row, figures) for row in rows), total


def material(session: Session, material_id: int) -> MaterialRow | None:
    """Return one material, None if there is no such."""
    row = session.execute(_materials().where(Material.id == material_id)).one_or_none()
    if row is None:
        return None
    return _row(row, _figures(session, MaterialShare.material_id, [material_id]))


def shares_of(
    session: Session,
    material_id: int,
    *,
    distributor_id: int | None = None,
    offset: int = 0,
    limit: int = 20,
) -> tuple[tuple[ShareRow, ...], int]:
    """Return one page of a material's shares, newest first, and how many there are."""
    wanted = [MaterialShare.material_id == material_id]
    if distributor_id is not None:
        wanted.append(MaterialShare.distributor_id == distributor_id)
    total = session.scalar(select(func.count()).select_from(MaterialShare).where(*wanted)) or 0
    rows = session.execute(
        select(MaterialShare, Distributor.number, Distributor.name)
        .join(Distributor, Distributor.id == MaterialShare.distributor_id)
        .where(*wanted)
        .order_by(MaterialShare.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    figures = _figures(session, MaterialShare.id, [share.id for share, _, _ in rows])
    return tuple(
        ShareRow(
            id=share.id,
            token=share.token,
            distributor_id=share.distributor_id,
            distributor_number=number,
            distributor_name=name,
            created_at=share.created_at,
            figures=figures.get(share.id, NOTHING),
        )
        for share, number, name in rows
    ), total


def own_share(session: Session, token: str, distributor_id: int) -> OwnShare | None:
    """Return a share of this distributor's own, None if the token is somebody else's."""
    row = session.execute(
        select(MaterialShare, Material, Distributor.name, ReferralCode.code, Picture.jpeg)
        .join(Material, Material.id == MaterialShare.material_id)
        .join(Distributor, Distributor.id == MaterialShare.distributor_id)
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id)
        .join(Picture, Picture.id == Material.picture_id)
        .where(MaterialShare.token == token, MaterialShare.distributor_id == distributor_id)
    ).one_or_none()
    if row is None:
        return None
    share, found, name, code, jpeg = row
    return OwnShare(
        material_id=found.id,
        token=share.token,
        code=code,
        distributor_name=name,
        caption=found.caption,
        jpeg=jpeg,
        status=found.status,
        valid_until=found.valid_until,
    )


def product_choices(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of every product in the shop, in the shop's order."""
    rows = session.execute(
        select(Product.id, Product.name)
        .where(Product.is_listed)
        .order_by(Product.position, Product.id)
    )
    return tuple((product_id, name) for product_id, name in rows)


def _materials() -> Select[Material, str, str, str, str]:
    return (
        select(Material, Picture.sha256, Product.name, Product.slug, StaffMember.name)
        .join(Picture, Picture.id == Material.picture_id)
        .join(Product, Product.id == Material.product_id)
        .join(StaffMember, StaffMember.id == Material.published_by_id)
    )


def _row(row: tuple[Material, str, str, str, str], figures: dict[int, ShareFigures]) -> MaterialRow:
    found, sha256, product_name, product_slug, publisher = row
    return MaterialRow(
        id=found.id,
        title=found.title,
        caption=found.caption,
        picture_sha256=sha256,
        product_name=product_name,
        product_slug=product_slug,
        status=found.status,
        valid_until=found.valid_until,
        published_at=found.published_at,
        published_by=publisher,
        figures=figures.get(found.id, NOTHING),
    )


def _in_state(state: str | None, now: datetime) -> list[ColumnElement[bool]]:
    match state:
        case "published":
            return [Material.status == MaterialStatus.PUBLISHED, Material.valid_until > now]
        case "expired":
            return [Material.status == MaterialStatus.PUBLISHED, Material.valid_until <= now]
        case "recalled":
            return [Material.status == MaterialStatus.RECALLED]
    return []


def _figures(
    session: Session, group: InstrumentedAttribute[int], ids: list[int]
) -> dict[int, ShareFigures]:
    """Return figures by share, or by material: whatever `group`, a column of shares, says.

    Four counts by themselves: joined into one, each would multiply the others.
    """
    if not ids:
        return {}

    def counted(*joined: Select[int, int]) -> list[dict[int, int]]:
        return [
            {key: int(count) for key, count in session.execute(each.where(group.in_(ids)))}
            for each in joined
        ]

    shares, opens, binds, orders, sales = counted(
        select(group, func.count(MaterialShare.id)).group_by(group),
        select(group, func.count(ShareOpen.id))
        .join(ShareOpen, ShareOpen.share_id == MaterialShare.id)
        .group_by(group),
        select(group, func.count(Touch.id))
        .join(Touch, Touch.share_id == MaterialShare.id)
        .where(Touch.verdict.in_(NEW_BINDINGS))
        .group_by(group),
        select(group, func.count(Order.id))
        .join(Order, Order.share_id == MaterialShare.id)
        .where(Order.status.in_(PAID_LIKE))
        .group_by(group),
        select(group, func.sum(Order.payable_fen - Order.refunded_fen))
        .join(Order, Order.share_id == MaterialShare.id)
        .where(Order.status.in_(PAID_LIKE))
        .group_by(group),
    )
    return {
        key: ShareFigures(
            shares=count,
            opens=opens.get(key, 0),
            binds=binds.get(key, 0),
            orders=orders.get(key, 0),
            sales_fen=sales.get(key, 0),
        )
        for key, count in shares.items()
    }
