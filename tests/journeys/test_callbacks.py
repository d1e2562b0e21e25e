"""Callbacks and notifications that come twice, late, in another order, or from somebody else."""

import re

import pytest

from tests.journeys.sales import pay_out, release, sell
from tests.journeys.sellers import Seller, seller
from tests.journeys.shopper import shopper
from tests.journeys.stage import Stage
from tests.journeys.strangers import NOTICES, QUICK_SECONDS, knock, knocks
from tests.sandbox_client import Json, Phone

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("callbacks")]

CONTENT = re.compile(r"<Content><!\[CDATA\[(.*?)\]\]></Content>", re.DOTALL)
FORGED_CALLBACKS = ("signature", "stale", "unsigned", "plaintext", "app_id", "ciphertext")
FORGED_NOTICES = ("signature", "stale", "unsigned", "serial", "ciphertext")


def words(answer: Json) -> str:
    """Return the text of a decrypted reply."""
    assert answer["status"] == 200, answer
    found = CONTENT.search(answer["reply"])
    assert found is not None, answer
    return found[1]


def shown(stage: Stage, phone: Phone) -> list[str]:
    """Return what the account said in a chat."""
    return [message["text"] for message in stage.sandbox.received(phone)]


def scene_of(lin: Seller) -> Json:
    """Return the event of a follower who scanned a seller's code."""
    return {"MsgType": "event", "Event": "SCAN", "EventKey": lin.code, "Ticket": "t"}


