"""What a message about a payout asks for, and which answers count."""

import pytest

from rules.money import AmountRefused
from rules.payout_conversation import ALL, Answer, PayoutStep, hear, read_amount, wish_of


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("提现", ""),
        (" 提现。", ""),
        ("我要提现", ""),
        ("提现 50", "50"),
        ("提现50.5", "50.5"),
        ("我要提现：50元", "50元"),
        ("申请提现 1,200", "1,200"),
        ("全部提现", ALL),
        ("我要全部提现！", ALL),
        ("提现 全部", ALL),
        ("提现 -5", "-5"),
        ("提现 ５０", "５０"),
        ("50", None),
        ("怎么提现", None),
        ("", None),
    ],
)
def test_what_a_text_wishes(text: str, wish: str | None) -> None:
    assert wish_of(text) == wish


@pytest.mark.parametrize(
    ("text", "fen"),
    [("50", 5_000), ("50.5", 5_050), ("¥1,200.05", 120_005), ("50 元", 5_000), ("0.01", 1)],
)
def test_amounts_are_read(text: str, fen: int) -> None:
    assert read_amount(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "+5",
        "1e3",
        "50.555",
        "50.",
        ".5",
        "50,5",
        "1,2,3",
        "５０",
        "٥٠",
        "²",
        "五十",
        "true",
        "True",
        "None",
        "NaN",
        "inf",
        "0x10",
        "5 0",
        "1" * 11,
        "1" * 5000,
        "",
        "元",
    ],
)
def test_what_is_no_amount_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(AmountRefused):
        read_amount(text)
    with pytest.raises(AmountRefused):
        hear(PayoutStep.AMOUNT, text)


def test_only_a_plain_word_confirms() -> None:
    confirmed = [
        hear(PayoutStep.CONFIRM, word).answer for word in ("确认", "确定。", " 确认提现！")
    ]
    assert confirmed == [Answer.CONFIRMED] * 3
    for word in ("好", "不确认", "确认吗", "嗯", "ok"):
        assert hear(PayoutStep.CONFIRM, word).answer is Answer.UNCLEAR


def test_another_amount_changes_the_question() -> None:
    heard = hear(PayoutStep.CONFIRM, "20.5")
    assert (heard.answer, heard.amount_fen) == (Answer.AMOUNT, 2_050)
    assert hear(PayoutStep.CONFIRM, "全部").answer is Answer.EVERYTHING
    with pytest.raises(AmountRefused):
        hear(PayoutStep.CONFIRM, "确认 ２０")
