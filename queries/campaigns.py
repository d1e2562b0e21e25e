"""Push plans and their reports: every turn is counted once, so the figures add up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.outbox import OutboxItem
from models.policies import Grade
from models.staff import StaffMember
from models.training import Campaign, CampaignRecipient, Lesson
from rules.outbox import TERMINAL, WorkStatus
from rules.push_timing import Repeat
from rules.training import CampaignStatus, Channel, TurnState, turn_state

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFigures:
    """How the turns of one plan stand; `due` is the sum of all but `opened`."""

    due: int
    sent: int
    inbox: int
    waiting: int
    skipped: int
    failed: int
    unknown: int
    opened: int

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """(state, start, width) of each state in a bar of 1,000, for states that occur."""
        found: list[tuple[str, int, int]] = []
        before = 0
        for name in ("sent", "inbox", "waiting", "skipped", "failed", "unknown"):
            count: int = getattr(self, name)
            if count:
                start, end = before * 1000 // self.due, (before + count) * 1000 // self.due
                found.append((name, start, end - start))
            before += count
        return tuple(found)

    @property
    def opened_bp(self) -> int:
        """The part of all turns that was opened, in basis points."""
        return self.opened * 10_000 // self.due if self.due else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """One push plan; `grade` None is all distributors, weekday 0 is Monday (Shanghai)."""

    id: int
    name: str
    lesson_id: int
    lesson_title: str
    grade: str | None
    repeat: Repeat
    once_at: datetime | None
    weekday: int | None
    at_time: time | None
    status: CampaignStatus
    next_fire_at: datetime | None
    created_at: datetime
    created_by: str
    figures: PushFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """Why turns were skipped, failed or kept in the inbox, and how many."""

    state: TurnState
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    """One person's turn."""

    distributor_id: int
    number: str
    name: str
    fire_at: datetime
    state: TurnState
    reason: str | None
    finished_at: datetime | None
    opened_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFilter:
    """Which turns of a plan to list; None: all."""

    campaign_id: int
    fire_at: datetime | None = None
    state: TurnState | None = None
    is_opened: bool | None = None


def campaigns(
    session: Session, status: CampaignStatus | None, *, offset: int, limit: int
) -> tuple[tuple[CampaignRow, ...], int]:
    """Return one page of push plans, newest first, and how many there are."""
    wanted = [] if status is None else [Campaign.status == status]
    total = session.scalar(select(func.count()).select_from(Campaign).where(*wanted)) or 0
    rows = session.execute(
        _campaigns().where(*wanted).order_by(Campaign.id.desc()).offset(offset).limit(limit)
    ).all()
    figures = _figures(session, [row[0].id for row in rows], None)
    return tuple(_row(row, figures[row[0].id]) for row in rows), total


def campaign_counts(session: Session) -> dict[CampaignStatus, int]:
    """Return how many plans there are in each state."""
    rows = session.execute(
        select(Campaign.status, func.count(Campaign.id)).group_by(Campaign.status)
    )
    return {status: int(count) for status, count in rows}


def campaign(
    session: Session, campaign_id: int, fire_at: datetime | None = None
) -> CampaignRow | None:
    """Return one plan with the figures of one firing, or of all; None if there is no such."""
    row = session.execute(_campaigns().where(Campaign.id == campaign_id)).one_or_none()
    if row is None:
        return None
    return _row(row, _figures(session, [campaign_id], fire_at)[campaign_id])


def firings(session: Session, campaign_id: int) -> tuple[datetime, ...]:
    """Return when a plan has fired, the latest first."""
    return tuple(
        session.scalars(
            select(CampaignRecipient.fire_at)
            .where(CampaignRecipient.campaign_id == campaign_id)
            .group_by(CampaignRecipient.fire_at)
            .order_by(CampaignRecipient.fire_at.desc())
        )
    )


def reasons(
    session: Session, campaign_id: int, fire_at: datetime | None = None
) -> tuple[ReasonCount, ...]:
    """Return why turns didn't go out by chat, the most frequent reason first."""
    rows = session.execute(
        _turns(
            select(
                OutboxItem.status,
                CampaignRecipient.channel,
                OutboxItem.reason,
                func.count(CampaignRecipient.id),
            ),
            TurnFilter(campaign_id=campaign_id, fire_at=fire_at),
        )
        .where(OutboxItem.reason.is_not(None), OutboxItem.status.in_(TERMINAL))
        .group_by(OutboxItem.status, CampaignRecipient.channel, OutboxItem.reason)
    )
    counts = Counter(
        {
            (turn_state(status, channel), str(reason)): int(count)
            for status, channel, reason, count in rows
        }
    )
    return tuple(
        ReasonCount(state=state, reason=reason, count=count)
        for (state, reason), count in counts.most_common()
    )


