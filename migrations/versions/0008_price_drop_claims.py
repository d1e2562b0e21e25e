"""price drop claims."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "price_drop_claims",
        sa.Column(
            "order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("price_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lowest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND paid_fen >= 0", name=op.f("ck_price_drop_claims_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_lines.id"],
            name=op.f("fk_price_drop_claims_order_line_id_order_lines"),
        ),
        sa.ForeignKeyConstraint(
            ["price_id"], ["sku_prices.id"], name=op.f("fk_price_drop_claims_price_id_sku_prices")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["after_sales_requests.id"],
            name=op.f("fk_price_drop_claims_request_id_after_sales_requests"),
        ),
        sa.PrimaryKeyConstraint("order_line_id", name=op.f("pk_price_drop_claims")),
    )
    with op.batch_alter_table("price_drop_claims", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_price_drop_claims_request_id"), ["request_id"], unique=False
        )
