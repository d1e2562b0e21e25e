"""May we write to this person now, and how often?"""

from enum import StrEnum


class InteractionKind(StrEnum):
    """What she did that opened a window for customer-service messages (客服消息)."""

    MESSAGE = "message"
    CLICK = "click"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    PAYMENT = "payment"
