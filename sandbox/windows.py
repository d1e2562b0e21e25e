"""When the account may write first: the customer-service windows (客服消息).

Each act opens its own window with its own count; the same act again opens it anew. A message is
taken from the open window that ends first. How windows overlap is not documented.
"""

from enum import StrEnum

from sandbox.errors import ApiError
from sandbox.ground import Ground


class Act(StrEnum):
    """What a person did to open a window."""

    USER_MESSAGE = "user_message"
    MENU_CLICK = "menu_click"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    PAYMENT = "payment"


class Windows:
    """Open windows by openid and act."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def open(self, openid: str, act: Act) -> None:
        """Open the window of `act`; None as a count means unlimited."""
        knobs = self._ground.knobs
        seconds: int = getattr(knobs, f"{act}_seconds")
        count = None if act == Act.PAYMENT else getattr(knobs, f"{act}_count")
        self._ground.store.run(
            "INSERT OR REPLACE INTO windows (openid, kind, expires_at, remaining) "
            "VALUES (?, ?, ?, ?)",
            openid,
            act,
            self._ground.clock.now() + seconds,
            count,
        )

    def check(self, openid: str) -> None:
        """Raises: ApiError 45015 without an open window, 45047 when all are used up."""
        self._choose(openid)

    def spend(self, openid: str) -> None:
        """Take one message from a window. Raises: ApiError 45015, 45047."""
        with self._ground.store.transaction():
            self._ground.store.run(
                "UPDATE windows SET remaining = remaining - 1 WHERE openid = ? AND kind = ?",
                openid,
                self._choose(openid),
            )

    def _choose(self, openid: str) -> str:
        rows = self._ground.store.rows(
            "SELECT kind, remaining FROM windows WHERE openid = ? AND expires_at > ? "
            "ORDER BY expires_at",
            openid,
            self._ground.clock.now(),
        )
        if not rows:
            raise ApiError(45015)
        for row in rows:
            if row["remaining"] is None or row["remaining"] > 0:
                return str(row["kind"])
        raise ApiError(45047)
