"""Reading ids from an address: junk counts as absent, since links get cut on their way."""

from flask import request

from web.row_ids import row_id


def asked_id(name: str) -> int | None:
    """Return the row id that `?name=` carries, None without one."""
    return row_id(request.args.get(name, ""))
