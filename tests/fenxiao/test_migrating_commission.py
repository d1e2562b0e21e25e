"""Commission of older versions stands where it stood, after each migration that moved it."""

from datetime import datetime

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fenxiao.migrating import migrate
from models.append_only import drop_triggers
from models.commissions import CommissionState, MaturityHour
from models.database import SessionFactory
from queries.invariants import INVARIANTS, check_all
from rules.commission import CommissionStage
from tests.factories.staff import actor_of, make_staff
from tests.workflows.sales import HOLD, held, sell
from workflows.commissions import release_due
from workflows.commissions.hold import hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held

MOVED = {
    "is_eligible": "BOOLEAN",
    "eligibility_reason": "VARCHAR(100)",
    "posted_fen": "BIGINT CONSTRAINT ck_line_commissions_posted CHECK (posted_fen >= 0)",
    "stage": "VARCHAR(32)",
    "matures_at": "TIMESTAMP WITH TIME ZONE",
}
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', matures_at, 'unixepoch')",
    "postgresql": "to_timestamp(matures_at)",
}
WORDS = " ".join(f"WHEN '{stage[0]}' THEN '{stage}'" for stage in CommissionStage)
BEFORE_0016 = (
    "ALTER TABLE commission_states ADD COLUMN is_eligible BOOLEAN",
    "UPDATE commission_states SET is_eligible = (ineligible_reason = '')",
    "UPDATE commission_states SET ineligible_reason = NULL WHERE is_eligible",
    "ALTER TABLE commission_states RENAME COLUMN ineligible_reason TO eligibility_reason",
    f"UPDATE commission_states SET stage = CASE stage {WORDS} END",
    "UPDATE maturity_hours SET lines = 1",
    "ALTER TABLE maturity_hours RENAME COLUMN lines TO orders",
)
INDEXES = (
    "DROP INDEX ix_line_commissions_distributor_id_id",
    "CREATE INDEX ix_line_commissions_distributor_id_id ON line_commissions (distributor_id, id)",
    "CREATE INDEX ix_line_commissions_matures_at_distributor_id"
    " ON line_commissions (matures_at, distributor_id)",
)


def go_back(session: Session, revision: str) -> None:
    """Lay the tables out as they were after `revision`, and say that it was the last."""
    connection = session.connection()
    _take_apart_payouts(session)
    if connection.dialect.name == "postgresql":
        # SQLite keeps a longer word in a column of any width.
        wide = "ALTER TABLE commission_states ALTER COLUMN stage TYPE VARCHAR(32)"
        session.execute(text(wide))
    for statement in BEFORE_0016:
        session.execute(text(statement))
    if revision < "0015":
        _lay_in_one_table(session)
    if revision < "0014":
        # Until then the stage was called by the account that its money went to.
        for table, column in (("line_commissions", "stage"), ("held_lines", "came_from")):
            renamed = f"UPDATE {table} SET {column} = 'available' WHERE {column} = 'released'"
            session.execute(text(renamed))
    session.execute(text("UPDATE alembic_version SET version_num = :last"), {"last": revision})


def _take_apart_payouts(session: Session) -> None:
    context = MigrationContext.configure(session.connection())
    with (
        Operations.context(context) as operations,
        operations.batch_alter_table("payouts") as payouts,
    ):
        payouts.drop_constraint("fk_payouts_cancelled_by_id_staff_members", type_="foreignkey")
        payouts.drop_column("cancelled_by_id")
        payouts.drop_column("cancel_reason")


def _lay_in_one_table(session: Session) -> None:
    connection = session.connection()
    drop_triggers(connection)
    values = dict(zip(MOVED, MOVED, strict=True)) | {"matures_at": MOMENTS[connection.dialect.name]}
    for column, kind in MOVED.items():
        session.execute(text(f"ALTER TABLE line_commissions ADD COLUMN {column} {kind}"))
        copied = (
            f"UPDATE line_commissions SET {column} = (SELECT {values[column]}"
            " FROM commission_states WHERE line_commission_id = line_commissions.id)"
        )
        session.execute(text(copied))
    session.execute(text("DROP TABLE commission_states"))
    for statement in INDEXES:
        session.execute(text(statement))


def states(sessions: SessionFactory) -> list[tuple[object, ...]]:
    with sessions.read() as session:
        found = session.execute(
            select(CommissionState.__table__).order_by(CommissionState.line_commission_id)
        )
        return [tuple(row) for row in found]


@pytest.mark.parametrize("revision", ["0013", "0014", "0015"])
def test_shares_stand_where_they_stood(
    sessions: SessionFactory, now: datetime, revision: str
) -> None:
    referrer, order_id = sell(sessions, now, orders=2)
    _, revoked_id = sell(sessions, now)
    release_due(sessions, now + HOLD)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now + HOLD)
    wrong_id = hold_order(sessions, revoked_id, reason="核实", actor=finance, now=now + HOLD)
    revoke_held(sessions, wrong_id, reason="本人刷单", actor=finance, now=now + HOLD)
    before = states(sessions)
    with sessions.begin() as session:
        go_back(session, revision)
    assert migrate(sessions.engine.url)[-1] >= "0016"
    assert states(sessions) == before
    assert [row[2:5] for row in before] == [
        ("", 1_240, CommissionStage.RELEASED),
        ("", 1_240, CommissionStage.HELD),
        ("核实后取消：本人刷单", 0, CommissionStage.NONE),
    ]
    with sessions.read() as session:
        assert session.scalars(select(MaturityHour.lines)).all() == [len(before)]
    release_hold(sessions, hold_id, reason="无误", actor=finance, now=now + HOLD)
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []
    assert held(sessions, referrer) == {"available": 2_480}
