"""To whom is a customer bound (绑客), and who earns an order (归因)?"""

from enum import StrEnum


class TouchSource(StrEnum):
    """How a customer met a referral code (触达)."""

    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    LINK = "link"


class TouchVerdict(StrEnum):
    """What a touch did."""

    BOUND = "bound"
    RENEWED = "renewed"
    TAKEN_OVER = "taken_over"
    REFUSED_PROTECTED = "refused_protected"
    REFUSED_SELF = "refused_self"
    REFUSED_NOT_AUTHORISED = "refused_not_authorised"
    REFUSED_UNKNOWN_CODE = "refused_unknown_code"
    REFUSED_VIRTUAL = "refused_virtual"


class AttributionSource(StrEnum):
    """What made somebody the referrer of an order, strongest first."""

    PROTECTED_BINDING = "protected_binding"
    SESSION_LINK = "session_link"
    BINDING = "binding"
    NONE = "none"


class TrailVerdict(StrEnum):
    """What came of one consideration in an order's trail."""

    WON = "won"
    OUTRANKED = "outranked"
    REFUSED = "refused"
