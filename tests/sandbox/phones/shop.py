"""A tiny shop to browse: it has cookies, a strict policy, WeChat's login, a payment button."""

import hashlib
import json
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote

import qrcode
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.keys import KeyFiles
from tests.sandbox.key_pairs import private_key

APP_ID = "wx5823bf96d3bd56c7"
APP_SECRET = "an app secret"
MERCHANT_ID = "1900000001"

_HEAD = '<!doctype html>\n<html lang="zh-CN"><head><title>{title}</title></head><body>'


def qr_picture(content: str) -> bytes:
    """Return a PNG with a QR code."""
    out = BytesIO()
    qrcode.make(content, border=4).save(out)
    return out.getvalue()


@dataclass(slots=True)
class Shop:
    """What the shop is, and what it saw."""

    url: str = ""
    sandbox_url: str = ""
    keys: KeyFiles | None = None
    seen: list[dict[str, str]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    payout: dict[str, str] = field(default_factory=dict)

    _routes = Map(
        [
            Rule("/", endpoint="front"),
            Rule("/go", endpoint="go"),
            Rule("/cookie", endpoint="cookie"),
            Rule("/echo", endpoint="echo"),
            Rule("/download", endpoint="download"),
            Rule("/poster.png", endpoint="poster"),
            Rule("/private.png", endpoint="private"),
            Rule("/goods", endpoint="goods"),
            Rule("/second", endpoint="second"),
            Rule("/result", endpoint="result"),
            Rule("/me", endpoint="me"),
            Rule("/oauth", endpoint="oauth"),
            Rule("/wechat/callback", endpoint="callback"),
            Rule("/pay/notify", endpoint="callback"),
        ]
    )

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        """Answer one request."""
        request = Request(environ)
        try:
            name, _ = self._routes.bind_to_environ(environ).match()
            self.seen.append({**dict(request.headers.items()), ":target": request.full_path})
            answer = getattr(self, "_" + name)(request)
        except HTTPException as error:
            answer = error
        return answer(environ, start_response)

    def _front(self, _request: Request) -> Response:
        nonce = secrets.token_urlsafe(12)
        page = (
            _HEAD.format(title="商城首页")
            + f'<a id="own" href="{self.url}/second">{self.url}/second</a>'
            + f'<img src="{self.url}/poster.png"><p data-link="{self.url}/x"></p>'
            + f'<script nonce="{nonce}">document.body.dataset.agent = navigator.userAgent;</script>'
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'nonce-{nonce}'; frame-ancestors 'none'; "
            f"form-action {self.url}/pay"
        )
        response.headers["X-Frame-Options"] = "DENY"
        return response

    def _go(self, request: Request) -> Response:
        places = {
            "home": f"{self.url}/second?a=1",
            "path": "/second",
            "out": "https://example.com/",
        }
        return redirect(places[request.args["to"]])

    def _cookie(self, request: Request) -> Response:
        response = Response(request.cookies.get("visitor", "none"))
        if "set" in request.args:
            response.set_cookie("visitor", request.args["set"], httponly=True, samesite="Lax")
            response.set_cookie("guarded", "yes", secure=True)
        return response

    def _echo(self, request: Request) -> Response:
        content = request.stream.read()
        body = {
            "method": request.method,
            "type": request.content_type or "",
            "sha256": hashlib.sha256(content).hexdigest(),
            "length": len(content),
            "text": content[:200].decode(errors="replace"),
        }
        return Response(json.dumps(body), content_type="application/json")

    def _download(self, _request: Request) -> Response:
        def parts() -> Iterator[bytes]:
            for number in range(64):
                yield bytes([number]) * 4096

        return Response(parts(), content_type="application/octet-stream")

    def _poster(self, _request: Request) -> Response:
        return Response(qr_picture(f"{self.url}/goods?from=poster"), content_type="image/png")

    def _private(self, request: Request) -> Response:
        if "visitor" not in request.cookies:
            return Response("no", 403)
        return Response(qr_picture(f"for {request.cookies['visitor']}"), content_type="image/png")

    def _goods(self, _request: Request) -> Response:
        page = _HEAD.format(title="玫瑰纯露") + (
            '<meta property="og:description" content="一瓶好水">'
            '<img id="poster" src="/poster.png" width="220" height="220">'
            '<p id="openid"></p><a id="next" href="/second">下一页</a>'
            '<form method="post" action="/result"><button id="post">提交</button></form>'
            '<button id="buy">购买</button><button id="bad">改价</button>'
            '<button id="receive">收款</button>'
            '<script src="/second?script=1"></script>'
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        return response

    def _second(self, request: Request) -> Response:
        if "script" in request.args:
            return Response(self._script(request), content_type="text/javascript")
        return Response(_HEAD.format(title="第二页") + "<p>第二页</p>", mimetype="text/html")

    def _script(self, request: Request) -> str:
        openid = request.cookies.get("openid", "")
        bridge = self.bridge(openid) if openid else {}
        return (
            f"const bridge = {json.dumps(bridge)};"
            f'document.getElementById("openid").textContent = {json.dumps(openid)};'
            "const tell = (text) => fetch('/result', {method: 'POST', body: text});"
            "const pay = (p) => WeixinJSBridge.invoke('getBrandWCPayRequest', p,"
            " (r) => tell(r.err_msg));"
            "document.getElementById('buy').onclick = () => pay(bridge);"
            "document.getElementById('bad').onclick = () => pay({...bridge, timeStamp: '1'});"
            f"const payout = {json.dumps(self.payout)};"
            "const heard = (r) => tell(r.errMsg);"
            "document.getElementById('receive').onclick = () => wx.requestMerchantTransfer("
            "{...payout, success: heard, cancel: heard, fail: heard});"
            "wx.updateAppMessageShareData({title: '我的小店', desc: '来看看',"
            f" link: {json.dumps(self.url + '/goods?share=1')}, imgUrl: '/poster.png'}});"
        )

    def _result(self, request: Request) -> Response:
        self.results.append(request.get_data(as_text=True))
        return redirect("/second", 303)

    def _me(self, request: Request) -> Response:
        if "openid" in request.cookies:
            return redirect("/goods")
        back = quote(f"{self.url}/oauth", safe="")
        return redirect(
            f"{self.sandbox_url}/connect/oauth2/authorize?appid={APP_ID}&redirect_uri={back}"
            "&response_type=code&scope=snsapi_base&state=abc#wechat_redirect"
        )

    def _oauth(self, request: Request) -> Response:
        query = {
            "appid": APP_ID,
            "secret": APP_SECRET,
            "code": request.args["code"],
            "grant_type": "authorization_code",
        }
        with requests.Session() as http:
            http.trust_env = False
            answer = http.get(
                f"{self.sandbox_url}/sns/oauth2/access_token", params=query, timeout=10
            ).json()
        response = redirect("/goods")
        response.set_cookie("openid", answer["openid"])
        return response

    def _callback(self, request: Request) -> Response:
        return Response(request.args.get("echostr", "success"))

    # WeChat Pay, the merchant's side.

    def sign(self, *parts: str) -> str:
        """Sign lines with the merchant's key."""
        assert self.keys is not None
        key = private_key(self.keys.merchant_private)
        message = "".join(part + "\n" for part in parts).encode()
        return b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()

    def bridge(self, openid: str) -> dict[str, str]:
        """Prepare a payment of 129 yuan and sign what the page needs."""
        answer = self._ask_pay(
            "/v3/pay/transactions/jsapi",
            {
                "appid": APP_ID,
                "mchid": MERCHANT_ID,
                "description": "玫瑰纯露 100ml",
                "out_trade_no": secrets.token_hex(12),
                "notify_url": f"{self.url}/pay/notify",
                "amount": {"total": 12900, "currency": "CNY"},
                "payer": {"openid": openid},
            },
        )
        package, timestamp, nonce = f"prepay_id={answer['prepay_id']}", str(int(time.time())), "n"
        return {
            "appId": APP_ID,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.sign(APP_ID, timestamp, nonce, package),
        }

    def transfer(self, openid: str) -> None:
        """Start a transfer of 50 yuan; the page's button asks for its confirmation."""
        reported = {"岗位类型": "推广员", "报酬说明": "十一月佣金"}
        answer = self._ask_pay(
            "/v3/fund-app/mch-transfer/transfer-bills",
            {
                "appid": APP_ID,
                "out_bill_no": secrets.token_hex(12),
                "transfer_scene_id": "1005",
                "openid": openid,
                "transfer_amount": 5000,
                "transfer_remark": "推广佣金",
                "notify_url": f"{self.url}/pay/notify",
                "transfer_scene_report_infos": [
                    {"info_type": kind, "info_content": text} for kind, text in reported.items()
                ],
            },
        )
        self.payout = {"mchId": MERCHANT_ID, "appId": APP_ID, "package": answer["package_info"]}

    def _ask_pay(self, target: str, values: dict[str, Any]) -> dict[str, Any]:
        assert self.keys is not None
        body, timestamp, nonce = json.dumps(values), str(int(time.time())), secrets.token_hex(16)
        signature = self.sign("POST", target, timestamp, nonce, body)
        headers = {
            "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{MERCHANT_ID}",'
            f'nonce_str="{nonce}",signature="{signature}",timestamp="{timestamp}",'
            f'serial_no="{self.keys.certificate_serial}"',
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.keys.public_key_id,
        }
        with requests.Session() as http:
            http.trust_env = False
            answer = http.post(self.sandbox_url + target, data=body, headers=headers, timeout=10)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Run a shop on a free port of the loopback."""
    shop = Shop()
    server = make_server(
        "127.0.0.1",
        0,
        shop,  # type: ignore[arg-type]
        threaded=True,
        request_handler=_QuietHandler,
    )
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
