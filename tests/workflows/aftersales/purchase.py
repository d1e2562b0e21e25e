"""One paid order of one line, and what its buyer and staff do with it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.orders import OrderLine
from models.outbox import OutboxItem
from rules.aftersales import AfterSalesStatus
from tests.shop import Customer, Shop
from workflows.aftersales.ask import Buyer, Wish, request_refund
from workflows.aftersales.decide import accept_request
from workflows.audit import StaffActor
from workflows.outbox import WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A paid order, by its ids."""

    shop: Shop
    customer: Customer
    operator: StaffActor
    order_id: int
    sku_id: int

    @property
    def buyer(self) -> Buyer:
        """Whose order it is."""
        return Buyer(wechat_user_id=self.customer.id, order_id=self.order_id)

    @property
    def line(self) -> OrderLine:
        """Its only line."""
        with self.shop.sessions.read() as session:
            found = select(OrderLine).where(OrderLine.order_id == self.order_id)
            return session.scalars(found).one()

    def wish(self, units: int, position: int = 1, reason: str = "不想要了") -> Wish:
        """What the page sends."""
        return Wish(chosen={self.line.id: units}, reason=reason, position=position)

    def ask(self, units: int, position: int = 1, now: datetime | None = None) -> int:
        """The buyer asks for units; the request's id."""
        request_refund(
            self.shop.sessions, self.buyer, self.wish(units, position), now or self.shop.now
        )
        return self.request(position).id

    def accept(self, units: int, position: int = 1, now: datetime | None = None) -> int:
        """She asks and staff accept; the refund's id."""
        request_id = self.ask(units, position, now)
        self.decide(request_id, now)
        refund_id = self.request(position).refund_id
        assert refund_id is not None
        return refund_id

    def decide(self, request_id: int, now: datetime | None = None) -> None:
        """Staff accept."""
        accept_request(
            self.shop.sessions,
            request_id,
            freight_fen=None,
            actor=self.operator,
            now=now or self.shop.now,
        )

    def request(self, position: int = 1) -> AfterSalesRequest:
        """A request as it is now."""
        with self.shop.sessions.read() as session:
            return session.scalars(
                select(AfterSalesRequest).where(
                    AfterSalesRequest.order_id == self.order_id,
                    AfterSalesRequest.position == position,
                )
            ).one()

    def status(self, position: int = 1) -> AfterSalesStatus:
        """Where a request stands."""
        return self.request(position).status

    def queued(self) -> dict[str, datetime]:
        """Refunds that the outbox knows, and from when each may be asked for."""
        with self.shop.sessions.read() as session:
            found = select(OutboxItem).where(OutboxItem.kind == WorkKind.REFUND.value)
            return {item.key[-2:]: item.available_at for item in session.scalars(found)}
