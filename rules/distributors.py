"""Who is a distributor (分销商), may they sell now, and which answers may join?

An application is `applied → approved | rejected`; a distributor is `approved → suspended →
approved` and `approved | suspended → terminated`. Times are aware UTC.
"""

import unicodedata
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.states import Edges, TransitionRefused, is_allowed, sources_of


class ApplicationStatus(StrEnum):
    """Where an application to join stands."""

    APPLIED = "applied"
    APPROVED = "approved"
    REJECTED = "rejected"


class DistributorStatus(StrEnum):
    """Where a distributor's authorisation (授权) stands."""

    APPROVED = "approved"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


APPLICATION_EDGES: Final[Edges[ApplicationStatus]] = MappingProxyType(
    {
        ApplicationStatus.APPLIED: frozenset(
            {ApplicationStatus.APPROVED, ApplicationStatus.REJECTED}
        ),
        ApplicationStatus.APPROVED: frozenset(),
        ApplicationStatus.REJECTED: frozenset(),
    }
)
"""A rejected person may apply again: that is a new application."""

DISTRIBUTOR_EDGES: Final[Edges[DistributorStatus]] = MappingProxyType(
    {
        DistributorStatus.APPROVED: frozenset(
            {DistributorStatus.SUSPENDED, DistributorStatus.TERMINATED}
        ),
        DistributorStatus.SUSPENDED: frozenset(
            {DistributorStatus.APPROVED, DistributorStatus.TERMINATED}
        ),
        DistributorStatus.TERMINATED: frozenset(),
    }
)


class ApplicationTransitionRefused(TransitionRefused):
    """An application has no such edge."""

    code = "application_transition_refused"
    message = "这份申请已经处理过了，请刷新后查看结果。"


class DistributorTransitionRefused(TransitionRefused):
    """A distributor has no such edge."""

    code = "distributor_transition_refused"
    message = "该分销商当前状态不能进行这个操作。"


class NotAuthorised(RuleViolation):
    """The person isn't an approved and unexpired distributor."""

    code = "distributor_not_authorised"
    message = "您的分销授权未生效或已到期，请联系品牌方。"


class AnswerRefused(RuleViolation):
    """An answer of the application form that can't be accepted."""

    code = "answer_refused"


class NameRefused(AnswerRefused):
    """The name (名称) can't be used."""

    code = "name_refused"
    message = "名称需要 2 到 20 个字，请换一个。"


class PhoneRefused(AnswerRefused):
    """Not a mainland mobile number (手机号)."""

    code = "phone_refused"
    message = "手机号需要是 11 位的中国大陆手机号，请检查后重新输入。"


class RegionRefused(AnswerRefused):
    """The province and city don't exist or don't belong together."""

    code = "region_refused"
    message = "没有找到这个省市，请重新填写，例如：浙江杭州。"


class ReasonMissing(RuleViolation):
    """Rejection, suspension and termination carry a reason."""

    code = "reason_missing"
    message = "请填写原因。"


class GradeChangeRefused(RuleViolation):
    """A grade that she has already, or that can't be given."""

    code = "grade_change_refused"
    message = "等级不能这样调整。"


def check_transition(current: DistributorStatus, target: DistributorStatus) -> None:
    """Refuse a move that the distributors' table doesn't have.

    Raises: DistributorTransitionRefused.
    """
    if not is_allowed(DISTRIBUTOR_EDGES, current, target):
        raise DistributorTransitionRefused(current.value, target.value)


def may_become(target: DistributorStatus) -> tuple[DistributorStatus, ...]:
    """Return the states from which a distributor may become `target`, for a guarded UPDATE."""
    return sources_of(DISTRIBUTOR_EDGES, target)


def is_authorised(
    status: DistributorStatus | None, authorised_until: datetime | None, now: datetime
) -> bool:
    """Return whether the person may refer, sell and earn at `now`: approved and unexpired.

    `status` None is not a distributor at all; `authorised_until` None never expires, and the
    moment itself is already outside.
    """
    if status is not DistributorStatus.APPROVED:
        return False
    return authorised_until is None or now < authorised_until


