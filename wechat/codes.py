"""What an errcode of the official account's API means for us.

Source: the platform's list of global return codes (全局返回码).
"""

from wechat.errors import (
    CodeRejected,
    CredentialError,
    NotFollower,
    OutsideChatWindow,
    QuotaExceeded,
    WeChatError,
)

REJECTED_TOKEN_CODES = frozenset({40001, 40014, 42001})
"""The access token is not the newest, not valid, or too old: a fresh one can help."""

TEXT_TOO_LONG = "45002"
PICTURE_TOO_LARGE = "40009"

_BUSY = -1
_MINUTE_LIMIT = 45011
_MEANINGS: dict[int, type[WeChatError]] = {
    40001: CredentialError,  # wrong secret, or a token that a fresh one doesn't mend
    40013: CredentialError,  # app id
    40125: CredentialError,  # secret
    40164: CredentialError,  # our address is not on the white list
    40243: CredentialError,  # the secret is frozen
    41002: CredentialError,  # app id missing
    41004: CredentialError,  # secret missing
    48001: CredentialError,  # the account may not use this interface
    50002: CredentialError,  # the account is blocked
    45015: OutsideChatWindow,
    45047: OutsideChatWindow,
    40003: NotFollower,
    43004: NotFollower,
    43019: NotFollower,  # on the account's black list
    50005: NotFollower,
    45009: QuotaExceeded,
    45011: QuotaExceeded,
    40029: CodeRejected,
    40163: CodeRejected,
    41008: CodeRejected,
    42003: CodeRejected,
}
# A day's quota (45009) is not among them: trying again within minutes can't help.
_LATER_CODES = frozenset({_BUSY, _MINUTE_LIMIT, 40014, 42001})


def error_for(errcode: int, message: str) -> WeChatError:
    """Return the typed error for a refusal of the official account's API."""
    kind = _MEANINGS.get(errcode, WeChatError)
    return kind(message, errcode=str(errcode), may_retry=errcode in _LATER_CODES)
