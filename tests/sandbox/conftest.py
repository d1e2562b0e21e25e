"""A sandbox on a free port with its state in memory, and somebody to talk to it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox import keys
from sandbox.keys import KeyFiles
from sandbox.knobs import Knobs
from sandbox.server import Server
from sandbox.settings import (
    Account,
    Merchant,
    Settings,
    read_private_key,
    read_public_key,
)
from tests.sandbox.application import Application, RunningApplication
from tests.sandbox.callers import API_V3_KEY, AccountApi, MerchantApi
from tests.sandbox_client import Phone, Sandbox

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    """Both key pairs, made once."""
    return keys.generate(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def merchant(key_files: KeyFiles) -> Merchant:
    """The merchant as the platform knows it."""
    return Merchant(
        merchant_id="1900000001",
        merchant_name="漱玉美妆",
        api_v3_key=API_V3_KEY.encode(),
        certificate_serial=key_files.certificate_serial,
        merchant_public_key=read_public_key(key_files.merchant_public.read_bytes()),
        platform_key_id=key_files.public_key_id,
        platform_private_key=read_private_key(key_files.platform_private.read_bytes()),
    )


@pytest.fixture
def application() -> Iterator[Application]:
    """The application that the callbacks go to."""
    running = RunningApplication()
    yield running.application
    running.stop()


@pytest.fixture
def settings(merchant: Merchant, application: Application) -> Settings:
    """A configuration with state in memory, quick refunds and quick retries."""
    return Settings(
        account=Account(
            app_id="wx5823bf96d3bd56c7",
            app_secret="an app secret",
            token="a token",
            encoding_aes_key=AES_KEY,
            callback_url=f"{application.url}/wechat/callback",
        ),
        merchant=merchant,
        knobs=replace(Knobs(), notify_time_scale=0.001, refund_settles_after_seconds=0.01),
    )


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """A running sandbox."""
    running = Server(settings, "127.0.0.1", 0)
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
def li(sandbox: Sandbox) -> Phone:
    """A follower."""
    return sandbox.add_phone("小李", is_following=True)


@pytest.fixture
def wang(sandbox: Sandbox) -> Phone:
    """Somebody who doesn't follow."""
    return sandbox.add_phone("小王")


@pytest.fixture
def api(server: Server) -> Iterator[AccountApi]:
    """The application's side of the account's API, with a valid token."""
    caller = AccountApi(server.url)
    yield caller
    caller.close()


@pytest.fixture
def pay(server: Server, key_files: KeyFiles, application: Application) -> Iterator[MerchantApi]:
    """The merchant's side of WeChat Pay."""
    caller = MerchantApi(server.url, key_files, application.url)
    yield caller
    caller.close()
