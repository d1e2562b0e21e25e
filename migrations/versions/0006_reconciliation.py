"""reconciliation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    op.create_table(
        "bill_sightings",
        sa.Column(
            "bill_kind",
            sa.Enum("trade", "fund", name="billkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "entry",
            sa.Enum("payment", "refund", "transfer", name="entry", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("bill_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("bill_kind", "entry", "number", name=op.f("pk_bill_sightings")),
    )
    with op.batch_alter_table("bill_sightings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bill_sightings_bill_kind_bill_date"),
            ["bill_kind", "bill_date"],
            unique=False,
        )

    op.create_table(
        "reconciliation_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "bill_kind",
            sa.Enum("trade", "fund", name="billkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("bill_date", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("waiting", "compared", "empty", name="runstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("bill_count", sa.Integer(), nullable=False),
        sa.Column(
            "bill_income_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "bill_expense_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("our_count", sa.Integer(), nullable=False),
        sa.Column(
            "our_income_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "our_expense_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("fee_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "other_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'compared' OR compared_at IS NOT NULL",
            name=op.f("ck_reconciliation_runs_compared"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_runs")),
        sa.UniqueConstraint(
            "bill_kind", "bill_date", name=op.f("uq_reconciliation_runs_bill_kind_bill_date")
        ),
    )
    op.create_table(
        "reconciliation_cases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "bill_kind",
            sa.Enum("trade", "fund", name="billkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("bill_date", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing_at_wechat",
                "missing_here",
                "amount_differs",
                "state_differs",
                "duplicate",
                "fee_differs",
                name="differencekind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "entry",
            sa.Enum("payment", "refund", "transfer", name="entry", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("wechat_number", sa.String(length=128), nullable=False),
        sa.Column("ours_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("bill_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum("waiting", "open", "closed", name="casestatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "closed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "explained_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(status = 'closed' AND (closed_by_id IS NULL) <> (explained_by_id IS NULL)) OR (NOT status = 'closed' AND closed_by_id IS NULL AND explained_by_id IS NULL)",
            name=op.f("ck_reconciliation_cases_closer"),
        ),
        sa.CheckConstraint(
            "(status = 'closed' AND closed_at IS NOT NULL AND reason <> '') OR (NOT status = 'closed' AND closed_at IS NULL AND reason = '')",
            name=op.f("ck_reconciliation_cases_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["staff_members.id"],
            name=op.f("fk_reconciliation_cases_closed_by_id_staff_members"),
        ),
        sa.ForeignKeyConstraint(
            ["explained_by_id"],
            ["reconciliation_runs.id"],
            name=op.f("fk_reconciliation_cases_explained_by_id_reconciliation_runs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_cases")),
        sa.UniqueConstraint(
            "bill_kind",
            "bill_date",
            "kind",
            "entry",
            "number",
            name=op.f("uq_reconciliation_cases_bill_kind_bill_date_kind_entry_number"),
        ),
    )
    with op.batch_alter_table("reconciliation_cases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reconciliation_cases_status_id"), ["status", "id"], unique=False
        )

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_paid_at"), ["paid_at"], unique=False)
