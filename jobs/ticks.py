"""What happens regularly, and the scheduler that says when. It holds no business state.

Every tick calls one workflow. A tick is a row (job, moment) that one scheduler takes, so any
number of them may run: moments are the same for all, because they are counted from the epoch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from web.collaborators import Collaborators
from workflows.audits import run_nightly_audit
from workflows.brand_statements import write_brand_statements
from workflows.campaigns.start import start_due
from workflows.clock import real_now
from workflows.commissions.release import release_due
from workflows.delivery.leases import expire_leases
from workflows.due.fires import take_fire
from workflows.due.money import settle_payments, settle_refunds
from workflows.due.orders import complete_orders, expire_orders, receive_orders
from workflows.due.tidy import tidy
from workflows.payouts.settle import settle_due_payouts
from workflows.reconciliation.due import reconcile_due
from workflows.statements import write_statements

log = structlog.get_logger(__name__)

Task = Callable[[Collaborators, datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A job, how often it runs, and its workflow, which gets business time and counts rows."""

    job: str
    seconds: int
    task: Task


def _settle_payments(parts: Collaborators, now: datetime) -> int:
    return settle_payments(parts.sessions, parts.payments, merchant=parts.merchant, now=now)


def _expire_orders(parts: Collaborators, now: datetime) -> int:
    return expire_orders(parts.sessions, parts.payments, merchant=parts.merchant, now=now)


TICKS: tuple[Tick, ...] = (
    Tick(
        job="expire_leases",
        seconds=15,
        task=lambda parts, now: expire_leases(parts.sessions, now=now, real_now=real_now()),
    ),
    Tick(job="settle_payments", seconds=30, task=_settle_payments),
    Tick(job="expire_orders", seconds=30, task=_expire_orders),
    Tick(
        job="settle_refunds",
        seconds=300,
        task=lambda parts, now: settle_refunds(parts.sessions, parts.payments, now),
    ),
    Tick(
        job="receive_orders",
        seconds=60,
        task=lambda parts, now: receive_orders(parts.sessions, now),
    ),
    Tick(
        job="complete_orders",
        seconds=60,
        task=lambda parts, now: complete_orders(parts.sessions, now),
    ),
    Tick(
        job="release_commission",
        seconds=60,
        task=lambda parts, now: release_due(parts.sessions, now),
    ),
    Tick(
        job="settle_payouts",
        seconds=30,
        task=lambda parts, now: settle_due_payouts(parts.sessions, parts.payments, now),
    ),
    Tick(
        job="start_pushes",
        seconds=5,
        task=lambda parts, now: start_due(parts.sessions, now),
    ),
    Tick(
        job="write_statements",
        seconds=3600,
        task=lambda parts, now: (
            write_statements(parts.sessions, now) + write_brand_statements(parts.sessions, now)
        ),
    ),
    Tick(
        # Yesterday's bills are there from half past ten; what was late or missed is tried again.
        job="reconcile_bills",
        seconds=600,
        task=lambda parts, now: reconcile_due(parts.sessions, parts.bills, now),
    ),
    Tick(
        job="audit",
        seconds=600,
        task=lambda parts, now: run_nightly_audit(parts.sessions, now),
    ),
    Tick(job="tidy", seconds=3600, task=lambda parts, _now: tidy(parts.sessions, real_now())),
)
"""In the order in which one pass over all of them makes sense."""


def run_task(parts: Collaborators, tick: Tick, now: datetime) -> int:
    """Run a tick's workflow once at business time `now`; return how many rows it moved.

    A failure is logged: the next tick finds the same rows again.
    """
    try:
        moved = tick.task(parts, now)
    except Exception:
        log.exception("tick failed", job=tick.job)
        return 0
    if moved:
        log.info("tick", job=tick.job, rows=moved)
    return moved


def take_tick(parts: Collaborators, tick: Tick) -> None:
    """Run a tick unless another scheduler took it already."""
    moment = real_now()
    second = int(moment.timestamp()) // tick.seconds * tick.seconds
    if take_fire(parts.sessions, tick.job, datetime.fromtimestamp(second, UTC), moment):
        run_task(parts, tick, parts.now())


def start_scheduler(parts: Collaborators) -> BackgroundScheduler:
    """Start ticking in background threads; the caller shuts it down."""
    scheduler = BackgroundScheduler(timezone=ZoneInfo("Asia/Shanghai"))
    for tick in TICKS:
        scheduler.add_job(
            take_tick,
            "interval",
            seconds=tick.seconds,
            args=(parts, tick),
            id=tick.job,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=real_now(),
        )
    scheduler.start()
    return scheduler
