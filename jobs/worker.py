"""The worker process: a few couriers, the scheduler, and a heartbeat that renews leases."""

import signal
from threading import Event, Thread, current_thread, main_thread
from types import FrameType

import structlog

from jobs.delivery import Courier
from jobs.handlers import delivery_tools
from jobs.ticks import start_scheduler
from web.collaborators import Collaborators
from workflows.delivery.claim import LEASE

log = structlog.get_logger(__name__)

THREADS = 4
IDLE_SECONDS = 1.0
TROUBLE_SECONDS = 5.0
HEARTBEAT_SECONDS = LEASE.total_seconds() / 4


def run_worker(parts: Collaborators, *, stop: Event | None = None, threads: int = THREADS) -> None:
    """Deliver the outbox and tick until told to stop; blocks.

    In the main thread SIGTERM and SIGINT stop it, elsewhere `stop`. Then every courier ends the
    message it began and gives the rest of its batch back.
    """
    stop = stop or Event()
    if current_thread() is main_thread():
        _stop_on_signals(stop)
    tools = delivery_tools(parts)
    couriers = [Courier(tools, parts.now) for _ in range(threads)]
    running = [
        Thread(target=_run, args=(courier, stop), name=f"courier-{number}")
        for number, courier in enumerate(couriers)
    ]
    scheduler = start_scheduler(parts)
    log.info("worker started", threads=threads)
    for thread in running:
        thread.start()
    try:
        while not stop.wait(HEARTBEAT_SECONDS):
            _renew(couriers)
        for thread in running:
            # Still delivering its last message: its lease must not run out meanwhile.
            while thread.is_alive():
                thread.join(HEARTBEAT_SECONDS)
                _renew(couriers)
    finally:
        stop.set()
        scheduler.shutdown(wait=True)
        for thread in running:
            thread.join()
    log.info("worker stopped")


def _stop_on_signals(stop: Event) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        # Not from here: the main thread may be inside the event's own lock at this moment.
        Thread(target=stop.set, name="stop").start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _run(courier: Courier, stop: Event) -> None:
    while not stop.is_set():
        try:
            found = courier.deliver_batch(stop.is_set)
        except Exception:
            # The database is away, most likely: the leases run out by themselves.
            log.exception("courier in trouble", owner=courier.owner)
            stop.wait(TROUBLE_SECONDS)
        else:
            if not found:
                stop.wait(IDLE_SECONDS)


def _renew(couriers: list[Courier]) -> None:
    for courier in couriers:
        try:
            courier.renew_leases()
        except Exception:
            log.exception("leases not renewed", owner=courier.owner)
