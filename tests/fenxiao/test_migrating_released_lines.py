"""0014: what older versions called `available` is `released`, and its hold ends where it began."""

from datetime import datetime

from sqlalchemy import select, text

from fenxiao.migrating import migrate
from models.commissions import LineCommission
from models.database import SessionFactory
from queries.invariants import INVARIANTS, check_all
from rules.commission import CommissionStage
from tests.factories.staff import actor_of, make_staff
from tests.workflows.sales import HOLD, held, sell
from workflows.commissions import release_due
from workflows.commissions.hold import hold_order
from workflows.commissions.resolve_hold import release_hold


def test_released_lines_keep_their_stage_under_its_new_name(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, order_id = sell(sessions, now, orders=2)
    release_due(sessions, now + HOLD)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now + HOLD)
    with sessions.begin() as session:
        for table, column in (("line_commissions", "stage"), ("held_lines", "came_from")):
            renamed = f"UPDATE {table} SET {column} = 'available' WHERE {column} = 'released'"
            session.execute(text(renamed))
        session.execute(text("UPDATE alembic_version SET version_num = '0013'"))
    assert "0014" in migrate(sessions.engine.url)
    release_hold(sessions, hold_id, reason="无误", actor=finance, now=now + HOLD)
    with sessions.read() as session:
        stages = session.scalars(select(LineCommission.stage)).all()
        assert check_all(session, INVARIANTS) == []
    assert stages == [CommissionStage.RELEASED, CommissionStage.RELEASED]
    assert held(sessions, referrer) == {"available": 2_480}
