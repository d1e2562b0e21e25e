"""Keep a customer's delivery addresses."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.orders import Address
from rules.addresses import AddressDraft, AddressUnknown, check_address, check_room
from workflows.people import lock_person


def save_address(
    sessions: SessionFactory,
    draft: AddressDraft,
    *,
    wechat_user_id: int,
    address_id: int | None,
    now: datetime,
) -> int:
    """Add an address, or change one of hers; return its id. The first one is the default.

    Raises:
        rules.addresses.AddressRefused, rules.distributors.PhoneRefused.
    """
    checked = check_address(draft)
    with sessions.begin() as session:
        # Two forms of hers at once must not both become the default.
        lock_person(session, wechat_user_id)
        hers = _of(session, wechat_user_id)
        address = next((row for row in hers if row.id == address_id), None)
        if address is None:
            if address_id is not None:
                raise AddressUnknown
            check_room(len(hers))
            address = Address(wechat_user_id=wechat_user_id, created_at=now)
            session.add(address)
        address.receiver = checked.receiver
        address.phone = checked.phone
        address.province_code = checked.province_code
        address.city_code = checked.city_code
        address.district_code = checked.district_code
        address.detail = checked.detail
        address.is_default = checked.is_default or not hers or address.is_default is True
        session.flush()
        if address.is_default:
            _only_default(session, address)
        return address.id


def delete_address(sessions: SessionFactory, address_id: int, *, wechat_user_id: int) -> None:
    """Hide one of her addresses; orders keep their own copy.

    Raises:
        rules.addresses.AddressUnknown: it isn't hers, or is gone.
    """
    with sessions.begin() as session:
        lock_person(session, wechat_user_id)
        hers = _of(session, wechat_user_id)
        address = next((row for row in hers if row.id == address_id), None)
        if address is None:
            raise AddressUnknown
        address.is_deleted = True
        rest = [row for row in hers if row.id != address_id]
        if address.is_default and rest:
            address.is_default = False
            rest[-1].is_default = True


def _of(session: Session, wechat_user_id: int) -> list[Address]:
    return list(
        session.scalars(
            select(Address)
            .where(Address.wechat_user_id == wechat_user_id, Address.is_deleted.is_(False))
            .order_by(Address.id)
        )
    )


def _only_default(session: Session, address: Address) -> None:
    session.execute(
        update(Address)
        .where(Address.wechat_user_id == address.wechat_user_id, Address.id != address.id)
        .values(is_default=False)
    )
