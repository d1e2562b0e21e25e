"""commission states.

What changes about a share moves to a table of its own, narrow and ordered by distributor; what
was frozen stays, and becomes append-only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

MOVED = ("is_eligible", "eligibility_reason", "posted_fen", "stage", "matures_at")
# Since 1970, up to the next whole one; SQLite has the fraction behind the 20th character.
SECONDS = {
    "sqlite": "CAST(strftime('%s', matures_at) AS INTEGER) + (substr(matures_at, 21) <> '000000')",
    "postgresql": "CAST(CEIL(EXTRACT(EPOCH FROM matures_at)) AS BIGINT)",
}


def upgrade() -> None:
    """Upgrade. There is no way back but a backup: `fenxiao restore`."""
    with op.batch_alter_table("line_commissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_commissions_distributor_id_id"))
        batch_op.create_index(
            batch_op.f("ix_line_commissions_distributor_id_id"),
            ["distributor_id", "id"],
            unique=True,
        )
    _create()
    same = ", ".join(MOVED[:-1])
    op.execute(
        f"INSERT INTO commission_states (distributor_id, line_commission_id, {same}, matures_at)"  # noqa: S608
        f" SELECT distributor_id, id, {same}, {SECONDS[op.get_bind().dialect.name]}"
        " FROM line_commissions ORDER BY distributor_id, id"
    )
    with op.batch_alter_table("commission_states", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_states_matures_at_distributor_id"),
            ["matures_at", "distributor_id"],
            unique=False,
        )
    with op.batch_alter_table("line_commissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_commissions_matures_at_distributor_id"))
        batch_op.drop_constraint(batch_op.f("ck_line_commissions_posted"), type_="check")
        for column in MOVED:
            batch_op.drop_column(column)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE line_commissions RESET (fillfactor)")


def _create() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "commission_states",
        sa.Column("distributor_id", number, nullable=False),
        sa.Column("line_commission_id", number, nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=True),
        sa.Column("eligibility_reason", sa.String(length=100), nullable=True),
        sa.Column("posted_fen", number, nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "none",
                "estimated",
                "maturing",
                "held",
                "released",
                name="commissionstage",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("matures_at", number, nullable=True),
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
        postgresql_with={"fillfactor": "50"},
    )
