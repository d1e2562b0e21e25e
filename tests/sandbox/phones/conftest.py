"""A sandbox with phones, and a shop for them to browse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import keys
from sandbox.keys import KeyFiles
from sandbox.knobs import Knobs
from sandbox.server import Server
from sandbox.settings import Account, Merchant, Settings, read_public_key
from tests.sandbox.key_pairs import private_key
from tests.sandbox.phones.shop import APP_ID, APP_SECRET, MERCHANT_ID, Shop, open_shop
from tests.sandbox_client import Sandbox


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The application that the phones browse."""
    with open_shop() as opened:
        yield opened


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    """Both key pairs, made once."""
    return keys.generate(tmp_path_factory.mktemp("phone-keys"))


@pytest.fixture
def settings(shop: Shop, key_files: KeyFiles) -> Settings:
    """A configuration with its state in memory."""
    merchant = Merchant(
        merchant_id=MERCHANT_ID,
        merchant_name="漱玉美妆",
        api_v3_key=b"0123456789abcdef0123456789ABCDEF",
        certificate_serial=key_files.certificate_serial,
        merchant_public_key=read_public_key(key_files.merchant_public.read_bytes()),
        platform_key_id=key_files.public_key_id,
        platform_private_key=private_key(key_files.platform_private),
    )
    account = Account(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        token="a token",
        encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        callback_url=f"{shop.url}/wechat/callback",
        name="漱玉",
    )
    return Settings(account=account, merchant=merchant, knobs=Knobs())


@pytest.fixture
def server(settings: Settings, shop: Shop, key_files: KeyFiles) -> Iterator[Server]:
    """A running sandbox; the shop knows where it is."""
    running = Server(settings, "127.0.0.1", 0)
    shop.sandbox_url, shop.keys = running.url, key_files
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(server: Server) -> Iterator[Sandbox]:
    """The control API's client."""
    client = Sandbox(server.url)
    yield client
    client.close()


@pytest.fixture
def screenshots(pytestconfig: pytest.Config) -> Path:
    """Where a person can look at what the browser saw."""
    folder = pytestconfig.rootpath / "screenshots" / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
