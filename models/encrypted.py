"""Text that the database keeps encrypted: real names and bank accounts.

AES-256-GCM with a key derived from `[site] data_key`. What is sealed names the key (so that keys
can change) and is bound to its row and field: copied elsewhere, it doesn't open.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

CIPHER = "fenxiao-data-cipher"
NONCE_BYTES = 12
KEY_ID_CHARACTERS = 8
_KEY_ID = re.compile(f"[0-9a-f]{{{KEY_ID_CHARACTERS}}}")


class DataKeyMissingError(RuntimeError):
    """The database was opened without a data key, or sealed with one that isn't configured."""


class SealedTextDamagedError(ValueError):
    """A sealed text was altered, or belongs to another row or field."""


class DataCipher:
    """Seals with the first key, opens with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        derived = [_derive(key) for key in keys]
        self._ciphers = {_key_id(key): AESGCM(key) for key in derived}
        self._current = _key_id(derived[0]) if derived else None

    @property
    def mark(self) -> str:
        """What everything begins with that is sealed now: letters and digits that name the key.

        Raises: DataKeyMissingError.
        """
        if self._current is None:
            raise DataKeyMissingError("no [site] data_key: the database was opened without one")
        return f"{self._current}."

    def seal(self, text: str, place: str) -> str:
        """Return `text` encrypted for `place`, which names its row and field.

        Raises: DataKeyMissingError.
        """
        mark = self.mark
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = self._ciphers[mark.removesuffix(".")]
        sealed = cipher.encrypt(nonce, text.encode(), place.encode())
        return f"{mark}{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Return the text that was sealed for `place`.

        Raises:
            DataKeyMissingError: its key isn't configured any more.
            SealedTextDamagedError: it was altered, or was sealed for another place.
        """
        key_id, _, body = sealed.partition(".")
        if _KEY_ID.fullmatch(key_id) is None:
            raise SealedTextDamagedError(f"what is kept for {place} is no sealed text")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DataKeyMissingError(
                f"sealed with key {key_id}: put that key into [site] former_data_keys"
            )
        try:
            data = urlsafe_b64decode(body)
            plain = cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode())
        except (InvalidTag, NotBase64, ValueError) as error:
            raise SealedTextDamagedError(f"what is kept for {place} was altered") from error
        return plain.decode()


def cipher_of(session: Session) -> DataCipher:
    """Return the cipher that the session's database was opened with."""
    found = session.info[CIPHER]
    assert isinstance(found, DataCipher)
    return found


def _derive(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fenxiao data").derive(key.encode())


def _key_id(key: bytes) -> str:
    """Return a name that tells keys apart and nothing of the key."""
    return hashlib.sha256(b"fenxiao key id" + key).hexdigest()[:KEY_ID_CHARACTERS]
