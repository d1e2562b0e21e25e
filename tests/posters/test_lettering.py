import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops

from posters.lettering import (
    BOLD,
    MISSING,
    REGULAR,
    Style,
    _in_bold,
    fitted,
    initial,
    is_drawable,
    plain,
    width,
    wrapped,
    write,
)

STYLE = Style(size=36, colour="#000000")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("林晓棠", "林晓棠"),
        ("陶喆😀", "陶喆"),
        ("👩‍👩‍👧小雨家", "小雨家"),
        ("1️⃣号店", "1号店"),
        ("🇨🇳阿英", "阿英"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("José", "José"),
        ("𝓛𝓲𝓷", "Lin"),
        ("王\u200b\u202e小\n明", "王小 明"),
        ("𬭎伯", MISSING + "伯"),
        ("❤️", ""),
    ],
)
def test_a_name_is_shown_with_glyphs_that_exist(name: str, shown: str) -> None:
    assert plain(name) == shown


def test_every_character_said_to_be_drawable_has_a_glyph() -> None:
    bold, regular = TTFont(BOLD).getBestCmap(), TTFont(REGULAR).getBestCmap()
    for codepoint in range(0x10000):
        character = chr(codepoint)
        if is_drawable(character):
            assert codepoint in (bold if _in_bold(character) else regular), character


@pytest.mark.parametrize("name", ["喆", "镕", "囍"])
def test_rare_characters_of_names_are_not_the_empty_box(name: str) -> None:
    assert not _in_bold(name)
    assert ImageChops.difference(_drawn(name), _drawn("一")).getbbox() is not None
    assert _ink(_drawn(name)) > 2 * _ink(_drawn("一"))


def test_a_name_that_fits_is_left_alone() -> None:
    assert fitted("林晓棠", STYLE, 200) == "林晓棠"


@pytest.mark.parametrize("room", [80, 150, 224, 300])
def test_a_long_name_is_cut_to_its_room(room: int) -> None:
    shown = fitted("欧阳囍喆镕的护肤小店铺Alice", STYLE, room)
    assert shown.endswith("…")
    assert room - 60 < width(shown, STYLE) <= room


def test_what_is_written_is_as_wide_as_was_measured() -> None:
    image = Image.new("L", (600, 80), 255)
    write(image, (10, 50), "囍Alice护肤", STYLE)
    box = ImageChops.invert(image).getbbox()
    assert box is not None
    assert abs(box[2] - 10 - width("囍Alice护肤", STYLE)) <= 4


def test_a_caption_is_broken_without_tearing_words_or_opening_with_a_comma() -> None:
    lines = wrapped("换季泛红别硬扛，先用 Shuyu 精华养回来，再谈美白提亮和抗老", STYLE, 290, 4)
    assert "".join(lines).replace(" ", "").startswith("换季泛红别硬扛，先用Shuyu")
    assert not any(line[0] in "，。" for line in lines)
    assert any("Shuyu" in line for line in lines)
    assert all(width(line, STYLE) <= 290 for line in lines)


def test_a_caption_that_is_too_long_ends_with_an_ellipsis_on_its_last_line() -> None:
    lines = wrapped("字" * 100, STYLE, 290, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")


@pytest.mark.parametrize(("name", "letter"), [("😀林", "林"), ("alice", "A"), ("😀", "友")])
def test_the_avatar_shows_the_first_letter(name: str, letter: str) -> None:
    assert initial(name) == letter


def _drawn(text: str) -> Image.Image:
    image = Image.new("L", (60, 60), 255)
    write(image, (10, 45), text, STYLE)
    return image


def _ink(image: Image.Image) -> int:
    return sum(image.histogram()[:128])
