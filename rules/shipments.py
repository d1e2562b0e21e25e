"""By which carrier may goods leave, and which tracking number (快递单号) can be one?"""

import re
from dataclasses import dataclass
from typing import Final

from rules.errors import RuleViolation

CARRIERS: Final = (
    "顺丰速运",
    "中通快递",
    "圆通速递",
    "韵达快递",
    "申通快递",
    "京东物流",
    "邮政EMS",
)
_TRACKING_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{6,40}")


class ShipmentRefused(RuleViolation):
    """A carrier that isn't known, or a tracking number that can't be one; `field` says which."""

    code = "shipment_refused"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What the carrier gave: its name (one of `CARRIERS`) and the tracking number."""

    carrier: str
    tracking_number: str


def check_parcel(parcel: Parcel) -> None:
    """Refuse what can't be tracked.

    Raises: ShipmentRefused.
    """
    if parcel.carrier not in CARRIERS:
        raise ShipmentRefused("carrier", "请选择快递公司。")
    if not _TRACKING_NUMBER.fullmatch(parcel.tracking_number):
        raise ShipmentRefused("tracking_number", "快递单号应为 6 到 40 位字母或数字。")
