"""Deliver the outbox batch by batch, as one claimant."""

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

import structlog

from jobs.handlers import HANDLERS, IN_BULK, PROMPT, bundles
from workflows.clock import real_now
from workflows.delivery.claim import Claimant, ClaimedWork, claim_due, give_back, renew
from workflows.delivery.crash import record_crash
from workflows.delivery.finish import LeaseLost
from workflows.delivery.tools import DeliveryTools

log = structlog.get_logger(__name__)

BATCH = 10


class Courier:
    """Claims and delivers; each thread has its own, so that an owner does one thing at a time."""

    def __init__(self, tools: DeliveryTools, now: Callable[[], datetime]) -> None:
        self._tools = tools
        self._now = now
        host = socket.gethostname()[:32]
        self.owner = f"{host}:{os.getpid()}:{secrets.token_hex(6)}"
        self._held: tuple[ClaimedWork, ...] = ()
        self._lock = Lock()

    def deliver_batch(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Claim one batch and deliver it; return how many rows were claimed.

        Told to stop, it ends what it began and gives the rest back.
        """
        works = self._claim()
        waiting = list(bundles(works))
        try:
            while waiting and not is_stopping():
                self._deliver(waiting.pop(0))
        finally:
            rest = [work for bundle in waiting for work in bundle]
            if rest:
                with self._tools.sessions.begin() as session:
                    give_back(session, rest)
            self._hold(())
        return len(works)

    def renew_leases(self) -> None:
        """Keep what this courier holds; called from another thread while it delivers."""
        with self._lock:
            held = [work.id for work in self._held]
        renew(self._tools.sessions, held, self.owner, real_now())

    def _claim(self) -> tuple[ClaimedWork, ...]:
        works: tuple[ClaimedWork, ...] = ()
        for kinds in (PROMPT, IN_BULK):
            claimant = Claimant(owner=self.owner, kinds=kinds, limit=BATCH)
            works = claim_due(self._tools.sessions, claimant, now=self._now(), real_now=real_now())
            if works:
                break
        self._hold(works)
        return works

    def _hold(self, works: tuple[ClaimedWork, ...]) -> None:
        with self._lock:
            self._held = works

    def _deliver(self, bundle: Sequence[ClaimedWork]) -> None:
        kind = bundle[0].kind
        ids = [work.id for work in bundle]
        now = self._now()
        try:
            HANDLERS[kind](self._tools, bundle, now)
        except LeaseLost as lost:
            log.warning("lease lost", kind=kind, work_id=lost.work_id)
        except Exception:
            log.exception("delivery broke off", kind=kind, work_ids=ids)
            record_crash(self._tools.sessions, bundle, now)
