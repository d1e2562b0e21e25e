"""Is a lesson fit to publish, what can become of a push plan, and how is a person's turn counted?

Training pushes carry a lesson (课程) to distributors by chat, or keep it in the H5 inbox.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from rules.errors import RuleViolation
from rules.outbox import WorkStatus
from rules.states import Edges, TransitionRefused, is_allowed

MAX_TITLE_LENGTH: Final = 60
MAX_BODY_LENGTH: Final = 20_000
MAX_LINK_LENGTH: Final = 300
MAX_PLAN_NAME_LENGTH: Final = 60


class CampaignStatus(StrEnum):
    """Where a push plan (推送计划) stands."""

    ACTIVE = "active"
    STOPPED = "stopped"
    FINISHED = "finished"


class Channel(StrEnum):
    """How a person was reached: customer-service chat, or her inbox on the H5 page."""

    CHAT = "chat"
    INBOX = "inbox"


class TurnState(StrEnum):
    """How one person's turn counts in a push plan's report."""

    WAITING = "waiting"
    SENT = "sent"
    INBOX = "inbox"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


EDGES: Final[Edges[CampaignStatus]] = MappingProxyType(
    {
        CampaignStatus.ACTIVE: frozenset({CampaignStatus.STOPPED, CampaignStatus.FINISHED}),
        CampaignStatus.STOPPED: frozenset(),
        CampaignStatus.FINISHED: frozenset(),
    }
)
"""A one-off plan is finished once it has fired; a weekly one runs until it is stopped."""


class CampaignTransitionRefused(TransitionRefused):
    """A push plan has no such edge."""

    code = "campaign_transition_refused"
    message = "这个推送计划已经结束，不能再次操作。"


class LessonRefused(RuleViolation):
    """A lesson or plan that can't be saved as it is; `field` names what to change."""

    code = "lesson_refused"
    message = "内容不完整，请检查后再保存。"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def check_transition(current: CampaignStatus, target: CampaignStatus) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: CampaignTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise CampaignTransitionRefused(current.value, target.value)


def check_lesson(title: str, body: str, link: str | None) -> None:
    """Refuse a lesson without title or text, or with a link that isn't https.

    Raises: LessonRefused.
    """
    if not title.strip():
        raise LessonRefused("title", "请填写课程标题。")
    if len(title) > MAX_TITLE_LENGTH:
        raise LessonRefused("title", f"课程标题最多 {MAX_TITLE_LENGTH} 个字。")
    if not body.strip():
        raise LessonRefused("body", "请填写课程内容。")
    if len(body) > MAX_BODY_LENGTH:
        raise LessonRefused("body", f"课程内容最多 {MAX_BODY_LENGTH} 个字。")
    if link is not None and not _is_link(link):
        raise LessonRefused("link", "链接必须是以 https:// 开头的完整网址。")


def check_plan_name(name: str) -> None:
    """Refuse an empty or endless name of a push plan.

    Raises: LessonRefused.
    """
    if not name.strip():
        raise LessonRefused("name", "请填写推送计划名称。")
    if len(name) > MAX_PLAN_NAME_LENGTH:
        raise LessonRefused("name", f"推送计划名称最多 {MAX_PLAN_NAME_LENGTH} 个字。")


def turn_state(status: WorkStatus, channel: Channel | None) -> TurnState:
    """Return how a turn counts: from its work's status, and the channel once it was decided."""
    if status is WorkStatus.DONE:
        return TurnState.INBOX if channel is Channel.INBOX else TurnState.SENT
    return _TURN_STATES.get(status, TurnState.WAITING)


_TURN_STATES: Final = MappingProxyType(
    {
        WorkStatus.SKIPPED: TurnState.SKIPPED,
        WorkStatus.FAILED: TurnState.FAILED,
        WorkStatus.UNKNOWN: TurnState.UNKNOWN,
    }
)


def _is_link(link: str) -> bool:
    """Return whether `link` is a whole https address without white space or hidden characters."""
    if len(link) > MAX_LINK_LENGTH or not link.isprintable() or any(map(str.isspace, link)):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
