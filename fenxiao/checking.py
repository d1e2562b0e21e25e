"""`fenxiao check`: one line per thing that must be right before going live."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import requests
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fenxiao.migrating import needs_migration
from fenxiao.settings import Settings, SettingsError, load
from fenxiao.wiring import (
    account_credentials,
    connect,
    first_line,
    merchant_credentials,
    open_sessions,
)
from models.append_only import missing_triggers
from models.database import SessionFactory
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import NotFound
from workflows.clock import real_now

TIMEOUT_SECONDS = 5
LARGEST_CLOCK_ERROR = timedelta(seconds=60)
PROBE_NUMBER = "fenxiaocheck0000000000"
NO_ANSWER = "is this server connected, and may it reach that address?"
REFUSED_BY_PAY = (
    "compare merchant_id, certificate_serial and private_key_file with 账户中心 → API安全, and"
    " the clock"
)
SEE_ACCOUNT = "compare [wechat] with mp.weixin.qq.com → 设置与开发 → 基本配置"
ACCOUNT_ADVICE = {
    "40001": "[wechat] app_secret is not this account's: 基本配置 → 开发者密码",
    "40125": "[wechat] app_secret is not this account's: 基本配置 → 开发者密码",
    "40013": "[wechat] app_id is not this account's: 基本配置 → 开发者ID",
    "40164": "add this server's public address: 基本配置 → IP白名单",
    "40243": "the secret is frozen: 基本配置 → 开发者密码 → 解冻",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked; `advice` says what to do when it isn't ok."""

    subject: str
    advice: str | None

    @property
    def is_ok(self) -> bool:
        """Whether there is nothing to do."""
        return self.advice is None

    @property
    def line(self) -> str:
        """What the operator reads."""
        return f"{'ok  ' if self.is_ok else 'FAIL'} {self.subject}" + (
            "" if self.is_ok else f": {self.advice}"
        )


def check_everything() -> tuple[Finding, ...]:
    """Check settings first; without them nothing else can be checked."""
    try:
        settings = load()
    except SettingsError as error:
        return (Finding(subject="settings", advice=str(error)),)
    findings = [
        Finding(subject="settings", advice=None),
        _find("keys of WeChat Pay", lambda: _keys(settings)),
        _find("clock", lambda: _clock(settings)),
    ]
    try:
        sessions = open_sessions(settings)
    except SettingsError as error:
        # What follows needs the database: it also keeps WeChat's tokens.
        return (*findings, Finding(subject="database", advice=str(error)))
    try:
        findings += [
            _find("database", lambda: _database(sessions)),
            _find("append-only triggers", lambda: _triggers(sessions)),
            _find("WeChat official account", lambda: _account(settings, sessions)),
            _find("WeChat Pay", lambda: _merchant(settings, sessions)),
        ]
    finally:
        sessions.dispose()
    return tuple(findings)


def _find(subject: str, check: Callable[[], str | None]) -> Finding:
    """Run one check; what it can't do is a finding, not a crash."""
    try:
        return Finding(subject=subject, advice=check())
    except SQLAlchemyError as error:
        return Finding(subject=subject, advice=f"[database] url: {first_line(error)}")
    except requests.RequestException as error:
        return Finding(subject=subject, advice=f"{type(error).__name__}; {NO_ANSWER}")
    except (SettingsError, WeChatError) as error:
        return Finding(subject=subject, advice=str(error))


def _keys(settings: Settings) -> str | None:
    merchant = merchant_credentials(settings)
    account_credentials(settings)
    if merchant.load_private_key().public_key() == merchant.load_public_key():
        return "public_key_file is our own: download WeChat Pay's (账户中心 → API安全)"
    return None


def _clock(settings: Settings) -> str | None:
    """Compare our clock with the Date of WeChat's answer: signatures allow 5 minutes."""
    answer = requests.head(settings.wechat.api_base_url, timeout=TIMEOUT_SECONDS)
    date = answer.headers.get("Date")
    if date is None:
        return f"{settings.wechat.api_base_url} tells no time: compare with `timedatectl`"
    error = abs(real_now() - parsedate_to_datetime(date))
    if error > LARGEST_CLOCK_ERROR:
        return f"{int(error.total_seconds())} s off: switch on NTP (timedatectl set-ntp true)"
    return None


def _database(sessions: SessionFactory) -> str | None:
    with sessions.read() as session:
        session.execute(text("SELECT 1"))
    return "run `fenxiao migrate`" if needs_migration(sessions) else None


def _triggers(sessions: SessionFactory) -> str | None:
    with sessions.read() as session:
        missing = missing_triggers(session.connection())
    return f"missing: {', '.join(missing)}; run `fenxiao migrate`" if missing else None


def _account(settings: Settings, sessions: SessionFactory) -> str | None:
    try:
        connect(settings, sessions).account.check()
    except WeChatUnreachable as error:
        return f"{error}; {NO_ANSWER}"
    except WeChatError as error:
        return f"{error}; {ACCOUNT_ADVICE.get(error.errcode, SEE_ACCOUNT)}"
    return None


def _merchant(settings: Settings, sessions: SessionFactory) -> str | None:
    """Ask for a payment that can't exist: a plain no proves our key, its serial and the merchant.

    WeChat Pay's own key is proved by the first good answer only: no other is verified.
    """
    try:
        connect(settings, sessions).payments.query_payment(PROBE_NUMBER)
    except NotFound:
        return None
    except WeChatUnreachable as error:
        return f"{error}; {NO_ANSWER}"
    except WeChatError as error:
        return f"{error}; {REFUSED_BY_PAY}"
    return f"payment {PROBE_NUMBER} exists, which nobody made: is this the right merchant_id?"
