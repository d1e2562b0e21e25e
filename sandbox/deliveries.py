"""Callbacks and notifications on their way to the application: ordered, retried, held.

A *lane* is what must stay in order: a follower's callbacks, or one payment's notification. Within a
lane one delivery is under way at a time, and the next starts when it was accepted or given up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.clock import real_now
from sandbox.errors import ControlError
from sandbox.faults import FaultKind, Faults
from sandbox.ground import Ground
from sandbox.outgoing import Answer, Forge
from sandbox.store import Row


class Channel(StrEnum):
    """What kind of call the application gets."""

    CALLBACK = "callback"
    PAYMENT = "payment"
    REFUND = "refund"
    TRANSFER = "transfer"


class Verdict(StrEnum):
    """What an answer means for a delivery."""

    DELIVERED = "delivered"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One call and its tries so far; `payload` is what `Carrier.send` builds each try from."""

    delivery_id: int
    channel: Channel
    lane: str
    event: str
    phone_id: str | None
    url: str
    payload: str
    state: str
    tries: int
    next_real: float
    attempts: list[dict[str, Any]]

    @property
    def fault_path(self) -> str:
        """Where a fault for it is set."""
        if self.channel == Channel.CALLBACK:
            return f"callback/{self.event}"
        return f"notify/{self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A call to make."""

    channel: Channel
    lane: str
    event: str
    phone_id: str | None
    url: str
    payload: str


class Carrier(Protocol):
    """Knows how one channel is sent and what its answers mean."""

    def send(self, delivery: Delivery, forge: Forge) -> Answer:
        """Make the call, signed afresh."""
        ...

    def settle(self, delivery: Delivery, answer: Answer) -> Verdict:
        """Act on an answer."""
        ...

    def pause_seconds(self, tries: int) -> float | None:
        """Return the pause before the next try, None after the last."""
        ...

    def give_up(self, delivery: Delivery) -> None:
        """Act on the last try's failure."""
        ...


class Deliveries:
    """The queue in the store; `sandbox.courier` carries it out."""

    def __init__(self, ground: Ground, faults: Faults) -> None:
        self._ground = ground
        self._faults = faults
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something may be due."""
        self._listeners.append(listener)

    def _announce(self) -> None:
        for listener in self._listeners:
            listener()

    def add(self, new: NewDelivery) -> int:
        """Queue a call and return its id."""
        path = f"callback/{new.event}" if new.channel == "callback" else f"notify/{new.channel}"
        store = self._ground.store
        with store.transaction():
            held_for = None
            if store.fact(f"hold:{new.channel}"):
                held_for = "hold"
            elif self._faults.take(path, FaultKind.REORDER):
                held_for = "reorder"
            delivery_id = store.insert(
                "INSERT INTO deliveries (channel, lane, position, event, phone_id, url, payload, "
                "state, held_for, next_real, created_at) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
                new.channel,
                new.lane,
                new.event,
                new.phone_id,
                new.url,
                new.payload,
                "held" if held_for else "pending",
                held_for,
                real_now(),
                self._ground.clock.now(),
            )
            store.run(
                "UPDATE deliveries SET position = delivery_id WHERE delivery_id = ?", delivery_id
            )
            if held_for is None:
                # What a reorder fault held back follows its successor.
                store.run(
                    "UPDATE deliveries SET state = 'pending', held_for = NULL, position = ? "
                    "WHERE lane = ? AND held_for = 'reorder'",
                    delivery_id + 0.5,
                    new.lane,
                )
        self._announce()
        return delivery_id

    def get(self, delivery_id: int) -> Delivery:
        """Return a delivery. Raises: ControlError 404."""
        row = self._ground.store.row("SELECT * FROM deliveries WHERE delivery_id = ?", delivery_id)
        if row is None:
            raise ControlError(404, "no_delivery", f"no delivery {delivery_id}")
        return _delivery(row)

    def find(self, channel: str | None, state: str | None, after: int) -> list[Delivery]:
        """Return deliveries by channel and state."""
        rows = self._ground.store.rows(
            "SELECT * FROM deliveries WHERE delivery_id > ? AND (? IS NULL OR channel = ?) "
            "AND (? IS NULL OR state = ?) ORDER BY delivery_id LIMIT 1000",
            after,
            channel,
            channel,
            state,
            state,
        )
        return [_delivery(row) for row in rows]

    def heads(self) -> list[tuple[int, str, float]]:
        """Return the first pending delivery of each lane: id, lane, when it is due (real)."""
        rows = self._ground.store.rows(
            "SELECT delivery_id, lane, next_real FROM deliveries WHERE state = 'pending' "
            "ORDER BY position"
        )
        found: dict[str, tuple[int, str, float]] = {}
        for row in rows:
            found.setdefault(row["lane"], (row["delivery_id"], row["lane"], row["next_real"]))
        return list(found.values())

    def count_pending(self) -> int:
        """Return how many wait to be sent, held ones left aside."""
        return self._ground.store.number("SELECT count(*) FROM deliveries WHERE state = 'pending'")

    def record(self, delivery: Delivery, answer: Answer, *, is_try: bool = True) -> None:
        """Keep an attempt; one that a fault or a test added doesn't count as a try."""
        attempt = {
            "at": self._ground.clock.now(),
            "status": answer.status,
            "error": answer.error,
            "seconds": round(answer.seconds, 3),
        }
        self._ground.store.run(
            "UPDATE deliveries SET attempts = json_insert(attempts, '$[#]', json(?)), "
            "tries = tries + ? WHERE delivery_id = ?",
            json.dumps(attempt),
            int(is_try),
            delivery.delivery_id,
        )

    def finish(self, delivery_id: int, state: str) -> None:
        """Mark as delivered or given up."""
        self._ground.store.run(
            "UPDATE deliveries SET state = ? WHERE delivery_id = ?", state, delivery_id
        )

    def postpone(self, delivery_id: int, seconds: float) -> None:
        """Plan the next try."""
        self._ground.store.run(
            "UPDATE deliveries SET next_real = ? WHERE delivery_id = ?",
            real_now() + seconds,
            delivery_id,
        )

    def hold(self, channel: Channel) -> None:
        """Keep back what comes on this channel from now on."""
        self._ground.store.set_fact(f"hold:{channel}", "1")

    def release(self, channel: Channel, *, is_reversed: bool) -> list[int]:
        """Send what was held, one after another in this order; hold no more."""
        store = self._ground.store
        with store.transaction():
            store.set_fact(f"hold:{channel}", "")
            rows = store.rows(
                "SELECT delivery_id FROM deliveries WHERE channel = ? AND state = 'held' "
                "ORDER BY position",
                channel,
            )
            released = [int(row["delivery_id"]) for row in rows]
            if is_reversed:
                released.reverse()
            last = store.number("SELECT max(delivery_id) FROM deliveries")
            for number, delivery_id in enumerate(released):
                store.run(
                    "UPDATE deliveries SET state = 'pending', held_for = NULL, next_real = ?, "
                    "lane = ?, position = ? WHERE delivery_id = ?",
                    real_now(),
                    f"release-{last}",
                    last + number / 1_000_000,
                    delivery_id,
                )
        self._announce()
        return released


def _delivery(row: Row) -> Delivery:
    return Delivery(
        delivery_id=row["delivery_id"],
        channel=Channel(row["channel"]),
        lane=row["lane"],
        event=row["event"],
        phone_id=row["phone_id"],
        url=row["url"],
        payload=row["payload"],
        state=row["state"],
        tries=row["tries"],
        next_real=row["next_real"],
        attempts=json.loads(row["attempts"]),
    )
