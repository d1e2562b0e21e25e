"""the history of prices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "sku_price_ends",
        sa.Column("price_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"],
            ["staff_members.id"],
            name=op.f("fk_sku_price_ends_ended_by_id_staff_members"),
        ),
        sa.ForeignKeyConstraint(
            ["price_id"], ["sku_prices.id"], name=op.f("fk_sku_price_ends_price_id_sku_prices")
        ),
        sa.PrimaryKeyConstraint("price_id", name=op.f("pk_sku_price_ends")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("channel", sa.String(length=16), server_default="shop", nullable=False)
        )

    with op.batch_alter_table("sku_prices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("effective_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "published_by_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.drop_constraint(
            batch_op.f("uq_sku_prices_sku_id_channel_effective_at"), type_="unique"
        )
        batch_op.create_index(
            batch_op.f("ix_sku_prices_sku_id_channel_effective_at"),
            ["sku_id", "channel", "effective_at"],
            unique=False,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_sku_prices_published_by_id_staff_members"),
            "staff_members",
            ["published_by_id"],
            ["id"],
        )
    # Until now every price was published the moment it began to hold.
    op.execute("UPDATE sku_prices SET published_at = effective_at")
    with op.batch_alter_table("sku_prices", schema=None) as batch_op:
        batch_op.alter_column(
            "published_at", existing_type=sa.DateTime(timezone=True), nullable=False
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_sku_prices_not_past"), "effective_at >= published_at"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_sku_prices_window"), "effective_until > effective_at"
        )
