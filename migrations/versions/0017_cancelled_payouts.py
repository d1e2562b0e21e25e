"""cancelled payouts.

Staff may take back what she hasn't confirmed; until WeChat has answered, the wish stands here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancel_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("cancelled_by_id", number, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_payouts_cancelled_by_id_staff_members"),
            "staff_members",
            ["cancelled_by_id"],
            ["id"],
        )
