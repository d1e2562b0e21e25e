"""The programme: the brand's published distribution policy, its grades and rates."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.policy import Policy

_TERMS = TypeAdapter(Policy)


def terms_of(policy: Policy) -> dict[str, Any]:
    """Write a policy as the JSON that a version keeps."""
    terms: dict[str, Any] = _TERMS.dump_python(policy, mode="json")
    return terms


class Grade(Base):
    """A distributor's grade (等级); a higher rank is better."""

    __tablename__ = "grades"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(32))
    rank: Mapped[int] = mapped_column(unique=True)


class PolicyVersion(Base):
    """One published version of the policy; `terms` is `rules.policy.Policy` as JSON. Append-only.

    `acknowledgement` is the legal text (合规声明) that `acknowledged_by_id` confirmed for this
    version, word for word; None where the version needed none, or came from the settings.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (
        CheckConstraint(
            "(acknowledgement IS NULL) = (acknowledged_at IS NULL)", name="acknowledgement"
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    effective_at: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    acknowledgement: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))

    @property
    def policy(self) -> Policy:
        """The policy; a setting that came later than this version has the product's default."""
        return _TERMS.validate_python(self.terms)


class CommissionRate(Base):
    """A rate that differs from the programme's, for a grade or a SKU, in one policy version.

    Append-only.
    """

    __tablename__ = "commission_rates"
    __table_args__ = (
        UniqueConstraint("policy_version_id", "level", "grade_id"),
        UniqueConstraint("policy_version_id", "level", "sku_id"),
        CheckConstraint("level IN (1, 2)", name="level"),
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint("(grade_id IS NULL) <> (sku_id IS NULL)", name="scope"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_versions.id"))
    level: Mapped[int]
    grade_id: Mapped[int | None] = mapped_column(ForeignKey("grades.id"))
    sku_id: Mapped[int | None] = mapped_column(ForeignKey("skus.id"))
    rate_bp: Mapped[int]