def turns(
    session: Session, wanted: TurnFilter, *, offset: int, limit: int
) -> tuple[tuple[TurnRow, ...], int]:
    """Return one page of turns, and how many there are."""
    total = session.scalar(_turns(select(func.count(CampaignRecipient.id)), wanted)) or 0
    rows = session.execute(
        _turns(select(CampaignRecipient, OutboxItem, Distributor.number, Distributor.name), wanted)
        .join(Distributor, Distributor.id == CampaignRecipient.distributor_id)
        .order_by(CampaignRecipient.fire_at.desc(), CampaignRecipient.distributor_id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        TurnRow(
            distributor_id=recipient.distributor_id,
            number=number,
            name=name,
            fire_at=recipient.fire_at,
            state=turn_state(work.status, recipient.channel),
            reason=work.reason,
            finished_at=work.finished_at,
            opened_at=recipient.opened_at,
        )
        for recipient, work, number, name in rows
    ), total


def grades(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of every grade, the lowest first."""
    rows = session.execute(select(Grade.id, Grade.name).order_by(Grade.rank))
    return tuple((grade_id, name) for grade_id, name in rows)


def _campaigns() -> Select[Campaign, str, str | None, str]:
    return (
        select(Campaign, Lesson.title, Grade.name, StaffMember.name)
        .join(Lesson, Lesson.id == Campaign.lesson_id)
        .outerjoin(Grade, Grade.id == Campaign.grade_id)
        .join(StaffMember, StaffMember.id == Campaign.created_by_id)
    )


def _row(row: tuple[Campaign, str, str | None, str], figures: PushFigures) -> CampaignRow:
    plan, lesson_title, grade, author = row
    return CampaignRow(
        id=plan.id,
        name=plan.name,
        lesson_id=plan.lesson_id,
        lesson_title=lesson_title,
        grade=grade,
        repeat=plan.repeat,
        once_at=plan.once_at,
        weekday=plan.weekday,
        at_time=plan.at_time,
        status=plan.status,
        next_fire_at=plan.next_fire_at,
        created_at=plan.created_at,
        created_by=author,
        figures=figures,
    )


def _figures(
    session: Session, campaign_ids: Iterable[int], fire_at: datetime | None
) -> dict[int, PushFigures]:
    counts: dict[int, Counter[TurnState]] = {each: Counter() for each in campaign_ids}
    opened: Counter[int] = Counter()
    rows = session.execute(
        select(
            CampaignRecipient.campaign_id,
            OutboxItem.status,
            CampaignRecipient.channel,
            func.count(CampaignRecipient.id),
            func.count(CampaignRecipient.opened_at),
        )
        .join(OutboxItem, OutboxItem.id == CampaignRecipient.outbox_id)
        .where(
            CampaignRecipient.campaign_id.in_(counts),
            *([] if fire_at is None else [_fired_at(fire_at)]),
        )
        .group_by(CampaignRecipient.campaign_id, OutboxItem.status, CampaignRecipient.channel)
    )
    for campaign_id, status, channel, count, opens in rows:
        counts[campaign_id][turn_state(status, channel)] += int(count)
        opened[campaign_id] += int(opens)
    return {
        campaign_id: PushFigures(
            due=states.total(),
            sent=states[TurnState.SENT],
            inbox=states[TurnState.INBOX],
            waiting=states[TurnState.WAITING],
            skipped=states[TurnState.SKIPPED],
            failed=states[TurnState.FAILED],
            unknown=states[TurnState.UNKNOWN],
            opened=opened[campaign_id],
        )
        for campaign_id, states in counts.items()
    }


def _turns(statement: Select[*Columns], wanted: TurnFilter) -> Select[*Columns]:
    conditions: list[ColumnElement[bool]] = [CampaignRecipient.campaign_id == wanted.campaign_id]
    if wanted.fire_at is not None:
        conditions.append(_fired_at(wanted.fire_at))
    if wanted.state is not None:
        conditions.append(_in_state(wanted.state))
    if wanted.is_opened is not None:
        is_open = CampaignRecipient.opened_at.is_not(None)
        conditions.append(is_open if wanted.is_opened else ~is_open)
    return (
        statement.select_from(CampaignRecipient)
        .join(OutboxItem, OutboxItem.id == CampaignRecipient.outbox_id)
        .where(*conditions)
    )


def _fired_at(moment: datetime) -> ColumnElement[bool]:
    """Say in SQL that a turn belongs to the firing in this second: addresses carry no fractions."""
    second = moment.replace(microsecond=0)
    return and_(
        CampaignRecipient.fire_at >= second,
        CampaignRecipient.fire_at < second + timedelta(seconds=1),
    )


def _in_state(state: TurnState) -> ColumnElement[bool]:
    """Say in SQL which rows `rules.training.turn_state` puts into this state."""
    return or_(
        *(
            and_(OutboxItem.status == status, _is_channel(channel))
            for status in WorkStatus
            for channel in (*Channel, None)
            if turn_state(status, channel) is state
        )
    )


def _is_channel(channel: Channel | None) -> ColumnElement[bool]:
    if channel is None:
        return CampaignRecipient.channel.is_(None)
    return CampaignRecipient.channel == channel
