"""Which province and city does a person mean by what she typed?

Divisions (行政区划) are handed in; codes are the six-digit national ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rules.distributors import RegionRefused, plain_text

_PROVINCE_SUFFIXES: Final = (
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "特别行政区",
    "自治区",
    "省",
    "市",
)
_CITY_SUFFIXES: Final = ("自治州", "地区", "盟", "市", "州")
_PEOPLES: Final = (
    "土家族",
    "哈尼族",
    "布依族",
    "朝鲜族",
    "景颇族",
    "傈僳族",
    "哈萨克",
    "柯尔克孜",
    "蒙古族",
    "蒙古",
    "苗族",
    "侗族",
    "藏族",
    "彝族",
    "壮族",
    "白族",
    "傣族",
    "回族",
    "羌族",
)
_NAMELESS: Final = frozenset({"县", "市辖区", "省直辖县", "自治区直辖县"})
"""Groups of counties that nobody would type as the name of a city."""

_MIN_SHORT_NAME: Final = 2
_SEPARATORS: Final = str.maketrans("", "", " ,，、.。/-—·|;；")


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """One city of a province, with the official names and codes of both."""

    province_code: str
    province_name: str
    city_code: str
    city_name: str

    @property
    def full_name(self) -> str:
        """Return `浙江省杭州市`, and `北京市` only once."""
        if self.province_name == self.city_name:
            return self.city_name
        return self.province_name + self.city_name


class CityMissing(RegionRefused):
    """Only a province was named; `province_name` is which."""

    code = "city_missing"

    def __init__(self, province_name: str, example: str) -> None:
        self.province_name = province_name
        super().__init__(f"还需要填写{province_name}的哪个城市，例如：{example}。")


class RegionAmbiguous(RegionRefused):
    """Several cities bear the name."""

    code = "region_ambiguous"

    def __init__(self, choices: Iterable[str]) -> None:
        self.choices = tuple(choices)
        super().__init__(f"有多个同名城市，请写全省市，例如：{'或'.join(self.choices)}。")


def find_city(text: str, cities: Sequence[City]) -> City:
    """Return the city meant by `text`: `浙江杭州`, `浙江省 杭州市`, `杭州`, `北京` and so on.

    A district or street behind the city is ignored. A province alone isn't enough, unless it is a
    municipality.

    Raises: RegionRefused, CityMissing, RegionAmbiguous.
    """
    typed = plain_text(text).translate(_SEPARATORS)
    if not typed:
        raise RegionRefused
    of_province = [city for city in cities if typed in province_names(city.province_name)]
    if of_province:
        return _only_city(of_province)
    lengths = [(_matched_length(typed, city), city) for city in cities]
    longest = max((length for length, _ in lengths), default=0)
    if longest == 0:
        raise RegionRefused
    found = [city for length, city in lengths if length == longest]
    if len(found) > 1:
        raise RegionAmbiguous(city.full_name for city in found)
    return found[0]


def province_names(name: str) -> tuple[str, ...]:
    """Return how a province may be written: the full name, and the short one."""
    return _names(name, _short(name, _PROVINCE_SUFFIXES))


def city_names(name: str) -> tuple[str, ...]:
    """Return how a city may be written: 恩施土家族苗族自治州 is also 恩施州 and 恩施."""
    short = _short(name, _CITY_SUFFIXES)
    is_prefecture = name.endswith("自治州")
    while is_prefecture and (people := next((p for p in _PEOPLES if short.endswith(p)), None)):
        shorter = short.removesuffix(people)
        if len(shorter) < _MIN_SHORT_NAME:
            break
        short = shorter
    return _names(name, *((f"{short}州",) if is_prefecture else ()), short)


def _names(*names: str) -> tuple[str, ...]:
    """Drop repeats, keep the order."""
    return tuple(dict.fromkeys(names))


def _short(name: str, suffixes: tuple[str, ...]) -> str:
    """Return a name without its kind of division, if enough of a name is left."""
    for suffix in suffixes:
        if name.endswith(suffix) and len(name) - len(suffix) >= _MIN_SHORT_NAME:
            return name.removesuffix(suffix)
    return name


def _only_city(cities: list[City]) -> City:
    """Return a municipality's own city; any other province needs one more word."""
    if len(cities) == 1:
        return cities[0]
    for city in cities:
        if city.city_name == city.province_name:
            return city
    raise CityMissing(cities[0].province_name, cities[0].full_name)


def _matched_length(typed: str, city: City) -> int:
    """Return how many characters of `typed` name this city, 0 if they don't.

    A named province counts, so that it decides between cities of one name.
    """
    longest = 0
    for name in city_names(city.city_name):
        if city.city_name not in _NAMELESS and typed.startswith(name):
            longest = max(longest, len(name))
        for province in province_names(city.province_name):
            if typed.startswith(province + name):
                longest = max(longest, len(province + name))
    return longest
