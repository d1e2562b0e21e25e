"""A reported payment must be exactly the one that was asked for."""

from dataclasses import replace
from typing import Any

import pytest

from rules.payments import PaymentMismatch, PaymentTerms, check_payment

ASKED = PaymentTerms(
    amount_fen=9_900, currency="CNY", app_id="wx1", merchant_id="190000", openid="o1"
)

DIFFERENCES: list[tuple[str, Any]] = [
    ("amount_fen", 9_899),
    ("currency", "USD"),
    ("app_id", "wx2"),
    ("merchant_id", "190001"),
    ("openid", "o2"),
]


def test_the_payment_asked_for_passes() -> None:
    check_payment(ASKED, replace(ASKED))


@pytest.mark.parametrize(("field", "value"), DIFFERENCES)
def test_a_payment_that_differs_is_refused_by_the_name_of_the_difference(
    field: str, value: Any
) -> None:
    with pytest.raises(PaymentMismatch) as refusal:
        check_payment(ASKED, replace(ASKED, **{field: value}))
    assert refusal.value.field == field


def test_every_term_is_compared() -> None:
    assert {field for field, _ in DIFFERENCES} == set(PaymentTerms.__dataclass_fields__)
