"""Faults that a test sets: what goes wrong, where, and how many times."""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.errors import ControlError
from sandbox.store import Row, Store


class FaultKind(StrEnum):
    """What goes wrong. DUPLICATE and REORDER are for outgoing channels, ERROR for incoming."""

    DROP = "drop"
    LATE = "late"
    DELAY = "delay"
    ERROR = "error"
    DUPLICATE = "duplicate"
    REORDER = "reorder"


OUTGOING = ("callback", "notify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; `remaining` is how many more times it happens."""

    fault_id: int
    path: str
    kind: FaultKind
    remaining: int
    seconds: float
    code: str
    message: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFault:
    """A fault to set."""

    path: str
    kind: FaultKind
    count: int
    seconds: float
    code: str
    message: str
    status: int


class Faults:
    """The faults in force, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, new: NewFault) -> int:
        """Set a fault and return its id. Raises: ControlError for an impossible one."""
        is_outgoing = new.path.startswith(OUTGOING)
        if not is_outgoing and not new.path.startswith("/"):
            raise ControlError(400, "path", "path starts with /, callback or notify")
        if is_outgoing and new.kind == FaultKind.ERROR:
            raise ControlError(400, "kind", "error is for incoming calls")
        if not is_outgoing and new.kind in {FaultKind.DUPLICATE, FaultKind.REORDER}:
            raise ControlError(400, "kind", f"{new.kind} is for outgoing calls")
        return self._store.insert(
            "INSERT INTO faults (path, kind, remaining, seconds, code, message, status) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            new.path,
            new.kind,
            new.count,
            new.seconds,
            new.code,
            new.message,
            new.status,
        )

    def all(self) -> list[Fault]:
        """Return the faults that will still happen."""
        return [_fault(row) for row in self._store.rows("SELECT * FROM faults ORDER BY fault_id")]

    def take(self, path: str, *kinds: FaultKind) -> Fault | None:
        """Use up the oldest fault of these kinds that covers `path`."""
        with self._store.transaction():
            for fault in self.all():
                if fault.kind in kinds and path.startswith(fault.path):
                    self._store.run(
                        "UPDATE faults SET remaining = remaining - 1 WHERE fault_id = ?",
                        fault.fault_id,
                    )
                    self._store.run("DELETE FROM faults WHERE remaining <= 0")
                    return fault
        return None

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        if fault_id is None:
            self._store.run("DELETE FROM faults")
        else:
            self._store.run("DELETE FROM faults WHERE fault_id = ?", fault_id)


def _fault(row: Row) -> Fault:
    return Fault(**{**dict(row), "kind": FaultKind(row["kind"])})
