"""Which commission a message wants explained."""

import pytest

from rules.explanation import Question, question_of, short_code


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("为什么", Question()),
        ("为什么？", Question()),
        ("明细", Question()),
        ("佣金明细", Question()),
        ("怎么算的", Question()),
        ("为什么 26112310000012345678", Question(order_code="26112310000012345678")),
        ("明细 345678", Question(order_code="345678")),
        ("明细：n0000000001", Question(order_code="N0000000001")),
        ("为什么是 ¥12.40？", Question(amount_fen=1_240)),
        ("为什么是12.4元", Question(amount_fen=1_240)),
        ("为什么 12", Question(amount_fen=1_200)),
        ("为什么天是蓝的", None),
        ("为什么 １２.40", None),
        ("为什么 -12.40", None),
        ("订单明细", None),
        ("", None),
    ],
)
def test_what_a_text_wants_explained(text: str, question: Question | None) -> None:
    assert question_of(text) == question


def test_the_short_code_of_a_notice_finds_the_order() -> None:
    code = short_code("26112310000012345678")
    assert question_of(f"为什么 {code}") == Question(order_code=code)
