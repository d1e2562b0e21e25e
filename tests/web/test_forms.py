"""What forms send, read as typed values; anything else is one Chinese sentence."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import yuan
from web.forms import Form, InvalidField


class Colour(StrEnum):
    """Something to choose from."""

    RED = "red"
    BLUE = "blue"


READERS: dict[str, Callable[[Form], object]] = {
    "text": lambda form: form.text("field", "名称", max_length=5),
    "lines": lambda form: form.text("field", "说明", max_length=9, many_lines=True),
    "optional": lambda form: form.text("field", "备注", max_length=5, min_length=0),
    "integer": lambda form: form.integer("field", "数量", minimum=1, maximum=99),
    "yuan": lambda form: form.yuan("field", "售价", minimum_fen=1, maximum_fen=100_000),
    "rate": lambda form: form.rate("field", "佣金", maximum_bp=5_000),
    "day": lambda form: form.day("field", "日期"),
    "moment": lambda form: form.moment("field", "时间"),
    "choice": lambda form: form.choice("field", "颜色", Colour),
    "phone": lambda form: form.phone("field"),
    "district": lambda form: form.district("field"),
}


@pytest.mark.parametrize(
    ("reader", "typed", "value"),
    [
        ("text", "  山茶花 ", "山茶花"),
        ("text", "e\u0301", "é"),
        ("lines", "一\r\n二\r三", "一\n二\n三"),
        ("optional", "", ""),
        ("integer", "7", 7),
        ("integer", "007", 7),
        ("yuan", "128", 12_800),
        ("yuan", "¥1,000.00", 100_000),
        ("yuan", "0.5", 50),
        ("yuan", "0.01", 1),
        ("rate", "12.5", 1_250),
        ("rate", "12.05%", 1_205),
        ("day", "2026-11-24", date(2026, 11, 24)),
        ("moment", "2026-11-24T08:30", datetime(2026, 11, 24, 0, 30, tzinfo=UTC)),
        ("moment", "2026-11-24T08:30:15", datetime(2026, 11, 24, 0, 30, 15, tzinfo=UTC)),
        ("choice", "blue", Colour.BLUE),
        ("phone", "138 0013-8000", "13800138000"),
        ("district", "330106", "330106"),
    ],
)
def test_good_input_is_read(reader: str, typed: str, value: object) -> None:
    read = READERS[reader](Form({"field": typed}))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("reader", "typed"),
    [
        ("text", ""),
        ("text", "   "),
        ("text", "一二三四五六"),
        ("text", "a\x00b"),
        ("text", "a\nb"),
        ("text", "a\x1b[0m"),
        ("text", "\ud800"),
        ("lines", "a\x00b"),
        ("integer", ""),
        ("integer", "７"),
        ("integer", "٧"),
        ("integer", "²"),
        ("integer", "1.0"),
        ("integer", "1e1"),
        ("integer", "+1"),
        ("integer", "1_0"),
        ("integer", "0x1"),
        ("integer", "True"),
        ("integer", "0"),
        ("integer", "100"),
        ("integer", "-1"),
        ("integer", "9" * 5000),
        ("yuan", ""),
        ("yuan", "128.001"),
        ("yuan", "１２"),
        ("yuan", "-1"),
        ("yuan", "1e3"),
        ("yuan", "NaN"),
        ("yuan", "Infinity"),
        ("yuan", ".5"),
        ("yuan", "5."),
        ("yuan", "0"),
        ("yuan", "1000.01"),
        ("yuan", "9" * 5000),
        ("rate", "50.01"),
        ("rate", "-1"),
        ("rate", "一半"),
        ("day", "2026-02-30"),
        ("day", "24.11.2026"),
        ("day", "２０２６-11-24x"),
        ("moment", "2026-11-24"),
        ("moment", "2026-11-24T25:00"),
        ("moment", "0001-01-01T00:00"),
        ("moment", "99999-01-01T00:00"),
        ("choice", ""),
        ("choice", "green"),
        ("choice", "RED"),
        ("phone", "12800138000"),
        ("phone", "1380013800"),
        ("phone", "1３800138000"),
        ("phone", "+8613800138000"),
        ("district", "330100"),
        ("district", "999999"),
        ("district", "' OR 1=1"),
    ],
)
def test_bad_input_is_refused_with_a_sentence_at_its_field(reader: str, typed: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        READERS[reader](Form({"field": typed}))
    assert refusal.value.field == "field"
    assert refusal.value.code == "invalid_field"
    assert refusal.value.message.endswith("。")


@pytest.mark.parametrize("reader", ["integer", "yuan", "rate"])
@pytest.mark.parametrize(
    "typed",
    [
        "--1",
        "１",
        "٧",
        "²",
        "十",
        "1e1",
        "1E1",
        "NaN",
        "nan",
        "-Infinity",
        "true",
        "None",
        "0b1",
        "1_0",
        "1 0",
        "1\u00a00",
        "1\u200b",
        "1,",
        ",1",
        "1,00",
        "1.2.3",
        "1.",
        ".1",
        "1\x00",
        "\x00",
        "1\n2",
        "1;2",
        "9" * 300,
    ],
)
def test_what_only_resembles_a_number_is_none(reader: str, typed: str) -> None:
    with pytest.raises(InvalidField):
        READERS[reader](Form({"field": typed}))


@pytest.mark.parametrize("reader", [name for name in READERS if name != "optional"])
def test_a_field_that_was_not_sent_is_refused(reader: str) -> None:
    with pytest.raises(InvalidField):
        READERS[reader](Form({}))


@given(st.integers(min_value=0, max_value=100_000_000_00))
def test_an_amount_written_on_a_page_reads_back_as_itself(amount_fen: int) -> None:
    assert Form({"field": yuan(amount_fen)}).yuan("field", "售价") == amount_fen


@given(st.text(max_size=30), st.sampled_from(sorted(READERS)))
def test_no_text_makes_a_reader_fail_otherwise(typed: str, reader: str) -> None:
    with suppress(InvalidField):
        READERS[reader](Form({"field": typed}))
