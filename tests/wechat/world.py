"""The sandbox as its own process, a shop, and the gateway between them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from tests.sandbox.key_pairs import put_keys
from tests.sandbox_client import Sandbox
from tests.wechat.shop import Shop
from tests.wechat.stores import InMemoryTokenStore
from wechat.account import WeChatAccount
from wechat.callback import CallbackGuard
from wechat.credentials import MerchantCredentials, OfficialAccountCredentials
from wechat.http import Timeouts
from wechat.oauth import WeChatWebAuthorisation
from wechat.pay import MerchantBills, MerchantPayments, PaymentNotifications

APP_ID = "wx5823bf96d3bd56c7"
SECRET = "0123456789abcdef0123456789abcdef"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
API_V3_KEY = "k" * 32
MERCHANT_ID = "1900000109"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The platform, a shop, and the gateway between them."""

    sandbox: Sandbox
    shop: Shop
    account_credentials: OfficialAccountCredentials
    account: WeChatAccount
    web: WeChatWebAuthorisation
    pay: MerchantPayments
    bills: MerchantBills


@contextmanager
def running_platform(folder: Path, shop_url: str) -> Iterator[str]:
    """Run `python -m sandbox` on a free port; give its address."""
    program = [sys.executable, "-m", "sandbox"]
    put_keys(folder)
    names = (folder / "keys.toml").read_text(encoding="utf-8").replace("public_", "platform_")
    (folder / "sandbox.toml").write_text(
        f"""
[account]
app_id = "{APP_ID}"
app_secret = "{SECRET}"
token = "QDG6eK"
encoding_aes_key = "{AES_KEY}"
callback_url = "{shop_url}/wechat/callback"
name = "漱玉"
[pay]
merchant_id = "{MERCHANT_ID}"
merchant_name = "漱玉"
api_v3_key = "{API_V3_KEY}"
merchant_public_key_file = "merchant_public.pem"
platform_private_key_file = "platform_private.pem"
{names}
[knobs]
notify_time_scale = 0.01
refund_settles_after_seconds = 0.1
refund_gap_seconds = 0
""",
        encoding="utf-8",
    )
    config = str(folder / "sandbox.toml")
    with subprocess.Popen(
        [*program, "--port", "0", "--config", config], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sandbox ready on "), line
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(20)


def merchant(folder: Path, shop_url: str, base_url: str) -> MerchantCredentials:
    names = dict(
        line.split(" = ") for line in (folder / "keys.toml").read_text("utf-8").splitlines()
    )
    return MerchantCredentials(
        app_id=APP_ID,
        merchant_id=MERCHANT_ID,
        api_v3_key=API_V3_KEY,
        certificate_serial=names["certificate_serial"].strip('"'),
        private_key=(folder / "merchant_private.pem").read_text("utf-8"),
        public_key_id=names["public_key_id"].strip('"'),
        public_key=(folder / "platform_public.pem").read_text("utf-8"),
        payment_notify_url=f"{shop_url}/pay/wechat/notify",
        refund_notify_url=f"{shop_url}/pay/wechat/refund-notify",
        transfer_notify_url=f"{shop_url}/pay/wechat/transfer-notify",
        base_url=base_url,
    )


@contextmanager
def opened_world(folder: Path) -> Iterator[World]:
    """Start the platform and a shop, and the gateway between them; keys go to `folder`."""
    with Shop() as shop, running_platform(folder, shop.url) as url:
        account = OfficialAccountCredentials(
            app_id=APP_ID,
            app_secret=SECRET,
            token="QDG6eK",
            encoding_aes_key=AES_KEY,
            api_base_url=url,
            oauth_base_url=url,
        )
        credentials = merchant(folder, shop.url, url)
        shop.guard = CallbackGuard(account)
        shop.notifications = PaymentNotifications(credentials)
        Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        timeouts = Timeouts(connect_seconds=2.0, read_seconds=2.0)
        sandbox = Sandbox(url)
        yield World(
            sandbox=sandbox,
            shop=shop,
            account_credentials=account,
            account=WeChatAccount(account, InMemoryTokenStore(), timeouts),
            web=WeChatWebAuthorisation(account, timeouts),
            pay=MerchantPayments(credentials, timeouts),
            bills=MerchantBills(credentials, timeouts),
        )
        sandbox.close()
        shop.shutdown()
