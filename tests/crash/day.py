"""The scripted day: what people and WeChat do, and what the application does about it.

A step of ours is repeated after the process died in it, as the outside world would: WeChat sends
its callback again, a person taps again, a tick fires again. A person who taps again may read that
it was done already.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from jobs.due import run_everything_due
from models.catalogue import Sku
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Address, Order
from models.payments import Payment
from models.payouts import Payout
from models.people import WeChatUser
from models.referrals import ReferralCode
from models.staff import StaffMember
from rules.errors import RuleViolation
from rules.ledger import AccountKind
from rules.orders import CancelReason
from rules.payouts import OPEN, PayoutChannel
from tests.crash.house import House
from tests.sandbox_client import Phone, Sandbox
from web.collaborators import Collaborators
from workflows.addresses import AddressDraft, save_address
from workflows.audit import StaffActor
from workflows.clock import move_clock
from workflows.ledger import balances
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.pay import start_payment
from workflows.orders.place import LineDraft, OrderDraft, place_order
from workflows.orders.ship import Parcel, confirm_receipt, ship_order
from workflows.payouts import approve_payout, record_bank_transfer, request_payout

CUSTOMER = Phone(phone_id="fang", openid="oCrashCustomerFang0000000000")
SELLER = Phone(phone_id="lin", openid="oCrashSellerLin0000000000000")
INVITER = Phone(phone_id="jing", openid="oCrashInviterJing00000000000")
OWNER, FINANCE = "owner", "finance"
CREAM, SET = "CREAM", "SET"
CREAM_FEN, SET_FEN = 12_400, 600_000
BIG, LATE = "checkout-big", "checkout-late"
DELIVERED = frozenset({200, 204})
QUERY = "/v3/pay/transactions/out-trade-no"
A_WEEK = timedelta(days=7, hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a step works with, in the process that runs it."""

    house: House
    sandbox: Sandbox

    @property
    def parts(self) -> Collaborators:
        """The application's collaborators."""
        return self.house.parts

    @property
    def sessions(self) -> SessionFactory:
        """The application's database."""
        return self.house.parts.sessions

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.parts.now()

    def deliver(self, channel: str) -> None:
        """Let WeChat send what we have not answered yet."""
        for delivery in self.sandbox.deliveries(channel):
            if not any(attempt["status"] in DELIVERED for attempt in delivery["attempts"]):
                answer = self.sandbox.resend(delivery["delivery_id"])
                assert answer["status"] in DELIVERED, answer

    def pass_time(self, ahead: timedelta) -> None:
        """Let the shop's and the platform's time pass."""
        move_clock(self.sessions, ahead=ahead)
        self.sandbox.forward(ahead.total_seconds())

    def person(self, phone: Phone) -> int:
        """Find a person's id."""
        with self.sessions.read() as session:
            return session.scalars(
                select(WeChatUser.id).where(WeChatUser.openid == phone.openid)
            ).one()

    def distributor(self, phone: Phone) -> int:
        """Find a distributor's id."""
        with self.sessions.read() as session:
            return session.scalars(
                select(Distributor.id).where(Distributor.wechat_user_id == self.person(phone))
            ).one()

    def staff(self, login: str) -> StaffActor:
        """A member of staff who acts."""
        with self.sessions.read() as session:
            member = session.scalars(select(StaffMember).where(StaffMember.login == login)).one()
            return StaffActor(staff_id=member.id, role=member.role, address="127.0.0.1")

    def order(self, checkout_key: str) -> int:
        """Find an order's id."""
        with self.sessions.read() as session:
            return session.scalars(select(Order.id).where(Order.checkout_key == checkout_key)).one()

    def open_payout(self, phone: Phone) -> int | None:
        """Find the payout that is under way."""
        owner = self.distributor(phone)
        with self.sessions.read() as session:
            return session.scalar(
                select(Payout.id).where(Payout.distributor_id == owner, Payout.status.in_(OPEN))
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`is_ours`: the application acts, and may die. `may_be_refused`: a person taps."""

    act: Callable[[Day], None]
    is_ours: bool
    may_be_refused: bool = False

    @property
    def name(self) -> str:
        """What happens, in words."""
        return self.act.__name__.removeprefix("_").replace("_", " ")

    def again(self, day: Day) -> None:
        """Repeat it after a death."""
        try:
            self.act(day)
        except RuleViolation:
            if not self.may_be_refused:
                raise


STEPS: list[Step] = []
Act = Callable[[Day], None]


def world(act: Act) -> Act:
    """Somebody outside does something."""
    STEPS.append(Step(act=act, is_ours=False))
    return act


def ours(act: Act) -> Act:
    """The application is called, by WeChat or by the clock."""
    STEPS.append(Step(act=act, is_ours=True))
    return act


def tap(act: Act) -> Act:
    """The application is called by a person's tap."""
    STEPS.append(Step(act=act, is_ours=True, may_be_refused=True))
    return act


def worker_runs(*, after: str) -> None:
    """Let ticks fire and the outbox be delivered."""

    def run(day: Day) -> None:
        run_everything_due(day.parts, day.now)

    run.__name__ = f"the_worker_runs_after_{after}"
    ours(run)


def told(channel: str, *, of: str) -> None:
    """Let WeChat tell us."""

    def deliver(day: Day) -> None:
        day.deliver(channel)

    deliver.__name__ = f"WeChat_tells_of_{of}"
    ours(deliver)


def says(phone: Phone, *texts: str) -> None:
    """Let somebody chat with the account."""
    for text in texts:

        def say(day: Day, text: str = text) -> None:
            day.sandbox.say(phone, text)

        say.__name__ = f"{phone.phone_id}_says_{text}"
        world(say)
        told("callback", of=f"{text}_by_{phone.phone_id}")


@world
def _she_scans_a_poster(day: Day) -> None:
    with day.sessions.read() as session:
        url = session.scalars(
            select(ReferralCode.qr_url).where(
                ReferralCode.distributor_id == day.distributor(SELLER)
            )
        ).one()
    assert url is not None
    day.sandbox.scan_and_follow(CUSTOMER, url)


told("callback", of="the_scan")


@ours
def _she_gives_her_address(day: Day) -> None:
    person = day.person(CUSTOMER)
    with day.sessions.read() as session:
        if session.scalar(select(Address.id).where(Address.wechat_user_id == person)):
            return
    draft = AddressDraft(
        receiver="芳芳",
        phone="13900000002",
        province_code="330000",
        city_code="330100",
        district_code="330106",
        detail="文三路 1 号",
        is_default=True,
    )
    save_address(day.sessions, draft, wechat_user_id=person, address_id=None, now=day.now)


def _place(day: Day, checkout_key: str, goods: dict[str, int], seen_fen: int) -> None:
    person = day.person(CUSTOMER)
    with day.sessions.read() as session:
        address_id = session.scalars(
            select(Address.id).where(Address.wechat_user_id == person)
        ).one()
        lines = tuple(
            LineDraft(sku_id=sku_id, quantity=goods[code])
            for sku_id, code in session.execute(select(Sku.id, Sku.code).order_by(Sku.id))
            if code in goods
        )
    draft = OrderDraft(
        wechat_user_id=person,
        lines=lines,
        address_id=address_id,
        checkout_key=checkout_key,
        seen_payable_fen=seen_fen,
    )
    place_order(day.sessions, draft, day.now)


def _start(day: Day, checkout_key: str) -> None:
    start_payment(
        day.sessions,
        day.parts.payments,
        day.order(checkout_key),
        wechat_user_id=day.person(CUSTOMER),
        now=day.now,
    )


def _pay(day: Day, checkout_key: str) -> None:
    order_id = day.order(checkout_key)
    with day.sessions.read() as session:
        prepay_id = session.scalars(
            select(Payment.prepay_id).where(Payment.order_id == order_id)
        ).one()
    assert prepay_id is not None
    bridge = day.parts.payments.bridge_parameters(prepay_id)
    day.sandbox.pay(
        CUSTOMER,
        {
            "appId": bridge.app_id,
            "timeStamp": bridge.timestamp,
            "nonceStr": bridge.nonce,
            "package": bridge.package,
            "signType": bridge.sign_type,
            "paySign": bridge.pay_sign,
        },
    )


@ours
def _she_orders(day: Day) -> None:
    _place(day, BIG, {CREAM: 2, SET: 1}, 2 * CREAM_FEN + SET_FEN)


@tap
def _she_taps_to_pay(day: Day) -> None:
    _start(day, BIG)


@world
def _she_pays(day: Day) -> None:
    _pay(day, BIG)


told("payment", of="her_payment")
worker_runs(after="the_payment")


@ours
def _she_orders_more(day: Day) -> None:
    _place(day, LATE, {CREAM: 1}, CREAM_FEN)


@tap
def _she_taps_to_pay_that(day: Day) -> None:
    _start(day, LATE)


@world
def _she_pays_while_queries_see_nothing(day: Day) -> None:
    _pay(day, LATE)
    day.sandbox.fault(QUERY, "error", count=99, code="ORDER_NOT_EXIST", status=404)


@tap
def _she_cancels_on_another_page(day: Day) -> None:
    cancellation = Cancellation(order_id=day.order(LATE), reason=CancelReason.BUYER)
    cancel_order(
        day.sessions, day.parts.payments, cancellation, merchant=day.parts.merchant, now=day.now
    )


@world
def _queries_see_everything_again(day: Day) -> None:
    day.sandbox.clear_faults()


told("payment", of="the_late_payment")
worker_runs(after="the_late_payment")


@world
def _the_refund_arrives(day: Day) -> None:
    day.sandbox.settle()


told("refund", of="the_refund")


@tap
def _staff_ship(day: Day) -> None:
    parcel = Parcel(carrier="中通快递", tracking_number="ZT12345678")
    ship_order(day.sessions, day.order(BIG), parcel, actor=day.staff(OWNER), now=day.now)


worker_runs(after="shipping")


@tap
def _she_receives(day: Day) -> None:
    confirm_receipt(day.sessions, day.order(BIG), wechat_user_id=day.person(CUSTOMER), now=day.now)


@world
def _a_week_passes(day: Day) -> None:
    day.pass_time(A_WEEK)


worker_runs(after="the_after_sales_window")


@world
def _another_week_passes(day: Day) -> None:
    day.pass_time(A_WEEK)


worker_runs(after="the_hold_days")
says(SELLER, "我的佣金")
says(INVITER, "提现", "200", "确认")


@tap
def _she_asks_for_a_bank_payout(day: Day) -> None:
    with day.sessions.read() as session:
        available_fen = balances(session, day.distributor(SELLER))[AccountKind.AVAILABLE]
    amount_fen = available_fen // 100 * 100
    request_payout(day.sessions, day.distributor(SELLER), amount_fen, PayoutChannel.BANK, day.now)


def _approve(day: Day, phone: Phone, login: str) -> None:
    payout_id = day.open_payout(phone)
    assert payout_id is not None
    approve_payout(day.sessions, payout_id, day.staff(login), day.now)


@tap
def _the_owner_approves_the_small_payout(day: Day) -> None:
    _approve(day, INVITER, OWNER)


@tap
def _the_owner_approves_the_big_payout(day: Day) -> None:
    _approve(day, SELLER, OWNER)


@tap
def _finance_approves_the_big_payout(day: Day) -> None:
    _approve(day, SELLER, FINANCE)


worker_runs(after="the_approvals")


@world
def _the_inviter_confirms_the_transfer(day: Day) -> None:
    (transfer,) = day.sandbox.transfers()
    day.sandbox.confirm_transfer(INVITER, transfer["out_bill_no"])


told("transfer", of="the_transfer")


@tap
def _finance_records_the_bank_transfer(day: Day) -> None:
    payout_id = day.open_payout(SELLER)
    if payout_id is not None:
        record_bank_transfer(
            day.sessions,
            payout_id,
            reference="ICBC20261124001",
            actor=day.staff(FINANCE),
            now=day.now,
        )


worker_runs(after="the_payouts")


@world
def _the_month_ends(day: Day) -> None:
    day.pass_time(timedelta(days=10))


worker_runs(after="the_months_end")
