"""Reading ids from an address: junk counts as absent, since links get cut on their way."""

from flask import request

from web.security import LARGEST_ID


def asked_id(name: str) -> int | None:
    """Return the row id that `?name=` carries, None without one."""
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
