"""What waits for the staff when the demo opens: requests, a claim, a hold, a refund in part.

Everything is done by the workflows that the pages call, at moments of the last two days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import UnaryExpression, func, select

from fenxiao.demo.history import Happening, History
from jobs.delivery import Courier
from jobs.handlers import delivery_tools
from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.orders import Order, OrderLine
from models.payments import Refund
from queries.price_drops import claim_on_offer
from queries.prices import published_prices
from rules.orders import OrderStatus
from rules.price_history import NewPrice, in_force
from workflows.aftersales.ask import Buyer, Wish, request_refund
from workflows.aftersales.claim import ClaimDraft, claim_price_drop
from workflows.aftersales.decide import accept_request
from workflows.commissions.hold import hold_order
from workflows.distributors.apply import ApplicationDraft, apply_to_join
from workflows.policies import policy_by_id
from workflows.prices import set_price
from workflows.refunds import settle_refund

RECENT = timedelta(days=5)
# A tenth off, in whole yuan, for a week.
OFFER_PERCENT = 90
OFFER = timedelta(days=7)
APPLICANTS = (("暖暖的小屋", "330100"), ("阿柚爱分享", "350100"))
ON_THEIR_WAY = (OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.RECEIVED)


def waiting_work(history: History) -> Sequence[Happening]:
    """Return what is to happen in the last two days, so that each page of the desk is alive."""
    desk, end = _Desk(history), history.end
    return (
        Happening(at=end - timedelta(hours=30), act=desk.lower_a_price),
        Happening(at=end - timedelta(hours=26), act=desk.give_back_one_of_two),
        Happening(at=end - timedelta(hours=20), act=desk.hold_commission),
        Happening(at=end - timedelta(hours=5), act=desk.claim_the_difference),
        Happening(at=end - timedelta(hours=4), act=desk.apply),
        Happening(at=end - timedelta(hours=2), act=desk.ask_for_a_refund),
    )


class _Desk:
    def __init__(self, history: History) -> None:
        self._history = history
        self._sessions = history.parts.sessions

    def lower_a_price(self, now: datetime) -> None:
        """Take a tenth off what sold best lately: who paid more may claim the difference."""
        with self._sessions.read() as session:
            sku_id = session.scalars(
                select(OrderLine.sku_id)
                .join(Order, Order.id == OrderLine.order_id)
                .where(Order.paid_at > now - RECENT, Order.status.in_(ON_THEIR_WAY))
                .group_by(OrderLine.sku_id)
                .order_by(func.count().desc(), OrderLine.sku_id)
                .limit(1)
            ).one()
            floor_fen = session.get_one(Sku, sku_id).floor_fen
            held = in_force(published_prices(session, [sku_id])[sku_id], now)
        assert held is not None
        offer = NewPrice(
            list_fen=held.list_fen,
            sale_fen=max(floor_fen, held.sale_fen * OFFER_PERCENT // 100 // 100 * 100),
            effective_until=now + OFFER,
        )
        set_price(self._sessions, sku_id, offer, actor=self._history.owner, now=now)

    def give_back_one_of_two(self, now: datetime) -> None:
        """One of two units goes back: asked for, accepted, and refunded by the platform."""
        order = self._order(OrderStatus.RECEIVED, OrderLine.quantity.desc())
        request_id = self._ask(order, "买重了，有一件没有拆封，想退一件", now)
        now += timedelta(minutes=5)
        accept_request(
            self._sessions, request_id, freight_fen=None, actor=self._history.owner, now=now
        )
        self._history.sandbox.set_clock(now)
        courier = Courier(delivery_tools(self._history.parts), lambda: now)
        while courier.deliver_batch():
            pass
        with self._sessions.read() as session:
            refund_id, number = session.execute(
                select(Refund.id, Refund.out_refund_no)
                .join(AfterSalesRequest, AfterSalesRequest.refund_id == Refund.id)
                .where(AfterSalesRequest.id == request_id)
            ).one()
        self._history.sandbox.settle_refund(number)
        # Nobody hears the notification yet: we ask, as the tick does.
        now += timedelta(minutes=5)
        self._history.sandbox.set_clock(now)
        settle_refund(self._sessions, self._history.parts.payments, refund_id, now)

    def hold_commission(self, now: datetime) -> None:
        """Something about an order is looked into: nobody gets its commission meanwhile."""
        hold_order(
            self._sessions,
            self._order(OrderStatus.RECEIVED).id,
            reason="收货地址与推广人登记的地址相近，正在核实是否自购",
            actor=self._history.owner,
            now=now,
        )

    def claim_the_difference(self, now: datetime) -> None:
        """Somebody saw the lower price, and claims."""
        with self._sessions.read() as session:
            for order in session.scalars(
                select(Order)
                .where(Order.paid_at > now - RECENT, Order.status.in_(ON_THEIR_WAY))
                .order_by(Order.referrer_id.is_(None), Order.id.desc())
            ):
                policy = policy_by_id(session, order.policy_version_id)
                claim = claim_on_offer(session, order.id, policy, now)
                if claim is not None:
                    break
            else:
                return
        draft = ClaimDraft(
            order_id=order.id,
            wechat_user_id=order.wechat_user_id,
            line_ids=frozenset(line.order_line_id for line in claim.lines),
            seen_fen=claim.amount_fen,
        )
        claim_price_drop(self._sessions, draft, now)

    def ask_for_a_refund(self, now: datetime) -> None:
        """A buyer changed her mind before her parcel left."""
        order = self._order(OrderStatus.PAID)
        self._ask(order, "规格拍错了，想退款重新下单", now)

    def apply(self, now: datetime) -> None:
        """Followers who would like to join."""
        for position, (name, city) in enumerate(APPLICANTS):
            _, person_id = self._history.followers[-1 - position]
            draft = ApplicationDraft(
                wechat_user_id=person_id,
                name=name,
                phone=f"1370000{position:04d}",
                province_code=f"{city[:2]}0000",
                city_code=city,
            )
            apply_to_join(self._sessions, draft, now + timedelta(minutes=20 * position))

    def _order(self, status: OrderStatus, *best_first: UnaryExpression[int]) -> Order:
        """Return an order of a status that somebody referred and nobody asked about.

        Of several the best, then one with an inviter, then the newest.
        """
        with self._sessions.read() as session:
            return session.scalars(
                select(Order)
                .join(OrderLine, OrderLine.order_id == Order.id)
                .where(
                    Order.status == status,
                    Order.referrer_id.is_not(None),
                    Order.id.not_in(select(AfterSalesRequest.order_id)),
                )
                .order_by(*best_first, Order.inviter_id.is_(None), Order.id.desc())
                .limit(1)
            ).one()

    def _ask(self, order: Order, reason: str, now: datetime) -> int:
        """Ask for one unit of an order's first line back; return the request's id."""
        with self._sessions.read() as session:
            line_id = session.scalars(
                select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
            ).first()
        assert line_id is not None
        buyer = Buyer(wechat_user_id=order.wechat_user_id, order_id=order.id)
        wish = Wish(chosen={line_id: 1}, reason=reason, position=1)
        request_refund(self._sessions, buyer, wish, now)
        with self._sessions.read() as session:
            return session.scalars(
                select(AfterSalesRequest.id).where(AfterSalesRequest.order_id == order.id)
            ).one()
