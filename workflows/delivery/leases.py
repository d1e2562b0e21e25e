"""Take work back from workers that fell silent."""

from datetime import datetime

from sqlalchemy import text, update

from models.database import SessionFactory, row_count
from models.outbox import WAITING, OutboxItem
from rules.outbox import LEASED, Delivery, after_lease_expired

SILENT = "发送途中中断，是否送达未知，不再自动重发"


def expire_leases(sessions: SessionFactory, *, now: datetime, real_now: datetime) -> int:
    """Apply the rule of expired leases to every row whose lease is over; return how many.

    The epoch stays: the silent worker's own guard (owner) fails from here on.
    """
    expired = 0
    with sessions.begin() as session:
        for status in sorted(LEASED):
            for delivery in Delivery:
                step = after_lease_expired(status, delivery, now)
                values: dict[str, object] = {
                    "status": step.status,
                    "lease_owner": None,
                    "lease_until": None,
                }
                if step.available_at is None:
                    values |= {"reason": SILENT, "finished_at": now}
                else:
                    values["available_at"] = step.available_at
                moved = session.execute(
                    update(OutboxItem)
                    .where(
                        text(WAITING),
                        OutboxItem.status == status,
                        OutboxItem.delivery == delivery,
                        OutboxItem.lease_until < real_now,
                    )
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
                expired += row_count(moved)
    return expired
