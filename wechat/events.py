"""What the official account's callback tells us, as frozen events, and what we may reply."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """One message or event. `dedup_key` is the same for WeChat's repeats and no other event:
    the MsgId of a message, openid + CreateTime + Event + EventKey of an event."""

    openid: str
    account: str
    dedup_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage(InboundEvent):
    """She wrote something."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMessage(InboundEvent):
    """She sent a picture, a voice message, a place …"""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed(InboundEvent):
    """She followed the account; `scene` is the scanned QR's scene without `qrscene_`."""

    scene: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned(InboundEvent):
    """A follower scanned one of our QR codes."""

    scene: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed(InboundEvent):
    """She left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuClicked(InboundEvent):
    """She tapped a menu entry of kind click."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent(InboundEvent):
    """An event that nothing is done about (VIEW, LOCATION, TEMPLATESENDJOBFINISH …)."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReply:
    """A passive text reply."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReply:
    """A passive picture reply with media that was uploaded before."""

    media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """Nothing to say: WeChat gets `success`."""


Reply = TextReply | ImageReply | NoReply
