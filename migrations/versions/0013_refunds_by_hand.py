"""refunds by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_by_hand", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
