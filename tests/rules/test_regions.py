"""Which city is meant by what a person types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.distributors import RegionRefused
from rules.regions import City, CityMissing, RegionAmbiguous, city_names, find_city, province_names

ROWS = [
    "110000 北京市 110100 北京市",
    "210000 辽宁省 211300 朝阳市",
    "220000 吉林省 220100 长春市",
    "220000 吉林省 220200 吉林市",
    "220000 吉林省 222400 延边朝鲜族自治州",
    "330000 浙江省 330100 杭州市",
    "330000 浙江省 330200 宁波市",
    "420000 湖北省 422800 恩施土家族苗族自治州",
    "420000 湖北省 429000 省直辖县",
    "450000 广西壮族自治区 450300 桂林市",
    "460000 海南省 460100 海口市",
    "500000 重庆市 500100 重庆市",
    "500000 重庆市 500200 县",
    "540000 西藏自治区 542500 阿里地区",
    "630000 青海省 632500 海南藏族自治州",
    "650000 新疆维吾尔自治区 652700 博尔塔拉蒙古自治州",
]
CITIES = [
    City(province_code=code, province_name=province, city_code=city_code, city_name=name)
    for code, province, city_code, name in (row.split() for row in ROWS)
]

FOUND = [
    ("浙江杭州", "330100"),
    ("浙江省杭州市", "330100"),
    ("浙江省 杭州市", "330100"),
    ("浙江，杭州", "330100"),
    ("浙江-杭州", "330100"),
    ("杭州", "330100"),
    ("杭州市西湖区", "330100"),
    ("浙江省杭州市西湖区文三路 1 号", "330100"),
    ("北京", "110100"),
    ("北京市", "110100"),
    ("北京北京", "110100"),
    ("北京市朝阳区", "110100"),
    ("北京朝阳", "110100"),
    ("朝阳", "211300"),
    ("重庆", "500100"),
    ("重庆市渝中区", "500100"),
    ("吉林市", "220200"),
    ("吉林吉林", "220200"),
    ("吉林长春", "220100"),
    ("吉林延边", "222400"),
    ("延边州", "222400"),
    ("恩施", "422800"),
    ("湖北恩施州", "422800"),
    ("恩施土家族苗族自治州", "422800"),
    ("广西桂林", "450300"),
    ("广西壮族自治区桂林市", "450300"),
    ("青海海南", "632500"),
    ("西藏阿里", "542500"),
    ("新疆博尔塔拉", "652700"),
]


@pytest.mark.parametrize(("typed", "code"), FOUND)
def test_a_city_however_it_is_written(typed: str, code: str) -> None:
    assert find_city(typed, CITIES).city_code == code


@pytest.mark.parametrize("typed", ["吉林", "吉林省", "浙江", "湖北省"])
def test_a_province_alone_is_not_enough(typed: str) -> None:
    with pytest.raises(CityMissing) as refusal:
        find_city(typed, CITIES)
    assert refusal.value.province_name.startswith(typed[:2])
    assert "例如" in refusal.value.message


@pytest.mark.parametrize("typed", ["", "  ", "火星", "州", "市", "县", "省直辖县", "🌸"])
def test_no_such_place(typed: str) -> None:
    with pytest.raises(RegionRefused):
        find_city(typed, CITIES)


def test_one_name_in_two_provinces_must_be_written_out() -> None:
    twin = City(
        province_code="620000", province_name="甘肃省", city_code="620100", city_name="杭州市"
    )
    with pytest.raises(RegionAmbiguous) as refusal:
        find_city("杭州", [*CITIES, twin])
    assert refusal.value.choices == ("浙江省杭州市", "甘肃省杭州市")
    assert find_city("甘肃杭州", [*CITIES, twin]) == twin


@given(st.sampled_from(CITIES), st.data())
def test_every_city_is_found_by_province_and_name(city: City, data: st.DataObject) -> None:
    province = data.draw(st.sampled_from(province_names(city.province_name)))
    name = data.draw(st.sampled_from(city_names(city.city_name)))
    assert find_city(province + name, CITIES) == city


@given(st.text(max_size=40))
def test_anything_typed_is_a_city_or_a_refusal(text: str) -> None:
    try:
        found = find_city(text, CITIES)
    except RegionRefused as refusal:
        assert refusal.message.endswith("。")  # noqa: PT017 - both ends are legal here
    else:
        assert found in CITIES
