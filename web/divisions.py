"""Provinces, cities and districts (行政区划) by their six-digit codes."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rules.regions import City

FILE = Path(__file__).resolve().parent.parent / "static/vendor/divisions/divisions.json"
NATIONWIDE = "000000"
GROUPS = frozenset({"县", "市辖区", "省直辖县", "自治区直辖县"})
"""Groups of counties in the place of a city: nobody writes them in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """One province, city or district."""

    code: str
    name: str


@cache
def _tables() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    read = json.loads(FILE.read_text("utf-8"))
    return read["provinces"], read["cities"], read["districts"]


def provinces() -> tuple[Division, ...]:
    """Return all provinces, by code."""
    return tuple(Division(code=code, name=name) for code, name in _tables()[0].items())


def cities_of(province_code: str) -> tuple[Division, ...]:
    """Return the cities of a province; none for an unknown code."""
    return _below(_tables()[1], province_code[:2])


def districts_of(city_code: str) -> tuple[Division, ...]:
    """Return the districts of a city; none for an unknown code."""
    return _below(_tables()[2], city_code[:4])


def _below(table: dict[str, str], prefix: str) -> tuple[Division, ...]:
    return tuple(
        Division(code=code, name=name) for code, name in table.items() if code.startswith(prefix)
    )


def parts_of(code: str) -> tuple[str, ...]:
    """Return the names from the province down to `code`; () when it is unknown.

    A municipality's city level repeats the province's name, so it is named once.
    """
    if code == NATIONWIDE:
        return ("全国",)
    tables = _tables()
    if not any(code in table for table in tables):
        return ()
    levels = (f"{code[:2]}0000", f"{code[:4]}00", code)
    names: list[str] = []
    for table, level in zip(tables, levels, strict=True):
        name = table.get(level)
        if name is not None and name not in names and name not in GROUPS:
            names.append(name)
    return tuple(names)


def is_district(code: str) -> bool:
    """Tell whether a code names a district, the level that a parcel needs."""
    return code in _tables()[2]


@cache
def all_cities() -> tuple[City, ...]:
    """Return all cities with their provinces, for `rules.regions.find_city`."""
    names = _tables()[0]
    return tuple(
        City(
            province_code=f"{code[:2]}0000",
            province_name=names[f"{code[:2]}0000"],
            city_code=code,
            city_name=name,
        )
        for code, name in _tables()[1].items()
    )
