"""A customer without a window: her phone's HTTP, for journeys whose point is not what she sees."""

import re
from dataclasses import dataclass
from html import unescape

import requests

from tests.journeys.stage import Stage
from tests.sandbox_client import Json, Phone, PhoneBrowser

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
FIRST_SKU = re.compile(r'name="sku" value="(\d+)"')
TAGS = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """A person who shops: she knows her phone and the shop's address."""

    stage: Stage
    phone: Phone
    browser: PhoneBrowser

    def see(self, path: str) -> str:
        """Open a page; return its text as she reads it."""
        return TAGS.sub(" ", unescape(self._open(path).text))

    def follow_link(self, url: str) -> requests.Response:
        """Open an address, through OAuth if it asks for it."""
        return self.browser.get(url)

    def order(self, slug: str, quantity: int = 1) -> str:
        """Put a product's first SKU into an order; return the order's number."""
        sku = _found(FIRST_SKU, self._open(f"/p/{slug}").text)
        checkout = f"/checkout?sku={sku}&quantity={quantity}"
        page = self._open(checkout)
        if 'name="address"' not in page.text:
            self._settle()
            page = self._open(checkout)
        placed = self._post("/checkout", page, {})
        return placed.headers["Location"].split("?")[0].rsplit("/", 1)[1]

    def open_payment_sheet(self, number: str) -> Json:
        """Tap 微信支付; return what the page hands to WeChat."""
        page = self._open(f"/orders/{number}")
        answer = self.browser.http.post(
            f"{self.stage.url}/orders/{number}/payment",
            headers={"X-CSRFToken": _found(TOKEN, page.text), "Accept": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        bridge: Json = answer.json()
        return bridge

    def pay(self, number: str) -> Json:
        """Pay an order in the payment sheet."""
        return self.stage.sandbox.pay(self.phone, self.open_payment_sheet(number))

    def cancel(self, number: str) -> requests.Response:
        """Cancel an unpaid order; return the answer before its redirect."""
        return self._post(f"/orders/{number}/cancel", self._open(f"/orders/{number}"), {})

    def confirm_receipt(self, number: str) -> None:
        """Say that the goods arrived."""
        self._post(f"/orders/{number}/receipt", self._open(f"/orders/{number}"), {})

    def _settle(self) -> None:
        address = {
            "receiver": "周女士",
            "phone": "13900001234",
            "district": "330106",
            "detail": "文三路 88 号 3 幢 502",
            "is_default": "yes",
        }
        self._post("/addresses/new", self._open("/addresses/new"), address)

    def _open(self, path: str) -> requests.Response:
        answer = self.browser.get(f"{self.stage.url}{path}")
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer

    def _post(
        self, path: str, page: requests.Response, fields: dict[str, str]
    ) -> requests.Response:
        hidden = {name: unescape(value) for name, value in FIELD.findall(page.text)}
        answer = self.browser.http.post(
            f"{self.stage.url}{path}",
            data={**hidden, "csrf_token": _found(TOKEN, page.text), **fields},
            headers={"Referer": page.url},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code in {302, 303, 502}, f"{path}: {answer.status_code}"
        return answer


def shopper(stage: Stage, nickname: str) -> Shopper:
    """A new follower who opens the shop on her phone."""
    phone = stage.sandbox.add_phone(nickname, is_following=True)
    return Shopper(stage=stage, phone=phone, browser=stage.sandbox.browser(phone))


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found is not None, f"{pattern.pattern} is not on the page"
    return unescape(found[1])
