"""maturity hours."""

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "maturity_hours",
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("starts_at", name=op.f("pk_maturity_hours")),
    )
    with op.batch_alter_table("ledger_transactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_transactions_occurred_at"), ["occurred_at"], unique=False
        )

    with op.batch_alter_table("line_commissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_commissions_distributor_id_stage"))
        batch_op.drop_index(batch_op.f("ix_line_commissions_stage_matures_at"))
        batch_op.create_index(
            batch_op.f("ix_line_commissions_distributor_id_id"),
            ["distributor_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_line_commissions_matures_at_distributor_id"),
            ["matures_at", "distributor_id"],
            unique=False,
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_paid_at"), ["paid_at"], unique=False)
    _make_room()
    _start_hold_days()


def _make_room() -> None:
    """Leave half of each page of new shares free, for their marks; older pages stay as they are."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE line_commissions SET (fillfactor = 50)")


def _start_hold_days() -> None:
    """Do what completing an order does from now on: say when its commission matures."""
    bind = op.get_bind()
    moment = sa.DateTime(timezone=True)
    completed = sa.text(
        """
        SELECT shares.id, orders.completed_at, shares.matures_at, policies.terms
        FROM line_commissions AS shares
        JOIN orders ON orders.id = shares.order_id
        JOIN policy_versions AS policies ON policies.id = orders.policy_version_id
        WHERE shares.stage IN ('maturing', 'held') AND orders.status = 'completed'
        """
    ).columns(completed_at=moment, matures_at=moment, terms=sa.JSON)
    shares = sa.table("line_commissions", sa.column("id"), sa.column("matures_at", moment))
    hours: Counter[datetime] = Counter()
    for row in bind.execute(completed).all():
        matures_at = row.matures_at
        if matures_at is None:
            matures_at = row.completed_at + timedelta(days=row.terms.get("hold_days", 7))
            bind.execute(shares.update().where(shares.c.id == row.id).values(matures_at=matures_at))
        hours[matures_at.replace(minute=0, second=0, microsecond=0)] += 1
    if hours:
        table = sa.table("maturity_hours", sa.column("starts_at", moment), sa.column("orders"))
        rows = [{"starts_at": hour, "orders": count} for hour, count in hours.items()]
        bind.execute(table.insert(), rows)
