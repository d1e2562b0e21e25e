"""Start push plans whose moment has come: one turn and one piece of work for each person."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.training import Campaign, CampaignRecipient
from rules.distributors import DistributorStatus
from rules.outbox import WorkStatus
from rules.push_timing import Schedule, next_fire_at, send_at
from rules.training import CampaignStatus
from workflows.due.each import each
from workflows.outbox import DELIVERIES, WorkKind


def start_due(sessions: SessionFactory, now: datetime) -> int:
    """Start every active plan whose next firing is due; return how many were started."""
    with sessions.read() as session:
        due = session.scalars(
            select(Campaign.id)
            .where(Campaign.status == CampaignStatus.ACTIVE, Campaign.next_fire_at <= now)
            .order_by(Campaign.next_fire_at, Campaign.id)
        ).all()
    return each(
        "campaign",
        due,
        lambda campaign_id: sessions.retrying(lambda session: _start(session, campaign_id, now)),
    )


def _start(session: Session, campaign_id: int, now: datetime) -> bool:
    """Advance the plan and write its turns in one transaction; False if it was started already.

    Firings that were missed, because nothing ran, are made up for once and not once each.
    """
    campaign = session.get_one(Campaign, campaign_id)
    fire_at = campaign.next_fire_at
    if fire_at is None or fire_at > now:
        return False
    following = next_fire_at(
        Schedule(
            repeat=campaign.repeat,
            once_at=campaign.once_at,
            weekday=campaign.weekday,
            at_time=campaign.at_time,
        ),
        now,
    )
    advanced = session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign_id,
            Campaign.status == CampaignStatus.ACTIVE,
            Campaign.next_fire_at == fire_at,
        )
        .values(
            next_fire_at=following,
            status=CampaignStatus.FINISHED if following is None else CampaignStatus.ACTIVE,
        )
        .execution_options(synchronize_session=False)
    )
    if row_count(advanced) != 1:
        return False
    _write_turns(session, campaign, fire_at, now)
    return True


def _write_turns(session: Session, campaign: Campaign, fire_at: datetime, now: datetime) -> None:
    audience = session.execute(
        select(Distributor.id, Distributor.wechat_user_id)
        .where(
            Distributor.status == DistributorStatus.APPROVED,
            Distributor.authorised_until > now,
            *([] if campaign.grade_id is None else [Distributor.grade_id == campaign.grade_id]),
        )
        .order_by(Distributor.id)
    ).all()
    if not audience:
        return
    works = session.execute(
        insert(OutboxItem).returning(OutboxItem.id, sort_by_parameter_order=True),
        [
            {
                "key": f"push:{campaign.id}:{int(fire_at.timestamp())}:{row.id}",
                "kind": WorkKind.PUSH.value,
                "delivery": DELIVERIES[WorkKind.PUSH],
                "payload": {"campaign_id": campaign.id},
                "wechat_user_id": row.wechat_user_id,
                "status": WorkStatus.PENDING,
                "available_at": send_at(now),
                "created_at": now,
                "attempts": 0,
                "epoch": 0,
            }
            for row in audience
        ],
    ).scalars()
    session.execute(
        insert(CampaignRecipient),
        [
            {
                "campaign_id": campaign.id,
                "fire_at": fire_at,
                "distributor_id": row.id,
                "outbox_id": work_id,
            }
            for row, work_id in zip(audience, works, strict=True)
        ],
    )
