"""Addresses that a courier finds, and those that are refused."""

from dataclasses import replace

import pytest

from rules.addresses import (
    MOST_ADDRESSES,
    AddressDraft,
    AddressRefused,
    check_address,
    check_room,
)
from rules.distributors import PhoneRefused

DRAFT = AddressDraft(
    receiver="小满",
    phone="13800000001",
    province_code="330000",
    city_code="330100",
    district_code="330106",
    detail="文三路 90 号 3 幢",
    is_default=False,
)


def test_an_address_is_kept_in_plain_words() -> None:
    typed = replace(DRAFT, receiver=" 小满\u200b ", phone="１３８ 0000-0001")
    assert check_address(typed) == DRAFT


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "长" * 21])
def test_a_receiver_has_a_name_that_fits(name: str) -> None:
    with pytest.raises(AddressRefused, match="收货人姓名"):
        check_address(replace(DRAFT, receiver=name))
    assert check_address(replace(DRAFT, receiver="长" * 20)).receiver == "长" * 20


@pytest.mark.parametrize("detail", ["", "路 1", "长" * 101])
def test_a_place_has_words_enough_and_not_too_many(detail: str) -> None:
    with pytest.raises(AddressRefused, match="4 到 100"):
        check_address(replace(DRAFT, detail=detail))


def test_a_courier_can_call() -> None:
    with pytest.raises(PhoneRefused):
        check_address(replace(DRAFT, phone="12345"))


def test_there_is_an_end_to_addresses() -> None:
    check_room(MOST_ADDRESSES - 1)
    with pytest.raises(AddressRefused, match="20 个地址"):
        check_room(MOST_ADDRESSES)
