"""Merchant transfers: reported, confirmed within 24 hours, or failed."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from sandbox.keys import KeyFiles
from sandbox.settings import read_public_key
from tests.sandbox.application import Application
from tests.sandbox.callers import APP_ID, MERCHANT_ID, MerchantApi, Tampering, error_code
from tests.sandbox.test_payments import opened
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets
BILLS = "/v3/fund-app/mch-transfer/transfer-bills"


def encrypted(name: str, files: KeyFiles) -> str:
    padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303
    key = read_public_key(files.platform_public.read_bytes())
    return base64.b64encode(key.encrypt(name.encode(), padding)).decode()


def confirmation(package: str) -> dict[str, str]:
    return {"mchId": MERCHANT_ID, "appId": APP_ID, "package": package}


def finished(sandbox: Sandbox, application: Application) -> dict[str, Any]:
    """Return the resource of the only notification."""
    sandbox.settle()
    (received,) = application.received
    notice, resource = opened(received)
    assert received.path == "/pay/wechat/transfer-notify"
    assert notice["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    return resource


def test_a_transfer_is_confirmed_by_the_person(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    made = pay.transfer(li.openid, "B1").json()
    assert made["state"] == "WAIT_USER_CONFIRM"
    assert pay.transfer_state("B1")["state"] == "WAIT_USER_CONFIRM"
    path = f"/phones/{li.phone_id}/transfers"
    sheet = sandbox.call("POST", f"{path}/preview", confirmation(made["package_info"]))
    assert (sheet["amount_fen"], sheet["remark"]) == (5000, "推广佣金")

    done = sandbox.call("POST", f"{path}/confirm", confirmation(made["package_info"]))
    assert (done["err_msg"], done["state"]) == ("requestMerchantTransfer:ok", "SUCCESS")
    resource = finished(sandbox, application)
    assert (resource["state"], resource["out_bill_no"]) == ("SUCCESS", "B1")
    assert (resource["openid"], resource["transfer_amount"]) == (li.openid, 5000)
    assert "package_info" not in pay.transfer(li.openid, "B1").json()
    with pytest.raises(Refused, match="state"):
        sandbox.confirm_transfer(li, "B1")


def test_accepting_can_take_a_while(sandbox: Sandbox, pay: MerchantApi, li: Phone) -> None:
    sandbox.turn(transfer_accept_seconds=0.3)
    made = pay.transfer(li.openid, "B1").json()
    assert made["state"] == "ACCEPTED"
    assert "package_info" not in made

    sandbox.settle()
    again = pay.transfer(li.openid, "B1").json()
    assert again["state"] == "WAIT_USER_CONFIRM"
    assert again["transfer_bill_no"] == made["transfer_bill_no"]
    assert again["package_info"]


def test_nobody_confirmed_for_a_day(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    pay.transfer(li.openid, "B1")
    sandbox.forward(24 * 3600 - 10)
    assert pay.transfer_state("B1")["state"] == "WAIT_USER_CONFIRM"
    sandbox.forward(11)

    resource = finished(sandbox, application)
    assert resource["state"] == "FAIL"
    assert pay.transfer_state("B1")["fail_reason"] == resource["fail_reason"]
    with pytest.raises(Refused, match="转账已失效"):
        sandbox.confirm_transfer(li, "B1")


def test_declining_and_cancelling(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    pay.transfer(li.openid, "B1")
    assert sandbox.decline_transfer(li, "B1")["state"] == "FAIL"
    pay.transfer(li.openid, "B2")
    cancelled = pay.call("POST", f"{BILLS}/out-bill-no/B2/cancel").json()
    assert cancelled["state"] == "CANCELING"
    sandbox.settle()

    assert pay.transfer_state("B2")["state"] == "CANCELLED"
    states = sorted(opened(received)[1]["state"] for received in application.received)
    assert states == ["CANCELLED", "FAIL"]
    refused = pay.call("POST", f"{BILLS}/out-bill-no/B1/cancel")
    assert error_code(refused) == (400, "INVALID_REQUEST")
    missing = pay.call("GET", f"{BILLS}/out-bill-no/B9")
    assert error_code(missing) == (404, "NOT_FOUND")


def test_the_same_number_is_the_same_transfer(pay: MerchantApi, li: Phone) -> None:
    first, again = (pay.transfer(li.openid, "B1").json() for _ in range(2))
    assert first == again
    other = pay.transfer(li.openid, "B1", transfer_amount=6000)
    assert error_code(other) == (400, "ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transfer_amount": 9}, "PARAM_ERROR"),
        ({"transfer_amount": 20_001}, "PARAM_ERROR"),
        ({"transfer_amount": "5000"}, "PARAM_ERROR"),
        ({"openid": "oNobody"}, "PARAM_ERROR"),
        ({"transfer_remark": "长" * 33}, "PARAM_ERROR"),
        ({"out_bill_no": "B-1"}, "PARAM_ERROR"),
        ({"transfer_scene_report_infos": []}, "PARAM_ERROR"),
        ({"transfer_scene_report_infos": None}, "PARAM_ERROR"),
        (
            {"transfer_scene_report_infos": [{"info_type": "岗位类型", "info_content": "x"}]},
            "PARAM_ERROR",
        ),
        ({"transfer_scene_id": "1000"}, "INVALID_REQUEST"),
        ({"appid": "wx00"}, "INVALID_REQUEST"),
    ],
)
def test_wrong_parameters(pay: MerchantApi, li: Phone, changes: dict[str, Any], code: str) -> None:
    assert error_code(pay.transfer(li.openid, "B1", **changes)) == (400, code)


def test_a_large_transfer_needs_the_right_name(
    sandbox: Sandbox, pay: MerchantApi, key_files: KeyFiles, application: Application
) -> None:
    sandbox.turn(transfer_max_fen=1_000_000)
    lei = sandbox.add_phone("李雷", real_name="李雷", is_following=True)
    large = {"transfer_amount": 200_000}
    assert error_code(pay.transfer(lei.openid, "B1", **large)) == (400, "PARAM_ERROR")
    clear = pay.transfer(lei.openid, "B1", **large, user_name="李雷")
    assert error_code(clear) == (400, "PARAM_ERROR")
    body = pay.transfer_body(lei.openid, "B1", **large, user_name=encrypted("李雷", key_files))
    other_key = Tampering(headers=(("Wechatpay-Serial", "PUB_KEY_ID_9"),))
    assert error_code(pay.call("POST", BILLS, body, other_key)) == (400, "PARAM_ERROR")

    for number, name, state in (("B1", "李雷", "SUCCESS"), ("B2", "韩梅梅", "FAIL")):
        sealed = encrypted(name, key_files)
        assert pay.transfer(lei.openid, number, **large, user_name=sealed).status_code == 200
        # Encrypted anew, it is still the same request.
        again = encrypted(name, key_files)
        assert pay.transfer(lei.openid, number, **large, user_name=again).status_code == 200
        assert sandbox.confirm_transfer(lei, number)["state"] == state
    assert pay.transfer_state("B2")["fail_reason"] == "NAME_NOT_CORRECT"


def test_without_money_nothing_is_accepted(sandbox: Sandbox, pay: MerchantApi, li: Phone) -> None:
    sandbox.turn(opening_balance_fen=9000)
    assert pay.transfer(li.openid, "B1").status_code == 200
    assert error_code(pay.transfer(li.openid, "B2")) == (403, "NOT_ENOUGH")
    # A declined transfer gives the money back, and the number may be used then.
    sandbox.decline_transfer(li, "B1")
    assert pay.transfer(li.openid, "B2").status_code == 200


def test_only_the_receiver_confirms(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, wang: Phone
) -> None:
    package = pay.transfer(li.openid, "B1").json()["package_info"]
    with pytest.raises(Refused, match="openid"):
        sandbox.confirm_transfer(wang, "B1")
    path = f"/phones/{li.phone_id}/transfers/confirm"
    with pytest.raises(Refused, match="package"):
        sandbox.call("POST", path, confirmation("x"))
    with pytest.raises(Refused, match="merchant"):
        sandbox.call("POST", path, {**confirmation(package), "mchId": "1"})
    assert [t["state"] for t in sandbox.transfers(li)] == ["WAIT_USER_CONFIRM"]
