"""Ask for work to be done later, in the transaction that makes it necessary.

Steps only: claiming, delivering and finishing is `workflows.delivery`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.database import insert_on_conflict
from models.outbox import OutboxItem
from rules.outbox import Delivery, WorkStatus


class WorkKind(StrEnum):
    """What there is to do; each kind says whether doing it twice is harmless."""

    REPLY = "reply"
    """A chat text that answers her; too late or not allowed means it is skipped."""
    NOTICE = "notice"
    """News for a distributor; several that wait are sent as one, the overflow to her inbox."""
    POSTER = "poster"
    """Draw, upload and send her referral poster."""
    MATERIAL = "material"
    """Draw, upload and send a material with her QR, then its caption."""
    PUSH = "push"
    """One person's turn in a push plan."""
    REFUND = "refund"
    """Ask WeChat for a refund with its fixed number."""
    TRANSFER = "transfer"
    """Ask WeChat for a transfer with its fixed bill number."""
    AUDIT = "audit"
    """Run the audit that staff asked for."""


DELIVERIES: Mapping[WorkKind, Delivery] = MappingProxyType(
    {
        WorkKind.REPLY: Delivery.AT_MOST_ONCE,
        WorkKind.NOTICE: Delivery.AT_MOST_ONCE,
        WorkKind.POSTER: Delivery.AT_MOST_ONCE,
        WorkKind.MATERIAL: Delivery.AT_MOST_ONCE,
        WorkKind.PUSH: Delivery.AT_MOST_ONCE,
        WorkKind.REFUND: Delivery.IDEMPOTENT,
        WorkKind.TRANSFER: Delivery.IDEMPOTENT,
        WorkKind.AUDIT: Delivery.IDEMPOTENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of work; `details` are plain JSON values, ids rather than copies."""

    kind: WorkKind
    key: str
    details: Mapping[str, str | int | None]
    wechat_user_id: int | None = None
    available_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """News for a distributor: a title, one or two sentences, and the page that tells more."""

    key: str
    wechat_user_id: int
    title: str
    body: str
    path: str | None = None


def enqueue(session: Session, work: Work, now: datetime) -> int | None:
    """Add work unless its key is known; return its id, or None if it was there before."""
    wanted = _insert(session).values(_row(work, now)).returning(OutboxItem.id)
    return session.execute(wanted).scalar_one_or_none()


def enqueue_notice(session: Session, notice: Notice, now: datetime) -> int | None:
    """Tell a distributor something, by chat if that is allowed, else in her inbox."""
    return enqueue(session, _work_of(notice), now)


def enqueue_notices(session: Session, notices: Sequence[Notice], now: datetime) -> None:
    """Tell several people something, with one statement for all."""
    if notices:
        rows = [_row(_work_of(notice), now) for notice in notices]
        session.connection().execute(_insert(session), rows)


def _insert(session: Session) -> postgresql.Insert | sqlite.Insert:
    return insert_on_conflict(session, OutboxItem).on_conflict_do_nothing(index_elements=["key"])


def _row(work: Work, now: datetime) -> dict[str, object]:
    return {
        "key": work.key,
        "kind": work.kind.value,
        "delivery": DELIVERIES[work.kind],
        "payload": dict(work.details),
        "wechat_user_id": work.wechat_user_id,
        "status": WorkStatus.PENDING,
        "available_at": work.available_at or now,
        "created_at": now,
        "attempts": 0,
        "epoch": 0,
    }


def _work_of(notice: Notice) -> Work:
    return Work(
        kind=WorkKind.NOTICE,
        key=f"notice:{notice.key}",
        details={"title": notice.title, "body": notice.body, "path": notice.path},
        wechat_user_id=notice.wechat_user_id,
    )
