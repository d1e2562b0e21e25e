"""Provinces, cities and districts (行政区划) by their six-digit codes."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "static/vendor/divisions/divisions.json"
NATIONWIDE = "000000"


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
        if name is not None and name not in names:
            names.append(name)
    return tuple(names)


def is_district(code: str) -> bool:
    """Tell whether a code names a district, the level that a parcel needs."""
    return code in _tables()[2]


def find(text: str) -> Division | None:
    """Read a province or city that a person typed: 浙江杭州, 浙江省杭州市, 上海, 杭州.

    The city wins over the province; None when neither is named.
    """
    wanted = text.replace(" ", "")
    best: Division | None = None
    longest = 0
    found_province = next((p for p in provinces() if _stem(p.name) in wanted), None)
    if found_province is not None:
        wanted = wanted.replace(_stem(found_province.name), "", 1)
        cities = cities_of(found_province.code)
    else:
        cities = tuple(Division(code=code, name=name) for code, name in _tables()[1].items())
    for city in cities:
        stem = _stem(city.name)
        if stem in wanted and len(stem) > longest:
            best, longest = city, len(stem)
    return best or found_province


def _stem(name: str) -> str:
    for ending in ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "地区"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name[:-1] if name[-1] in "省市" and len(name) > 2 else name
