"""To which delivery address can something be sent, and how many may a person keep?

The face has checked the division codes against the list; a courier needs the rest in words.
"""

from dataclasses import dataclass, replace
from typing import Final

from rules.distributors import check_phone, plain_text
from rules.errors import RuleViolation

MOST_ADDRESSES: Final = 20
LONGEST_RECEIVER: Final = 20
LONGEST_DETAIL: Final = 100
SHORTEST_DETAIL: Final = 4


class AddressRefused(RuleViolation):
    """An address to which nothing can be sent, or one too many.

    `field` is what she must change, if one thing does it.
    """

    code = "address_refused"

    def __init__(self, message: str | None = None, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class AddressUnknown(AddressRefused):
    """It isn't one of hers, or it is gone."""

    code = "address_unknown"
    message = "这个地址不存在或已删除。"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    """An address as she typed it; the codes name province, city and district."""

    receiver: str
    phone: str
    province_code: str
    city_code: str
    district_code: str
    detail: str
    is_default: bool


def check_address(draft: AddressDraft) -> AddressDraft:
    """Return the address as it is kept: plain words, and a phone number that can be called.

    Raises: AddressRefused, rules.distributors.PhoneRefused.
    """
    receiver, detail = plain_text(draft.receiver), plain_text(draft.detail)
    if not 1 <= len(receiver) <= LONGEST_RECEIVER:
        raise AddressRefused(f"请填写收货人姓名（最多 {LONGEST_RECEIVER} 个字）。", "receiver")
    if not SHORTEST_DETAIL <= len(detail) <= LONGEST_DETAIL:
        raise AddressRefused(
            f"请填写详细地址（{SHORTEST_DETAIL} 到 {LONGEST_DETAIL} 个字）。", "detail"
        )
    return replace(draft, receiver=receiver, detail=detail, phone=check_phone(draft.phone))


def check_room(kept: int) -> None:
    """Refuse one more address beside `kept`.

    Raises: AddressRefused.
    """
    if kept >= MOST_ADDRESSES:
        raise AddressRefused(f"最多保存 {MOST_ADDRESSES} 个地址，请先删除不用的。")
