"""How many SQL statements the notification of a payment takes, whatever the machine.

The order has three lines, two levels earn, and its buyer's binding is renewed. Everything that the
route asks of the database is counted, the time too; BEGIN and COMMIT aside.
"""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from bench.figure import Figure
from fenxiao.migrating import migrate
from models.database import open_database
from tests.factories.policies import start_programme
from tests.owed_payment import counted, owed_payment
from tests.shop import MERCHANT
from workflows.clock import business_now
from workflows.orders.confirm import PaymentOutcome, confirm_payment

MOST_STATEMENTS = 15


def figures(_rounds: int) -> Sequence[Figure]:
    """Count once, on SQLite: the statements are the same on PostgreSQL, which a test holds."""
    with tempfile.TemporaryDirectory(prefix="fenxiao-notification-") as folder:
        url = make_url(f"sqlite:///{Path(folder)}/bench.db")
        migrate(url)
        sessions = open_database(url, pool_size=1)
        try:
            start_programme(sessions)
            now = business_now(sessions) + timedelta(minutes=1)
            fact = owed_payment(sessions, now)
            with counted(sessions) as statements:
                business_now(sessions)
                outcome = confirm_payment(sessions, fact, merchant=MERCHANT, now=now)
        finally:
            sessions.dispose()
    if outcome is not PaymentOutcome.APPLIED:
        raise RuntimeError(f"the payment was {outcome}")
    count = len(statements)
    return [
        Figure(
            name="payment notification",
            measured=f"{count} SQL statements",
            target=f"≤ {MOST_STATEMENTS}",
            met=count <= MOST_STATEMENTS,
            numbers={"statements": count},
        )
    ]
