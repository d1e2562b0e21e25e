"""Which states does a push plan have, and by which channel did a lesson arrive?"""

from enum import StrEnum


class CampaignStatus(StrEnum):
    """Where a push plan stands."""

    ACTIVE = "active"
    STOPPED = "stopped"
    FINISHED = "finished"


class Channel(StrEnum):
    """How a push reached a person."""

    CHAT = "chat"
    INBOX = "inbox"
