"""Short-lived credentials that all processes share: fetched by one, read by everyone.

Real time rules here: a token doesn't age with the demo's clock.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from wechat.errors import Outcome, WeChatError, WeChatUnreachable
from wechat.gateway import TokenStore

REFRESH_AHEAD_SECONDS = 240
"""Fetch the next value this long before the end: WeChat hands out a new stable token in the
last 300 s only, and accepts the old one for 300 s more."""

UNSAFE_SECONDS = 20
"""A value this close to its end may be refused on arrival; don't use it."""

_LEASE_SECONDS = 30
_WAIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_QUIET_SECONDS = 30.0
_FORCED_APART_SECONDS = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshValue:
    """What WeChat has just handed out, and for how many seconds it is good."""

    value: str
    valid_seconds: int


class SharedToken:
    """One named credential in the `TokenStore`, with one refresher at a time.

    `fetch` gets the newest value from WeChat; its argument says whether the present one must be
    replaced although WeChat thinks that it is still good.
    """

    def __init__(self, store: TokenStore, name: str, fetch: Callable[[bool], FreshValue]) -> None:
        self._store = store
        self._name = name
        self._fetch = fetch
        self._quiet_until = 0.0
        self._last_replacement = ("", 0.0)

    def current(self) -> str:
        """Return a value that is good now; fetch one, or wait for who does, if need be."""
        found = self._store.read(self._name)
        if found is None or _seconds_left(found[1]) < UNSAFE_SECONDS:
            return self._fetch_or_wait(is_good=_is_safe, forced=False)
        value, expires_at = found
        if _seconds_left(expires_at) < REFRESH_AHEAD_SECONDS:
            return self._refresh_ahead(value)
        return value

    def replace(self, rejected: str) -> str | None:
        """Return another value than `rejected`, which WeChat refused.

        None if `rejected` is what a refresh brought a moment ago: then the token is not what is
        wrong, and the 20 forced refreshes of a day are not to be burnt.
        """
        replaced_with, replaced_at = self._last_replacement
        if rejected == replaced_with and time.monotonic() - replaced_at < _FORCED_APART_SECONDS:
            return None
        value = self._fetch_or_wait(
            is_good=lambda value, expires_at: value != rejected and _is_safe(value, expires_at),
            forced=True,
        )
        self._last_replacement = (value, time.monotonic())
        return value

    def _fetch_or_wait(self, *, is_good: Callable[[str, datetime], bool], forced: bool) -> str:
        owner = secrets.token_hex(8)
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._store.acquire(self._name, owner, _LEASE_SECONDS):
            if time.monotonic() > deadline:
                raise WeChatUnreachable(f"nobody refreshed {self._name}", outcome=Outcome.REFUSED)
            time.sleep(_PAUSE_SECONDS)
            found = self._store.read(self._name)
            if found is not None and is_good(*found):
                return found[0]
        return self._fetch_as(owner, is_good, forced)

    def _fetch_as(self, owner: str, is_good: Callable[[str, datetime], bool], forced: bool) -> str:
        """Fetch and store, holding the lease; give it back whatever happens."""
        is_written = False
        try:
            # Somebody else may have been done just before we got the lease.
            found = self._store.read(self._name)
            if found is not None and is_good(*found):
                return found[0]
            fresh = self._fetch(forced)
            expires_at = datetime.now(UTC) + timedelta(seconds=fresh.valid_seconds)
            self._store.write(self._name, owner, fresh.value, expires_at)
            is_written = True
        finally:
            if not is_written:
                self._store.release(self._name, owner)
        if fresh.valid_seconds < REFRESH_AHEAD_SECONDS:
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
        return fresh.value

    def _refresh_ahead(self, value: str) -> str:
        """Fetch the next value while the present one is still good; nobody waits for it."""
        if time.monotonic() < self._quiet_until:
            return value
        owner = secrets.token_hex(8)
        if not self._store.acquire(self._name, owner, _LEASE_SECONDS):
            return value
        try:
            return self._fetch_as(owner, _is_far_from_its_end, forced=False)
        except WeChatError as error:
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
            log.warning("token_refresh_failed", token=self._name, reason=str(error))
            return value


def _seconds_left(expires_at: datetime) -> float:
    return (expires_at - datetime.now(UTC)).total_seconds()


def _is_safe(_value: str, expires_at: datetime) -> bool:
    return _seconds_left(expires_at) >= UNSAFE_SECONDS


def _is_far_from_its_end(_value: str, expires_at: datetime) -> bool:
    return _seconds_left(expires_at) >= REFRESH_AHEAD_SECONDS
