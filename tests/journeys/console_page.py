"""The console in a desktop browser, as the brand's staff use it."""

from datetime import datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.journeys.stage import OWNER, PASSWORD


class ConsolePage:
    """One member of staff at her desk."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    @property
    def _main(self) -> Locator:
        return self.page.locator("main")

    def log_in(self, login: str = OWNER) -> None:
        """Log in."""
        self.page.goto(f"{self.url}/console/")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()

    def go_to(self, title: str) -> None:
        """Open a list by the side bar."""
        self.page.get_by_role("navigation", name="主导航").get_by_role("link", name=title).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def open_row(self, words: str) -> None:
        """Open the first row that contains these words."""
        self.row(words).get_by_role("link").first.click()

    def row(self, words: str) -> Locator:
        """Return the first row of a table that contains these words."""
        return self.page.get_by_role("row").filter(has_text=words).first

    def approve_application(self, name: str) -> None:
        """Read an application and approve it."""
        self.go_to("招募")
        self.open_row(name)
        self._agree("通过申请", "通过")

    def open_order(self, words: str) -> None:
        """Open an order by what its row says."""
        self.go_to("订单")
        self.open_row(words)

    def ship(self, carrier: str, tracking_number: str) -> None:
        """Hand the open order to a carrier."""
        self.page.get_by_label("快递公司").select_option(carrier)
        self.page.get_by_label("快递单号").fill(tracking_number)
        self._agree("确认发货", "确认发货")

    def approve_payout(self, name: str) -> None:
        """Read a payout and agree to it."""
        self.go_to("提现")
        self.open_row(name)
        self._agree("同意", "同意")

    def refund_all(self, reason: str) -> None:
        """Ask for the open order's only unit in the buyer's place, and accept."""
        self.page.get_by_role("link", name="代客申请退款").click()
        self.page.get_by_label("退几件").fill("1")
        self.page.get_by_label("为什么退款").fill(reason)
        self.page.get_by_role("button", name="登记申请").click()
        self.is_told("已登记")
        self._agree("同意，退", "同意退款")

    def write_lesson(self, title: str, body: str, picture: Path) -> None:
        """Write a lesson with a picture."""
        self.go_to("课程")
        self._main.get_by_role("link", name="写课程").first.click()
        self.page.get_by_label("标题").fill(title)
        self.page.get_by_label("封面图").set_input_files(picture)
        self.page.get_by_label("内容").fill(body)
        self.page.get_by_role("button", name="保存课程").click()
        self.is_told("课程已保存")

    def schedule_push(self, name: str, lesson: str, moment: datetime) -> None:
        """Schedule a lesson for all distributors, once; `moment` is in Shanghai."""
        self.go_to("推送")
        self._main.get_by_role("link", name="安排推送").first.click()
        self.page.get_by_label("计划名称").fill(name)
        self.page.get_by_label("课程", exact=False).select_option(label=lesson)
        self.page.get_by_label("推送时间").fill(f"{moment:%Y-%m-%dT%H:%M}")
        self.page.get_by_role("button", name="确认安排").click()
        self.is_told("推送计划已安排")

    def publish_material(self, title: str, caption: str, picture: Path, product: str) -> None:
        """Publish a picture with its caption."""
        self.go_to("素材")
        self._main.get_by_role("link", name="发布素材").first.click()
        self.page.get_by_label("素材标题").fill(title)
        self.page.get_by_label("素材图片").set_input_files(picture)
        self.page.get_by_label("推广文案").fill(caption)
        self.page.get_by_label("推广的商品").select_option(label=product)
        self.page.get_by_role("button", name="发布素材").click()
        self.is_told("素材已发布")

    def open_card(self, list_title: str, name: str) -> None:
        """Open one of a list's rows or cards by its name."""
        self.go_to(list_title)
        self._main.get_by_role("link", name=name).first.click()

    def figure(self, label: str) -> str:
        """Return the figure under a label, as it is printed."""
        card = self.page.locator(".stat-card").filter(has=self.page.get_by_text(label, exact=True))
        return card.locator(".stat-figure").inner_text()

    def is_told(self, words: str) -> None:
        """Wait for the green line that says what was done."""
        expect(self.page.locator(".flash.is-done")).to_contain_text(words)

    def sees(self, words: str) -> None:
        """Expect words on the page."""
        expect(self._main).to_contain_text(words)

    def _agree(self, button: str, word: str) -> None:
        """Press a button, and answer yes to its question."""
        self._main.get_by_role("button", name=button).first.click()
        self.page.locator("dialog#ask").get_by_role("button", name=word, exact=True).click()
