"""Where a shared link leads."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.catalogue import Product
from models.materials import Material, MaterialShare


def share_destination(session: Session, token: str) -> str | None:
    """Return the path of the product that a share's material is about, if it is still listed."""
    slug = session.scalar(
        select(Product.slug)
        .join(Material, Material.product_id == Product.id)
        .join(MaterialShare, MaterialShare.material_id == Material.id)
        .where(MaterialShare.token == token, Product.is_listed)
    )
    return None if slug is None else f"/p/{slug}"
