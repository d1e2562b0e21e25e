"""How passwords are kept: argon2id, and never slower or faster for a name that nobody has."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from rules.staff import PASSWORD_MAX_LENGTH

# 19 MiB and two passes: enough against guessing, and a dozen logins at once fit a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


# Nobody reads an l for a 1 or an O for a 0 over the telephone; twelve of them are 59 bits.
_SPOKEN = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 3
_GROUP_LENGTH = 4


def one_time_password() -> str:
    """Return a random password that can be told on the telephone."""
    return "-".join(
        "".join(secrets.choice(_SPOKEN) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )


def _plain(password: str) -> str:
    """Return the same text for the same password, whichever keyboard composed it."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and its costs."""
    return _HASHER.hash(_plain(password))


def is_right(password_hash: str, password: str) -> bool:
    """Return whether the password has this hash. A password that is too long never has."""
    if len(password) > PASSWORD_MAX_LENGTH:
        return False
    try:
        return _HASHER.verify(password_hash, _plain(password))
    except VerifyMismatchError:
        return False


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made with other costs than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def nobodys_hash() -> str:
    """Return a hash to verify against when there is no such member, so that it takes as long."""
    return _HASHER.hash("nobody has this password")
