"""The audit runs once a night and when staff ask; its findings are kept for 90 days."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from console.check_words import MEANINGS, NAMES, parts_of
from jobs.due import run_everything_due
from models.audit_runs import AuditRun
from models.database import SessionFactory
from models.outbox import OutboxItem
from models.staff import StaffAudit
from queries.audit_runs import audit_findings, last_audit
from queries.invariants import INVARIANTS
from rules.outbox import WorkStatus
from rules.staff import PermissionMissing, Role
from tests.factories.staff import actor_of, make_staff
from tests.jobs.parts import make_parts
from tests.workflows.sales import sell
from workflows.audits import ask_for_audit, run_nightly_audit

NIGHT = timedelta(days=1)


def test_a_night_s_audit_runs_once_and_is_forgotten_after_90_days(
    sessions: SessionFactory, now: datetime
) -> None:
    sell(sessions, now)
    assert run_nightly_audit(sessions, now) == 1
    assert run_nightly_audit(sessions, now + timedelta(hours=1)) == 0
    # 10:00 in Shanghai; the next one is due at 3:00.
    assert run_nightly_audit(sessions, now + timedelta(hours=16)) == 0
    assert run_nightly_audit(sessions, now + timedelta(hours=17)) == 1
    with sessions.read() as session:
        run = last_audit(session)
        assert run is not None
        assert (run.violations, run.staff_name) == (0, None)
        findings = audit_findings(session, run.id)
    assert [finding.code for finding in findings] == [each.code for each in INVARIANTS]
    assert run_nightly_audit(sessions, now + 92 * NIGHT) == 1
    with sessions.read() as session:
        assert session.scalar(select(func.count(AuditRun.id))) == 1


def test_what_is_broken_comes_first_with_its_offenders(
    sessions: SessionFactory, now: datetime
) -> None:
    _, order_id = sell(sessions, now)
    with sessions.begin() as session:
        session.execute(text("UPDATE orders SET status = 'received' WHERE status = 'completed'"))
    run_nightly_audit(sessions, now)
    with sessions.read() as session:
        run = last_audit(session)
        assert run is not None
        (finding, *_) = audit_findings(session, run.id)
    assert (run.violations, finding.code) == (1, "7.events_end_at_the_status")
    assert parts_of(finding.subjects[0])[0] == (
        "订单",
        str(order_id),
        f"/console/orders/{order_id}",
    )
    assert parts_of("sum_fen=-120 odd=x") == (("合计", "¥-1.20", ""), ("odd", "x", ""))


def test_staff_ask_and_a_worker_runs_it(sessions: SessionFactory, now: datetime) -> None:
    sell(sessions, now)
    with sessions.begin() as session:
        finance = make_staff(session, role=Role.FINANCE)
        actor, viewer = actor_of(finance), actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        ask_for_audit(sessions, viewer, now)
    run_nightly_audit(sessions, now)
    assert ask_for_audit(sessions, actor, now)
    assert not ask_for_audit(sessions, actor, now)
    run_everything_due(make_parts(sessions), now)
    with sessions.read() as session:
        run = last_audit(session)
        assert run is not None
        assert run.staff_name == finance.name
        work = session.scalars(select(OutboxItem).where(OutboxItem.kind == "audit")).one()
        assert work.status is WorkStatus.DONE
        trace = session.scalars(select(StaffAudit).where(StaffAudit.action == "run_audit")).all()
    assert len(trace) == 1


def test_every_invariant_has_words() -> None:
    codes = {invariant.code for invariant in INVARIANTS}
    assert set(MEANINGS) == codes
    assert set(NAMES) == codes
    assert len(set(NAMES.values())) == len(codes)
    for words in (*NAMES.values(), *MEANINGS.values()):
        assert not re.search(r"[a-z_]", words), words
