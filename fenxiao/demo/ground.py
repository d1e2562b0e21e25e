"""What a demo stands on: a folder with keys, both configuration files, and the addresses."""

import os
import secrets
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

BRAND = "漱玉"
APP_ID = "wxdemo0000000000ab"
MERCHANT_ID = "1900000109"
SECRETS = "secrets.toml"
FILLED = "filled"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the demo's files lie and where its two servers listen (loopback only)."""

    folder: Path
    port: int
    sandbox_port: int

    @property
    def site_url(self) -> str:
        """The application, as a browser reaches it."""
        return f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox, as a browser and the application reach it."""
        return f"http://localhost:{self.sandbox_port}"

    @property
    def config_file(self) -> Path:
        """The application's settings."""
        return self.folder / "config.toml"

    @property
    def sandbox_file(self) -> Path:
        """The sandbox's settings."""
        return self.folder / "sandbox.toml"

    @property
    def is_ours(self) -> bool:
        """Whether an earlier demo made the folder."""
        return (self.folder / SECRETS).is_file()

    @property
    def is_filled(self) -> bool:
        """Whether an earlier demo filled the shop to its end."""
        return (self.folder / FILLED).is_file()

    def note_filled(self) -> None:
        """Note that the shop is filled to its end."""
        (self.folder / FILLED).touch()

    def environment(self) -> dict[str, str]:
        """Return the environment for our own processes: this demo's settings and no others."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("FENXIAO_")
        }
        return {**kept, "FENXIAO_CONFIG": str(self.config_file), "PYTHONUNBUFFERED": "1"}


def prepare(ground: Ground) -> None:
    """Write keys, secrets and both configuration files, unless an earlier demo left them."""
    ground.folder.mkdir(parents=True, exist_ok=True)
    secrets_file = ground.folder / SECRETS
    if not secrets_file.exists():
        _write_privately(
            secrets_file, "".join(f'{name} = "{value}"\n' for name, value in _new_secrets().items())
        )
    if not (ground.folder / "keys" / "keys.toml").exists():
        subprocess.run(  # noqa: S603 - our own sandbox, our own arguments
            [sys.executable, "-m", "sandbox", "keys", str(ground.folder / "keys")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    # Written at each start: the ports may have changed, the secrets have not.
    values = tomllib.loads(secrets_file.read_text())
    names = tomllib.loads((ground.folder / "keys" / "keys.toml").read_text())
    _write_privately(ground.config_file, _settings(ground, values | names))
    _write_privately(ground.sandbox_file, _sandbox_settings(ground, values | names))


def _write_privately(path: Path, text: str) -> None:
    """Write a file that nobody else on this machine reads, also one that was open before."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def _new_secrets() -> dict[str, str]:
    def letters(length: int) -> str:
        return "".join(secrets.choice(LETTERS) for _ in range(length))

    return {
        "secret_key": letters(48),
        "data_key": letters(48),
        "app_secret": letters(32),
        "token": letters(24),
        # The last character carries four bits only: A is one that base64 ends with.
        "encoding_aes_key": letters(42) + "A",
        "api_v3_key": letters(32),
    }


def _settings(ground: Ground, values: dict[str, str]) -> str:
    keys = ground.folder.resolve() / "keys"
    return f"""# Written by `fenxiao demo`; changes are lost at its next start.
[site]
base_url = "{ground.site_url}"
secret_key = "{values["secret_key"]}"
data_key = "{values["data_key"]}"
environment = "demo"
brand = "{BRAND}"

[database]
url = "sqlite:///{ground.folder.resolve() / "fenxiao.db"}"

[wechat]
app_id = "{APP_ID}"
app_secret = "{values["app_secret"]}"
token = "{values["token"]}"
encoding_aes_key = "{values["encoding_aes_key"]}"
api_base_url = "{ground.sandbox_url}"
oauth_base_url = "{ground.sandbox_url}"

[wechat_pay]
merchant_id = "{MERCHANT_ID}"
api_v3_key = "{values["api_v3_key"]}"
certificate_serial = "{values["certificate_serial"]}"
private_key_file = "{keys / "merchant_private.pem"}"
public_key_id = "{values["public_key_id"]}"
public_key_file = "{keys / "platform_public.pem"}"
base_url = "{ground.sandbox_url}"

[programme]
levels = 2
has_legal_acknowledgement = true
level_1_rate_bp = 1500
level_2_rate_bp = 500
max_payout_bp = 3000
"""


def _sandbox_settings(ground: Ground, values: dict[str, str]) -> str:
    return f"""# Written by `fenxiao demo`; changes are lost at its next start.
data_dir = "sandbox"

[account]
app_id = "{APP_ID}"
app_secret = "{values["app_secret"]}"
token = "{values["token"]}"
encoding_aes_key = "{values["encoding_aes_key"]}"
callback_url = "{ground.site_url}/wechat/callback"
name = "{BRAND}美妆"
base_url = "{ground.sandbox_url}"

[pay]
merchant_id = "{MERCHANT_ID}"
merchant_name = "{BRAND}美妆"
api_v3_key = "{values["api_v3_key"]}"
certificate_serial = "{values["certificate_serial"]}"
merchant_public_key_file = "keys/merchant_public.pem"
platform_key_id = "{values["public_key_id"]}"
platform_private_key_file = "keys/platform_private.pem"
"""
