"""The sandbox's clock: real time plus an offset that can be moved."""

import time
from datetime import UTC, datetime, timedelta, timezone

from sandbox.store import Store

SHANGHAI = timezone(timedelta(hours=8))


class Clock:
    """Windows, expiry, CreateTime and payment times run on it; it is kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def offset_seconds(self) -> float:
        """How far it is ahead of real time."""
        return float(self._store.fact("clock_offset", "0"))

    def move_to(self, offset_seconds: float) -> None:
        """Set the offset."""
        self._store.set_fact("clock_offset", repr(offset_seconds))

    def now(self) -> float:
        """Return the sandbox's time in seconds since 1970."""
        return time.time() + self.offset_seconds

    def day(self) -> str:
        """Return the day in Asia/Shanghai, for quotas."""
        return datetime.fromtimestamp(self.now(), SHANGHAI).strftime("%Y-%m-%d")

    def minute(self) -> str:
        """Return the minute, for rate limits."""
        return datetime.fromtimestamp(self.now(), SHANGHAI).strftime("%Y-%m-%d %H:%M")


def real_now() -> float:
    """Return real time in seconds since 1970: for signatures, tokens and retries."""
    return time.time()


def iso_utc(moment: float | None) -> str | None:
    """Write a moment as the control API does: ISO 8601, UTC."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def iso_shanghai(moment: float) -> str:
    """Write a moment as WeChat Pay does: RFC 3339 with +08:00, whole seconds."""
    return datetime.fromtimestamp(int(moment), SHANGHAI).isoformat()
