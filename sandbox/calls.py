"""Every call that the platform received, for assertions."""

from dataclasses import dataclass

from sandbox.ground import Ground

KEPT = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request and its answer; `code` is the errcode or Pay's code, "" when all went well."""

    method: str
    path: str
    target: str
    status: int
    code: str
    request: str
    response: str


class Calls:
    """The newest 50,000 calls."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def record(self, call: Call) -> None:
        """Keep one call; status 0 means that nobody was answered."""
        store = self._ground.store
        call_id = store.insert(
            "INSERT INTO calls (at, method, path, target, status, code, request, response) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self._ground.clock.now(),
            call.method,
            call.path,
            call.target,
            call.status,
            call.code,
            call.request,
            call.response,
        )
        if call_id % 1000 == 0:
            store.run("DELETE FROM calls WHERE call_id <= ?", call_id - KEPT)

    def find(self, path: str, after: int, limit: int) -> tuple[list[tuple[int, float, Call]], int]:
        """Return calls whose path begins so, with id and time, and how many there are in all."""
        rows = self._ground.store.rows(
            "SELECT * FROM calls WHERE call_id > ? AND substr(path, 1, ?) = ? "
            "ORDER BY call_id LIMIT ?",
            after,
            len(path),
            path,
            limit,
        )
        count = self._ground.store.number(
            "SELECT count(*) FROM calls WHERE call_id > ? AND substr(path, 1, ?) = ?",
            after,
            len(path),
            path,
        )
        found = []
        for row in rows:
            values = dict(row)
            call_id, at = values.pop("call_id"), values.pop("at")
            found.append((int(call_id), float(at), Call(**values)))
        return found, count

    def clear(self) -> None:
        """Forget all calls."""
        self._ground.store.run("DELETE FROM calls")
