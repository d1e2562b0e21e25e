"""consignment and acknowledgements."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "supply_prices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "supply_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("supply_fen > 0", name=op.f("ck_supply_prices_positive")),
        sa.ForeignKeyConstraint(
            ["grade_id"], ["grades.id"], name=op.f("fk_supply_prices_grade_id_grades")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_supply_prices_sku_id_skus")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_prices")),
        sa.UniqueConstraint(
            "sku_id",
            "grade_id",
            "effective_at",
            name=op.f("uq_supply_prices_sku_id_grade_id_effective_at"),
        ),
    )
    with op.batch_alter_table("commission_postings", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "supply_price_fen",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("quantity_kept", sa.Integer(), nullable=True))

    with op.batch_alter_table("line_commissions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "grade_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_line_commissions_grade_id_grades"), "grades", ["grade_id"], ["id"]
        )
        batch_op.add_column(
            sa.Column(
                "supply_price_fen",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_line_commissions_supply_price"),
            "supply_price_fen IS NULL OR (supply_price_fen >= 0 AND level = 1 AND rate_bp = 0)",
        )

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("refunded_quantity", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_order_lines_refunded_quantity"),
            "0 <= refunded_quantity AND refunded_quantity <= quantity",
        )

    with op.batch_alter_table("policy_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("note", sa.String(length=200), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("acknowledgement", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "acknowledged_by_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_policy_versions_acknowledged_by_id_staff_members"),
            "staff_members",
            ["acknowledged_by_id"],
            ["id"],
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_policy_versions_acknowledgement"),
            "(acknowledgement IS NULL) = (acknowledged_at IS NULL)",
        )
