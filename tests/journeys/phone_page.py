"""A phone on the sandbox's page, as the person who holds it uses it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import FrameLocator, Locator, Page, expect

GROUP = "闺蜜好物群"
PATIENCE_MS = 20_000


class PhonePage:
    """One phone; the page shows several side by side."""

    def __init__(self, page: Page, phone_id: str) -> None:
        self.page = page
        self.phone_id = phone_id
        self.screen = page.locator(f'[data-phone="{phone_id}"]')

    @property
    def web(self) -> FrameLocator:
        """The page in the phone's browser."""
        return self.screen.frame_locator("iframe")

    # The official account.

    def find_and_follow(self) -> None:
        """Search the account, and follow it from its own page."""
        self.screen.get_by_role("button", name="搜一搜").click()
        self._follow()

    def open_account(self) -> None:
        """Open the chat with the account from wherever she is."""
        self.go_home()
        self.screen.locator("[data-open=account]").click()

    def say(self, text: str) -> None:
        """Type a message to the account and send it."""
        keyboard = self.screen.get_by_label("切换到键盘")
        if keyboard.is_visible():
            keyboard.click()
        self.screen.get_by_label("输入消息").fill(text)
        self.screen.get_by_role("button", name="发送", exact=True).click()
        expect(self.screen.locator(".is-mine .bubble").last).to_have_text(text)

    def tap_menu(self, entry: str, child: str | None = None) -> None:
        """Tap an entry of the account's menu."""
        menu = self.screen.get_by_label("切换到菜单")
        if menu.is_visible():
            menu.click()
        self.screen.locator(".account-menu").get_by_role("button", name=entry).click()
        if child is not None:
            self.screen.locator(".menu-list").get_by_role("button", name=child).click()

    def hears(self, words: str) -> Locator:
        """Wait for a message of the account that contains these words; return it."""
        heard = self.screen.locator(".message:not(.is-mine)", has_text=words).last
        expect(heard).to_be_visible(timeout=PATIENCE_MS)
        return heard

    def tap_link(self, words: str) -> None:
        """Tap the newest link with these words in the chat."""
        self.screen.locator(".bubble a", has_text=words).last.click()

    def receives_picture(self) -> Locator:
        """Wait for a picture in the open chat; return the newest."""
        picture = self.screen.locator("img.picture").last
        expect(picture).to_be_visible(timeout=PATIENCE_MS)
        return picture

    # Between people.

    def forward_picture_to_group(self) -> None:
        """Press long on the newest picture and send it to the group."""
        self._press_long(self.receives_picture())
        self._choose("发送给朋友")
        self._send_to_group()

    def open_group(self) -> None:
        """Open the group's chat."""
        self.go_home()
        self.screen.locator("[data-open=group]").click()

    def recognise_picture(self) -> None:
        """Press long on the newest picture and let WeChat read the code in it."""
        self._press_long(self.receives_picture())
        self._choose("识别图中二维码")

    def recognise_and_follow(self) -> None:
        """Read the code of the newest picture, and follow the account that it leads to."""
        self.recognise_picture()
        self._follow()

    # Money.

    @contextmanager
    def payment_sheet(self) -> Iterator[Locator]:
        """Look at the payment sheet, then pay and leave the result."""
        sheet = self.screen.locator(".pay")
        expect(sheet).to_be_visible(timeout=PATIENCE_MS)
        yield sheet
        sheet.get_by_role("button", name="立即支付").click()
        expect(self.screen.get_by_text("支付成功")).to_be_visible()
        self.screen.get_by_role("button", name="完成").click()

    @contextmanager
    def receipt_sheet(self) -> Iterator[Locator]:
        """Look at a transfer (商家转账), then accept it and leave the result."""
        sheet = self.screen.locator(".receive")
        expect(sheet).to_be_visible(timeout=PATIENCE_MS)
        yield sheet
        sheet.get_by_role("button", name="确认收款").click()
        expect(self.screen.get_by_text("已存入零钱")).to_be_visible()
        self.screen.get_by_role("button", name="完成").click()

    # Anywhere.

    def go_home(self) -> None:
        """Close whatever is open, up to the list of chats."""
        for label in ("关闭", "返回"):
            button = self.screen.locator(".screen:not([hidden]):not(.is-leaving)").get_by_label(
                label, exact=True
            )
            while button.first.is_visible():
                button.first.click()
                self.page.wait_for_timeout(300)

    def _follow(self) -> None:
        self.screen.get_by_role("button", name="关注公众号").click()
        expect(self.screen.locator(".follow-state")).to_have_text("已关注")

    def _press_long(self, picture: Locator) -> None:
        picture.click(button="right")

    def _choose(self, action: str) -> None:
        self.screen.get_by_role("menuitem", name=action).click()

    def _send_to_group(self) -> None:
        self.screen.locator(".forward-list").get_by_text(GROUP).click()
        self.screen.get_by_role("button", name="发送", exact=True).click()
        expect(self.screen.get_by_text("已发送")).to_be_visible()
