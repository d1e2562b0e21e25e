"""Five weeks in the life of the demo's shop: touches, orders, parcels, commission, payouts."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from fenxiao.demo.platform import Sandbox
from jobs.delivery import Courier
from jobs.handlers import delivery_tools
from models.catalogue import Sku
from models.distributors import Distributor
from models.payments import Payment
from models.training import Campaign, CampaignRecipient
from rules.addresses import AddressDraft
from rules.bindings import TouchSource
from rules.errors import RuleViolation
from rules.ledger import AccountKind
from rules.orders import CancelReason
from rules.payout_accounts import BankDetails, PayoutDetails
from rules.payouts import PayoutChannel
from rules.pricing import quote
from rules.shipments import Parcel
from web.collaborators import Collaborators
from workflows.addresses import save_address
from workflows.audit import StaffActor
from workflows.campaigns.start import start_due
from workflows.commissions import release_due
from workflows.ledger import balances
from workflows.lessons.open import open_lesson
from workflows.materials.share import record_open
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.confirm import confirm_payment
from workflows.orders.pay import start_payment
from workflows.orders.place import (
    LineDraft,
    OrderDraft,
    PlacedOrder,
    line_requests,
    place_order,
    price_lines,
)
from workflows.orders.ship import complete_if_due, confirm_receipt, ship_order
from workflows.payouts import approve_payout, request_payout
from workflows.payouts.account import register_payout_account
from workflows.policies import policy_in_force
from workflows.referrals.touch import Presented, record_touch

# Orders a day: a quiet start, then two busy weeks.
QUIET_ORDERS = 2
BUSY_ORDERS = 8
BUSY_DAYS = 14
PLACES = (
    ("330106", "文三路 88 号 3 幢 502"),
    ("310115", "世纪大道 1200 号 8 楼"),
    ("320106", "中山北路 301 号 1203"),
    ("440106", "天河路 215 号 17 楼"),
    ("510107", "人民南路四段 19 号 6 栋"),
    ("420106", "中南路 12 号 2 单元 901"),
    ("110105", "建国路 93 号 5 座 1106"),
    ("500112", "龙山大道 111 号 4 幢 1502"),
)
BUYERS = ("李女士", "陈女士", "周女士", "吴女士", "黄女士", "赵先生", "孙女士", "徐女士")
# Each with the beginning of its parcels' numbers.
CARRIERS = (("顺丰速运", "SF"), ("中通快递", "ZT"), ("圆通速递", "YT"))


BANK_ACCOUNT = PayoutDetails(
    real_name="林女士",
    bank=BankDetails(
        bank_name="招商银行", branch="杭州文三路支行", account_number="0062226200001234"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Who lives through it: sellers are referral codes, followers (phone, our id)."""

    parts: Collaborators
    sandbox: Sandbox
    owner: StaffActor
    sellers: tuple[str, ...]
    followers: tuple[tuple[str, int], ...]
    shares: tuple[tuple[str, str], ...]
    """Shared materials: (referral code, token)."""
    beginning: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that is to happen at a moment, which it is told."""

    at: datetime
    act: Callable[[datetime], None]


def live_through(history: History, also: Sequence[Happening] = ()) -> None:
    """Let the weeks pass, event by event, in the order of their moments; `also` among them."""
    _Life(history, also).run()


class _Life:
    """The weeks as they unfold: what happens now may plan what happens later."""

    def __init__(self, history: History, also: Sequence[Happening]) -> None:
        self._history = history
        self._parts = history.parts
        self._sessions = history.parts.sessions
        # The same demo every time; nothing here is secret.
        self._dice = random.Random(20)  # noqa: S311
        self._plan: list[Happening] = [*also]
        self._addresses: dict[int, int] = {}
        with self._sessions.read() as session:
            self._skus = list(session.scalars(select(Sku.id).order_by(Sku.id)))

    def run(self) -> None:
        """Plan the days, then live them."""
        days = (self._history.end - self._history.beginning).days
        for day in range(4, days):
            is_busy = day >= days - BUSY_DAYS
            for _ in range(BUSY_ORDERS if is_busy else QUIET_ORDERS):
                self._later(self._moment(day), self._shop)
            self._later(self._moment(day, hour=9), self._open_day)
            self._later(self._moment(day, hour=23), self._close_day)
        self._later(self._history.end - timedelta(hours=3), self._ask_for_money)
        while self._plan:
            self._plan.sort(key=lambda happening: happening.at)
            happening = self._plan.pop(0)
            if happening.at < self._history.end:
                happening.act(happening.at)

    def _later(self, at: datetime, act: Callable[[datetime], None]) -> None:
        self._plan.append(Happening(at=at, act=act))

    def _moment(self, day: int, hour: int | None = None) -> datetime:
        start = self._history.beginning + timedelta(days=day)
        if hour is not None:
            return start.replace(hour=(hour - 8) % 24, minute=55)
        return start + timedelta(minutes=self._dice.randrange(24 * 60))

    def _shop(self, now: datetime) -> None:
        """A follower meets a seller's link, perhaps, and orders something."""
        phone_id, person_id = self._dice.choice(self._history.followers)
        touch_id = None
        if self._dice.random() < 0.85:
            code, token = self._link()
            presented = Presented(code=code, source=TouchSource.LINK, share_token=token)
            touch_id = record_touch(self._sessions, person_id, presented, now).touch_id
            if token is not None:
                record_open(self._sessions, token, person_id, now)
        if self._dice.random() < 0.12:
            return
        placed = self._place(person_id, touch_id, now + timedelta(minutes=4))
        paying_at = now + timedelta(minutes=6)
        if self._dice.random() < 0.08:
            self._later(now + timedelta(minutes=40), lambda at: self._give_up(placed, at))
            return
        self._pay(placed, phone_id, person_id, paying_at)
        shipping_at = paying_at + timedelta(hours=self._dice.randrange(8, 40))
        self._later(shipping_at, lambda at: self._ship(placed, person_id, at))

    def _link(self) -> tuple[str, str | None]:
        """Good sellers are met more often; some links come with a shared material."""
        if self._history.shares and self._dice.random() < 0.35:
            return self._dice.choice(self._history.shares)
        rank = min(int(self._dice.expovariate(0.14)), len(self._history.sellers) - 1)
        return self._history.sellers[rank], None

    def _place(self, person_id: int, touch_id: int | None, now: datetime) -> PlacedOrder:
        if person_id not in self._addresses:
            self._addresses[person_id] = self._settle(person_id, now)
        sku_ids = self._dice.sample(self._skus, self._dice.choice((1, 1, 1, 2)))
        lines = tuple(
            LineDraft(sku_id=sku_id, quantity=self._dice.choice((1, 1, 1, 2))) for sku_id in sku_ids
        )
        with self._sessions.read() as session:
            policy = policy_in_force(session, now).policy
            total = quote(line_requests(price_lines(session, lines, now)), policy)
        draft = OrderDraft(
            wechat_user_id=person_id,
            lines=lines,
            address_id=self._addresses[person_id],
            checkout_key=f"{self._dice.getrandbits(128):032x}",
            seen_payable_fen=total.payable_fen,
            session_touch_id=touch_id,
        )
        return place_order(self._sessions, draft, now)

    def _settle(self, person_id: int, now: datetime) -> int:
        district, street = self._dice.choice(PLACES)
        draft = AddressDraft(
            receiver=self._dice.choice(BUYERS),
            phone=f"139{self._dice.randrange(10**8):08d}",
            province_code=f"{district[:2]}0000",
            city_code=f"{district[:4]}00",
            district_code=district,
            detail=street,
            is_default=True,
        )
        return save_address(
            self._sessions, draft, wechat_user_id=person_id, address_id=None, now=now
        )

    def _pay(self, placed: PlacedOrder, phone_id: str, person_id: int, now: datetime) -> None:
        """Pay in the sandbox, then ask it, as the tick would if the notification never came."""
        self._history.sandbox.set_clock(now)
        bridge = start_payment(
            self._sessions,
            self._parts.payments,
            placed.order_id,
            wechat_user_id=person_id,
            now=now,
        )
        self._history.sandbox.pay(phone_id, bridge)
        with self._sessions.read() as session:
            number = session.scalars(
                select(Payment.out_trade_no).where(Payment.order_id == placed.order_id)
            ).one()
        fact = self._parts.payments.query_payment(number)
        confirm_payment(self._sessions, fact, merchant=self._parts.merchant, now=now)

    def _give_up(self, placed: PlacedOrder, now: datetime) -> None:
        cancel_order(
            self._sessions,
            self._parts.payments,
            Cancellation(order_id=placed.order_id, reason=CancelReason.TIMEOUT),
            merchant=self._parts.merchant,
            now=now,
        )

    def _ship(self, placed: PlacedOrder, person_id: int, now: datetime) -> None:
        carrier, prefix = self._dice.choice(CARRIERS)
        parcel = Parcel(
            carrier=carrier,
            tracking_number=f"{prefix}{self._dice.randrange(10**12):012d}",
        )
        ship_order(self._sessions, placed.order_id, parcel, actor=self._history.owner, now=now)
        arrival = now + timedelta(hours=self._dice.randrange(40, 96))
        self._later(arrival, lambda at: self._receive(placed, person_id, at))

    def _receive(self, placed: PlacedOrder, person_id: int, now: datetime) -> None:
        confirm_receipt(self._sessions, placed.order_id, wechat_user_id=person_id, now=now)
        self._later(
            now + timedelta(days=7, minutes=1),
            lambda at: self._complete(placed, at),
        )

    def _complete(self, placed: PlacedOrder, now: datetime) -> None:
        complete_if_due(self._sessions, placed.order_id, now)

    def _open_day(self, now: datetime) -> None:
        """Push what is planned, and deliver what waits; some read what they were sent."""
        has_pushed = start_due(self._sessions, now) > 0
        courier = Courier(delivery_tools(self._parts), lambda: now)
        while courier.deliver_batch():
            pass
        if not has_pushed:
            return
        with self._sessions.read() as session:
            sent = session.execute(
                select(CampaignRecipient.id, CampaignRecipient.distributor_id, Campaign.lesson_id)
                .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
                .where(CampaignRecipient.fire_at > now - timedelta(days=1))
                .order_by(CampaignRecipient.id)
            ).all()
        for recipient_id, distributor_id, lesson_id in sent:
            if self._dice.random() < 0.6:
                open_lesson(
                    self._sessions,
                    lesson_id,
                    recipient_id,
                    distributor_id=distributor_id,
                    now=now + timedelta(minutes=self._dice.randrange(5, 300)),
                )

    def _close_day(self, now: datetime) -> None:
        release_due(self._sessions, now)

    def _ask_for_money(self, now: datetime) -> None:
        """Sellers with something to withdraw ask for it, one by bank; two are approved."""
        with self._sessions.read() as session:
            sellers = list(session.scalars(select(Distributor.id).order_by(Distributor.id)))
            available = {
                seller: balances(session, seller)[AccountKind.AVAILABLE] for seller in sellers
            }
        asking = sorted(sellers, key=lambda seller: -available[seller])[:4]
        for position, seller in enumerate(asking):
            amount_fen = min(available[seller], 20_000) // 100 * 100
            channel = PayoutChannel.WECHAT
            if position == 1:
                channel = PayoutChannel.BANK
                register_payout_account(self._sessions, seller, BANK_ACCOUNT, now)
            try:
                payout = request_payout(self._sessions, seller, amount_fen, channel, now)
            except RuleViolation:
                # Too little to withdraw yet: she waits, like anybody.
                continue
            if position <= 1:
                approve_payout(self._sessions, payout.payout_id, self._history.owner, now)
