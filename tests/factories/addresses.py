"""Delivery addresses."""

from sqlalchemy.orm import Session

from models.orders import Address
from models.people import WeChatUser
from tests.factories.people import LONG_AGO


def make_address(session: Session, person: WeChatUser) -> Address:
    """An address in Hangzhou, her default one."""
    address = Address(
        wechat_user_id=person.id,
        receiver="王小美",
        phone="13900000002",
        province_code="330000",
        city_code="330100",
        district_code="330106",
        detail="文三路 1 号 2 幢 301",
        is_default=True,
        created_at=LONG_AGO,
    )
    session.add(address)
    session.flush()
    return address
