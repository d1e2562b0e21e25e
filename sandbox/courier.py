"""The threads that carry deliveries out, and sweep what time has settled."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sandbox.clock import real_now
from sandbox.deliveries import Carrier, Channel, Deliveries, Delivery, Verdict
from sandbox.faults import FaultKind, Faults
from sandbox.outgoing import Answer, Forge

LOG = logging.getLogger("sandbox.courier")
THREADS = 8
LONGEST_PAUSE_SECONDS = 1.0
SETTLING_PAUSE_SECONDS = 0.05

# A sweep does what is due by now and says whether more will become due by itself soon.
Sweep = Callable[[], bool]


class Courier:
    """One thread that looks for what is due, eight that make the calls."""

    def __init__(
        self,
        deliveries: Deliveries,
        faults: Faults,
        carriers: dict[Channel, Carrier],
        sweeps: list[Sweep],
    ) -> None:
        self._deliveries = deliveries
        self._faults = faults
        self._carriers = carriers
        self._sweeps = sweeps
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="courier")
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        deliveries.listen(self._wake.set)

    def start(self) -> None:
        """Begin to carry."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and stop; what is pending stays in the store."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._pool.shutdown(wait=True)

    def wake(self) -> None:
        """Look now: the clock was moved, or a knob turned."""
        self._wake.set()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is pending, under way or about to settle."""
        deadline = time.monotonic() + seconds
        while True:
            if self._is_idle():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)

    def _is_idle(self) -> bool:
        is_settling = self._sweep()
        with self._lock:
            is_busy = bool(self._busy)
        return not is_settling and not is_busy and self._deliveries.count_pending() == 0

    def _sweep(self) -> bool:
        # Every sweep runs, even after one said yes.
        return sum([sweep() for sweep in self._sweeps]) > 0

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                is_settling = self._sweep()
                pause = self._start_due()
                if is_settling:
                    pause = min(pause, SETTLING_PAUSE_SECONDS)
            except Exception:
                LOG.exception("event=courier_failed")
                pause = LONGEST_PAUSE_SECONDS
            self._wake.wait(pause)

    def _start_due(self) -> float:
        """Hand what is due to the pool; return the seconds until the next is."""
        pause = LONGEST_PAUSE_SECONDS
        for delivery_id, lane, next_real in self._deliveries.heads():
            with self._lock:
                if lane in self._busy:
                    continue
                if next_real > real_now():
                    pause = min(pause, next_real - real_now())
                    continue
                self._busy.add(lane)
            self._pool.submit(self._carry, delivery_id, lane)
        return max(pause, 0.0)

    def _carry(self, delivery_id: int, lane: str) -> None:
        try:
            delivery = self._deliveries.get(delivery_id)
            # The lane may have moved on between looking and getting a thread.
            if delivery.state == "pending" and delivery.lane == lane:
                self._try(delivery)
        except Exception:
            LOG.exception("event=delivery_failed delivery_id=%s", delivery_id)
            self._deliveries.finish(delivery_id, "given_up")
        finally:
            with self._lock:
                self._busy.discard(lane)
            self._wake.set()

    def _try(self, delivery: Delivery) -> None:
        carrier = self._carriers[delivery.channel]
        answer = self._call(carrier, delivery)
        self._deliveries.record(delivery, answer)
        verdict = carrier.settle(delivery, answer)
        if verdict == Verdict.DELIVERED:
            if self._faults.take(delivery.fault_path, FaultKind.DUPLICATE):
                again = carrier.send(delivery, Forge.NONE)
                self._deliveries.record(delivery, again, is_try=False)
            self._deliveries.finish(delivery.delivery_id, "delivered")
            return
        pause = carrier.pause_seconds(delivery.tries + 1)
        if pause is None:
            carrier.give_up(delivery)
            self._deliveries.finish(delivery.delivery_id, "given_up")
        else:
            self._deliveries.postpone(delivery.delivery_id, pause)

    def _call(self, carrier: Carrier, delivery: Delivery) -> Answer:
        delay = self._faults.take(delivery.fault_path, FaultKind.DELAY)
        if delay is not None:
            self._stopping.wait(delay.seconds)
        if self._faults.take(delivery.fault_path, FaultKind.DROP):
            return Answer(status=0, error="lost on the way")
        answer = carrier.send(delivery, Forge.NONE)
        if self._faults.take(delivery.fault_path, FaultKind.LATE):
            return Answer(status=0, error="answer lost", seconds=answer.seconds)
        return answer
