"""The keys that tests hold of a merchant and of a platform: made and read once in a process."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox import keys
from sandbox.settings import read_private_key


@cache
def private_key(path: Path) -> RSAPrivateKey:
    """Return the key that lies there; reading one takes as long as dozens of calls."""
    return read_private_key(path.read_bytes())


@cache
def _made() -> dict[str, bytes]:
    folder = Path(tempfile.mkdtemp())
    try:
        keys.generate(folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}
    finally:
        shutil.rmtree(folder)


def put_keys(folder: Path) -> None:
    """Write both key pairs and `keys.toml` into a folder, as `python -m sandbox keys` does."""
    for name, content in _made().items():
        (folder / name).write_bytes(content)