def check_reason(reason: str) -> str:
    """Return the reason without its outer white space.

    Raises: ReasonMissing when nothing readable is left or it is longer than 200 characters.
    """
    cleaned = plain_text(reason)
    if not cleaned:
        raise ReasonMissing
    if len(cleaned) > MAX_REASON_LENGTH:
        raise ReasonMissing(f"原因最多 {MAX_REASON_LENGTH} 个字。")
    return cleaned


MAX_REASON_LENGTH: Final = 200
NAME_LENGTHS: Final = range(2, 21)

_DROPPED_CATEGORIES: Final = frozenset(["C", "M", "So", "Sk"])
"""Control and format characters, marks (they could stack up over the text), emoji."""


def _is_plain(character: str) -> bool:
    """Return whether a poster's font shows this character and it can hide nothing."""
    category = unicodedata.category(character)
    return category not in _DROPPED_CATEGORIES and category[0] not in _DROPPED_CATEGORIES


def plain_text(text: str) -> str:
    """Return `text` as one line of plain characters.

    Control and zero-width characters, marks and emoji go; full-width letters and digits
    become half-width where they are the same letter; white space is folded to single spaces. A
    poster's font shows what is left, and a name can't carry a hidden line.
    """
    kept = [
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or _is_plain(character)
    ]
    return " ".join("".join(kept).translate(_HALF_WIDTH).split())


_HALF_WIDTH: Final = {
    code: code - 0xFEE0
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for code in range(first, last + 1)
}
"""Full-width digits and Latin letters only: Chinese punctuation keeps its width."""


def check_name(text: str) -> str:
    """Return the name (名称) as it is stored and shown: 2 to 20 plain characters.

    Raises: NameRefused.
    """
    name = plain_text(text)
    if len(name) not in NAME_LENGTHS:
        raise NameRefused
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        raise NameRefused("名称里至少要有一个文字，请换一个。")
    return name


_PHONE_DIGITS: Final = 11
_SECOND_DIGITS: Final = frozenset("3456789")
_PHONE_SEPARATORS: Final = str.maketrans("", "", "-－–—()（）")


def check_phone(text: str) -> str:
    """Return the mobile number as 11 ASCII digits.

    Phones with a Chinese keyboard type full-width digits, so those are turned into ASCII; spaces,
    hyphens, brackets and the prefix +86 / 0086 / 86 go. Digits of other scripts (Arabic-Indic,
    circled) are refused: they would look like a number and never be dialled.

    Raises: PhoneRefused.
    """
    cleaned = "".join(text.split()).translate(_HALF_WIDTH).translate(_PHONE_SEPARATORS)
    cleaned = cleaned.replace("＋", "+")
    for prefix in ("+86", "0086", "86"):
        if cleaned.startswith(prefix) and len(cleaned) == len(prefix) + _PHONE_DIGITS:
            cleaned = cleaned.removeprefix(prefix)
            break
    is_number = (
        len(cleaned) == _PHONE_DIGITS
        and cleaned.isascii()
        and cleaned.isdigit()
        and cleaned[0] == "1"
        and cleaned[1] in _SECOND_DIGITS
    )
    if not is_number:
        raise PhoneRefused
    return cleaned


REFERRAL_CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0/O, 1/I/L: a code is read aloud and typed by hand."""

REFERRAL_CODE_LENGTH: Final = 8


def is_referral_code(text: str) -> bool:
    """Return whether `text` has the shape of a referral code (推广码)."""
    return len(text) == REFERRAL_CODE_LENGTH and all(
        character in REFERRAL_CODE_ALPHABET for character in text
    )


def normalise_referral_code(text: str) -> str | None:
    """Return a typed or scanned code in its stored form, None if it can't be one."""
    code = text.strip().translate(_HALF_WIDTH).upper()
    return code if is_referral_code(code) else None
