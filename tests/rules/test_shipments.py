"""Which parcels a buyer could follow."""

import pytest

from rules.shipments import CARRIERS, Parcel, ShipmentRefused, check_parcel


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("number", ["SF1234567890", "123456", "JD-0000-1111", "9" * 40])
def test_a_parcel_that_can_be_followed(carrier: str, number: str) -> None:
    check_parcel(Parcel(carrier=carrier, tracking_number=number))


@pytest.mark.parametrize(
    ("carrier", "number", "field"),
    [
        ("某某快递", "SF1234567890", "carrier"),
        ("", "", "carrier"),
        ("顺丰速运", "12345", "tracking_number"),
        ("顺丰速运", "9" * 41, "tracking_number"),
        ("顺丰速运", "SF 123<b>", "tracking_number"),
        ("顺丰速运", "１２３４５６７", "tracking_number"),
        ("顺丰速运", "SF1234567\n", "tracking_number"),
    ],
)
def test_a_parcel_nobody_could_find_is_refused_by_its_field(
    carrier: str, number: str, field: str
) -> None:
    with pytest.raises(ShipmentRefused) as refused:
        check_parcel(Parcel(carrier=carrier, tracking_number=number))
    assert refused.value.field == field
