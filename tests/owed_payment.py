"""A paid order of three lines and two levels, and the SQL statements that its payment costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import event

from models.database import SessionFactory
from models.payments import Payment
from models.people import WeChatUser
from models.prepared import BEFORE_EACH
from rules.bindings import TouchSource
from rules.payments import PaymentStatus
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order
from tests.factories.people import make_person
from tests.factories.referrals import make_code
from tests.fake_payments import APP_ID, MERCHANT_ID
from wechat.gateway import PaymentFact, PaymentState
from workflows.referrals.touch import Presented, touch

TO_THE_DRIVER = "(prepared, sent to the driver)"


@contextmanager
def counted(sessions: SessionFactory) -> Iterator[list[str]]:
    """Collect the statements of a while; BEGIN and COMMIT aside."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    engine = sessions.engine
    event.listen(engine, "before_cursor_execute", note)
    engine.update_execution_options(**{BEFORE_EACH: lambda: statements.append(TO_THE_DRIVER)})
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
        engine.update_execution_options(**{BEFORE_EACH: None})


def owed_payment(sessions: SessionFactory, now: datetime) -> PaymentFact:
    """A pending order of three lines by a bound customer of two levels; what WeChat will say."""
    with sessions.begin() as session:
        referrer = make_distributor(session, inviter=make_distributor(session))
        buyer = make_person(session)
        scanned = Presented(code=make_code(session, referrer), source=TouchSource.SCAN)
        touch(session, buyer.id, scanned, now - timedelta(days=1))
        goods = [(make_sku(session), quantity) for quantity in (1, 2, 3)]
        order = make_order(session, goods, now=now, referrer=referrer, buyer=buyer)
        fact = PaymentFact(
            out_trade_no=f"P{order.number}",
            state=PaymentState.SUCCESS,
            transaction_id="42001",
            amount_fen=order.payable_fen,
            currency="CNY",
            app_id=APP_ID,
            merchant_id=MERCHANT_ID,
            openid=session.get_one(WeChatUser, buyer.id).openid,
            paid_at=now,
        )
        session.add(
            Payment(
                order_id=order.id,
                out_trade_no=fact.out_trade_no,
                openid=fact.openid,
                amount_fen=fact.amount_fen,
                status=PaymentStatus.PENDING,
                created_at=now,
            )
        )
    return fact
