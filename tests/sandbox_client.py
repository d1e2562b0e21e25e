"""A small typed client of the sandbox's control API (docs/sandbox.md), for journeys and tests."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """The sandbox said no; `body` has `error`, `message` and perhaps `err_msg`."""

    def __init__(self, status: int, body: Json) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status} {body}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone at the sandbox."""

    phone_id: str
    openid: str


class Sandbox:
    """Calls the control API; every method raises `Refused` for a 4xx."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, body: object = None, /, **query: object) -> Json:
        """Make one call under /sandbox/api and return its JSON."""
        params = {name: str(value) for name, value in query.items() if value is not None}
        return self._read(
            self._http.request(
                method, f"{self.url}/sandbox/api{path}", json=body, params=params, timeout=90
            )
        )

    def _send_picture(self, path: str, picture: bytes) -> Json:
        return self._read(
            self._http.post(
                f"{self.url}/sandbox/api{path}",
                data=picture,
                headers={"Content-Type": "image/jpeg"},
                timeout=30,
            )
        )

    @staticmethod
    def _read(answer: requests.Response) -> Json:
        body: Json = answer.json()
        if answer.status_code >= 400:
            raise Refused(answer.status_code, body)
        return body

    # Phones.

    def add_phone(
        self, nickname: str, *, phone_id: str | None = None, is_following: bool = False, **rest: Any
    ) -> Phone:
        """Make a phone (without any event); `rest`: openid, real_name, is_snapshot."""
        body = {"nickname": nickname, "phone_id": phone_id, "is_following": is_following, **rest}
        made = self.call("POST", "/phones", body)
        return Phone(phone_id=made["phone_id"], openid=made["openid"])

    def phone(self, phone: Phone) -> Json:
        """Return the phone as it is now."""
        return self.call("GET", f"/phones/{phone.phone_id}")

    def follow(self, phone: Phone, ticket: str | None = None) -> int:
        """Follow the account, from a QR code's page if `ticket` is given."""
        body = {} if ticket is None else {"ticket": ticket}
        return int(self.call("POST", f"/phones/{phone.phone_id}/follow", body)["delivery_id"])

    def unfollow(self, phone: Phone) -> int:
        """Stop following."""
        return int(self.call("POST", f"/phones/{phone.phone_id}/unfollow")["delivery_id"])

    def say(self, phone: Phone, text: str) -> int:
        """Send a text; return the callback's delivery."""
        sent = self.call("POST", f"/phones/{phone.phone_id}/text", {"text": text})
        return int(sent["delivery_id"])

    def send_picture(self, phone: Phone, picture: bytes) -> int:
        """Send a picture; return the callback's delivery."""
        return int(self._send_picture(f"/phones/{phone.phone_id}/image", picture)["delivery_id"])

    def decode(self, phone: Phone, picture: bytes) -> str | None:
        """Return what the QR in a picture contains; nothing else happens."""
        found: str | None = self._send_picture(f"/phones/{phone.phone_id}/decode", picture)[
            "content"
        ]
        return found

    def scan(self, phone: Phone, content: str) -> Json:
        """Scan a QR code by its content."""
        return self.call("POST", f"/phones/{phone.phone_id}/scan", {"content": content})

    def scan_picture(self, phone: Phone, picture: bytes) -> Json:
        """Scan the QR code in a picture."""
        return self._send_picture(f"/phones/{phone.phone_id}/scan", picture)

    def scan_and_follow(self, phone: Phone, content: str) -> None:
        """Scan, and follow on the account's page if it appears."""
        scan = self.scan(phone, content)
        if scan["outcome"] == "follow_page":
            self.follow(phone, scan["ticket"])

    def press(self, phone: Phone, *path: int) -> Json:
        """Press the menu button at these positions."""
        return self.call("POST", f"/phones/{phone.phone_id}/menu", {"path": list(path)})

    def messages(self, phone: Phone, after: int = 0, wait: int = 0) -> list[Json]:
        """Return the chat's messages with greater ids."""
        found = self.call("GET", f"/phones/{phone.phone_id}/messages", after=after, wait=wait)
        messages: list[Json] = found["messages"]
        return messages

    def received(self, phone: Phone) -> list[Json]:
        """Return what the account and the system put into the chat."""
        return [m for m in self.messages(phone) if m["sender"] != "phone"]

    def media(self, path: str) -> bytes:
        """Return a picture of a chat by its `media_url`."""
        answer = self._http.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.content

    def open(self, phone: Phone, url: str) -> None:
        """Ask the phone's browser to open a page."""
        self.call("POST", f"/phones/{phone.phone_id}/open", {"url": url})

    def browser(self, phone: Phone) -> "PhoneBrowser":
        """Return a browser without a window, which OAuth recognises as this phone's."""
        return PhoneBrowser(self.url, phone)

    # Money.

    def preview(self, phone: Phone, bridge: Json) -> Json:
        """Return what the payment sheet shows."""
        return self.call("POST", f"/phones/{phone.phone_id}/payments/preview", bridge)

    def pay(self, phone: Phone, bridge: Json, outcome: str = "ok") -> Json:
        """Pay, or cancel or fail, in the payment sheet."""
        body = {**bridge, "outcome": outcome}
        return self.call("POST", f"/phones/{phone.phone_id}/payments/pay", body)

    def payment(self, out_trade_no: str) -> Json:
        """Return one payment."""
        return self.call("GET", f"/payments/{out_trade_no}")

    def payments(self, state: str | None = None) -> list[Json]:
        """Return payments."""
        found: list[Json] = self.call("GET", "/payments", state=state)["payments"]
        return found

    def refunds(self) -> list[Json]:
        """Return refunds."""
        found: list[Json] = self.call("GET", "/refunds")["refunds"]
        return found

    def transfers(self, phone: Phone | None = None, state: str | None = None) -> list[Json]:
        """Return transfers."""
        phone_id = None if phone is None else phone.phone_id
        found: list[Json] = self.call("GET", "/transfers", phone_id=phone_id, state=state)[
            "transfers"
        ]
        return found

    def change_bill(
        self, bill: str, day: str, kind: str, *, number: str = "", **rest: object
    ) -> int:
        """Change what a day's bill says; `rest`: amount_fen, state."""
        body = {"bill": bill, "day": day, "kind": kind, "number": number, **rest}
        return int(self.call("POST", "/bills/changes", body)["change_id"])

    def confirm_transfer(self, phone: Phone, out_bill_no: str) -> Json:
        """Confirm a transfer on the phone."""
        body = {"out_bill_no": out_bill_no}
        return self.call("POST", f"/phones/{phone.phone_id}/transfers/confirm", body)

    def decline_transfer(self, phone: Phone, out_bill_no: str) -> Json:
        """Decline a transfer on the phone."""
        body = {"out_bill_no": out_bill_no}
        return self.call("POST", f"/phones/{phone.phone_id}/transfers/decline", body)

    # The account, deliveries, faults, clock.

    def menu(self) -> Json | None:
        """Return the account's menu."""
        found: Json | None = self.call("GET", "/menu")["menu"]
        return found

    def set_callback(self, url: str) -> None:
        """Change where callbacks go."""
        self.call("PATCH", "/account", {"callback_url": url})

    def verify_callback(self) -> bool:
        """Let WeChat verify the callback's address."""
        return bool(self.call("POST", "/account/verify")["is_verified"])

    def settle(self, seconds: float = 20) -> None:
        """Wait until every callback and notification has been answered."""
        if not self.call("POST", "/deliveries/wait", {"seconds": seconds})["is_idle"]:
            raise TimeoutError(f"deliveries still pending after {seconds} s")

    def delivery(self, delivery_id: int) -> Json:
        """Return one delivery."""
        return self.call("GET", f"/deliveries/{delivery_id}")

    def deliveries(self, channel: str | None = None, state: str | None = None) -> list[Json]:
        """Return deliveries."""
        found: list[Json] = self.call("GET", "/deliveries", channel=channel, state=state)[
            "deliveries"
        ]
        return found

    def hold(self, channel: str) -> None:
        """Keep back a channel's deliveries."""
        self.call("POST", "/deliveries/hold", {"channel": channel})

    def release(self, channel: str, order: str = "first") -> list[int]:
        """Send what was held, `first` first or `reversed`."""
        body = {"channel": channel, "order": order}
        found: list[int] = self.call("POST", "/deliveries/release", body)["delivery_ids"]
        return found

    def resend(self, delivery_id: int, forge: str = "none") -> Json:
        """Send a delivery again at once; return the application's answer."""
        return self.call("POST", f"/deliveries/{delivery_id}/resend", {"forge": forge})

    def inject(self, phone: Phone, message: Json, forge: str = "none") -> Json:
        """Send a callback made by hand; return the application's answer."""
        body = {"phone_id": phone.phone_id, "message": message, "forge": forge}
        return self.call("POST", "/deliveries/inject", body)

    def inject_notice(self, url: str, event_type: str, resource: Json, forge: str = "none") -> Json:
        """Send a payment notification made by hand; return the application's answer."""
        body = {"url": url, "event_type": event_type, "resource": resource, "forge": forge}
        return self.call("POST", "/notifications/inject", body)

    def fault(self, path: str, kind: str, count: int = 1, **rest: Any) -> int:
        """Set a fault; `rest`: seconds, code, message, status."""
        body = {"path": path, "kind": kind, "count": count, **rest}
        return int(self.call("POST", "/faults", body)["fault_id"])

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.call("DELETE", "/faults")

    def set_clock(self, now: str) -> None:
        """Set the sandbox's clock (ISO 8601 with an offset from UTC)."""
        self.call("POST", "/clock", {"now": now})

    def forward(self, seconds: float) -> None:
        """Move the sandbox's clock."""
        self.call("POST", "/clock", {"forward_seconds": seconds})

    def set_offset(self, seconds: float) -> None:
        """Set the sandbox's clock to real time plus so many seconds."""
        self.call("POST", "/clock", {"offset_seconds": seconds})

    def turn(self, **knobs: float) -> None:
        """Turn knobs."""
        self.call("PATCH", "/knobs", knobs)

    def calls(self, path: str = "", after: int = 0, limit: int = 1000) -> list[Json]:
        """Return calls the platform received."""
        found: list[Json] = self.call("GET", "/calls", path=path, after=after, limit=limit)["calls"]
        return found

    def count_calls(self, path: str) -> int:
        """Return how many calls to a path the platform received."""
        return int(self.call("GET", "/calls", path=path, limit=1)["count"])

    def reset(self) -> None:
        """Forget everything but the configuration."""
        self.call("POST", "/reset")


class PhoneBrowser:
    """Follows redirects with cookies, and shows who it is to the sandbox and only there."""

    def __init__(self, sandbox_url: str, phone: Phone) -> None:
        self._sandbox_url = sandbox_url
        self._phone = phone
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["User-Agent"] = (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50"
        )

    def get(self, url: str, most_redirects: int = 10) -> requests.Response:
        """Open a page, through OAuth if it asks for it."""
        for _ in range(most_redirects):
            is_sandbox = url.startswith(self._sandbox_url + "/")
            headers = {"X-Sandbox-Phone": self._phone.phone_id} if is_sandbox else {}
            answer = self.http.get(url, headers=headers, allow_redirects=False, timeout=30)
            if not answer.is_redirect:
                return answer
            url = urljoin(url, answer.headers["Location"])
        raise requests.TooManyRedirects(url)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
