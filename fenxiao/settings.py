"""Settings: one TOML file, any value of it from the environment, nothing else accepted.

`FENXIAO_CONFIG` names the file (default `config.toml`); `FENXIAO_<SECTION>__<KEY>` overrides one
value. A wrong setting stops the start with one line that says which key and what to do.
"""

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rules.errors import RuleViolation
from rules.policy import Policy, check_policy, check_settings_offered
from rules.withholding import WithholdingMethod
from wechat.credentials import WECHAT_API_URL, WECHAT_OAUTH_URL, WECHAT_PAY_URL, check_base_url

FIRST = Policy()
PREFIX = "FENXIAO_"
DEFAULT_FILE = "config.toml"
WECOM_API_URL = "https://qyapi.weixin.qq.com"
PLACEHOLDERS = ("change-me", "changeme")
EXAMPLES = frozenset(
    {
        "wx0000000000000000",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
        "1900000000",
        "0000000000000000000000000000000000000000",
        "PUB_KEY_ID_0000000000000000000000000000",
    }
)
"""What config.example.toml says instead of a value; production refuses it."""
EXAMPLE_DOMAINS = ("example.com", "example.net", "example.org", "example")
"""Nobody's (RFC 2606): people, WeChat's callbacks and its notifications would never arrive."""
SHORTEST_SECRET = 32


class SettingsError(Exception):
    """A setting is missing, unknown or wrong; the sentence says which and what to do."""


def _base_url(value: str, info: ValidationInfo) -> str:
    check_base_url(info.field_name or "base_url", value)
    return value


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class Section(BaseModel):
    """A section of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Section):
    """Who we are on the web."""

    base_url: BaseUrl
    secret_key: SecretStr = Field(min_length=SHORTEST_SECRET)
    data_key: SecretStr = Field(min_length=SHORTEST_SECRET)
    former_data_keys: tuple[SecretStr, ...] = ()
    environment: Literal["demo", "production", "test"]
    brand: str = Field(default="我的品牌", min_length=1, max_length=20)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    timezone: str = "Asia/Shanghai"
    locale: Literal["zh-CN"] = "zh-CN"

    @field_validator("timezone")
    @classmethod
    def known_timezone(cls, value: str) -> str:
        """Schedules and displays are in one zone; the programme's rules are written for it."""
        if value != "Asia/Shanghai":
            raise ValueError("schedules and statements are defined in Asia/Shanghai")
        ZoneInfo(value)
        return value

    @property
    def host(self) -> str:
        """The only host name (with its port) that requests may ask for."""
        return urlsplit(self.base_url).netloc


class Database(Section):
    """Where everything is kept."""

    url: SecretStr = SecretStr("sqlite:///data/fenxiao.db")


class WeChat(Section):
    """The official account (服务号)."""

    app_id: str = Field(min_length=1)
    app_secret: SecretStr = Field(min_length=1)
    token: SecretStr
    encoding_aes_key: SecretStr
    api_base_url: BaseUrl = WECHAT_API_URL
    oauth_base_url: BaseUrl = WECHAT_OAUTH_URL


class WeChatPay(Section):
    """The merchant of WeChat Pay v3, in public-key mode."""

    merchant_id: str = Field(min_length=1)
    api_v3_key: SecretStr
    certificate_serial: str = Field(min_length=1)
    private_key_file: Path
    public_key_id: str = Field(min_length=1)
    public_key_file: Path
    base_url: BaseUrl = WECHAT_PAY_URL


class WeCom(Section):
    """WeCom (企业微信); empty until customer groups are used."""

    corp_id: str = ""
    corp_secret: SecretStr = SecretStr("")
    api_base_url: BaseUrl = WECOM_API_URL


class Programme(Section):
    """First values of the distribution policy; afterwards the console's versions hold."""

    levels: int = 1
    has_legal_acknowledgement: bool = False
    level_1_rate_bp: int = FIRST.level_1_rate_bp
    level_2_rate_bp: int = FIRST.level_2_rate_bp
    max_payout_bp: int = FIRST.max_payout_bp
    self_purchase_allowed: bool = False
    protection_days: int = FIRST.protection_days
    validity_days: int = FIRST.validity_days
    payment_minutes: int = FIRST.payment_minutes
    receipt_days_after_delivery: int = FIRST.receipt_days_after_delivery
    receipt_days_after_shipping: int = FIRST.receipt_days_after_shipping
    after_sales_days: int = FIRST.after_sales_days
    price_drop_days: int = FIRST.price_drop_days
    hold_days: int = FIRST.hold_days
    minimum_payout_fen: int = FIRST.minimum_payout_fen
    maximum_transfer_fen: int = FIRST.maximum_transfer_fen
    two_person_limit_fen: int = FIRST.two_person_limit_fen
    withholding: WithholdingMethod = FIRST.withholding
    freight_fen: int = FIRST.freight_fen
    free_freight_from_fen: int = FIRST.free_freight_from_fen
    quiet_from: time = FIRST.quiet_from
    quiet_until: time = FIRST.quiet_until

    @field_validator("*", mode="before")
    @classmethod
    def whole_number(cls, value: object, info: ValidationInfo) -> object:
        """`true` is 1 for Python and a mistake for us."""
        wanted = cls.model_fields[info.field_name or ""].annotation
        if wanted is int and isinstance(value, bool | float):
            raise ValueError("must be a whole number")
        return value

    def policy(self) -> Policy:
        """Return the first policy version.

        Raises:
            rules.policy.PolicyRefused: it may not be published.
        """
        policy = Policy(**self.model_dump())
        check_policy(policy)
        return policy


