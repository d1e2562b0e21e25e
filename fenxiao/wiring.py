"""The one place where settings become things that work together."""

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from fenxiao.settings import Settings, SettingsError
from models.database import SessionFactory, open_database
from rules.payments import Merchant
from web.collaborators import Collaborators
from web.site import SiteFacts
from wechat.account import WeChatAccount
from wechat.callback import CallbackGuard
from wechat.credentials import MerchantCredentials, OfficialAccountCredentials
from wechat.oauth import WeChatWebAuthorisation
from wechat.pay.bills import MerchantBills
from wechat.pay.notifications import PaymentNotifications
from wechat.pay.payments import MerchantPayments
from workflows.credentials import DatabaseTokenStore

JS_SDK_URL = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"


def open_sessions(settings: Settings) -> SessionFactory:
    """Open the configured database, which `fenxiao migrate` has made. No network yet.

    Raises: SettingsError.
    """
    url = database_url(settings)
    try:
        _refuse_missing_file(url)
        return open_database(url, data_keys=data_keys(settings))
    except ValueError as error:
        raise SettingsError(f"[database] url: {error}") from error


def data_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys of what is kept encrypted: the one in use first, then former ones."""
    keys = (settings.site.data_key, *settings.site.former_data_keys)
    return tuple(key.get_secret_value() for key in keys)


def database_url(settings: Settings) -> URL:
    """Return where the database is.

    Raises: SettingsError.
    """
    try:
        url = make_url(settings.database.url.get_secret_value())
    except ArgumentError as error:
        # Not the library's words: they repeat the password.
        raise SettingsError(
            "[database] url is no URL: use sqlite:///FILE or"
            " postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingsError("[database] url names no file: use sqlite:///FILE")
    return url


def _refuse_missing_file(url: URL) -> None:
    """SQLite would make an empty file, or find out at the first sale that it can't write."""
    if url.get_backend_name() != "sqlite":
        return
    file = Path(url.database or "")
    if not file.is_file():
        raise ValueError(f"{file} is missing: run `fenxiao migrate` first")
    for path in (file, file.absolute().parent):
        # SQLite writes its journal beside the file.
        if not os.access(path, os.W_OK):
            raise ValueError(f"{path} can't be written by this user: chown or chmod it")


def connect(settings: Settings, sessions: SessionFactory) -> Collaborators:
    """Build everything that the faces and the worker talk to. No network yet.

    Raises: SettingsError: a credential can't be right, a key file can't be read.
    """
    account = account_credentials(settings)
    merchant = merchant_credentials(settings)
    store = DatabaseTokenStore(sessions)
    return Collaborators(
        sessions=sessions,
        site=site_facts(settings),
        merchant=Merchant(app_id=account.app_id, merchant_id=merchant.merchant_id),
        account=WeChatAccount(account, store),
        authorisation=WeChatWebAuthorisation(account),
        payments=MerchantPayments(merchant),
        bills=MerchantBills(merchant),
        callback_guard=CallbackGuard(account),
        notifications=PaymentNotifications(merchant),
    )


def site_facts(settings: Settings) -> SiteFacts:
    """Return what pages and headers need to know of the site."""
    is_demo = settings.site.environment == "demo"
    return SiteFacts(
        base_url=settings.site.base_url,
        brand_name=settings.site.brand,
        environment=settings.site.environment,
        trusted_proxies=settings.site.trusted_proxies,
        js_sdk_url=None if is_demo else JS_SDK_URL,
        request_limits=settings.site.environment == "production",
    )


def account_credentials(settings: Settings) -> OfficialAccountCredentials:
    """Return the official account's credentials, checked.

    Raises: SettingsError.
    """
    wechat = settings.wechat
    try:
        return OfficialAccountCredentials(
            app_id=wechat.app_id,
            app_secret=wechat.app_secret.get_secret_value(),
            token=wechat.token.get_secret_value(),
            encoding_aes_key=wechat.encoding_aes_key.get_secret_value(),
            api_base_url=wechat.api_base_url,
            oauth_base_url=wechat.oauth_base_url,
        )
    except ValueError as error:
        raise SettingsError(f"[wechat] {error}") from error


def merchant_credentials(settings: Settings) -> MerchantCredentials:
    """Return the merchant's credentials, with both keys read and checked.

    Raises: SettingsError.
    """
    pay = settings.wechat_pay
    notify = f"{settings.site.base_url}/pay/wechat"
    try:
        return MerchantCredentials(
            app_id=settings.wechat.app_id,
            merchant_id=pay.merchant_id,
            api_v3_key=pay.api_v3_key.get_secret_value(),
            certificate_serial=pay.certificate_serial,
            private_key=_read("private_key_file", pay.private_key_file),
            public_key_id=pay.public_key_id,
            public_key=_read("public_key_file", pay.public_key_file),
            payment_notify_url=f"{notify}/notify",
            refund_notify_url=f"{notify}/refund-notify",
            transfer_notify_url=f"{notify}/transfer-notify",
            base_url=pay.base_url,
        )
    except ValueError as error:
        raise SettingsError(f"[wechat_pay] {error}") from error


def _read(key: str, path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise SettingsError(
            f"[wechat_pay] {key}: {path} can't be read: {error.strerror}"
        ) from error


def first_line(error: SQLAlchemyError) -> str:
    """Return what the database said, without the statement and the library's own advice."""
    said = str(error.orig if isinstance(error, DBAPIError) and error.orig else error)
    return said.strip().splitlines()[0]
