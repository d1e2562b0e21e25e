"""Authorisation, the answers of an application, referral codes."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.distributors import (
    DistributorStatus,
    NameRefused,
    PhoneRefused,
    ReasonMissing,
    check_name,
    check_phone,
    check_reason,
    is_authorised,
    is_referral_code,
    normalise_referral_code,
    plain_text,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

AUTHORISED = [
    (DistributorStatus.APPROVED, LATER, True),
    (DistributorStatus.APPROVED, None, True),
    (DistributorStatus.APPROVED, NOW, False),
    (DistributorStatus.APPROVED, NOW - timedelta(days=1), False),
    (DistributorStatus.SUSPENDED, LATER, False),
    (DistributorStatus.TERMINATED, LATER, False),
    (None, None, False),
]


@pytest.mark.parametrize(("status", "until", "expected"), AUTHORISED)
def test_authorised_is_approved_and_unexpired(
    status: DistributorStatus | None, until: datetime | None, expected: bool
) -> None:
    assert is_authorised(status, until, NOW) is expected


NAMES = [
    ("plain", "林小雨", "林小雨"),
    ("spaces folded", "  林  小雨\n", "林 小雨"),
    ("zero width", "林\u200b小\u200d雨\ufeff", "林小雨"),
    ("right to left override", "林\u202e小雨", "林小雨"),
    ("emoji", "小雨🌸美妆店❤️", "小雨美妆店"),
    ("family emoji", "👩‍👩‍👧小雨", "小雨"),
    ("full-width letters", "ＡＢ美妆１号", "AB美妆1号"),
    ("stacked marks", "小\u0301\u0302\u0303\u0304雨", "小雨"),
    ("rare characters", "喆镕囍", "喆镕囍"),
    ("foreign", "Zoë", "Zoë"),
    ("dot in a name", "阿依古丽·买买提", "阿依古丽·买买提"),
]


@pytest.mark.parametrize(("_case", "typed", "stored"), NAMES)
def test_a_name_is_stored_as_a_poster_shows_it(_case: str, typed: str, stored: str) -> None:
    assert check_name(typed) == stored


@pytest.mark.parametrize("typed", ["", "雨", "🌸🌸🌸", "\u200b\u200b", "雨" * 21, "12345", "---"])
def test_a_name_that_cannot_be_used(typed: str) -> None:
    with pytest.raises(NameRefused):
        check_name(typed)


@given(st.text(max_size=60))
def test_plain_text_hides_nothing_and_is_stable(text: str) -> None:
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert "\n" not in plain
    assert not {unicodedata.category(character)[0] for character in plain} & {"C", "M"}


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        " 138 0013 8000 ",
        "138-0013-8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "１３８００１３８０００",
        "＋８６１３８００１３８０００",
        "（138）0013 8000",
    ],
)
def test_a_mobile_number_however_it_is_typed(typed: str) -> None:
    assert check_phone(typed) == "13800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1380013800",
        "138001380000",
        "12800138000",
        "23800138000",
        "010-12345678",
        "+85291234567",
        "1380013800a",
        "١٣٨٠٠١٣٨٠٠٠",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "13800138000;DROP",
        "1380013800٠",
        "1380013800²",
    ],
)
def test_not_a_mainland_mobile_number(typed: str) -> None:
    with pytest.raises(PhoneRefused):
        check_phone(typed)


def test_a_reason_is_needed_and_short() -> None:
    assert check_reason(" 资料不完整，退回¥20 \n") == "资料不完整，退回¥20"
    for reason in ("", " \u200b ", "长" * 201):
        with pytest.raises(ReasonMissing):
            check_reason(reason)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("AB23CD45", "AB23CD45"),
        (" ab23cd45 ", "AB23CD45"),
        ("ＡＢ２３ＣＤ４５", "AB23CD45"),
        ("AB23CD4", None),
        ("AB23CD450", None),
        ("AB23CD40", None),
        ("ABI3CD45", None),
        ("AB23-D45", None),
        ("", None),
    ],
)
def test_the_shape_of_a_referral_code(typed: str, code: str | None) -> None:
    assert normalise_referral_code(typed) == code
    assert code is None or is_referral_code(code)
