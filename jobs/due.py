"""Do everything that is due at a moment, once, and deliver what it asks for."""

from datetime import datetime

from jobs.delivery import Courier
from jobs.handlers import delivery_tools
from jobs.ticks import TICKS, run_task
from web.collaborators import Collaborators


def run_everything_due(parts: Collaborators, now: datetime) -> int:
    """Run every tick's work once and drain the outbox at business time `now`.

    Return how many rows moved. What fails is logged and tried again later, as always.
    """
    ticked = sum(run_task(parts, tick, now) for tick in TICKS)
    return ticked + deliver_everything_due(parts, now)


def deliver_everything_due(parts: Collaborators, now: datetime) -> int:
    """Drain the outbox at business time `now`; return how many rows were delivered."""
    moved = 0
    courier = Courier(delivery_tools(parts), lambda: now)
    while delivered := courier.deliver_batch():
        moved += delivered
    return moved
