"""Fetching bills: whose address, whose file, how much, and what WeChat Pay refuses."""

import gzip
import hashlib
import json
from datetime import date

import pytest
import responses

from tests.wechat.merchant import CREDENTIALS, is_signed_by_us
from tests.wechat.pay_conversation import HOST, answer, refuse
from tests.wechat.test_bill_texts import bill, fund, fund_row, row
from wechat.errors import BillUnreadable, CredentialError, WeChatError, WeChatUnreachable
from wechat.gateway import BillMissing
from wechat.pay import MerchantBills

BILLS = MerchantBills(CREDENTIALS)
DAY = date(2026, 11, 23)
ASKED = "/v3/bill/tradebill?bill_date=2026-11-23&bill_type=ALL&tar_type=GZIP"
FILE = "/v3/billdownload/file?token=t1"
TEXT = "\ufeff" + "".join(bill([row("")]))


def promise(
    wire: responses.RequestsMock,
    *,
    address: str = HOST + FILE,
    kind: str = "SHA1",
) -> None:
    digest = hashlib.sha1(TEXT.encode(), usedforsecurity=False).hexdigest()
    content: dict[str, object] = {
        "hash_type": kind,
        "hash_value": digest,
        "download_url": address,
    }
    answer(wire, "GET", ASKED, content)


def test_the_file_is_asked_for_with_a_signature_and_unpacked(wire: responses.RequestsMock) -> None:
    promise(wire)
    wire.get(HOST + FILE, body=gzip.compress(TEXT.encode()))
    found = BILLS.trade_bill(DAY)

    assert [read.out_trade_no for read in found.rows] == ["T1"]
    assert found.sha1 == hashlib.sha1(TEXT.encode(), usedforsecurity=False).hexdigest()
    asked = wire.calls[1].request
    assert is_signed_by_us(asked.headers["Authorization"], "GET", FILE, b"")


def test_a_file_that_is_not_packed_is_read_too(wire: responses.RequestsMock) -> None:
    promise(wire)
    wire.get(HOST + FILE, body=TEXT.encode())
    assert len(BILLS.trade_bill(DAY).rows) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v3/billdownload/file?token=t1",
        "https://api.mch.weixin.qq.com.evil.example/v3/billdownload/file?token=t1",
        "https://api.mch.weixin.qq.com@evil.example/v3/x",
        "http://api.mch.weixin.qq.com/v3/billdownload/file?token=t1",
        "https://api.mch.weixin.qq.com/elsewhere?token=t1",
        "file:///etc/passwd",
    ],
)
def test_an_address_elsewhere_is_not_asked(wire: responses.RequestsMock, address: str) -> None:
    promise(wire, address=address)
    with pytest.raises(BillUnreadable):
        BILLS.trade_bill(DAY)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode() + b" ",
        gzip.compress(TEXT.encode())[:-9],
        gzip.compress(TEXT.encode())[:20] + b"junk",
        b"",
    ],
    # Compressed bytes hold the time, and ids must be the same in every process.
    ids=["a longer text", "cut short", "damaged", "empty"],
)
def test_another_file_than_the_promised_one_is_refused(
    wire: responses.RequestsMock, content: bytes
) -> None:
    promise(wire)
    wire.get(HOST + FILE, body=content)
    with pytest.raises(BillUnreadable):
        BILLS.trade_bill(DAY)


def test_a_file_that_grows_without_end_is_refused(
    wire: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wechat.pay.bills.MOST_BYTES", 100_000)
    promise(wire)
    wire.get(HOST + FILE, body=gzip.compress(b"`" * 10_000_000))
    with pytest.raises(BillUnreadable, match="more than"):
        BILLS.trade_bill(DAY)


def test_a_hash_of_another_kind_and_another_encoding_are_refused(
    wire: responses.RequestsMock,
) -> None:
    promise(wire, kind="MD5")
    with pytest.raises(BillUnreadable):
        BILLS.trade_bill(DAY)
    wire.reset()
    content = TEXT.encode("gb18030")
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    promised: dict[str, object] = {
        "hash_type": "SHA1",
        "hash_value": digest,
        "download_url": HOST + FILE,
    }
    answer(wire, "GET", ASKED, promised)
    wire.get(HOST + FILE, body=content)
    with pytest.raises(BillUnreadable, match="UTF-8"):
        BILLS.trade_bill(DAY)


def test_the_fund_bill_is_of_both_accounts(wire: responses.RequestsMock) -> None:
    asked = "/v3/bill/fundflowbill?bill_date=2026-11-23&account_type={}&tar_type=GZIP"
    figures = {"BASIC": fund(fund_row()), "OPERATION": fund(fund_row("运营"))}
    digests = {}
    for account, lines in figures.items():
        text = "".join(lines).encode()
        digests[account] = hashlib.sha1(text, usedforsecurity=False).hexdigest()
        link = HOST + FILE + account
        promised: dict[str, object] = {
            "hash_type": "SHA1",
            "hash_value": digests[account],
            "download_url": link,
        }
        answer(wire, "GET", asked.format(account), promised)
        wire.get(link, body=gzip.compress(text))
    found = BILLS.fund_bill(DAY)
    assert len(found.rows) == 2
    joined = (digests["BASIC"] + digests["OPERATION"]).encode()
    assert found.sha1 == hashlib.sha1(joined, usedforsecurity=False).hexdigest()

    wire.reset()
    for account in figures:
        refuse(wire, "GET", asked.format(account), 400, "NO_STATEMENT_EXIST")
    with pytest.raises(BillMissing):
        BILLS.fund_bill(DAY)


@pytest.mark.parametrize("code", ["NO_STATEMENT_EXIST", "STATEMENT_CREATING"])
def test_a_bill_that_is_not_there_is_an_answer(wire: responses.RequestsMock, code: str) -> None:
    refuse(wire, "GET", ASKED, 400, code)
    with pytest.raises(BillMissing):
        BILLS.trade_bill(DAY)


def test_refusals_keep_their_meaning_at_both_steps(wire: responses.RequestsMock) -> None:
    refuse(wire, "GET", ASKED, 401, "SIGN_ERROR")
    with pytest.raises(CredentialError):
        BILLS.trade_bill(DAY)
    wire.reset()
    promise(wire)
    body = json.dumps({"code": "INVALID_REQUEST", "message": "no"}).encode()
    wire.get(HOST + FILE, body=body, status=400)
    with pytest.raises(WeChatError) as refused:
        BILLS.trade_bill(DAY)
    assert refused.value.errcode == "INVALID_REQUEST"
    wire.reset()
    promise(wire)
    wire.get(HOST + FILE, status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(WeChatUnreachable):
        BILLS.trade_bill(DAY)
