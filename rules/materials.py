"""May a material (素材) be handed out now, and is what staff wrote fit to publish?

Times are aware UTC.
"""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.states import Edges, TransitionRefused, is_allowed

MAX_TITLE_LENGTH: Final = 60
MAX_CAPTION_LENGTH: Final = 500
"""The caption is copied into a group together with a link; WeChat folds longer texts anyway."""


class MaterialStatus(StrEnum):
    """Where a material stands. A recall is final: publish a new one instead."""

    PUBLISHED = "published"
    RECALLED = "recalled"


EDGES: Final[Edges[MaterialStatus]] = MappingProxyType(
    {
        MaterialStatus.PUBLISHED: frozenset({MaterialStatus.RECALLED}),
        MaterialStatus.RECALLED: frozenset(),
    }
)


class MaterialTransitionRefused(TransitionRefused):
    """A material has no such edge."""

    code = "material_transition_refused"
    message = "这份素材已经撤回，不能再次操作。"


class MaterialUnusable(RuleViolation):
    """A material that may not be handed out any more."""

    code = "material_unusable"
    message = "这份素材现在不能使用。"


class MaterialRecalled(MaterialUnusable):
    """Staff recalled it."""

    code = "material_recalled"
    message = "这份素材已被品牌方撤回，请换用其他素材。"


class MaterialExpired(MaterialUnusable):
    """Its validity is over."""

    code = "material_expired"
    message = "这份素材已过有效期，请换用其他素材。"


class MaterialRefused(RuleViolation):
    """A material that can't be published as it is; `field` names what to change."""

    code = "material_refused"
    message = "素材内容不完整，请检查后再发布。"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def check_transition(current: MaterialStatus, target: MaterialStatus) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: MaterialTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise MaterialTransitionRefused(current.value, target.value)


def is_usable(status: MaterialStatus, valid_until: datetime, now: datetime) -> bool:
    """Return whether it may be handed out: published and before `valid_until`."""
    return status is MaterialStatus.PUBLISHED and now < valid_until


def check_usable(status: MaterialStatus, valid_until: datetime, now: datetime) -> None:
    """Refuse a material that may not be handed out now.

    Raises: MaterialRecalled, MaterialExpired.
    """
    if status is MaterialStatus.RECALLED:
        raise MaterialRecalled
    if now >= valid_until:
        raise MaterialExpired


def check_material(title: str, caption: str, valid_until: datetime, now: datetime) -> None:
    """Refuse what can't be published: empty or endless texts, validity that is over already.

    Raises: MaterialRefused.
    """
    if not title.strip():
        raise MaterialRefused("title", "请填写素材标题。")
    if len(title) > MAX_TITLE_LENGTH:
        raise MaterialRefused("title", f"素材标题最多 {MAX_TITLE_LENGTH} 个字。")
    if not caption.strip():
        raise MaterialRefused("caption", "请填写推广文案。")
    if len(caption) > MAX_CAPTION_LENGTH:
        raise MaterialRefused("caption", f"推广文案最多 {MAX_CAPTION_LENGTH} 个字。")
    if valid_until <= now:
        raise MaterialRefused("valid_until", "有效期必须晚于现在。")


def caption_with_link(caption: str, link: str) -> str:
    """Return the copy that a distributor pastes into a group: the caption, then her own link."""
    return f"{caption.rstrip()}\n{link}"