class Settings(BaseSettings):
    """All settings; build it with `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    site: Site
    database: Database = Database()
    wechat: WeChat
    wechat_pay: WeChatPay
    wecom: WeCom = WeCom()
    programme: Programme = Programme()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=config_file()),
        )


def config_file() -> Path:
    """Return the settings file that `FENXIAO_CONFIG` names."""
    return Path(os.environ.get(f"{PREFIX}CONFIG", DEFAULT_FILE))


def load() -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: anything is missing, unknown or wrong.
    """
    _refuse_unknown_variables(os.environ)
    path = config_file()
    if not path.is_file():
        raise SettingsError(
            f"{path} is missing: copy config.example.toml to {path} and fill it in,"
            f" or let {PREFIX}CONFIG name another file"
        )
    try:
        settings = Settings()  # type: ignore[call-arg]  # the sources fill it
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from error
    except ValueError as error:
        raise SettingsError(f"{path} is not readable TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    _check_programme(settings)
    if settings.site.environment == "production":
        _check_production(settings)
    return settings


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """A misspelt variable would pass silently: the library looks only for names it knows."""
    known = {
        f"{PREFIX}{section}__{key}".upper()
        for section, field in Settings.model_fields.items()
        for key in _keys_of(field.annotation)
    }
    for name in environment:
        if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG" and name.upper() not in known:
            raise SettingsError(f"{name} is no setting: see config.example.toml for the names")


def _keys_of(section: Any) -> tuple[str, ...]:
    assert issubclass(section, Section)
    return tuple(section.model_fields)


def _first_line(error: ValidationError) -> str:
    detail = error.errors()[0]
    location = [str(part) for part in detail["loc"]]
    key = f"[{location[0]}] {'.'.join(location[1:])}".strip()
    if detail["type"] == "extra_forbidden":
        if location[0] == "programme":
            try:
                check_settings_offered(location[-1:])
            except RuleViolation as violation:
                return f"{key}: {violation.message}"
        return f"{key} is no setting: see config.example.toml for the names"
    if detail["type"] == "missing":
        return f"{key} is missing: config.example.toml says what it is"
    return f"{key}: {detail['msg'].removeprefix('Value error, ')}"


def _check_programme(settings: Settings) -> None:
    try:
        settings.programme.policy()
    except RuleViolation as violation:
        name = getattr(violation, "setting", "")
        raise SettingsError(f"[programme] {name}: {violation.message}") from violation


def _check_production(settings: Settings) -> None:
    """Refuse what is fine for a demo and dangerous for a shop."""
    for name in ("site", "wechat", "wechat_pay"):
        section = getattr(settings, name)
        for key in _keys_of(type(section)):
            if _is_example(getattr(section, key)):
                raise SettingsError(f"[{name}] {key} is an example's value: set your own")
    if settings.site.secret_key == settings.site.data_key:
        raise SettingsError("[site] data_key must differ from secret_key: openssl rand -base64 48")
    if _is_example_host(urlsplit(settings.site.base_url).hostname or ""):
        raise SettingsError("[site] base_url is an example's value: set your own")
    if not settings.site.base_url.startswith("https://"):
        raise SettingsError("[site] base_url must begin with https:// in production")
    for name, key, wanted in (
        ("wechat", "api_base_url", WECHAT_API_URL),
        ("wechat", "oauth_base_url", WECHAT_OAUTH_URL),
        ("wechat_pay", "base_url", WECHAT_PAY_URL),
        ("wecom", "api_base_url", WECOM_API_URL),
    ):
        if getattr(getattr(settings, name), key) != wanted:
            raise SettingsError(f"[{name}] {key} must be {wanted} in production: remove the key")


def _is_example(value: object) -> bool:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return text in EXAMPLES or any(placeholder in text for placeholder in PLACEHOLDERS)


def _is_example_host(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in EXAMPLE_DOMAINS)
