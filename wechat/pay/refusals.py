"""What a refusal of WeChat Pay means for us.

Source: the error codes of WeChat Pay v3's JSAPI, refund and merchant transfer documents.
"""

from wechat.answers import Answer, UnexpectedAnswer
from wechat.errors import (
    CredentialError,
    QuotaExceeded,
    WeChatError,
    WeChatUnreachable,
)

UNKNOWN_NUMBER_CODES = frozenset(
    {"RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST", "ORDER_NOT_EXISTS", "NOT_FOUND"}
)
_OUR_FAULT_CODES = frozenset(
    {"SIGN_ERROR", "NO_AUTH", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "ACCOUNT_ERROR"}
)
# The same number may be tried again: after staff have topped up the account.
_LATER_CODES = frozenset({"NOT_ENOUGH"})
# Only these say for certain that no transfer was opened under the number. "Already exists" and
# "invalid request" may speak of an earlier try that did.
_NO_TRANSFER_CODES = frozenset({"PARAM_ERROR", "NOT_ENOUGH"}) | _OUR_FAULT_CODES
_TOO_MANY_REQUESTS = 429


def refusal(status: int, content: str | bytes) -> WeChatError:
    """Return the error for an answer that is not a success.

    Only a 4xx with a code is a refusal; for everything else the outcome is unknown.
    """
    if not 400 <= status < 500:
        return WeChatUnreachable(f"answered with status {status}")
    try:
        answer = Answer.parse(content)
        code = answer.text("code")
        message = answer.optional_text("message") or ""
    except UnexpectedAnswer:
        return WeChatUnreachable(f"answered with status {status} and no code")
    if status == _TOO_MANY_REQUESTS:
        return QuotaExceeded(message, errcode=code, may_retry=True)
    if code in _OUR_FAULT_CODES:
        return CredentialError(message, errcode=code)
    return WeChatError(message, errcode=code, may_retry=code in _LATER_CODES)


def may_have_been_opened(error: WeChatError) -> bool:
    """Decide whether a transfer may exist although its request was not accepted.

    Only certain codes prove that there is none; otherwise keep the number, and ask.
    """
    return error.errcode not in _NO_TRANSFER_CODES and not isinstance(error, QuotaExceeded)
