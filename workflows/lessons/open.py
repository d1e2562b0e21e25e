"""Note that a distributor opened a lesson that was pushed to her."""

from datetime import datetime

from sqlalchemy import select, update

from models.database import SessionFactory, row_count
from models.training import Campaign, CampaignRecipient


def open_lesson(
    sessions: SessionFactory,
    lesson_id: int,
    recipient_id: int,
    *,
    distributor_id: int,
    now: datetime,
) -> bool:
    """Note the first opening of her own turn; False for anybody else's link, or a later time."""
    with sessions.begin() as session:
        opened = session.execute(
            update(CampaignRecipient)
            .where(
                CampaignRecipient.id == recipient_id,
                CampaignRecipient.distributor_id == distributor_id,
                CampaignRecipient.campaign_id.in_(
                    select(Campaign.id).where(Campaign.lesson_id == lesson_id)
                ),
                CampaignRecipient.opened_at.is_(None),
            )
            .values(opened_at=now)
            .execution_options(synchronize_session=False)
        )
        return row_count(opened) == 1
