"""The whole house, walked through by a distributor, a customer and the brand's staff."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.distributors import Distributor
from tests.journeys.browsing import Album, Desk
from tests.journeys.console_page import ConsolePage
from tests.journeys.phone_page import PATIENCE_MS, PhonePage
from tests.journeys.shop_page import ShopPage
from tests.journeys.stage import Stage
from workflows.ledger import balances

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("shared_stage", ["postgresql"], indirect=True, scope="module"),
]

PRICE_FEN = 26_900
EARNED_FEN = PRICE_FEN * 15 // 100
EARNED = "40.35"


def holds(stage: Stage) -> dict[str, int]:
    """Return the accounts of the only distributor in fen, without zeros."""
    with stage.sessions.read() as session:
        distributor_id = session.scalars(select(Distributor.id)).one()
        held = balances(session, distributor_id)
    return {kind.value: balance for kind, balance in held.items() if balance}


def test_a_sale_from_the_first_hello_to_the_money(stage: Stage, desk: Desk, album: Album) -> None:
    stage.publish_menu()
    table = desk.phones("lin", "wang")
    lin, wang = PhonePage(table, "lin"), PhonePage(table, "wang")
    staff = ConsolePage(desk.console(), stage.url)
    shop = ShopPage(wang)
    with stage.worker():
        join(lin, album)
        staff.log_in()
        album.take(staff.page, "staff-first-page")
        staff.approve_application("林晓梅")
        staff.is_told("林晓梅 已成为分销商")
        album.take(staff.page, "distributor-approved")
        lin.hears("恭喜")

        share(lin, wang, album)

        wang.tap_menu("进店选购")
        buy(wang, shop, album)
        heard = lin.hears(f"预计佣金 ¥{EARNED}")
        expect(heard).to_contain_text("实付 ¥269.00")
        album.take(table, "distributor-hears-of-the-sale")
        assert holds(stage) == {"estimated": EARNED_FEN}

        ship(staff, album)
        wang.open_account()
        wang.hears("SF1234567890")
        album.take(table, "customer-hears-of-the-parcel")
        receive(wang, shop, album)
        assert holds(stage) == {"maturing": EARNED_FEN}

        for _ in range(2):
            stage.move_time(days=7.1)
            stage.run_due()
        assert holds(stage) == {"available": EARNED_FEN}
        withdraw(lin, staff, album)
        lin.hears("到账")
        album.take(table, "money-arrived")
        assert holds(stage) == {}
        give_back(wang, staff, album)
        lin.hears("将从以后的佣金中抵扣")
    assert holds(stage) == {"debt": -EARNED_FEN}
    (transfer,) = stage.sandbox.transfers(state="SUCCESS")
    assert transfer["amount_fen"] == EARNED_FEN
    stage.check_invariants()


def join(lin: PhonePage, album: Album) -> None:
    """Follow, and apply by typing."""
    album.take(lin.page, "before-anything")
    lin.find_and_follow()
    lin.hears("您好，欢迎来到漱玉")
    album.take(lin.page, "followed")
    lin.say("加入")
    for question, answer in (
        ("（1/4）", "林晓梅"),
        ("（2/4）", "13812345678"),
        ("（3/4）", "浙江杭州"),
        ("（4/4）", "同意"),
    ):
        lin.hears(question)
        lin.say(answer)
    lin.hears("申请已提交")
    album.take(lin.page, "applied")


def share(lin: PhonePage, wang: PhonePage, album: Album) -> None:
    """The distributor's poster goes to the group, where the customer reads its code."""
    lin.say("我的推广码")
    lin.hears("正在生成您的专属海报")
    lin.receives_picture()
    album.take(lin.page, "poster-arrives")
    lin.forward_picture_to_group()

    wang.open_group()
    wang.receives_picture()
    album.take(wang.page, "poster-in-the-group")
    wang.recognise_and_follow()
    wang.hears("您由 林晓梅 推荐而来")
    album.take(wang.page, "customer-follows")


def buy(wang: PhonePage, shop: ShopPage, album: Album) -> None:
    """From the shop's first page to a paid order."""
    expect(shop.web.get_by_role("link", name="玉兰修护精华").first).to_be_visible(
        timeout=PATIENCE_MS
    )
    album.take(wang.page, "shop")
    shop.choose("玉兰修护精华")
    album.take(wang.page, "product")
    shop.buy_now()
    shop.give_address()
    album.take(wang.page, "checkout")
    shop.place_order()
    with wang.payment_sheet() as sheet:
        expect(sheet.locator(".amount")).to_have_text("¥269.00")
        album.take(wang.page, "payment-sheet")
    shop.sees_status("支付成功")
    album.take(wang.page, "paid")


def ship(staff: ConsolePage, album: Album) -> None:
    """Look at the order with its trail, and hand it to the carrier."""
    staff.open_order("¥269.00")
    staff.sees("林晓梅")
    staff.sees(f"¥{EARNED}")
    album.take(staff.page, "order-with-its-trail")
    staff.ship("顺丰速运", "SF1234567890")
    staff.is_told("已发货")
    album.take(staff.page, "order-shipped")


def receive(wang: PhonePage, shop: ShopPage, album: Album) -> None:
    """Open the order from the account's menu, and say that the parcel arrived."""
    wang.tap_menu("我的", "我的订单")
    shop.open_newest_order()
    shop.sees_status("待收货")
    album.take(wang.page, "shipped")
    shop.confirm_receipt()
    shop.sees_status("已收货")
    album.take(wang.page, "received")
    shop.ask_for_refund("颜色和想的不一样")
    expect(shop.web.locator("[data-refund-total]")).to_have_text("¥269.00", timeout=PATIENCE_MS)
    album.take(wang.page, "refund-amount")
    shop.web.get_by_role("button", name="提交申请").click()
    expect(shop.web.get_by_text("客服正在审核")).to_be_visible(timeout=PATIENCE_MS)
    album.take(wang.page, "refund-asked-for")
    shop.withdraw_request()


def give_back(wang: PhonePage, staff: ConsolePage, album: Album) -> None:
    """After the payout staff refund the order out of goodwill: the money goes back all the same."""
    wang.open_account()
    wang.say("瓶身有裂纹，能退吗")
    staff.open_order("¥269.00")
    staff.refund_all("买家来电：瓶身有裂纹，已看过照片")
    staff.is_told("已同意")
    album.take(staff.page, "refund-accepted")
    wang.hears("退款已到账")
    album.take(wang.page, "refund-arrived")


def withdraw(lin: PhonePage, staff: ConsolePage, album: Album) -> None:
    """Ask for all of it, have it approved, and accept it on the phone."""
    lin.open_account()
    lin.say("我的佣金")
    lin.hears(f"可提现　¥{EARNED}")
    album.take(lin.page, "commission-available")
    lin.tap_link("提现记录")
    lin.web.get_by_role("button", name="申请提现").click()
    expect(lin.web.get_by_text("工作人员正在审核")).to_be_visible(timeout=PATIENCE_MS)
    album.take(lin.page, "payout-asked-for")

    staff.approve_payout("林晓梅")
    staff.is_told("已通过审批")
    album.take(staff.page, "payout-approved")

    lin.open_account()
    lin.hears("确认收款")
    album.take(lin.page, "payout-to-confirm")
    lin.say("我的佣金")
    lin.tap_link("提现记录")
    lin.web.get_by_role("button", name="确认收款").click()
    with lin.receipt_sheet() as sheet:
        expect(sheet.locator(".amount")).to_have_text(f"¥{EARNED}")
        album.take(lin.page, "transfer")
    lin.open_account()
