"""Sales from the order to the money, where a journey is about what comes after."""

from sqlalchemy import select

from models.orders import Order
from rules.payouts import PayoutChannel
from rules.shipments import Parcel
from tests.journeys.sellers import Seller
from tests.journeys.shopper import Shopper
from workflows.orders.ship import ship_order
from workflows.payouts import approve_payout, request_payout

PARCEL = Parcel(carrier="顺丰速运", tracking_number="SF1234567890")
UNTIL_COMPLETED_DAYS = 7.1
UNTIL_RELEASED_DAYS = 7.1


def sell(to: Shopper, through: Seller, slug: str, quantity: int = 1) -> str:
    """Let a customer buy through a seller's link, and receive; return the order's number."""
    stage = to.stage
    to.follow_link(through.link)
    number = to.order(slug, quantity)
    to.pay(number)
    stage.sandbox.settle()
    with stage.sessions.read() as session:
        order_id = session.scalars(select(Order.id).where(Order.number == number)).one()
    ship_order(stage.sessions, order_id, PARCEL, actor=stage.owner, now=stage.parts.now())
    to.confirm_receipt(number)
    return number


def release(through: Seller) -> None:
    """Let time pass until what a seller has earned is hers."""
    for days in (UNTIL_COMPLETED_DAYS, UNTIL_RELEASED_DAYS):
        through.stage.move_time(days=days)
        through.stage.run_due()


def pay_out(to: Seller, amount_fen: int) -> str:
    """Ask for a payout, approve it and send it; return its bill number."""
    stage = to.stage
    now = stage.parts.now()
    asked = request_payout(stage.sessions, to.distributor_id, amount_fen, PayoutChannel.WECHAT, now)
    approve_payout(stage.sessions, asked.payout_id, stage.owner, now)
    stage.run_due()
    return asked.out_bill_no
