"""cancelled payouts.

Staff may take back what she hasn't confirmed; until WeChat has answered, the wish stands here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancel_reason", sa.String(length=200), nullable=True))
