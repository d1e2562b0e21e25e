"""Who referred this customer, and who earns from this order?"""

from enum import StrEnum


class TouchSource(StrEnum):
    """How a touch (触达) reached us."""

    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    LINK = "link"


class TouchVerdict(StrEnum):
    """What a touch did to the customer's binding."""

    BOUND = "bound"
    RENEWED = "renewed"
    TAKEN_OVER = "taken_over"
    REFUSED_PROTECTED = "refused_protected"
    REFUSED_SELF = "refused_self"
    REFUSED_NOT_AUTHORISED = "refused_not_authorised"
    REFUSED_UNKNOWN_CODE = "refused_unknown_code"
    REFUSED_VIRTUAL = "refused_virtual"


class AttributionSource(StrEnum):
    """By what an order came to its referrer, strongest first."""

    PROTECTED_BINDING = "protected_binding"
    SESSION_LINK = "session_link"
    BINDING = "binding"
    NONE = "none"


class TrailVerdict(StrEnum):
    """What became of one consideration in an order's trail."""

    WON = "won"
    OUTRANKED = "outranked"
    REFUSED = "refused"
