"""Reading the filters of a list from its address: junk is a 404, never an error."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from flask import abort, request
from werkzeug.exceptions import NotFound

from rules.china_time import SHANGHAI
from web.row_ids import row_id

Choice = TypeVar("Choice", bound=str)

LONGEST_TEXT = 60
PAGE_SIZE = 20


def asked_choice(name: str, choices: Iterable[Choice]) -> Choice | None:
    """Return the choice that `?name=` asks for, None if it is absent or empty.

    Raises: NotFound: it is none of the choices.
    """
    wanted = request.args.get(name, "")
    if not wanted:
        return None
    for choice in choices:
        if choice == wanted:
            return choice
    raise NotFound


def asked_text(name: str = "q") -> str:
    """Return the text that a search asks for.

    Raises: NotFound: it is longer than the field lets anybody type.
    """
    text = request.args.get(name, "").strip()
    if len(text) > LONGEST_TEXT:
        abort(404)
    return text


def asked_id(name: str) -> int | None:
    """Return the row id that `?name=` asks for, None if it is absent or empty.

    Raises: NotFound: it can't be an id.
    """
    text = request.args.get(name, "")
    if not text:
        return None
    number = row_id(text)
    if number is None:
        abort(404)
    return number


def asked_day(name: str) -> date | None:
    """Return the Shanghai day that `?name=` asks for, None if it is absent or empty.

    Raises: NotFound: it isn't a day of this century.
    """
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    if not 2000 <= day.year <= 2099:
        abort(404)
    return day


def start_of(day: date | None, *, plus_days: int = 0) -> datetime | None:
    """Return when a Shanghai day begins (aware UTC), or one some days later."""
    if day is None:
        return None
    moment = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=plus_days)
    return moment.astimezone(UTC)


def tab_address(path: str, name: str, value: str) -> str:
    """Return a list's address with one tab chosen; other filters stay."""
    kept = [
        pair for pair in request.args.items(multi=True) if pair[0] not in {name, "page"} and pair[1]
    ]
    query = urlencode([*kept, *([(name, value)] if value else [])])
    return f"{path}?{query}" if query else path
