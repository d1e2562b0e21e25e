"""Run the audit that staff asked for: it takes too long for a page."""

from datetime import datetime

from rules.outbox import WorkStatus
from workflows.audits import run_audit
from workflows.clock import real_now
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, finish
from workflows.delivery.tools import DeliveryTools


def deliver_audit(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Run it and keep the findings; twice is harmless.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    tools.sessions.retrying(lambda session: begin_sending(session, (work,), real_now()))
    staff_id = work.details.get("staff_id")
    run_audit(tools.sessions, now, staff_id if isinstance(staff_id, int) else None)
    tools.sessions.retrying(lambda session: finish(session, work, WorkStatus.DONE, None, now))
