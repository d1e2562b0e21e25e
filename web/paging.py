"""Which page of a list is asked for, and what comes before and after it."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

Row = TypeVar("Row")

LAST_PAGE = 5_000
"""Nobody reads further; a deeper offset would only make the database count."""


class PastTheLastError(Exception):
    """A page behind the last: the list got shorter, or the link is old."""

    def __init__(self, last: int) -> None:
        super().__init__(f"the last page is {last}")
        self.last = last


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What to fetch: `limit` rows from `offset`. `number` starts at 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    @property
    def limit(self) -> int:
        """How many rows are on a page."""
        return self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """The rows of one page, and how many rows there are in all.

    Raises: PastTheLastError; `install_paging` leads to the last page instead of an empty list.
    """

    rows: tuple[Row, ...]
    total: int
    request: PageRequest

    def __post_init__(self) -> None:
        """Refuse a page that isn't there."""
        if self.number > self.count:
            raise PastTheLastError(self.count)

    @property
    def number(self) -> int:
        """Which page this is, from 1."""
        return self.request.number

    @property
    def count(self) -> int:
        """How many pages there are; an empty list still has one."""
        return max(1, -(-self.total // self.request.size))

    @property
    def first(self) -> int:
        """The position of the first row shown, 0 when there is none."""
        return self.request.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The position of the last row shown."""
        return self.request.offset + len(self.rows)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The page numbers to offer: the ends and the neighbours; 0 stands for a gap."""
        near = {1, self.count, *range(self.number - 1, self.number + 2)}
        offered: list[int] = []
        for number in sorted(n for n in near if 1 <= n <= self.count):
            if offered and number - offered[-1] == 2:
                offered.append(number - 1)
            elif offered and number - offered[-1] > 2:
                offered.append(0)
            offered.append(number)
        return tuple(offered)


def requested_page(size: int) -> PageRequest:
    """Read `?page=` of this request.

    Raises:
        NotFound: it is not a plain number from 1 to `LAST_PAGE`.
    """
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) >= 1):
        raise NotFound
    if int(text) > LAST_PAGE:
        raise NotFound
    return PageRequest(number=int(text), size=size)


def page_address(number: int) -> str:
    """Return this page's address with another page number; filters stay."""
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] != "page"]
    if number > 1:
        pairs.append(("page", str(number)))
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def install_paging(app: Flask) -> None:
    """Let the pagination macro write addresses; lead from behind the last page to it."""
    app.jinja_env.globals["page_address"] = page_address
    app.register_error_handler(PastTheLastError, _lead_to_the_last)


def _lead_to_the_last(error: Exception) -> ResponseReturnValue:
    assert isinstance(error, PastTheLastError)
    return redirect(page_address(error.last))
