"""Stop a push plan: nothing fires any more, and what still waits is not sent."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.outbox import OutboxItem
from models.training import Campaign, CampaignRecipient
from rules.outbox import WorkStatus
from rules.staff import Permission
from rules.states import sources_of
from rules.training import EDGES, CampaignStatus, CampaignTransitionRefused
from workflows.audit import Change, StaffActor, record
from workflows.delivery.pushes import STOPPED


def stop_campaign(
    sessions: SessionFactory, campaign_id: int, *, actor: StaffActor, now: datetime
) -> int:
    """Stop an active plan; return how many turns that were still waiting it spared.

    Raises:
        PermissionMissing.
        rules.training.CampaignTransitionRefused: it is over already.
        sqlalchemy.exc.NoResultFound: there is no such plan.
    """
    actor.check(Permission.MANAGE_CAMPAIGNS)
    return sessions.retrying(lambda session: _stop(session, campaign_id, actor, now))


def _stop(session: Session, campaign_id: int, actor: StaffActor, now: datetime) -> int:
    before = session.get_one(Campaign, campaign_id).status
    stopped = session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign_id,
            Campaign.status.in_(sources_of(EDGES, CampaignStatus.STOPPED)),
        )
        .values(status=CampaignStatus.STOPPED, next_fire_at=None)
        .execution_options(synchronize_session=False)
    )
    if row_count(stopped) != 1:
        raise CampaignTransitionRefused(before, CampaignStatus.STOPPED)
    spared = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id.in_(
                select(CampaignRecipient.outbox_id).where(
                    CampaignRecipient.campaign_id == campaign_id
                )
            ),
            OutboxItem.status == WorkStatus.PENDING,
        )
        .values(status=WorkStatus.SKIPPED, reason=STOPPED, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    change = Change(
        action="stop_campaign",
        subject_kind="campaign",
        subject_id=campaign_id,
        before={"status": before},
        after={"status": CampaignStatus.STOPPED, "spared": row_count(spared)},
    )
    record(session, actor, change, now)
    return row_count(spared)
