"""The gateway against the sandbox, which signs and encrypts by its own code, over real HTTP."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from tests.sandbox_client import Phone
from tests.wechat.stores import InMemoryTokenStore
from tests.wechat.world import AES_KEY, APP_ID, MERCHANT_ID, World, opened_world
from wechat.account import WeChatAccount
from wechat.credentials import OfficialAccountCredentials
from wechat.errors import (
    CodeRejected,
    CredentialError,
    NotFollower,
    Outcome,
    OutsideChatWindow,
    WeChatError,
    WeChatUnreachable,
)
from wechat.events import MenuClicked, Scanned, Subscribed, TextMessage, Unsubscribed
from wechat.gateway import (
    Article,
    MenuButton,
    NotFound,
    PaymentFact,
    PaymentState,
    PrepayRequest,
    RefundFact,
    RefundRequest,
    RefundState,
    TransferFact,
    TransferRequest,
    TransferState,
)

pytestmark = [pytest.mark.sockets, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened_world(tmp_path_factory.mktemp("platform")) as opened:
        yield opened


def jpeg() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (8, 8), "#c33").save(picture, "JPEG")
    return picture.getvalue()


def follower(world: World, nickname: str) -> Phone:
    return world.sandbox.add_phone(nickname, is_following=True)


def test_the_address_is_verified(world: World) -> None:
    assert world.sandbox.verify_callback()


def test_credentials_are_checked(world: World) -> None:
    world.account.check()
    wrong = OfficialAccountCredentials(
        app_id=APP_ID,
        app_secret="f" * 32,
        token="QDG6eK",
        encoding_aes_key=AES_KEY,
        api_base_url=world.sandbox.url,
    )
    with pytest.raises(CredentialError):
        WeChatAccount(wrong, InMemoryTokenStore()).check()


def test_a_conversation(world: World) -> None:
    phone = world.sandbox.add_phone("小美")
    world.account.publish_menu((MenuButton(name="推广码", key="my_code"),))
    code = world.account.create_permanent_qr("d_17")
    world.sandbox.scan_and_follow(phone, code.url)
    world.sandbox.scan(phone, code.url)
    world.sandbox.say(phone, "我的<业绩> ]]> 😀")
    world.sandbox.press(phone, 0)
    world.sandbox.settle()
    world.sandbox.unfollow(phone)
    world.sandbox.settle()
    seen = [event for event in world.shop.events if event.openid == phone.openid]
    assert [type(event) for event in seen] == [
        Subscribed,
        Scanned,
        TextMessage,
        MenuClicked,
        Unsubscribed,
    ]
    subscribed, scanned, text, clicked, _ = seen
    assert isinstance(subscribed, Subscribed)
    assert isinstance(scanned, Scanned)
    assert isinstance(text, TextMessage)
    assert isinstance(clicked, MenuClicked)
    assert (subscribed.scene, scanned.scene, clicked.key) == ("d_17", "d_17", "my_code")
    assert text.text == "我的<业绩> ]]> 😀"
    assert len({event.dedup_key for event in seen}) == 5
    said = [message["text"] for message in world.sandbox.received(phone)]
    assert said == ["收到：我的<业绩> ]]> 😀"]


def test_a_transfer_is_called_back_unless_she_was_quicker(world: World) -> None:
    phone = world.sandbox.add_phone("李阿姨", is_following=True)
    for number in ("T202603010002", "T202603010003"):
        world.pay.transfer(
            TransferRequest(
                out_bill_no=number,
                openid=phone.openid,
                amount_fen=5000,
                remark="三月佣金",
                real_name=None,
            )
        )
    world.pay.cancel_transfer("T202603010002")
    world.pay.cancel_transfer("T202603010002")
    world.sandbox.settle()
    assert world.pay.query_transfer("T202603010002").state is TransferState.CANCELLED
    world.sandbox.confirm_transfer(phone, "T202603010003")
    with pytest.raises(WeChatError) as caught:
        world.pay.cancel_transfer("T202603010003")
    assert caught.value.outcome is Outcome.REFUSED
    (told,) = transfers_told(world, "T202603010002")
    assert told.state is TransferState.CANCELLED


@pytest.mark.parametrize("forge", ["signature", "stale", "unsigned", "plaintext", "app_id"])
def test_a_forged_message_stays_outside(world: World, forge: str) -> None:
    phone = follower(world, "假")
    answer = world.sandbox.inject(phone, {"MsgType": "text", "Content": "x"}, forge)
    assert 400 <= answer["status"] < 500
    assert [event for event in world.shop.events if event.openid == phone.openid] == []


def test_customer_service_messages_arrive(world: World) -> None:
    phone = follower(world, "小丽")
    with pytest.raises(OutsideChatWindow):
        world.account.send_text(phone.openid, "too early")
    world.sandbox.say(phone, "hi")
    world.sandbox.settle()
    world.account.send_text(phone.openid, "您好 <店主>")
    picture = jpeg()
    media = world.account.upload_image(picture)
    world.account.send_image(phone.openid, media.media_id)
    lesson = Article(
        title="第一课", description="说明", url="https://x/", picture_url="https://x/1.jpg"
    )
    world.account.send_article(phone.openid, lesson)
    sent = [m for m in world.sandbox.received(phone) if m["source"] == "customer_service"]
    assert [message["kind"] for message in sent] == ["text", "image", "news"]
    assert sent[0]["text"] == "您好 <店主>"
    assert world.sandbox.media(sent[1]["media_url"]) == picture
    assert timedelta(days=2, hours=23) < media.expires_at - datetime.now(UTC)
    with pytest.raises(NotFollower):
        world.account.send_text("oNobody0000000000000000000000", "x")


def test_a_message_whose_answer_is_lost_is_unknown_and_not_repeated(world: World) -> None:
    phone = follower(world, "小云")
    world.sandbox.say(phone, "hi")
    world.sandbox.settle()
    world.sandbox.fault("/cgi-bin/message/custom/send", "late")
    with pytest.raises(WeChatUnreachable) as caught:
        world.account.send_text(phone.openid, "once")
    assert caught.value.outcome is Outcome.UNKNOWN
    sent = [m for m in world.sandbox.received(phone) if m["source"] == "customer_service"]
    assert [message["text"] for message in sent] == ["once"]


def test_a_token_that_the_platform_refuses_is_replaced(world: World) -> None:
    store = InMemoryTokenStore()
    store.put("access_token", "made-up", 7000)
    account = WeChatAccount(world.account_credentials, store)
    assert account.create_permanent_qr("d_18").url
    assert store.values["access_token"][0] != "made-up"


def test_a_page_is_signed(world: World) -> None:
    phone = follower(world, "小页")
    url = f"{world.shop.url}/p/1?a=b"
    signature = world.account.js_signature(url + "#top")
    answer = world.sandbox.call(
        "POST",
        f"/phones/{phone.phone_id}/js-config",
        {
            "appId": signature.app_id,
            "timestamp": signature.timestamp,
            "nonceStr": signature.nonce,
            "signature": signature.signature,
            "url": url,
        },
    )
    assert answer["err_msg"] == "config:ok"


def authorised_code(world: World, phone: Phone) -> str:
    browser = world.sandbox.browser(phone)
    address = world.web.authorise_url(f"{world.shop.url}/login?next=/p/1&x=2", "state1")
    answer = browser.http.get(
        address, headers={"X-Sandbox-Phone": phone.phone_id}, allow_redirects=False, timeout=10
    )
    browser.close()
    landed = urlsplit(answer.headers["Location"])
    query = parse_qs(landed.query)
    assert (landed.path, query["next"], query["state"]) == ("/login", ["/p/1"], ["state1"])
    return query["code"][0]


def test_a_visitor_is_known_once_per_code(world: World) -> None:
    phone = follower(world, "客人")
    code = authorised_code(world, phone)
    identity = world.web.exchange(code)
    assert (identity.openid, identity.is_virtual) == (phone.openid, False)
    with pytest.raises(CodeRejected) as caught:
        world.web.exchange(code)
    assert caught.value.errcode == "40163"


def test_a_snapshot_visitor_is_virtual(world: World) -> None:
    phone = world.sandbox.add_phone("快照", is_snapshot=True)
    assert world.web.exchange(authorised_code(world, phone)).is_virtual


def prepared(world: World, phone: Phone, number: str) -> dict[str, str]:
    prepay_id = world.pay.prepay(
        PrepayRequest(
            out_trade_no=number,
            description="玫瑰精华水 等 2 件",
            amount_fen=12800,
            openid=phone.openid,
            expires_at=datetime.now(UTC) + timedelta(minutes=30),
        )
    )
    sheet = world.pay.bridge_parameters(prepay_id)
    return {
        "appId": sheet.app_id,
        "timeStamp": sheet.timestamp,
        "nonceStr": sheet.nonce,
        "package": sheet.package,
        "signType": sheet.sign_type,
        "paySign": sheet.pay_sign,
    }


def test_a_payment_and_its_refund(world: World) -> None:
    phone = follower(world, "买家")
    sheet = prepared(world, phone, "P20260301-0001")
    assert world.pay.query_payment("P20260301-0001").state is PaymentState.NOTPAY
    assert world.sandbox.pay(phone, sheet)["err_msg"] == "get_brand_wcpay_request:ok"
    world.sandbox.settle()
    paid = world.pay.query_payment("P20260301-0001")
    assert (paid.state, paid.amount_fen, paid.currency) == (PaymentState.SUCCESS, 12800, "CNY")
    assert paid.openid == phone.openid
    told = [fact for fact in world.shop.facts if isinstance(fact, PaymentFact)]
    assert told[-1] == paid
    with pytest.raises(WeChatError) as caught:
        world.pay.close_payment("P20260301-0001")
    assert caught.value.errcode == "ORDERPAID"
    request = RefundRequest(
        out_trade_no="P20260301-0001",
        out_refund_no="R20260301-0001",
        refund_fen=2800,
        total_fen=12800,
        reason="少发一件",
    )
    assert world.pay.refund(request).state is RefundState.PROCESSING
    assert world.pay.refund(request).refund_id  # the same number is the same refund
    time.sleep(0.3)
    world.sandbox.settle()
    refunded = world.pay.query_refund("R20260301-0001")
    assert (refunded.state, refunded.refund_fen) == (RefundState.SUCCESS, 2800)
    assert [fact for fact in world.shop.facts if isinstance(fact, RefundFact)] == [refunded]
    assert world.pay.query_payment("P20260301-0001").state is PaymentState.REFUND


def test_an_unpaid_payment_is_closed(world: World) -> None:
    prepared(world, follower(world, "犹豫"), "P20260301-0002")
    world.pay.close_payment("P20260301-0002")
    assert world.pay.query_payment("P20260301-0002").state is PaymentState.CLOSED


def test_unknown_numbers_are_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.pay.query_payment("P-nobody")
    with pytest.raises(NotFound):
        world.pay.query_refund("R-nobody")
    with pytest.raises(NotFound):
        world.pay.query_transfer("Tnobody")


def transfers_told(world: World, number: str) -> list[TransferFact]:
    """What the shop was notified of one transfer."""
    facts = [fact for fact in world.shop.facts if isinstance(fact, TransferFact)]
    return [fact for fact in facts if fact.out_bill_no == number]


def test_a_transfer_is_confirmed(world: World) -> None:
    phone = world.sandbox.add_phone("王小美", is_following=True, real_name="王小美")
    request = TransferRequest(
        out_bill_no="T202603010001",
        openid=phone.openid,
        amount_fen=5000,
        remark="三月佣金",
        real_name="王小美",
    )
    world.sandbox.fault("/v3/fund-app/mch-transfer/transfer-bills", "late")
    with pytest.raises(WeChatUnreachable) as caught:
        world.pay.transfer(request)
    assert caught.value.outcome is Outcome.UNKNOWN
    opened = world.pay.transfer(request)  # the same number is the same transfer
    assert opened.state is TransferState.WAIT_USER_CONFIRM
    assert opened.package_info
    assert len(world.sandbox.transfers(phone)) == 1
    world.sandbox.confirm_transfer(phone, "T202603010001")
    world.sandbox.settle()
    final = world.pay.query_transfer("T202603010001")
    assert (final.state, final.amount_fen, final.openid) == (
        TransferState.SUCCESS,
        5000,
        phone.openid,
    )
    (told,) = transfers_told(world, "T202603010001")
    assert (told.state, told.amount_fen) == (TransferState.SUCCESS, 5000)


@pytest.mark.parametrize("forge", ["signature", "stale", "unsigned", "serial", "ciphertext"])
def test_a_forged_notification_stays_outside(world: World, forge: str) -> None:
    before = len(world.shop.facts)
    answer = world.sandbox.inject_notice(
        f"{world.shop.url}/pay/wechat/notify",
        "TRANSACTION.SUCCESS",
        {"appid": APP_ID, "mchid": MERCHANT_ID, "out_trade_no": "P20260301-0009"},
        forge,
    )
    assert 400 <= answer["status"] < 500
    assert len(world.shop.facts) == before
