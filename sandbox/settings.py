"""Which account, which merchant, which application: the sandbox's configuration file."""

import base64
import binascii
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from sandbox.knobs import KnobError, Knobs, turn


class SettingsError(ValueError):
    """The configuration can't be used; the sentence says which key and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The official account (服务号) that the application runs."""

    app_id: str
    app_secret: str
    token: str
    encoding_aes_key: str
    callback_url: str
    name: str = "测试服务号"
    original_id: str = "gh_5a4d0b0c5a4d"
    oauth_domains: tuple[str, ...] = ()
    base_url: str = ""

    @property
    def aes_key(self) -> bytes:
        """The 32 bytes behind the 43 characters."""
        return base64.b64decode(self.encoding_aes_key + "=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """The merchant, its public key, and the platform's own key pair."""

    merchant_id: str
    merchant_name: str
    api_v3_key: bytes
    certificate_serial: str
    merchant_public_key: RSAPublicKey
    platform_key_id: str
    platform_private_key: RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the sandbox is started with. No `data_dir` means: in memory."""

    account: Account
    merchant: Merchant
    knobs: Knobs
    data_dir: Path | None = None


ACCOUNT_KEYS = frozenset(Account.__dataclass_fields__)
PAY_KEYS = frozenset(
    {
        "merchant_id",
        "merchant_name",
        "api_v3_key",
        "certificate_serial",
        "merchant_public_key_file",
        "platform_key_id",
        "platform_private_key_file",
    }
)


def load(path: Path) -> Settings:
    """Read the TOML file at `path`. Raises: SettingsError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
    unknown = set(document) - {"data_dir", "account", "pay", "knobs"}
    if unknown:
        raise SettingsError(f"unknown key: {min(unknown)}")
    try:
        knobs = turn(Knobs(), document.get("knobs", {}))
    except KnobError as error:
        raise SettingsError(f"[knobs] {error}") from error
    data_dir = document.get("data_dir")
    return Settings(
        account=_account(_section(document, "account", ACCOUNT_KEYS)),
        merchant=_merchant(_section(document, "pay", PAY_KEYS), path.parent),
        knobs=knobs,
        data_dir=path.parent / data_dir if data_dir else None,
    )


def _section(document: dict[str, Any], name: str, known: frozenset[str]) -> dict[str, Any]:
    section = document.get(name)
    if not isinstance(section, dict):
        raise SettingsError(f"[{name}] is missing")
    unknown = set(section) - known
    if unknown:
        raise SettingsError(f"[{name}] unknown key: {min(unknown)}")
    return section


def _account(section: dict[str, Any]) -> Account:
    _demand(section, "account", "app_id", "app_secret", "token", "encoding_aes_key", "callback_url")
    values = {**section, "oauth_domains": tuple(section.get("oauth_domains", ()))}
    account = Account(**values)
    try:
        length = len(account.aes_key)
    except binascii.Error:
        length = 0
    if len(account.encoding_aes_key) != 43 or length != 32:
        raise SettingsError("[account] encoding_aes_key must be 43 characters of base64")
    return account


def _merchant(section: dict[str, Any], folder: Path) -> Merchant:
    _demand(section, "pay", *(PAY_KEYS - {"merchant_name"}))
    api_v3_key = str(section["api_v3_key"]).encode()
    if len(api_v3_key) != 32:
        raise SettingsError("[pay] api_v3_key must be 32 bytes")
    public_pem = _read(folder / section["merchant_public_key_file"], "merchant_public_key_file")
    private_pem = _read(folder / section["platform_private_key_file"], "platform_private_key_file")
    return Merchant(
        merchant_id=section["merchant_id"],
        merchant_name=section.get("merchant_name", "测试商户"),
        api_v3_key=api_v3_key,
        certificate_serial=section["certificate_serial"],
        merchant_public_key=read_public_key(public_pem),
        platform_key_id=section["platform_key_id"],
        platform_private_key=read_private_key(private_pem),
    )


def _demand(section: dict[str, Any], name: str, *keys: str) -> None:
    for key in keys:
        if not isinstance(section.get(key), str) or not section[key]:
            raise SettingsError(f"[{name}] {key} is missing")


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"[pay] {key}: {error}") from error


def read_public_key(pem: bytes) -> RSAPublicKey:
    """Read an RSA public key from PEM. Raises: SettingsError."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"not a public key: {error}") from error
    if not isinstance(key, RSAPublicKey):
        raise SettingsError("the merchant's public key must be RSA")
    return key


def read_private_key(pem: bytes) -> RSAPrivateKey:
    """Read an RSA private key from PEM. Raises: SettingsError."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"not a private key: {error}") from error
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError("the platform's private key must be RSA")
    return key
