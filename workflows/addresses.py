"""Keep a customer's delivery addresses."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.orders import Address
from rules.distributors import check_phone, plain_text
from rules.errors import RuleViolation
from workflows.people import lock_person

MOST_ADDRESSES = 20
LONGEST_RECEIVER = 20
LONGEST_DETAIL = 100
SHORTEST_DETAIL = 4


class AddressRefused(RuleViolation):
    """An address to which nothing can be sent."""

    code = "address_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    """An address as she typed it; the codes were checked against the divisions by the face."""

    receiver: str
    phone: str
    province_code: str
    city_code: str
    district_code: str
    detail: str
    is_default: bool


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
        AddressRefused, rules.distributors.PhoneRefused.
    """
    receiver = plain_text(draft.receiver)
    detail = plain_text(draft.detail)
    if not 1 <= len(receiver) <= LONGEST_RECEIVER:
        raise AddressRefused("请填写收货人姓名（最多 20 个字）。")
    if not SHORTEST_DETAIL <= len(detail) <= LONGEST_DETAIL:
        raise AddressRefused("请填写详细地址（4 到 100 个字）。")
    phone = check_phone(draft.phone)
    with sessions.begin() as session:
        # Two forms of hers at once must not both become the default.
        lock_person(session, wechat_user_id)
        hers = _of(session, wechat_user_id)
        address = next((row for row in hers if row.id == address_id), None)
        if address is None:
            if address_id is not None:
                raise AddressRefused("这个地址不存在或已删除。")
            if len(hers) >= MOST_ADDRESSES:
                raise AddressRefused(f"最多保存 {MOST_ADDRESSES} 个地址，请先删除不用的。")
            address = Address(wechat_user_id=wechat_user_id, created_at=now)
            session.add(address)
        address.receiver = receiver
        address.phone = phone
        address.province_code = draft.province_code
        address.city_code = draft.city_code
        address.district_code = draft.district_code
        address.detail = detail
        address.is_default = draft.is_default or not hers or address.is_default is True
        session.flush()
        if address.is_default:
            _only_default(session, address)
        return address.id


def delete_address(sessions: SessionFactory, address_id: int, *, wechat_user_id: int) -> None:
    """Hide one of her addresses; orders keep their own copy.

    Raises:
        AddressRefused: it isn't hers, or is gone.
    """
    with sessions.begin() as session:
        lock_person(session, wechat_user_id)
        hers = _of(session, wechat_user_id)
        address = next((row for row in hers if row.id == address_id), None)
        if address is None:
            raise AddressRefused("这个地址不存在或已删除。")
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
