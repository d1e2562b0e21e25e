"""Staff teach and hand out material; what distributors and customers make of it comes back."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.browsing import Album, Desk
from tests.journeys.console_page import ConsolePage
from tests.journeys.phone_page import PATIENCE_MS, PhonePage
from tests.journeys.sellers import Seller, seller
from tests.journeys.shop_page import ShopPage
from tests.journeys.stage import Stage

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("shared_stage", ["sqlite"], indirect=True, scope="module"),
]

PICTURES = Path(__file__).resolve().parents[2] / "static" / "demo"
LESSON = "敏感肌护理三步法"
BODY = "先温和清洁，再修护屏障，最后严格防晒。\n给顾客推荐时，先问她最近有没有换季泛红。"
MATERIAL = "玉兰精华 · 群发图"
CAPTION = "换季泛红？玉兰修护精华，稳住你的屏障。今天群里有专属顾问答疑。"
WINDOW_CLOSED_AFTER_HOURS = 49
HOUR_AND_A_BIT = 1.1 / 24
TWO_MINUTES = 2 / 1440
SOLD_FEN = 26_900


def test_a_lesson_reaches_everybody_once_and_its_report_is_right(
    stage: Stage, desk: Desk, album: Album
) -> None:
    lin, zhou = seller(stage, "林晓梅", phone_id="lin"), seller(stage, "周末", phone_id="zhou")
    morning = stage.move_to_daytime(hours=WINDOW_CLOSED_AFTER_HOURS)
    # Only one of them has written to us lately.
    stage.sandbox.say(lin.phone, "早上好")
    staff = ConsolePage(desk.console(), stage.url)
    staff.log_in()
    staff.write_lesson(LESSON, BODY, PICTURES / "lesson-skin-barrier.jpg")
    album.take(staff.page, "lesson-written")
    staff.schedule_push("新人第一课", LESSON, morning + timedelta(hours=1))
    album.take(staff.page, "push-scheduled")

    table = desk.phones("lin", "zhou")
    with stage.worker():
        stage.move_time(days=HOUR_AND_A_BIT)
        learner = PhonePage(table, "lin")
        learner.open_account()
        card = learner.hears(LESSON)
        stage.sandbox.open(zhou.phone, f"{stage.url}/d/inbox")
        other = PhonePage(table, "zhou")
        kept = other.web.locator(".kept").filter(has_text=LESSON)
        expect(kept).to_contain_text("聊天窗口已关闭", timeout=PATIENCE_MS)
        album.take(table, "one-by-chat-one-in-the-inbox")
        card.get_by_role("link").click()
        expect(learner.web.get_by_role("heading", name=LESSON)).to_be_visible(timeout=PATIENCE_MS)
        album.take(table, "lesson-opened")

    staff.open_card("推送", "新人第一课")
    figures = {word: staff.figure(word) for word in ("应发", "聊天送达", "收件箱", "已打开")}
    assert figures == {"应发": "2", "聊天送达": "1", "收件箱": "1", "已打开": "1"}
    album.take(staff.page, "push-report")
    stage.run_due()
    assert lessons_in_chat(stage, lin) == 1
    assert lessons_in_chat(stage, zhou) == 0
    stage.check_invariants()


def test_a_material_comes_back_as_figures(stage: Stage, desk: Desk, album: Album) -> None:
    stage.publish_menu()
    zhao = seller(stage, "赵小雨", phone_id="zhao")
    sun = stage.sandbox.add_phone("孙丽", phone_id="sun")
    # The minute after following has room for three messages only.
    stage.move_time(days=TWO_MINUTES)
    staff = ConsolePage(desk.console(), stage.url)
    staff.log_in()
    picture = PICTURES / "material-serum.jpg"
    staff.publish_material(MATERIAL, CAPTION, picture, "玉兰修护精华")
    album.take(staff.page, "material-published")

    table = desk.phones("zhao", "sun")
    sharer, buyer = PhonePage(table, "zhao"), PhonePage(table, "sun")
    shop = ShopPage(buyer)
    with stage.worker():
        sharer.open_account()
        sharer.say("素材")
        sharer.hears(CAPTION)
        sharer.receives_picture()
        album.take(table, "material-with-her-code")
        link = link_in_chat(stage, zhao)
        assert code_in_picture(stage, zhao) == link

        sharer.forward_picture_to_group()
        buyer.open_group()
        buyer.recognise_picture()
        expect(shop.web.get_by_role("heading", name="玉兰修护精华")).to_be_visible(
            timeout=PATIENCE_MS
        )
        album.take(table, "customer-opens-it")
        # The same person again is no second opening.
        stage.sandbox.browser(sun).get(link)
        buy(shop)
        sharer.open_account()
        sharer.hears("预计佣金 ¥40.35")
        album.take(table, "she-hears-of-it")

    assert zhao.holds() == {"estimated": SOLD_FEN * 15 // 100}
    staff.open_card("素材", MATERIAL)
    figures = {word: staff.figure(word) for word in ("打开", "新绑客户", "订单", "销售额")}
    assert figures == {"打开": "1", "新绑客户": "1", "订单": "1", "销售额": "¥269.00"}
    row = staff.row("赵小雨")
    assert row.locator(".is-number").all_inner_texts() == ["1", "1", "1", "¥269.00"]
    album.take(staff.page, "material-report")
    stage.check_invariants()


def buy(shop: ShopPage) -> None:
    """Order what the page shows, and pay for it."""
    shop.buy_now()
    shop.give_address()
    shop.place_order()
    with shop.phone.payment_sheet() as sheet:
        expect(sheet.locator(".amount")).to_have_text("¥269.00")
    shop.sees_status("支付成功")


def lessons_in_chat(stage: Stage, of: Seller) -> int:
    """Return how often a distributor got the lesson in her chat."""
    articles = [
        article for message in stage.sandbox.received(of.phone) for article in message["articles"]
    ]
    return sum(article["title"] == LESSON for article in articles)


def link_in_chat(stage: Stage, of: Seller) -> str:
    """Return the link at the end of the caption that she got."""
    captions = [m["text"] for m in stage.sandbox.received(of.phone) if CAPTION in (m["text"] or "")]
    link: str = captions[-1].rsplit("\n", 1)[1]
    assert link.startswith(f"{of.link}?s="), link
    return link


def code_in_picture(stage: Stage, of: Seller) -> str:
    """Return what the QR says in the newest picture that she got."""
    pictures = [m["media_url"] for m in stage.sandbox.received(of.phone) if m["kind"] == "image"]
    picture = Image.open(BytesIO(stage.sandbox.media(pictures[-1])))
    (code,) = zxingcpp.read_barcodes(picture)
    return code.text
