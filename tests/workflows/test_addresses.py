"""A customer's addresses: checked, hers alone, one default."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.orders import Address
from rules.addresses import MOST_ADDRESSES, AddressDraft, AddressRefused
from rules.errors import RuleViolation
from tests.factories.people import make_person
from workflows.addresses import delete_address, save_address

DRAFT = AddressDraft(
    receiver="王小美",
    phone="139 0000 0002",
    province_code="330000",
    city_code="330100",
    district_code="330106",
    detail="文三路 1 号",
    is_default=False,
)


@pytest.fixture
def person_id(sessions: SessionFactory) -> int:
    with sessions.begin() as session:
        return make_person(session).id


def save(
    sessions: SessionFactory, person_id: int, draft: AddressDraft, address_id: int | None = None
) -> int:
    with sessions.read() as session:
        moment = session.scalars(select(Address.created_at)).first()
    return save_address(
        sessions,
        draft,
        wechat_user_id=person_id,
        address_id=address_id,
        now=moment or datetime.fromisoformat("2026-11-23T02:00:00+00:00"),
    )


def defaults(sessions: SessionFactory) -> list[int]:
    with sessions.read() as session:
        return list(
            session.scalars(
                select(Address.id).where(Address.is_default, Address.is_deleted.is_(False))
            )
        )


def test_the_first_is_the_default_until_another_is_chosen(
    sessions: SessionFactory, person_id: int
) -> None:
    first = save(sessions, person_id, DRAFT)
    second = save(sessions, person_id, DRAFT)
    assert defaults(sessions) == [first]
    save(sessions, person_id, replace(DRAFT, is_default=True), second)
    assert defaults(sessions) == [second]
    delete_address(sessions, second, wechat_user_id=person_id)
    assert defaults(sessions) == [first]


@pytest.mark.parametrize(
    "wrong",
    [
        {"receiver": "   "},
        {"receiver": "王" * 21},
        {"detail": "三号"},
        {"detail": "路" * 101},
        {"phone": "12345"},
    ],
)
def test_what_no_courier_could_find_is_refused(
    sessions: SessionFactory, person_id: int, wrong: dict[str, str]
) -> None:
    with pytest.raises(RuleViolation):
        save(sessions, person_id, replace(DRAFT, **wrong))  # type: ignore[arg-type]
    assert defaults(sessions) == []


def test_nobody_changes_or_deletes_anothers(sessions: SessionFactory, person_id: int) -> None:
    mine = save(sessions, person_id, DRAFT)
    with sessions.begin() as session:
        other = make_person(session).id
    with pytest.raises(AddressRefused):
        save(sessions, other, replace(DRAFT, receiver="李四"), mine)
    with pytest.raises(AddressRefused):
        delete_address(sessions, mine, wechat_user_id=other)
    assert defaults(sessions) == [mine]


def test_there_is_an_end_to_addresses(sessions: SessionFactory, person_id: int) -> None:
    for _ in range(MOST_ADDRESSES):
        save(sessions, person_id, DRAFT)
    with pytest.raises(AddressRefused):
        save(sessions, person_id, DRAFT)
