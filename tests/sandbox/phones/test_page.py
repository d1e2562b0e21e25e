"""The page with the phones, in a real browser, as a person uses it."""

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from sandbox.server import Server
from tests.sandbox.phones.shop import APP_ID, APP_SECRET, Shop, qr_picture
from tests.sandbox_client import Phone, Sandbox

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page with the three usual phones, at their own size; no script error is allowed."""
    context = browser.new_context(viewport={"width": 1520, "height": 920})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/sandbox/?scale=1")
    opened.wait_for_selector("body[data-state=ready]")
    yield opened
    context.close()
    assert errors == []


def phone_of(page: Page, phone_id: str) -> Locator:
    return page.locator(f'[data-phone="{phone_id}"]')


def browse(page: Page, phone_id: str) -> FrameLocator:
    return phone_of(page, phone_id).frame_locator("iframe")


def log_in(page: Page, sandbox: Sandbox, shop: Shop, phone_id: str) -> Phone:
    """Open the shop as a person who is known there, and wait for its script."""
    phone = known(sandbox, phone_id)
    sandbox.open(phone, f"{shop.url}/me")
    expect(browse(page, phone_id).locator("#openid")).to_have_text(phone.openid)
    return phone


def known(sandbox: Sandbox, phone_id: str) -> Phone:
    found = sandbox.call("GET", f"/phones/{phone_id}")
    return Phone(phone_id=phone_id, openid=found["openid"])


def referral_code(server: Server, scene: str) -> str:
    """Make a permanent parametric QR, as the application does; return its content."""
    with requests.Session() as http:
        http.trust_env = False
        token = http.get(
            f"{server.url}/cgi-bin/token",
            params={"grant_type": "client_credential", "appid": APP_ID, "secret": APP_SECRET},
            timeout=10,
        ).json()["access_token"]
        body = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        answer = http.post(
            f"{server.url}/cgi-bin/qrcode/create",
            params={"access_token": token},
            json=body,
            timeout=10,
        ).json()
    return str(answer["url"])


def test_a_poster_goes_from_a_phone_to_the_group_and_its_code_is_read_from_the_picture(
    page: Page, server: Server, sandbox: Sandbox, shop: Shop, tmp_path: Path, screenshots: Path
) -> None:
    poster = tmp_path / "poster.png"
    poster.write_bytes(qr_picture(referral_code(server, "r-lin")))
    lin, chen = phone_of(page, "lin"), phone_of(page, "chen")
    lin.locator('[data-open="pair:lin:wang"]').click()
    lin.locator("input[type=file]").set_input_files(poster)
    lin.locator("img.picture").click(button="right")
    lin.get_by_role("menuitem", name="发送给朋友").click()
    lin.locator(".forward-list").get_by_text("闺蜜好物群").click()
    lin.get_by_role("button", name="发送", exact=True).click()
    expect(lin.get_by_text("已发送")).to_be_visible()

    chen.locator("[data-open=group]").click()
    chen.locator("img.picture").click(button="right")
    chen.get_by_role("menuitem", name="识别图中二维码").click()
    chen.get_by_role("button", name="关注公众号").click()
    expect(chen.locator(".follow-state")).to_have_text("已关注")
    page.screenshot(path=screenshots / "followed-from-a-poster.png")
    sandbox.settle()
    assert sandbox.phone(known(sandbox, "chen"))["is_following"]
    assert [found["event"] for found in sandbox.deliveries("callback")] == ["subscribe"]


def test_a_picture_without_a_code_offers_no_recognition(page: Page, sandbox: Sandbox) -> None:
    lin = phone_of(page, "lin")
    lin.locator("[data-open=group]").click()
    lin.locator("input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": plain_picture()}
    )
    lin.locator("img.picture").click(button="right")
    expect(lin.get_by_role("menuitem", name="保存图片")).to_be_visible()
    expect(lin.get_by_role("menuitem", name="识别图中二维码")).to_have_count(0)


def plain_picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (200, 200), "#fbe9e4").save(out, "PNG")
    return out.getvalue()


def test_two_phones_log_in_as_two_people_and_one_pays(
    page: Page, sandbox: Sandbox, shop: Shop, screenshots: Path
) -> None:
    wang, chen = known(sandbox, "wang"), known(sandbox, "chen")
    for phone in (wang, chen):
        sandbox.open(phone, f"{shop.url}/me")
    for phone in (wang, chen):
        expect(browse(page, phone.phone_id).locator("#openid")).to_have_text(phone.openid)
    assert not [frame.url for frame in page.frames if "wechat_redirect" in frame.url]

    shown = phone_of(page, "wang")
    browse(page, "wang").locator("#buy").click()
    expect(shown.locator(".pay .amount")).to_have_text("¥129.00")
    expect(shown.locator(".pay-merchant")).to_contain_text("漱玉美妆")
    page.screenshot(path=screenshots / "paying.png")
    shown.get_by_role("button", name="立即支付").click()
    expect(shown.get_by_text("支付成功")).to_be_visible()
    assert shop.results == [], "the page hears of it when the person leaves the result"
    shown.get_by_role("button", name="完成").click()
    expect(shown.locator(".paid")).to_have_count(0)
    assert eventually(lambda: shop.results) == ["get_brand_wcpay_request:ok"]
    assert [payment["phone_id"] for payment in sandbox.payments("SUCCESS")] == ["wang"]


def eventually(read: Callable[[], list[Any]], tries: int = 50) -> list[Any]:
    """Ask until there is something, for five seconds at most."""
    for _ in range(tries):
        if found := read():
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


def test_leaving_the_payment_sheet_cancels(page: Page, sandbox: Sandbox, shop: Shop) -> None:
    log_in(page, sandbox, shop, "wang")
    browse(page, "wang").locator("#buy").click()
    phone_of(page, "wang").get_by_label("取消支付").click()
    assert eventually(lambda: shop.results) == ["get_brand_wcpay_request:cancel"]
    assert sandbox.payments("SUCCESS") == []


def test_a_payment_that_was_tampered_with_is_refused(
    page: Page, sandbox: Sandbox, shop: Shop
) -> None:
    log_in(page, sandbox, shop, "wang")
    browse(page, "wang").locator("#bad").click()
    phone_of(page, "wang").get_by_role("button", name="我知道了").click()
    [result] = eventually(lambda: shop.results)
    assert result.startswith("get_brand_wcpay_request:fail")


def test_a_transfer_is_confirmed_on_the_phone_it_is_for(
    page: Page, sandbox: Sandbox, shop: Shop, screenshots: Path
) -> None:
    lin = known(sandbox, "lin")
    shop.transfer(lin.openid)
    log_in(page, sandbox, shop, "lin")
    shown = phone_of(page, "lin")
    browse(page, "lin").locator("#receive").click()
    expect(shown.locator(".receive .amount")).to_have_text("¥50.00")
    shown.locator(".receive").get_by_label("返回").click()
    assert eventually(lambda: shop.results) == ["requestMerchantTransfer:cancel"]
    browse(page, "lin").locator("#receive").click()
    shown.get_by_role("button", name="确认收款").click()
    expect(shown.get_by_text("已存入零钱")).to_be_visible()
    page.screenshot(path=screenshots / "received.png")
    shown.get_by_role("button", name="完成").click()
    assert eventually(lambda: shop.results[1:]) == ["requestMerchantTransfer:ok"]
    sandbox.settle()
    assert [bill["state"] for bill in sandbox.transfers(lin)] == ["SUCCESS"]


def test_a_stranger_consents_on_wechats_own_page(page: Page, sandbox: Sandbox, shop: Shop) -> None:
    back = f"{shop.url}/oauth".replace(":", "%3A").replace("/", "%2F")
    chen = known(sandbox, "chen")
    sandbox.open(
        chen,
        f"{sandbox.url}/connect/oauth2/authorize?appid={APP_ID}&redirect_uri={back}"
        "&response_type=code&scope=snsapi_userinfo&state=abc",
    )
    browse(page, "chen").get_by_role("button", name="同意").click()
    expect(browse(page, "chen").locator("#openid")).to_have_text(chen.openid)


def test_a_code_on_a_page_is_read_by_pressing_long(
    page: Page, sandbox: Sandbox, shop: Shop
) -> None:
    sandbox.open(known(sandbox, "wang"), f"{shop.url}/goods")
    box = browse(page, "wang").locator("#poster").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    recognise = phone_of(page, "wang").get_by_role("menuitem", name="识别图中二维码")
    expect(recognise).to_be_visible()
    page.mouse.up()
    recognise.click()
    assert eventually(lambda: [s for s in shop.seen if s[":target"] == "/goods?from=poster"])


def test_a_shared_page_is_a_card_in_the_group_and_opens_on_another_phone(
    page: Page, sandbox: Sandbox, shop: Shop, screenshots: Path
) -> None:
    sandbox.open(known(sandbox, "lin"), f"{shop.url}/goods")
    lin, wang = phone_of(page, "lin"), phone_of(page, "wang")
    expect(lin.get_by_role("heading", name="玫瑰纯露")).to_be_visible()
    expect(browse(page, "lin").locator("#buy")).to_be_visible()
    page.wait_for_timeout(200)
    lin.get_by_label("分享").click()
    lin.get_by_role("menuitem", name="发送给朋友").click()
    lin.locator(".forward-list").get_by_text("闺蜜好物群").click()
    lin.get_by_role("button", name="发送", exact=True).click()
    wang.locator("[data-open=group]").click()
    card = wang.locator(".link-card")
    expect(card).to_contain_text("我的小店")
    expect(card).to_contain_text("来看看")
    page.screenshot(path=screenshots / "card-in-the-group.png")
    card.click()
    assert eventually(lambda: [s for s in shop.seen if s[":target"] == "/goods?share=1"])


def test_back_goes_back_on_this_phone_only(page: Page, sandbox: Sandbox, shop: Shop) -> None:
    for phone_id in ("lin", "wang"):
        sandbox.open(known(sandbox, phone_id), f"{shop.url}/goods")
        browse(page, phone_id).locator("#next").click()
        expect(phone_of(page, phone_id).get_by_role("heading", name="第二页")).to_be_visible()
    phone_of(page, "lin").get_by_label("后退").click()
    expect(phone_of(page, "lin").get_by_role("heading", name="玫瑰纯露")).to_be_visible()
    expect(phone_of(page, "wang").get_by_role("heading", name="第二页")).to_be_visible()


def test_a_new_message_appears_by_itself(page: Page, sandbox: Sandbox) -> None:
    lin = known(sandbox, "lin")
    sandbox.follow(lin)
    page.wait_for_timeout(900)
    phone_of(page, "lin").locator("[data-open=account]").click()
    sandbox.say(lin, "我的推广码")
    expect(phone_of(page, "lin").locator(".bubble")).to_have_text("我的推广码", timeout=2000)


@pytest.mark.parametrize("width", [375, 390])
def test_a_real_phone_shows_one_phone_at_a_time(
    browser: Browser, server: Server, screenshots: Path, width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 720}) as context:
        page = context.new_page()
        page.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/sandbox/")
        page.wait_for_selector("body[data-state=ready]")
        expect(page.locator(".phone:visible")).to_have_count(1)
        page.locator('[data-tab="wang"]').click()
        expect(phone_of(page, "wang")).to_be_visible()
        expect(phone_of(page, "lin")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.screenshot(path=screenshots / f"one-phone-{width}.png")
