"""Fetching WeChat Pay's daily bills: a signed question, then a signed download.

The answer to the question is signed and names the file's SHA-1 and its address; the file itself
comes unsigned, so its hash is what makes it WeChat's. Source: WeChat Pay, 下载账单, 2024-09.
"""

import hashlib
import secrets
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from io import TextIOWrapper
from itertools import chain
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

import requests
from requests import RequestException

from wechat.credentials import WECHAT_PAY_URL, MerchantCredentials
from wechat.errors import BillUnreadable, WeChatError, WeChatUnreachable
from wechat.gateway import BillMissing, FundBill, FundRow, TradeBill
from wechat.http import Timeouts, proxies_for, unreachable
from wechat.pay.bill_texts import read_fund_bill, read_trade_bill
from wechat.pay.line import Sent, ask, open_line, read
from wechat.pay.refusals import refusal

MOST_BYTES = 64 * 1024 * 1024
"""Of a bill's text: about 300,000 rows. Comparing them takes about 1.4 kB of memory a row."""
MOST_SECONDS = 120.0
ACCOUNTS = ("BASIC", "OPERATION")
MISSING_CODES = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING"})

_CHUNK = 64 * 1024
_LONGEST_REFUSAL = 4096
_GZIP_MAGIC = b"\x1f\x8b"
_OTHER_HOST = "https://api2.mch.weixin.qq.com"


class MerchantBills:
    """WeChat Pay's bills for one merchant; implements `wechat.gateway.Bills`."""

    def __init__(self, credentials: MerchantCredentials, timeouts: Timeouts | None = None) -> None:
        self._credentials = credentials
        self._timeouts = timeouts or Timeouts()
        self._pay = open_line(credentials, self._timeouts)

    def trade_bill(self, day: date) -> TradeBill:
        """Fetch all payments and accepted refunds of a Shanghai day.

        Raises:
            BillMissing: nothing happened, or it isn't written yet.
            BillUnreadable: what came isn't the whole bill of this merchant.
        """
        digest, address = self._ask(lambda: self._pay.trade_bill(day.isoformat()))
        with self._downloaded(address, digest) as lines:
            rows = read_trade_bill(lines, self._credentials.merchant_id)
        return TradeBill(sha1=digest, rows=rows)

    def fund_bill(self, day: date) -> FundBill:
        """Fetch everything that moved our basic or our operation account on a Shanghai day.

        From which of them transfers are paid is the merchant's setting at WeChat Pay.

        Raises:
            BillMissing: nothing happened, or it isn't written yet.
            BillUnreadable: what came isn't the whole bill.
        """
        digests: list[str] = []
        rows: list[FundRow] = []
        for account in ACCOUNTS:
            send = partial(self._pay.fundflow_bill, day.isoformat(), account)
            try:
                digest, address = self._ask(send)
            except BillMissing:
                continue
            with self._downloaded(address, digest) as lines:
                rows += read_fund_bill(lines)
            digests.append(digest)
        if not digests:
            raise BillMissing(f"no account has a bill of {day}")
        if len(digests) > 1:
            joined = "".join(digests).encode()
            digests = [hashlib.sha1(joined, usedforsecurity=False).hexdigest()]
        return FundBill(sha1=digests[0], rows=tuple(rows))

    def _ask(self, send: Sent) -> tuple[str, str]:
        try:
            answer = ask(send)
        except WeChatError as error:
            if error.errcode in MISSING_CODES:
                raise BillMissing(str(error)) from error
            raise
        if read(lambda: answer.text("hash_type")) != "SHA1":
            raise BillUnreadable("hashed in an unknown way")
        digest = read(lambda: answer.text("hash_value")).lower()
        return digest, read(lambda: answer.text("download_url")).strip()

    @contextmanager
    def _downloaded(self, address: str, digest: str) -> Iterator[Iterable[str]]:
        """Give the lines of a bill whose hash is right; the file is gone afterwards."""
        target = self._target(address)
        with TemporaryFile() as file:
            found = self._download(address, target, file)
            if found != digest:
                raise BillUnreadable("the file's hash is not the one that was promised")
            file.seek(0)
            with TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as lines:
                try:
                    yield lines
                except UnicodeDecodeError as error:
                    raise BillUnreadable("not UTF-8") from error

    def _target(self, address: str) -> str:
        """Return what a request line says; an address elsewhere is refused unasked."""
        base = self._credentials.base_url
        hosts = {base, _OTHER_HOST} if base == WECHAT_PAY_URL else {base}
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in hosts or not parts.path.startswith("/v3/") or parts.fragment:
            raise BillUnreadable("a download address that isn't WeChat Pay's")
        return address.removeprefix(origin)

    def _download(self, address: str, target: str, file: IO[bytes]) -> str:
        """Write the bill's text to `file`; return its SHA-1."""
        digest = hashlib.sha1(usedforsecurity=False)
        size = 0
        try:
            with requests.get(
                address,
                headers={"Authorization": self._authorization(target), "Accept": "*/*"},
                timeout=self._timeouts.pair,
                proxies=proxies_for(self._credentials.base_url),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise refusal(response.status_code, response.raw.read(_LONGEST_REFUSAL))
                for piece in _unpacked(_in_time(response.iter_content(_CHUNK))):
                    size += len(piece)
                    if size > MOST_BYTES:
                        raise BillUnreadable(f"more than {MOST_BYTES} bytes")
                    digest.update(piece)
                    file.write(piece)
        except RequestException as error:
            raise unreachable(error) from None
        return digest.hexdigest()

    def _authorization(self, target: str) -> str:
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        signature = self._pay.sign(["GET", target, stamp, nonce, ""])
        return (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{self._credentials.merchant_id}",'
            f'nonce_str="{nonce}",signature="{signature}",timestamp="{stamp}",'
            f'serial_no="{self._credentials.certificate_serial}"'
        )


def _in_time(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file that trickles in must not hold a worker for ever."""
    end = time.monotonic() + MOST_SECONDS
    for piece in pieces:
        if time.monotonic() > end:
            raise WeChatUnreachable("the bill takes too long")
        yield piece


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip in small pieces, so that a small file can't become an endless one."""
    waiting = iter(pieces)
    first = next(waiting, b"")
    if not first.startswith(_GZIP_MAGIC):
        yield first
        yield from waiting
        return
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for packed in chain((first,), waiting):
            rest = packed
            while rest and not unpacker.eof:
                yield unpacker.decompress(rest, _CHUNK)
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BillUnreadable("the file can't be unpacked") from error
    if not unpacker.eof:
        raise BillUnreadable("the packed file is cut off")
