"""Materials to share, each share's token, and what came of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.materials import MaterialStatus


class Material(Base):
    """A material (素材): a picture and a caption for one product, valid until a moment."""

    __tablename__ = "materials"
    __table_args__ = (Index(None, "status", "valid_until"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    caption: Mapped[str] = mapped_column(Text)
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    status: Mapped[MaterialStatus]
    valid_until: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))


class MaterialShare(Base):
    """One hand-out of a material to one distributor; the token is in the QR and the link."""

    __tablename__ = "material_shares"
    __table_args__ = (Index(None, "material_id"), Index(None, "distributor_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    created_at: Mapped[datetime]


class ShareOpen(Base):
    """A person opened a share's link; counted once per person."""

    __tablename__ = "share_opens"
    __table_args__ = (UniqueConstraint("share_id", "wechat_user_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    share_id: Mapped[int] = mapped_column(ForeignKey("material_shares.id"))
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    opened_at: Mapped[datetime]
