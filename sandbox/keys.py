"""Key pairs of a demo merchant and of the platform, as files."""

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """Where the keys lie, and the two names they go by."""

    merchant_private: Path
    merchant_public: Path
    platform_private: Path
    platform_public: Path
    certificate_serial: str
    public_key_id: str


def generate(folder: Path) -> KeyFiles:
    """Write both key pairs and `keys.toml` into `folder`, unless they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    names = folder / "keys.toml"
    if not names.exists():
        for owner in ("merchant", "platform"):
            _write_pair(folder, owner)
        # A leading zero of a serial is lost by some clients, so ours never has one.
        serial = "5" + secrets.token_hex(20)[1:].upper()
        key_id = "PUB_KEY_ID_01" + "".join(secrets.choice("0123456789") for _ in range(30))
        names.write_text(
            f'certificate_serial = "{serial}"\npublic_key_id = "{key_id}"\n', encoding="utf-8"
        )
    return read(folder)


def read(folder: Path) -> KeyFiles:
    """Return what `generate` wrote into `folder`."""
    values = tomllib.loads((folder / "keys.toml").read_text(encoding="utf-8"))
    return KeyFiles(
        merchant_private=folder / "merchant_private.pem",
        merchant_public=folder / "merchant_public.pem",
        platform_private=folder / "platform_private.pem",
        platform_public=folder / "platform_public.pem",
        certificate_serial=values["certificate_serial"],
        public_key_id=values["public_key_id"],
    )


def _write_pair(folder: Path, owner: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = folder / f"{owner}_private.pem"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / f"{owner}_public.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
