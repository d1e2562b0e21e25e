"""payout accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "payout_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "distributor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("name_sealed", sa.String(length=512), nullable=False),
        sa.Column("name_mask", sa.String(length=32), nullable=False),
        sa.Column("bank_name", sa.String(length=40), nullable=True),
        sa.Column("branch", sa.String(length=60), nullable=True),
        sa.Column("account_sealed", sa.String(length=512), nullable=True),
        sa.Column("account_tail", sa.String(length=4), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(account_sealed IS NULL) = (bank_name IS NULL) AND (account_sealed IS NULL) = (account_tail IS NULL)",
            name=op.f("ck_payout_accounts_bank"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributors.id"],
            name=op.f("fk_payout_accounts_distributor_id_distributors"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_accounts")),
        sa.UniqueConstraint("reference", name=op.f("uq_payout_accounts_reference")),
    )
    with op.batch_alter_table("payout_accounts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payout_accounts_distributor_id_id"),
            ["distributor_id", "id"],
            unique=False,
        )

    op.create_table(
        "payout_destinations",
        sa.Column(
            "payout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "payout_account_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["payout_account_id"],
            ["payout_accounts.id"],
            name=op.f("fk_payout_destinations_payout_account_id_payout_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name=op.f("fk_payout_destinations_payout_id_payouts")
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payout_destinations")),
    )
