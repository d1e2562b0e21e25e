"""What went wrong between us and WeChat, and whether another try can help."""

from enum import StrEnum


class Outcome(StrEnum):
    """What is known about a call that did not succeed."""

    REFUSED = "refused"
    """WeChat answered no: nothing happened there."""
    UNKNOWN = "unknown"
    """No answer, or one that can't be trusted: it may have happened."""


class WeChatError(Exception):
    """A call to WeChat that did not succeed.

    `errcode` is WeChat's number (official account) or code (payment), "" when there was no
    answer; `may_retry` says whether the same call can help later.
    """

    def __init__(
        self,
        message: str,
        *,
        errcode: str = "",
        outcome: Outcome = Outcome.REFUSED,
        may_retry: bool = False,
    ) -> None:
        super().__init__(f"{errcode} {message}".strip())
        self.errcode = errcode
        self.outcome = outcome
        self.may_retry = may_retry


class WeChatUnreachable(WeChatError):  # noqa: N818 - a state of the platform
    """No trustworthy answer: a timeout, a broken connection, a 5xx, an unsigned reply.

    The outcome is UNKNOWN unless the request certainly never left: then it is REFUSED.
    """

    def __init__(
        self, message: str, *, errcode: str = "", outcome: Outcome = Outcome.UNKNOWN
    ) -> None:
        super().__init__(message, errcode=errcode, outcome=outcome, may_retry=True)


class CredentialError(WeChatError):
    """Our app id, secret, key or certificate is wrong; staff must act (40001, 40013, 40125)."""


class CodeRejected(WeChatError):  # noqa: N818
    """A page authorisation's code is unknown, used or too old (40029, 40163): start it again."""


class TooManyExchanges(WeChatError):  # noqa: N818 - a state of ours
    """As many page authorisations as we allow wait for WeChat already; this one never left."""

    def __init__(self) -> None:
        super().__init__("too many exchanges at once", may_retry=True)


class OutsideChatWindow(WeChatError):  # noqa: N818
    """The person may not be written to now (45015), or had her share of messages (45047)."""


class NotFollower(WeChatError):  # noqa: N818
    """The person doesn't follow the account (40003, 43004)."""


class QuotaExceeded(WeChatError):  # noqa: N818
    """A daily or per-minute limit of the interface is used up (45009, 45011)."""


class BillUnreadable(WeChatError):  # noqa: N818 - a property of the bill
    """A daily bill that can't be believed: cut off, altered on its way, or of another shape."""

    def __init__(self, message: str) -> None:
        super().__init__(message, errcode="BILL_UNREADABLE", may_retry=True)


class CallbackRejected(WeChatError):  # noqa: N818
    """An incoming request that didn't pass the guard; `status` is the HTTP answer (4xx)."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
