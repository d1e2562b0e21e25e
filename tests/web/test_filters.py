"""How amounts, times, phones and places are written."""

from datetime import datetime, timedelta

import pytest
from flask import Flask, render_template_string

from web import divisions, filters


@pytest.mark.parametrize(
    ("fen", "written"),
    [(0, "0.00"), (5, "0.05"), (12_800, "128.00"), (-501, "-5.01"), (123_456_789, "1,234,567.89")],
)
def test_amounts_are_written_from_whole_fen(fen: int, written: str) -> None:
    assert filters.yuan(fen) == written
    whole, rest = written.split(".")
    assert filters.yuan_parts(fen) == (whole, rest)


@pytest.mark.parametrize("value", [1.0, 128.5, True, "128", None])
def test_an_amount_that_is_not_whole_fen_never_reaches_a_page(value: object) -> None:
    for written in (filters.yuan, filters.yuan_parts, filters.percent, filters.grouped):
        with pytest.raises(TypeError):
            written(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rate_bp", "written"),
    [(0, "0%"), (1, "0.01%"), (50, "0.5%"), (1000, "10%"), (1250, "12.5%"), (10_000, "100%")],
)
def test_rates_are_written_without_needless_zeros(rate_bp: int, written: str) -> None:
    assert filters.percent(rate_bp) == written


def test_times_are_shanghais(noon: datetime) -> None:
    assert filters.local_time(noon) == "2026-11-24 12:00"
    assert filters.local_date(noon + timedelta(hours=13)) == "2026-11-25"
    assert filters.local_time(None) == "—"
    with pytest.raises(ValueError, match="naive"):
        filters.local_time(noon.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("ago", "written"),
    [
        (timedelta(seconds=5), "刚刚"),
        (timedelta(seconds=-5), "马上"),
        (timedelta(minutes=5), "5 分钟前"),
        (timedelta(minutes=-59), "59 分钟后"),
        (timedelta(hours=11), "11 小时前"),
        (timedelta(hours=13), "昨天 23:00"),
        (timedelta(hours=-14), "明天 02:00"),
        (timedelta(days=3), "3 天前"),
        (timedelta(days=-6), "6 天后"),
        (timedelta(days=7), "11-17"),
        (timedelta(days=400), "2025-10-20"),
    ],
)
def test_near_times_are_written_in_words(noon: datetime, ago: timedelta, written: str) -> None:
    assert filters.relative_time(noon - ago, noon) == written


def test_phones_and_names_are_masked() -> None:
    assert filters.masked_phone("13800138000") == "138****8000"
    assert filters.masked_phone("1380") == "****"
    assert filters.masked_phone(None) == "—"
    assert filters.masked_name("王小美") == "王**"
    assert filters.masked_name("") == "—"


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("330106", "浙江省 杭州市 西湖区"),
        ("330100", "浙江省 杭州市"),
        ("310104", "上海市 徐汇区"),
        ("429004", "湖北省 仙桃市"),
        ("000000", "全国"),
        ("999999", "999999"),
        (None, "—"),
    ],
)
def test_places_are_written_from_the_province_down(code: str | None, written: str) -> None:
    assert filters.division(code) == written


def test_every_district_has_a_city_and_a_province() -> None:
    districts = [
        d for city in divisions.all_cities() for d in divisions.districts_of(city.city_code)
    ]
    assert len(districts) > 2_800
    assert all(divisions.is_district(district.code) for district in districts)
    assert all(len(divisions.parts_of(district.code)) >= 2 for district in districts)
    assert {province.name for province in divisions.provinces()} >= {
        "北京市",
        "浙江省",
        "西藏自治区",
    }


def test_templates_know_the_filters_and_macros(app: Flask) -> None:
    source = """
      {% from "shared/money.html" import money, price %}
      {% from "shared/status.html" import order_badge %}
      {{ money(-500, signed=true) }}|{{ price(12800, was_fen=16800) }}|{{ order_badge("paid") }}
    """
    with app.test_request_context("/", base_url="https://shop.example.cn"):
        written = render_template_string(source)
    assert "−¥5.00" in written
    assert "¥168.00" in written
    assert "待发货" in written
