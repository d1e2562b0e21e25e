"""Materials that may be handed out, and those that may be published."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.materials import (
    MaterialExpired,
    MaterialRecalled,
    MaterialRefused,
    MaterialStatus,
    MaterialUnusable,
    caption_with_link,
    check_material,
    check_usable,
    is_usable,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)

UNUSABLE = [
    (MaterialStatus.RECALLED, LATER, MaterialRecalled),
    (MaterialStatus.RECALLED, NOW, MaterialRecalled),
    (MaterialStatus.PUBLISHED, NOW, MaterialExpired),
]


@pytest.mark.parametrize(("status", "valid_until", "refusal"), UNUSABLE)
def test_recalled_or_expired_is_not_handed_out(
    status: MaterialStatus, valid_until: datetime, refusal: type[MaterialUnusable]
) -> None:
    assert not is_usable(status, valid_until, NOW)
    with pytest.raises(refusal):
        check_usable(status, valid_until, NOW)


def test_published_and_valid_is_handed_out() -> None:
    assert is_usable(MaterialStatus.PUBLISHED, LATER, NOW)
    check_usable(MaterialStatus.PUBLISHED, LATER, NOW)


WRONG = [
    (" ", "文案", LATER, "title"),
    ("长" * 61, "文案", LATER, "title"),
    ("标题", "\n", LATER, "caption"),
    ("标题", "长" * 501, LATER, "caption"),
    ("标题", "文案", NOW, "valid_until"),
]


@pytest.mark.parametrize(("title", "caption", "valid_until", "field"), WRONG)
def test_what_cannot_be_published(
    title: str, caption: str, valid_until: datetime, field: str
) -> None:
    with pytest.raises(MaterialRefused) as refusal:
        check_material(title, caption, valid_until, NOW)
    assert refusal.value.field == field


def test_the_copy_for_a_group_ends_with_her_link() -> None:
    check_material("标题", "文案", LATER, NOW)
    assert caption_with_link("文案 \n", "https://a.example/r/X") == "文案\nhttps://a.example/r/X"
