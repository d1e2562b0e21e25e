"""How far business time is ahead of real time: one row, moved by the demo only."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class BusinessClock(Base):
    """The offset of business time, in seconds."""

    __tablename__ = "business_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="single"),
        CheckConstraint("offset_seconds >= 0", name="forward"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    offset_seconds: Mapped[int] = mapped_column(Id)
