"""The shop in a phone's browser, as a customer uses it."""

from contextlib import suppress

from playwright.sync_api import TimeoutError, expect  # noqa: A004 - playwright's own

from tests.journeys.phone_page import PATIENCE_MS, PhonePage

TAPS = 3


class ShopPage:
    """What a customer does in the shop on her phone."""

    def __init__(self, phone: PhonePage) -> None:
        self.phone = phone
        self.web = phone.web

    def choose(self, product: str) -> None:
        """Open a product from the shop's first page."""
        self.web.get_by_role("link", name=product).first.click()
        expect(self.web.get_by_role("heading", name=product)).to_be_visible(timeout=PATIENCE_MS)

    def buy_now(self) -> None:
        """Take one of the first SKU to the checkout."""
        self.web.get_by_role("button", name="立即购买").click()
        self.web.get_by_role("button", name="去结算").click()
        expect(self.web.get_by_role("heading", name="确认订单")).to_be_visible(timeout=PATIENCE_MS)

    def give_address(self) -> None:
        """Fill in where the parcel goes."""
        receiver = self.web.get_by_label("收货人")
        for _ in range(TAPS):
            self.web.get_by_role("link", name="填写收货地址", exact=True).click()
            # On a busy machine a tap can meet a frame that is still moving; a person taps again.
            with suppress(TimeoutError):
                receiver.wait_for(timeout=PATIENCE_MS / TAPS)
                break
        receiver.fill("芳女士")
        self.web.get_by_label("手机号").fill("13900001234")
        self.web.get_by_label("省", exact=True).select_option(label="浙江省")
        self.web.get_by_label("市", exact=True).select_option(label="杭州市")
        self.web.get_by_label("区县").select_option(label="西湖区")
        self.web.get_by_label("详细地址").fill("文三路 88 号 3 幢 502")
        self.web.get_by_role("button", name="保存").click()
        expect(self.web.get_by_text("芳女士")).to_be_visible(timeout=PATIENCE_MS)

    def place_order(self) -> None:
        """Order; the payment sheet opens by itself."""
        self.web.get_by_role("button", name="提交订单").click()

    def sees_status(self, words: str) -> None:
        """Wait until the order's page says so."""
        expect(self.web.locator(".status-head h1")).to_have_text(words, timeout=PATIENCE_MS)

    def open_newest_order(self) -> None:
        """Open the first of her orders."""
        self.web.locator('a[href^="/orders/"]').first.click()

    def confirm_receipt(self) -> None:
        """Say that the goods arrived."""
        self.web.get_by_role("button", name="确认收货").first.click()
        self.web.get_by_role("dialog").get_by_role("button", name="确认收货").click()

    def ask_for_refund(self, reason: str) -> None:
        """Ask for one of the first line's units; see the amount before."""
        self.web.get_by_role("link", name="申请退款").click()
        expect(self.web.get_by_role("heading", name="申请退款")).to_be_visible(timeout=PATIENCE_MS)
        self.web.get_by_label("退款原因").fill(reason)

    def withdraw_request(self) -> None:
        """Take the request that waits back."""
        self.web.get_by_role("button", name="撤销申请").click()
        self.web.get_by_role("dialog").get_by_role("button", name="确定撤销").click()
        expect(self.web.get_by_text("您撤销了这次申请")).to_be_visible(timeout=PATIENCE_MS)
