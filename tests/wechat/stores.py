"""A token store in memory, with the leases of the real one."""

from datetime import UTC, datetime, timedelta
from threading import Lock


class InMemoryTokenStore:
    """Implements `wechat.gateway.TokenStore` for one process."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, datetime]] = {}
        self.leases: dict[str, tuple[str, datetime]] = {}
        self._lock = Lock()

    def read(self, name: str) -> tuple[str, datetime] | None:
        return self.values.get(name)

    def acquire(self, name: str, owner: str, lease_seconds: int) -> bool:
        now = datetime.now(UTC)
        with self._lock:
            holder = self.leases.get(name)
            if holder is not None and holder[0] != owner and holder[1] > now:
                return False
            self.leases[name] = (owner, now + timedelta(seconds=lease_seconds))
            return True

    def write(self, name: str, owner: str, value: str, expires_at: datetime) -> None:
        with self._lock:
            if self.leases.get(name, ("",))[0] == owner:
                self.values[name] = (value, expires_at)
                del self.leases[name]

    def release(self, name: str, owner: str) -> None:
        with self._lock:
            if self.leases.get(name, ("",))[0] == owner:
                del self.leases[name]

    def put(self, name: str, value: str, valid_seconds: float) -> None:
        """Pretend that `value` was fetched earlier."""
        self.values[name] = (value, datetime.now(UTC) + timedelta(seconds=valid_seconds))
