"""The webhook's limit: a Flask route that only decrypts and encrypts, by hand.

It does without everything that makes an answer right (freshness, XML, database, templates), so no
honest bot in this framework, behind this server, is as fast.
"""

import os
import time
from pathlib import Path

from flask import Flask, Response, request

from bench.envelope import read_envelope, sealed_part

REPLY = (
    "<xml><ToUserName><![CDATA[o]]></ToUserName><FromUserName><![CDATA[gh]]></FromUserName>"
    "<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    f"<Content><![CDATA[{'这句话我还没学会，抱歉。' * 12}]]></Content></xml>"
).encode()


def application() -> Flask:
    """Return an application with this one route."""
    envelope = read_envelope(Path(os.environ["FENXIAO_CONFIG"]))
    app = Flask("limit")

    @app.post("/wechat/callback")
    def receive() -> Response:
        """Open the message, seal a reply of the usual length."""
        envelope.open(sealed_part(request.get_data()))
        timestamp = str(int(time.time()))
        sealed = envelope.seal(REPLY)
        signature = envelope.sign(timestamp, "n", sealed)
        return Response(
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[n]]></Nonce></xml>",
            content_type="application/xml; charset=utf-8",
        )

    return app
