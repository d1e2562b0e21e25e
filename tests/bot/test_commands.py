"""What a distributor asks for, and what a customer gets instead."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.commands import Command, command_of
from bot.menu import menu_buttons
from models.database import SessionFactory
from models.distributors import Distributor
from models.materials import Material, MaterialShare
from models.outbox import OutboxItem
from models.pictures import UploadedPicture
from queries.centre import centre_home
from rules.materials import MaterialStatus
from tests.bot.conftest import distributor_with
from tests.bot.phone import Phone
from tests.factories.catalogue import make_picture, make_sku
from tests.factories.orders import make_order, pay_order
from tests.factories.staff import make_staff
from workflows.posters import poster_subject

LATER = datetime(2036, 1, 1, tzinfo=UTC)


def work(sessions: SessionFactory, kind: str) -> list[OutboxItem]:
    with sessions.read() as session:
        return list(session.scalars(select(OutboxItem).where(OutboxItem.kind == kind)))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("我的推广码", Command.CODE),
        (" 推广码。", Command.CODE),
        ("我 的 业绩？", Command.PERFORMANCE),
        ("“佣金”", Command.COMMISSION),
        ("结算单", Command.COMMISSION),
        ("收款账户？", Command.COMMISSION),
        ("订单!!", Command.ORDERS),
        ("ＨＥＬＰ", Command.HELP),
        ("素材~", Command.MATERIAL),
        ("推广码怎么用", None),
        ("", None),
        ("！" * 5000, None),
    ],
)
def test_commands_are_found_however_they_are_written(text: str, command: Command | None) -> None:
    assert command_of(text) is command


def test_the_menu_is_one_that_wechat_takes() -> None:
    buttons = menu_buttons("https://shop.example.cn")
    assert [button.name for button in buttons] == ["推广赚钱", "进店选购", "我的"]
    for button in buttons:
        assert len(button.name.encode()) <= 16
        assert len(button.children) <= 5
        for leaf in button.children or (button,):
            assert (leaf.key is None) != (leaf.url is None)
            assert leaf.url is None or leaf.url.startswith("https://shop.example.cn/")


def test_the_poster_is_asked_for_when_wechat_does_not_have_it(
    sessions: SessionFactory, seller: Phone
) -> None:
    assert "正在生成" in seller.say("我的推广码")
    (item,) = work(sessions, "poster")
    assert item.payload == {"distributor_id": distributor_with(sessions, seller).id}
    assert item.wechat_user_id == distributor_with(sessions, seller).wechat_user_id


def test_the_poster_comes_at_once_when_wechat_has_it(
    sessions: SessionFactory, seller: Phone
) -> None:
    subject = poster_subject(distributor_with(sessions, seller).id)
    with sessions.begin() as session:
        session.add(
            UploadedPicture(subject=subject, sha256="0" * 64, media_id="m-1", expires_at=LATER)
        )
    assert seller.say("我的推广码", identity="5") == "image:m-1"
    assert seller.say("我的推广码", identity="5") == "image:m-1"
    assert work(sessions, "poster") == []


def test_the_newest_material_is_asked_for(sessions: SessionFactory, seller: Phone) -> None:
    assert "暂时没有新的素材" in seller.say("素材")
    with sessions.begin() as session:
        material = Material(
            title="秋冬水润",
            caption="一瓶就够",
            picture_id=make_picture(session).id,
            product_id=make_sku(session).product_id,
            status=MaterialStatus.PUBLISHED,
            valid_until=LATER,
            published_at=datetime(2026, 11, 1, tzinfo=UTC),
            published_by_id=make_staff(session).id,
        )
        session.add(material)
    assert "《秋冬水润》" in seller.say("素材")
    (item,) = work(sessions, "material")
    with sessions.read() as session:
        share = session.get_one(MaterialShare, item.payload["share_id"])
    assert share.material_id == material.id
    assert share.distributor_id == distributor_with(sessions, seller).id


def test_figures_are_hers(sessions: SessionFactory, seller: Phone) -> None:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        referrer = session.get_one(Distributor, distributor_with(sessions, seller).id)
        sku = make_sku(session, sale_fen=12_400)
        order = make_order(session, [(sku, 2)], now=now, referrer=referrer)
        order.freight_fen, order.payable_fen = 1_000, order.payable_fen + 1_000
        pay_order(session, order, now)
        month = centre_home(session, referrer.id, now).month
    performance = seller.say("我的业绩")
    assert (month.orders, month.sales_fen) == (1, 25_800)
    assert "今日　1 单 · ¥258.00" in performance
    assert "本月　1 单 · ¥258.00" in performance
    assert "客户　0 位" in performance
    commission = seller.say("我的佣金")
    assert "可提现　¥0.00" in commission
    assert "待结算　¥0.00" in commission
    assert "预估　¥24.80" in commission
    assert "http://localhost/d/payouts" in commission
    assert "http://localhost/d/statements" in commission
    assert "http://localhost/d/payout-account" in commission
    orders = seller.say("我的订单")
    assert "¥258.00　待发货" in orders


@pytest.mark.parametrize("text", ["我的推广码", "我的业绩", "我的佣金", "素材", "培训"])
def test_a_customer_learns_how_to_join(phone: Phone, text: str) -> None:
    reply = phone.say(text)
    assert "还不是分销商" in reply
    assert "http://localhost/" in reply


def test_a_customer_is_led_to_her_own_orders(phone: Phone) -> None:
    assert "http://localhost/orders" in phone.say("订单")


def test_every_text_fits_a_passive_reply(seller: Phone, phone: Phone) -> None:
    for command in Command:
        for asker in (seller, phone):
            reply = asker.happen("CLICK", command.value)
            assert len(reply.encode()) <= 2048
            assert reply
            assert "\n\n\n" not in reply
