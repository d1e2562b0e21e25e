"""The cities that a person may live in, for the joining conversation."""

from functools import cache

from rules.regions import City
from web.divisions import cities_of, provinces


@cache
def all_cities() -> tuple[City, ...]:
    """Return every city with its province."""
    return tuple(
        City(
            province_code=province.code,
            province_name=province.name,
            city_code=city.code,
            city_name=city.name,
        )
        for province in provinces()
        for city in cities_of(province.code)
    )
