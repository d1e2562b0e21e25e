"""A person's phone: says things to the account as WeChat would hand them over, reads replies."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from itertools import count

from flask import Flask
from werkzeug.test import TestResponse

from tests.wechat.callback_conversation import CRYPTO, message, sealed

_numbers = count(1_000_000)
"""Numbers that a test gives by itself are smaller."""


class Phone:
    """One follower's chat with the account. A repeat passes the same `identity`."""

    def __init__(self, app: Flask, openid: str) -> None:
        self._app = app
        self.openid = openid

    def send(self, **fields: str) -> TestResponse:
        """Post one message or event, encrypted and signed."""
        stamp = str(int(datetime.now(UTC).timestamp()))
        plain = message(**({"FromUserName": self.openid, "CreateTime": stamp} | fields))
        query, body = sealed(plain, timestamp=stamp)
        with self._app.test_client() as client:
            return client.post("/wechat/callback", query_string=query, data=body)

    def say(self, text: str, *, identity: str | None = None) -> str:
        """Say something; return what the account answers."""
        return answer(self.send(Content=text, MsgId=identity or str(next(_numbers))))

    def happen(self, event: str, key: str = "") -> str:
        """Let an event happen; each call is an event of its own."""
        unique = {"MsgID": str(next(_numbers))} if not key else {}
        return answer(self.send(MsgType="event", Event=event, EventKey=key, **unique))

    def repeat(self, event: str, key: str, *, created: str) -> str:
        """Let the event of one moment come, again with each call."""
        return answer(self.send(MsgType="event", Event=event, EventKey=key, CreateTime=created))


def answer(response: TestResponse) -> str:
    """Read a reply: a text, `image:<media id>`, or "" for `success`."""
    assert response.status_code == 200, response.text
    if response.data == b"success":
        return ""
    envelope = ET.fromstring(response.text)  # noqa: S314
    opened = CRYPTO.decrypt_message(
        response.text,
        envelope.findtext("MsgSignature") or "",
        envelope.findtext("TimeStamp") or "",
        envelope.findtext("Nonce") or "",
    )
    reply = ET.fromstring(opened)  # noqa: S314
    if reply.findtext("MsgType") == "image":
        return f"image:{reply.findtext('Image/MediaId')}"
    return reply.findtext("Content") or ""
