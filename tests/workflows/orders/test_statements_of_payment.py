"""How many SQL statements the notification of a payment costs."""

from datetime import datetime

from sqlalchemy import func, select

from bench.notification import MOST_STATEMENTS
from models.commissions import CommissionPosting
from models.database import SessionFactory
from models.outbox import OutboxItem
from models.referrals import Binding
from tests.factories.policies import start_programme
from tests.owed_payment import TO_THE_DRIVER, counted, owed_payment
from tests.shop import MERCHANT
from workflows.clock import business_now
from workflows.orders.confirm import PaymentOutcome, confirm_payment


def test_a_payment_of_three_lines_and_two_levels_takes_few_statements(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    fact = owed_payment(sessions, now)
    with sessions.read() as session:
        before = session.scalars(select(Binding)).one()
    with counted(sessions) as statements:
        # The route asks for the time first.
        business_now(sessions)
        outcome = confirm_payment(sessions, fact, merchant=MERCHANT, now=now)
    assert outcome is PaymentOutcome.APPLIED
    assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)
    assert statements.count(TO_THE_DRIVER) == 1, "her chat window is counted too"
    with sessions.read() as session:
        after = session.scalars(select(Binding)).one()
        assert after.valid_until > before.valid_until
        assert after.protected_until > before.protected_until
        assert session.scalar(select(func.count()).select_from(CommissionPosting)) == 6
        assert session.scalar(select(func.count()).select_from(OutboxItem)) == 2
