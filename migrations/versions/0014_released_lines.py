"""released lines.

A line whose commission was released is `released`; `available` is the account that it went to.
The word is as long as `maturing`, so SQLite marks a line in its place.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.execute("UPDATE line_commissions SET stage = 'released' WHERE stage = 'available'")
    op.execute("UPDATE held_lines SET came_from = 'released' WHERE came_from = 'available'")
