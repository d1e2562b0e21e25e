"""Where a shared link leads, and who looks after a customer."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.catalogue import Product
from models.distributors import Distributor
from models.materials import Material, MaterialShare
from models.referrals import Binding, ReferralCode
from rules.distributors import is_authorised


def share_destination(session: Session, token: str) -> str | None:
    """Return the path of the product that a share's material is about, if it is still listed."""
    slug = session.scalar(
        select(Product.slug)
        .join(Material, Material.product_id == Product.id)
        .join(MaterialShare, MaterialShare.material_id == Material.id)
        .where(MaterialShare.token == token, Product.is_listed)
    )
    return None if slug is None else f"/p/{slug}"


def product_destination(session: Session, slug: str) -> str | None:
    """Return a listed product's path."""
    found = session.scalar(select(Product.slug).where(Product.slug == slug, Product.is_listed))
    return None if found is None else f"/p/{found}"


def adviser_of(session: Session, wechat_user_id: int, now: datetime) -> str | None:
    """Return the name of the distributor to whom she is bound, if he may advise her now."""
    found = session.scalar(
        select(Distributor)
        .join(Binding, Binding.distributor_id == Distributor.id)
        .where(
            Binding.wechat_user_id == wechat_user_id,
            Binding.ended_at.is_(None),
            Binding.valid_until > now,
        )
    )
    if found is None or not is_authorised(found.status, found.authorised_until, now):
        return None
    return found.name


def code_to_share(session: Session, wechat_user_id: int, now: datetime) -> str | None:
    """Return the referral code of a visitor who may refer others now."""
    row = session.execute(
        select(Distributor, ReferralCode.code)
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id)
        .where(Distributor.wechat_user_id == wechat_user_id)
    ).one_or_none()
    if row is None or not is_authorised(row[0].status, row[0].authorised_until, now):
        return None
    return str(row[1])
