"""narrower states.

A month end writes every state, so a state is what it must be: verdict and reason are one column,
and a stage is its initial. An hour of maturity counts its shares, so that nobody has to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

REASON = """CASE WHEN is_eligible THEN ''
    WHEN NOT is_eligible THEN COALESCE(NULLIF(eligibility_reason, ''), '付款时不符合条件') END"""
EPOCH = {
    "sqlite": "CAST(strftime('%s', starts_at) AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM starts_at) AS BIGINT)",
}


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        _copy()
    else:
        _rewrite()
    with op.batch_alter_table("maturity_hours", schema=None) as batch_op:
        batch_op.alter_column("orders", new_column_name="lines")
    op.execute(
        "UPDATE maturity_hours SET lines = (SELECT count(*) FROM commission_states"  # noqa: S608
        f" WHERE matures_at >= {EPOCH[dialect]} AND matures_at < {EPOCH[dialect]} + 3600)"
    )


def _rewrite() -> None:
    op.execute(
        "ALTER TABLE commission_states"
        " ALTER COLUMN stage TYPE VARCHAR(1) USING left(stage, 1),"
        f" ALTER COLUMN eligibility_reason TYPE VARCHAR(100) USING {REASON}"
    )
    with op.batch_alter_table("commission_states", schema=None) as batch_op:
        batch_op.drop_column("is_eligible")
        batch_op.alter_column("eligibility_reason", new_column_name="ineligible_reason")


def _copy() -> None:
    """SQLite alters a table by copying it, and so the rows lie as narrow as they are."""
    op.create_table(
        "narrower_states",
        sa.Column("distributor_id", sa.Integer(), nullable=False),
        sa.Column("line_commission_id", sa.Integer(), nullable=False),
        sa.Column("ineligible_reason", sa.String(length=100), nullable=True),
        sa.Column("posted_fen", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=1), nullable=False),
        sa.Column("matures_at", sa.Integer(), nullable=True),
        sa.CheckConstraint("posted_fen >= 0", name=op.f("ck_commission_states_posted")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "line_commission_id"],
            ["line_commissions.distributor_id", "line_commissions.id"],
            name=op.f("fk_commission_states_share"),
        ),
        sa.PrimaryKeyConstraint(
            "distributor_id", "line_commission_id", name=op.f("pk_commission_states")
        ),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO narrower_states SELECT distributor_id, line_commission_id, {REASON},"  # noqa: S608
        " posted_fen, substr(stage, 1, 1), matures_at FROM commission_states"
        " ORDER BY distributor_id, line_commission_id"
    )
    op.drop_table("commission_states")
    op.rename_table("narrower_states", "commission_states")
    with op.batch_alter_table("commission_states", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_states_matures_at_distributor_id"),
            ["matures_at", "distributor_id"],
            unique=False,
        )
