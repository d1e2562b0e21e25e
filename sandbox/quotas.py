"""How often a call was used: daily quotas (45009) and calls a minute (45011)."""

from sandbox.errors import ApiError
from sandbox.ground import Ground

# Which calls share a quota: the beginning of a path, and its knob.
DAILY = (
    ("/cgi-bin/token", "token_per_day"),
    ("/cgi-bin/stable_token", "stable_token_per_day"),
    ("/cgi-bin/message/custom/send", "custom_send_per_day"),
    ("/cgi-bin/qrcode/create", "qrcode_per_day"),
    ("/cgi-bin/user/info", "user_info_per_day"),
    ("/cgi-bin/user/get", "user_get_per_day"),
    ("/cgi-bin/media/upload", "media_upload_per_day"),
    ("/cgi-bin/menu/create", "menu_create_per_day"),
    ("/cgi-bin/ticket/getticket", "ticket_per_day"),
    ("/cgi-bin/tags/", "tag_per_day"),
)


class Quotas:
    """Counters by name and period."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def charge(self, path: str) -> None:
        """Count one API call. Raises: ApiError 45011 by the minute, 45009 by the day."""
        if self.count(path, self._ground.clock.minute()) > self._ground.knobs.calls_per_minute:
            raise ApiError(45011)
        for beginning, knob in DAILY:
            if path.startswith(beginning):
                limit: int = getattr(self._ground.knobs, knob)
                if self.count(beginning, self._ground.clock.day()) > limit:
                    raise ApiError(45009)
                return

    def count(self, name: str, period: str) -> int:
        """Add one to a counter and return it."""
        found = self._ground.store.row(
            "INSERT INTO uses (name, period, used) VALUES (?, ?, 1) "
            "ON CONFLICT (name, period) DO UPDATE SET used = used + 1 RETURNING used",
            name,
            period,
        )
        assert found is not None
        return int(found["used"])

    def clear(self) -> None:
        """Reset the daily counters, ten times a month. Raises: ApiError 48006."""
        month = self._ground.clock.day()[:7]
        if self.count("clear_quota", month) > self._ground.knobs.clear_quota_per_month:
            raise ApiError(48006)
        for beginning, _knob in DAILY:
            self._ground.store.run("DELETE FROM uses WHERE name = ?", beginning)
