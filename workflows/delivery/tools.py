"""What deliveries work with, and what one call to WeChat told us."""

from collections.abc import Callable
from dataclasses import dataclass

from models.database import SessionFactory
from rules import outbox
from rules.chat_window import OBSTACLE_REASONS, ChatObstacle
from wechat.errors import (
    CredentialError,
    NotFollower,
    Outcome,
    OutsideChatWindow,
    QuotaExceeded,
    WeChatError,
)
from wechat.gateway import OfficialAccount, Payments

TOO_MANY = "45047"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTools:
    """The database, WeChat, the brand, and the site's address without a slash at its end."""

    sessions: SessionFactory
    account: OfficialAccount
    payments: Payments
    base_url: str
    brand_name: str

    def url(self, path: str) -> str:
        """Return the absolute address of a path of ours."""
        return f"{self.base_url}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call told us; no error means that WeChat took it."""

    error: WeChatError | None

    @property
    def is_sent(self) -> bool:
        """Whether WeChat took the message."""
        return self.error is None

    @property
    def is_certain(self) -> bool:
        """Whether we know if it happened."""
        return self.error is None or self.error.outcome is Outcome.REFUSED

    @property
    def shut(self) -> str | None:
        """Why this person can't be written to now, if that is the reason (a Chinese phrase)."""
        match self.error:
            case NotFollower():
                return OBSTACLE_REASONS[ChatObstacle.NOT_FOLLOWING]
            case OutsideChatWindow(errcode=code):
                is_full = code == TOO_MANY
                return OBSTACLE_REASONS[ChatObstacle.NO_ROOM if is_full else ChatObstacle.NO_WINDOW]
            case QuotaExceeded(may_retry=False):
                return "公众号今天的发送额度已用完"
        return None

    @property
    def failure(self) -> outbox.Outcome:
        """The outcome in the outbox's words."""
        return outbox.Outcome.REFUSED if self.is_certain else outbox.Outcome.UNKNOWN

    @property
    def may_retry(self) -> bool:
        """Whether another try can help; staff can mend credentials, so those are worth it."""
        return self.error is not None and (
            self.error.may_retry or isinstance(self.error, CredentialError)
        )

    @property
    def reason(self) -> str:
        """What staff read about a call that didn't succeed."""
        if self.error is None:
            return ""
        code = f"（{self.error.errcode}）" if self.error.errcode else ""
        if not self.is_certain:
            return f"微信没有应答，是否送达未知{code}"
        return f"微信未受理{code}"


def ask(call: Callable[[], object]) -> Answer:
    """Make one call to WeChat; what it refuses is an answer, too."""
    try:
        call()
    except WeChatError as error:
        return Answer(error=error)
    return Answer(error=None)
