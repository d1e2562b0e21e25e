"""Who applied to sell for the brand, and who may."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.distributors import ApplicationStatus, DistributorStatus


class DistributorApplication(Base):
    """One application (申请): the answers, the inviter, the policy accepted, the decision."""

    __tablename__ = "distributor_applications"
    __table_args__ = (
        Index(
            "uq_distributor_applications_open",
            "wechat_user_id",
            unique=True,
            sqlite_where=text("status = 'applied'"),
            postgresql_where=text("status = 'applied'"),
        ),
        Index(None, "status", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    name: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    province_code: Mapped[str] = mapped_column(String(6))
    city_code: Mapped[str] = mapped_column(String(6))
    inviter_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributors.id", use_alter=True, name="fk_distributor_applications_inviter")
    )
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_versions.id"))
    accepted_at: Mapped[datetime]
    status: Mapped[ApplicationStatus]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    decision_reason: Mapped[str | None] = mapped_column(String(200))


class Distributor(Base):
    """A distributor (分销商). The inviter is fixed at approval, so no cycle can form."""

    __tablename__ = "distributors"
    __table_args__ = (
        CheckConstraint("inviter_id IS NULL OR inviter_id < id", name="inviter_came_first"),
        Index(None, "inviter_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"), unique=True)
    application_id: Mapped[int] = mapped_column(
        ForeignKey("distributor_applications.id"), unique=True
    )
    name: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    province_code: Mapped[str] = mapped_column(String(6))
    city_code: Mapped[str] = mapped_column(String(6))
    grade_id: Mapped[int] = mapped_column(ForeignKey("grades.id"))
    inviter_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    status: Mapped[DistributorStatus]
    status_reason: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime]
    authorised_until: Mapped[datetime]
