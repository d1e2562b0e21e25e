"""access_token and jsapi_ticket: two families of tokens that don't know each other."""

import re
import secrets
from dataclasses import dataclass

from sandbox.clock import real_now
from sandbox.errors import ApiError
from sandbox.ground import Ground
from sandbox.quotas import Quotas

_SHAPE = re.compile(r"[0-9A-Za-z_-]{64,512}")
LAST_MINUTES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential and its remaining life in seconds."""

    value: str
    expires_in: int


class Tokens:
    """Issues and checks credentials; all of it on real time."""

    def __init__(self, ground: Ground, quotas: Quotas) -> None:
        self._ground = ground
        self._quotas = quotas

    def plain(self) -> Token:
        """GET /cgi-bin/token: each call makes a new one; the old lives five more minutes."""
        return self._issue("plain", self._ground.knobs.token_overlap_seconds)

    def stable(self, *, is_forced: bool) -> Token:
        """POST /cgi-bin/stable_token: the same until its last five minutes, unless forced.

        Raises: ApiError 45009 when forced more than 20 times a day.
        """
        with self._ground.store.transaction():
            current = self._ground.store.row(
                "SELECT * FROM tokens WHERE family = 'stable' AND replaced_real IS NULL "
                "ORDER BY issued_real DESC LIMIT 1"
            )
            gap = self._ground.knobs.force_refresh_gap_seconds
            last_forced = float(self._ground.store.fact("forced_real", "0"))
            if is_forced and real_now() - last_forced >= gap:
                used = self._quotas.count("force_refresh", self._ground.clock.day())
                if used > self._ground.knobs.force_refresh_per_day:
                    raise ApiError(45009)
                self._ground.store.set_fact("forced_real", repr(real_now()))
                return self._issue("stable", 0)
            if current is not None and current["expires_real"] - real_now() > LAST_MINUTES:
                left = int(current["expires_real"] - real_now())
                return Token(value=current["token"], expires_in=left)
            return self._issue("stable", self._ground.knobs.token_overlap_seconds)

    def check(self, token: str | None) -> None:
        """Accept a valid access_token. Raises: ApiError 41001, 40014, 42001, 40001."""
        if not token:
            raise ApiError(41001)
        if not _SHAPE.fullmatch(token):
            raise ApiError(40014)
        found = self._ground.store.row("SELECT * FROM tokens WHERE token = ?", token)
        if found is None or found["family"] == "ticket":
            raise ApiError(40001)
        if found["expires_real"] <= real_now():
            raise ApiError(42001)
        if found["replaced_real"] is not None and found["replaced_real"] <= real_now():
            raise ApiError(40001)

    def ticket(self) -> Token:
        """Return the jsapi_ticket: the same until it expires."""
        with self._ground.store.transaction():
            found = self._ground.store.row(
                "SELECT * FROM tokens WHERE family = 'ticket' AND expires_real > ?",
                real_now() + LAST_MINUTES,
            )
            if found is not None:
                return Token(
                    value=found["token"], expires_in=int(found["expires_real"] - real_now())
                )
            return self._issue("ticket", 0)

    def tickets(self) -> list[str]:
        """Return the tickets that still count, for checking a page's signature."""
        rows = self._ground.store.rows(
            "SELECT token FROM tokens WHERE family = 'ticket' AND expires_real > ?", real_now()
        )
        return [row["token"] for row in rows]

    def expire_all(self) -> None:
        """End every token's life at once, as a test may ask."""
        self._ground.store.run("UPDATE tokens SET expires_real = ?", real_now())

    def _issue(self, family: str, overlap_seconds: float) -> Token:
        seconds = self._ground.knobs.token_seconds
        value = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(100)}"
        now = real_now()
        with self._ground.store.transaction():
            self._ground.store.run(
                "UPDATE tokens SET replaced_real = ? WHERE family = ? AND replaced_real IS NULL",
                now + overlap_seconds,
                family,
            )
            self._ground.store.run(
                "INSERT INTO tokens (token, family, issued_real, expires_real) VALUES (?, ?, ?, ?)",
                value,
                family,
                now,
                now + seconds,
            )
        return Token(value=value, expires_in=seconds)
