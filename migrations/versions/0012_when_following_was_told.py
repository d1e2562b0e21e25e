"""when following was told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    with op.batch_alter_table("wechat_users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("follow_told_at", sa.DateTime(timezone=True), nullable=True))
