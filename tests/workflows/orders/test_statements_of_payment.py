"""How many SQL statements the notification of a payment costs."""

from datetime import datetime

from sqlalchemy import event

from models.database import SessionFactory
from models.payments import Payment
from models.people import WeChatUser
from rules.payments import PaymentStatus
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order
from tests.factories.policies import start_programme
from tests.fake_payments import APP_ID, MERCHANT_ID
from tests.shop import MERCHANT
from wechat.gateway import PaymentFact, PaymentState
from workflows.orders.confirm import PaymentOutcome, confirm_payment

MOST = 18
"""The goal is 15; BEGIN and COMMIT aside. One more, the chat window's, goes to the driver."""


def test_a_payment_of_three_lines_and_two_levels_takes_few_statements(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session, inviter=make_distributor(session))
        goods = [(make_sku(session), quantity) for quantity in (1, 2, 3)]
        order = make_order(session, goods, now=now, referrer=referrer)
        fact = PaymentFact(
            out_trade_no=f"P{order.number}",
            state=PaymentState.SUCCESS,
            transaction_id="42001",
            amount_fen=order.payable_fen,
            currency="CNY",
            app_id=APP_ID,
            merchant_id=MERCHANT_ID,
            openid=session.get_one(WeChatUser, order.wechat_user_id).openid,
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
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    event.listen(sessions.engine, "before_cursor_execute", note)
    assert confirm_payment(sessions, fact, merchant=MERCHANT, now=now) is PaymentOutcome.APPLIED
    assert len(statements) <= MOST, "\n".join(statements)
