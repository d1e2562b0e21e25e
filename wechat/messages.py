"""The messages inside the envelope: fields to events, replies to fields."""

import re
from datetime import UTC, datetime
from hashlib import sha256

from rules.chat_window import MAX_TEXT_BYTES
from wechat.errors import CallbackRejected
from wechat.events import (
    ImageReply,
    InboundEvent,
    MenuClicked,
    OtherEvent,
    OtherMessage,
    Scanned,
    Subscribed,
    TextMessage,
    TextReply,
    Unsubscribed,
)

DEDUP_KEY_CHARACTERS = 191
"""No `dedup_key` is longer than this."""

_PERSON = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_MESSAGE_ID = re.compile(r"[0-9]{1,32}")
_KIND = re.compile(r"[0-9A-Za-z_]{1,48}")
_LONGEST_PLAIN_KEY = 64
_SCENE_PREFIX = "qrscene_"
# XML 1.0 has no way to write these, escaped or not.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_event(fields: dict[str, str]) -> InboundEvent:
    """Return the event that the decrypted fields describe.

    Raises:
        CallbackRejected: a field that every message has is missing or strange.
    """
    openid = _required(fields, "FromUserName", _PERSON)
    account = _required(fields, "ToUserName", _PERSON)
    created = _required(fields, "CreateTime", _NUMBER)
    created_at = datetime.fromtimestamp(int(created), UTC)
    kind = _required(fields, "MsgType", _KIND)
    if kind == "event":
        return _read_happening(fields, openid, account, created_at)
    dedup_key = _required(fields, "MsgId", _MESSAGE_ID)
    if kind == "text":
        return TextMessage(
            openid=openid,
            account=account,
            dedup_key=dedup_key,
            created_at=created_at,
            text=fields.get("Content", ""),
        )
    return OtherMessage(
        openid=openid, account=account, dedup_key=dedup_key, created_at=created_at, kind=kind
    )


def _read_happening(
    fields: dict[str, str], openid: str, account: str, created_at: datetime
) -> InboundEvent:
    happening = _required(fields, "Event", _KIND)
    key = fields.get("EventKey", "")
    dedup_key = _event_key(openid, created_at, happening, key or fields.get("MsgID", ""))
    match happening:
        case "subscribe":
            scene = key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else None
            return Subscribed(
                openid=openid,
                account=account,
                dedup_key=dedup_key,
                created_at=created_at,
                scene=scene,
            )
        case "unsubscribe":
            return Unsubscribed(
                openid=openid, account=account, dedup_key=dedup_key, created_at=created_at
            )
        case "SCAN":
            return Scanned(
                openid=openid,
                account=account,
                dedup_key=dedup_key,
                created_at=created_at,
                scene=key,
            )
        case "CLICK":
            return MenuClicked(
                openid=openid, account=account, dedup_key=dedup_key, created_at=created_at, key=key
            )
    return OtherEvent(
        openid=openid, account=account, dedup_key=dedup_key, created_at=created_at, kind=happening
    )


def _event_key(openid: str, created_at: datetime, happening: str, key: str) -> str:
    # A VIEW event's key is a whole address: its digest keeps the key within the column.
    if len(key) > _LONGEST_PLAIN_KEY:
        key = sha256(key.encode()).hexdigest()
    return f"{openid}:{int(created_at.timestamp())}:{happening}:{key}"


def _required(fields: dict[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = fields.get(name, "")
    if not shape.fullmatch(value):
        raise CallbackRejected(f"{name} is missing or strange", 400)
    return value


def write_reply(reply: TextReply | ImageReply, event: InboundEvent, timestamp: str) -> bytes:
    """Return the plain XML of a passive reply to `event`.

    Raises:
        ValueError: a text over 2048 bytes; callers write short.
    """
    if isinstance(reply, TextReply):
        if len(reply.text.encode(errors="replace")) > MAX_TEXT_BYTES:
            raise ValueError(f"a reply's text is at most {MAX_TEXT_BYTES} bytes")
        content = (
            "<MsgType><![CDATA[text]]></MsgType>"
            f"<Content><![CDATA[{_character_data(reply.text)}]]></Content>"
        )
    else:
        content = (
            "<MsgType><![CDATA[image]]></MsgType>"
            f"<Image><MediaId><![CDATA[{_character_data(reply.media_id)}]]></MediaId></Image>"
        )
    return (
        f"<xml><ToUserName><![CDATA[{event.openid}]]></ToUserName>"
        f"<FromUserName><![CDATA[{event.account}]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime>{content}</xml>"
    ).encode()


def _character_data(text: str) -> str:
    """Make a text fit for CDATA: its end mark is split in two, unwritable characters go."""
    return _UNWRITABLE.sub("", text).replace("]]>", "]]]]><![CDATA[>")