def test_messages_twice_late_reordered_and_forged(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    wang = sandbox.add_phone("王芳")

    # The answer is lost on its way: WeChat asks again, and shows the stored reply once.
    sandbox.fault("callback", "late")
    sandbox.follow(wang)
    sandbox.settle()
    assert len(shown(stage, wang)) == 1
    # Sent twice at once; and joining, which is a conversation with a state.
    sandbox.fault("callback", "duplicate")
    said = [sandbox.say(wang, text) for text in ("加入", "王小芳", "13912345678")]
    sandbox.settle()
    replies = shown(stage, wang)
    assert [text[:5] for text in replies[-2:]] == ["（2/4）", "（3/4）"], replies

    before = stage.rows()
    for delivery_id, reply in zip(said, replies[-3:], strict=True):
        for _ in range(2):
            assert words(sandbox.resend(delivery_id)) == reply
    assert stage.rows() == before

    # Forged in every way, new content and a repeat alike.
    calls = sandbox.count_calls("")
    for forge in FORGED_CALLBACKS:
        for answer in (
            sandbox.inject(wang, {"MsgType": "text", "Content": "浙江杭州"}, forge),
            sandbox.inject(wang, scene_of(lin), forge),
            sandbox.resend(said[0], forge),
        ):
            assert 400 <= answer["status"] < 500, (forge, answer)
    assert stage.rows() == before
    assert sandbox.count_calls("") == calls

    # The conversation goes on where it was.
    sandbox.say(wang, "浙江杭州")
    sandbox.settle()
    assert shown(stage, wang)[-1].startswith("（4/4）")
    stage.check_invariants()


def test_scans_in_another_order_bind_once(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    zhou = seller(stage, "周末")
    wang = shopper(stage, "王芳")
    sandbox.hold("callback")
    codes = {one.code: stage.parts.account.create_permanent_qr(one.code).url for one in (lin, zhou)}
    for url in codes.values():
        sandbox.scan(wang.phone, url)
    sandbox.release("callback", "reversed")
    sandbox.settle()

    number = wang.order("serum")
    wang.pay(number)
    sandbox.settle()
    earned = [one.holds() for one in (lin, zhou)]
    assert sorted(map(len, earned)) == [0, 1], earned
    assert sum(held.get("estimated", 0) for held in earned) == 26_900 * 15 // 100
    replies = shown(stage, wang.phone)
    assert sum("您已有专属顾问" in text for text in replies) == 1, replies
    stage.check_invariants()


def test_notifications_twice_reordered_and_forged(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    wang = shopper(stage, "王芳")
    wang.follow_link(lin.link)
    numbers = [wang.order("serum"), wang.order("cream")]
    sandbox.hold("payment")
    for number in numbers:
        wang.pay(number)

    # Before the true ones: forged in every way.
    before, calls = stage.rows(), sandbox.count_calls("")
    held = sandbox.deliveries("payment", "held")
    for forge in FORGED_NOTICES:
        for delivery in held:
            answer = sandbox.resend(delivery["delivery_id"], forge)
            assert 400 <= answer["status"] < 500, (forge, answer)
    # Signed by WeChat, but about something else than we asked for.
    for number, change in zip(numbers * 3, CONTRADICTIONS, strict=True):
        answer = sandbox.inject_notice(
            f"{stage.url}{NOTICES[0]}",
            "TRANSACTION.SUCCESS",
            paid(stage, number) | change,
        )
        assert 400 <= answer["status"] < 500, (change, answer)
    assert stage.rows() == before
    assert sandbox.count_calls("") == calls

    sandbox.release("payment", "reversed")
    sandbox.settle()
    for number in numbers:
        assert "待发货" in wang.see(f"/orders/{number}")
    assert lin.holds() == {"estimated": (26_900 + 21_900) * 15 // 100}
    before = stage.rows()
    for delivery in held:
        for _ in range(2):
            assert sandbox.resend(delivery["delivery_id"])["status"] == 204
    assert stage.rows() == before
    stage.check_invariants()


CONTRADICTIONS: tuple[Json, ...] = (
    {"amount": {"total": 1, "payer_total": 1, "currency": "CNY", "payer_currency": "CNY"}},
    {"amount": {"total": 26_900, "payer_total": 26_900, "currency": "USD"}},
    {"appid": "wx0000000000000000"},
    {"mchid": "1900000000"},
    {"payer": {"openid": "o_somebody_else"}},
    {"trade_state": "NONSENSE"},
)


def paid(stage: Stage, number: str) -> Json:
    """Return the resource of a payment's notification, as WeChat would write it."""
    payment = stage.sandbox.payment(number)
    amount = payment["amount_fen"]
    return {
        "appid": stage.parts.merchant.app_id,
        "mchid": stage.parts.merchant.merchant_id,
        "out_trade_no": number,
        "transaction_id": payment["transaction_id"],
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T10:00:00+08:00",
        "payer": {"openid": payment["openid"]},
        "amount": {
            "total": amount,
            "payer_total": amount,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def test_transfer_notifications_twice_and_forged(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    sell(shopper(stage, "王芳"), lin, "serum", quantity=2)
    earned = 2 * 26_900 * 15 // 100
    assert lin.holds() == {"maturing": earned}
    release(lin)
    assert lin.holds() == {"available": earned}

    bill = pay_out(lin, 5_000)
    assert lin.holds() == {"available": earned - 5_000, "paying_out": 5_000}
    sandbox.hold("transfer")
    sandbox.confirm_transfer(lin.phone, bill)
    stage.wait(lambda: sandbox.deliveries("transfer", "held"), "the transfer's notification")
    notice = sandbox.deliveries("transfer")[-1]
    before, calls = stage.rows(), sandbox.count_calls("")
    for forge in FORGED_NOTICES:
        answer = sandbox.resend(notice["delivery_id"], forge)
        assert 400 <= answer["status"] < 500, (forge, answer)
    assert stage.rows() == before
    assert sandbox.count_calls("") == calls

    sandbox.release("transfer")
    sandbox.settle()
    assert lin.holds() == {"available": earned - 5_000}
    before = stage.rows()
    for _ in range(2):
        assert sandbox.resend(notice["delivery_id"])["status"] == 204
    assert stage.rows() == before
    stage.run_due(minutes=60)
    assert sum(transfer["amount_fen"] for transfer in sandbox.transfers(lin.phone)) == 5_000
    stage.check_invariants()


def test_strangers_are_turned_away_quickly(stage: Stage) -> None:
    before, calls = stage.rows(), stage.sandbox.count_calls("")
    answers = {name: knock(stage.url, request) for name, request in knocks().items()}
    assert {name: status for name, (status, _) in answers.items() if not 400 <= status < 500} == {}
    slow = {name: seconds for name, (_, seconds) in answers.items() if seconds > QUICK_SECONDS}
    assert slow == {}
    assert stage.rows() == before
    assert stage.sandbox.count_calls("") == calls
