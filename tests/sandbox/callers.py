"""The application's side of the conversation, written by hand so that a test can do it wrong."""

import json
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.keys import KeyFiles
from tests.sandbox.key_pairs import private_key

APP_ID = "wx5823bf96d3bd56c7"
MERCHANT_ID = "1900000001"
API_V3_KEY = "0123456789abcdef0123456789ABCDEF"
Json = dict[str, Any]


class AccountApi:
    """Calls /cgi-bin/ with a token fetched on first use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token: str | None = None
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def raw(self, method: str, path: str, **rest: Any) -> requests.Response:
        return self._http.request(method, self.url + path, timeout=20, **rest)

    def fetch_token(self, **changes: str) -> Json:
        query = {
            "grant_type": "client_credential",
            "appid": APP_ID,
            "secret": "an app secret",
            **changes,
        }
        answer: Json = self.raw("GET", "/cgi-bin/token", params=query).json()
        return answer

    def stable_token(self, *, is_forced: bool = False) -> Json:
        body = {
            "grant_type": "client_credential",
            "appid": APP_ID,
            "secret": "an app secret",
            "force_refresh": is_forced,
        }
        answer: Json = self.raw("POST", "/cgi-bin/stable_token", json=body).json()
        return answer

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = str(self.stable_token()["access_token"])
        return self._token

    def get(self, path: str, **query: str) -> Json:
        params = {"access_token": self.token, **query}
        answer: Json = self.raw("GET", "/cgi-bin" + path, params=params).json()
        return answer

    def post(self, path: str, body: Json) -> Json:
        answer: Json = self.raw(
            "POST",
            "/cgi-bin" + path,
            params={"access_token": self.token},
            data=json.dumps(body, ensure_ascii=False).encode(),
        ).json()
        return answer

    def send_text(self, openid: str, text: str) -> Json:
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return self.post("/message/custom/send", body)

    def upload(self, content: bytes, kind: str = "image") -> Json:
        answer: Json = self.raw(
            "POST",
            "/cgi-bin/media/upload",
            params={"access_token": self.token, "type": kind},
            files={"media": ("a.jpg", content, "image/jpeg")},
        ).json()
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What is wrong with a signed request."""

    seconds_ago: int = 0
    serial: str | None = None
    merchant_id: str = MERCHANT_ID
    signed_target: str | None = None
    body_after_signing: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


RIGHT = Tampering()


class MerchantApi:
    """Calls /v3/ with our own signature."""

    def __init__(self, url: str, files: KeyFiles, application_url: str) -> None:
        self.url = url
        self.files = files
        self.application_url = application_url
        self._key = private_key(files.merchant_private)
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def sign(self, *parts: str) -> str:
        message = "".join(part + "\n" for part in parts).encode()
        return b64encode(self._key.sign(message, PKCS1v15(), SHA256())).decode()

    def call(
        self, method: str, target: str, body: Json | None = None, wrong: Tampering = RIGHT
    ) -> requests.Response:
        content = "" if body is None else json.dumps(body)
        timestamp, nonce = str(int(time.time()) - wrong.seconds_ago), secrets.token_hex(16)
        signature = self.sign(method, wrong.signed_target or target, timestamp, nonce, content)
        serial = wrong.serial or self.files.certificate_serial
        authorization = (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{wrong.merchant_id}",nonce_str="{nonce}",'
            f'signature="{signature}",timestamp="{timestamp}",serial_no="{serial}"'
        )
        headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.files.public_key_id,
            **dict(wrong.headers),
        }
        sent = wrong.body_after_signing if wrong.body_after_signing is not None else content
        return self._http.request(method, self.url + target, data=sent, headers=headers, timeout=20)

    def prepay_body(self, openid: str, number: str, **changes: Any) -> Json:
        return {
            "appid": APP_ID,
            "mchid": MERCHANT_ID,
            "description": "玫瑰纯露 100ml",
            "out_trade_no": number,
            "notify_url": f"{self.application_url}/pay/wechat/notify",
            "amount": {"total": 12900, "currency": "CNY"},
            "payer": {"openid": openid},
            **changes,
        }

    def prepay(self, openid: str, number: str, **changes: Any) -> requests.Response:
        body = self.prepay_body(openid, number, **changes)
        return self.call("POST", "/v3/pay/transactions/jsapi", body)

    def bridge(self, prepay_id: str) -> Json:
        timestamp, nonce, package = str(int(time.time())), "nonce", f"prepay_id={prepay_id}"
        return {
            "appId": APP_ID,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.sign(APP_ID, timestamp, nonce, package),
        }

    def query(self, number: str) -> requests.Response:
        target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={MERCHANT_ID}"
        return self.call("GET", target)

    def close_payment(self, number: str) -> requests.Response:
        target = f"/v3/pay/transactions/out-trade-no/{number}/close"
        return self.call("POST", target, {"mchid": MERCHANT_ID})

    def refund(self, number: str, refund_no: str, refund: int, total: int = 12900) -> Any:
        body = {
            "out_trade_no": number,
            "out_refund_no": refund_no,
            "reason": "不想要了",
            "notify_url": f"{self.application_url}/pay/wechat/refund-notify",
            "amount": {"refund": refund, "total": total, "currency": "CNY"},
        }
        return self.call("POST", "/v3/refund/domestic/refunds", body)

    def transfer_body(self, openid: str, number: str, /, **changes: Any) -> Json:
        return {
            "appid": APP_ID,
            "out_bill_no": number,
            "transfer_scene_id": "1005",
            "openid": openid,
            "transfer_amount": 5000,
            "transfer_remark": "推广佣金",
            "notify_url": f"{self.application_url}/pay/wechat/transfer-notify",
            "transfer_scene_report_infos": [
                {"info_type": "岗位类型", "info_content": "推广员"},
                {"info_type": "报酬说明", "info_content": "十一月佣金"},
            ],
            **changes,
        }

    def transfer(self, openid: str, number: str, /, **changes: Any) -> requests.Response:
        body = self.transfer_body(openid, number, **changes)
        return self.call("POST", "/v3/fund-app/mch-transfer/transfer-bills", body)

    def transfer_state(self, number: str) -> Json:
        target = f"/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}"
        answer: Json = self.call("GET", target).json()
        return answer


def error_code(answer: requests.Response) -> tuple[int, str]:
    """Return an error's HTTP status and code."""
    return answer.status_code, str(answer.json()["code"])


def target_of(url: str) -> str:
    """Return the part of an address that a request line has."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
