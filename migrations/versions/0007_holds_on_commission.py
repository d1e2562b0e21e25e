"""holds on commission."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "commission_holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "distributor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "status",
            sa.Enum("open", "released", "revoked", name="holdstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("held_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("outcome_reason", sa.String(length=200), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "resolved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "(status = 'open') = (resolved_at IS NULL) AND (status = 'open') = (resolved_by_id IS NULL)",
            name=op.f("ck_commission_holds_resolved"),
        ),
        sa.CheckConstraint(
            "(order_id IS NULL) <> (distributor_id IS NULL)",
            name=op.f("ck_commission_holds_subject"),
        ),
        sa.CheckConstraint("held_fen > 0", name=op.f("ck_commission_holds_held")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributors.id"],
            name=op.f("fk_commission_holds_distributor_id_distributors"),
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"],
            ["staff_members.id"],
            name=op.f("fk_commission_holds_opened_by_id_staff_members"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_commission_holds_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"],
            ["staff_members.id"],
            name=op.f("fk_commission_holds_resolved_by_id_staff_members"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_holds")),
    )
    with op.batch_alter_table("commission_holds", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_holds_status_id"), ["status", "id"], unique=False
        )
        batch_op.create_index(
            "uq_commission_holds_distributor",
            ["distributor_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open' AND distributor_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'open' AND distributor_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_commission_holds_order",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open' AND order_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'open' AND order_id IS NOT NULL"),
        )

    op.create_table(
        "held_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "line_commission_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "came_from",
            sa.Enum(
                "none",
                "estimated",
                "maturing",
                "held",
                "available",
                name="commissionstage",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("held_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("held_fen > 0", name=op.f("ck_held_lines_held")),
        sa.ForeignKeyConstraint(
            ["hold_id"],
            ["commission_holds.id"],
            name=op.f("fk_held_lines_hold_id_commission_holds"),
        ),
        sa.ForeignKeyConstraint(
            ["line_commission_id"],
            ["line_commissions.id"],
            name=op.f("fk_held_lines_line_commission_id_line_commissions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_lines")),
        sa.UniqueConstraint(
            "hold_id", "line_commission_id", name=op.f("uq_held_lines_hold_id_line_commission_id")
        ),
    )
    with op.batch_alter_table("held_lines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_held_lines_line_commission_id"), ["line_commission_id"], unique=False
        )
