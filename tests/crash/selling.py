"""The first day: a scan, an order, a late payment that goes back, a parcel that arrives."""

from sqlalchemy import func, select

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.orders import Address, OrderLine
from models.payments import Payment
from models.referrals import ReferralCode
from rules.addresses import AddressDraft
from rules.orders import CancelReason
from rules.shipments import Parcel
from tests.crash.day import CREAM, CREAM_FEN, CUSTOMER, OWNER, SELLER, SET, SET_FEN, Day, Script
from workflows.addresses import save_address
from workflows.aftersales.ask import Buyer, Wish, request_refund
from workflows.aftersales.decide import accept_request
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.pay import start_payment
from workflows.orders.place import LineDraft, OrderDraft, place_order
from workflows.orders.ship import confirm_receipt, ship_order

BIG, LATE = "checkout-big", "checkout-late"
QUERY = "/v3/pay/transactions/out-trade-no"

script = Script()


@script.world
def _she_scans_a_poster(day: Day) -> None:
    with day.sessions.read() as session:
        url = session.scalars(
            select(ReferralCode.qr_url).where(
                ReferralCode.distributor_id == day.distributor(SELLER)
            )
        ).one()
    assert url is not None
    day.sandbox.scan_and_follow(CUSTOMER, url)


script.told("callback", of="the_scan")


@script.ours
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


def one_jar(day: Day, position: int) -> Wish:
    """Give back one jar of cream; `position` counts the order's requests."""
    with day.sessions.read() as session:
        line_id = session.scalars(
            select(OrderLine.id)
            .join(Sku, Sku.id == OrderLine.sku_id)
            .where(OrderLine.order_id == day.order(BIG), Sku.code == CREAM)
        ).one()
    return Wish(chosen={line_id: 1}, reason="不想要了", position=position)


def accept_newest(day: Day) -> None:
    """Staff accept the newest request."""
    with day.sessions.read() as session:
        request_id = session.scalars(select(func.max(AfterSalesRequest.id))).one()
    accept_request(day.sessions, request_id, freight_fen=None, actor=day.staff(OWNER), now=day.now)


@script.ours
def _she_orders(day: Day) -> None:
    _place(day, BIG, {CREAM: 2, SET: 1}, 2 * CREAM_FEN + SET_FEN)


@script.tap
def _she_taps_to_pay(day: Day) -> None:
    _start(day, BIG)


@script.world
def _she_pays(day: Day) -> None:
    _pay(day, BIG)


script.told("payment", of="her_payment")
script.worker_runs(after="the_payment")


@script.ours
def _she_orders_more(day: Day) -> None:
    _place(day, LATE, {CREAM: 1}, CREAM_FEN)


@script.tap
def _she_taps_to_pay_that(day: Day) -> None:
    _start(day, LATE)


@script.world
def _she_pays_while_queries_see_nothing(day: Day) -> None:
    _pay(day, LATE)
    day.sandbox.fault(QUERY, "error", count=99, code="ORDER_NOT_EXIST", status=404)


@script.tap
def _she_cancels_on_another_page(day: Day) -> None:
    cancellation = Cancellation(order_id=day.order(LATE), reason=CancelReason.BUYER)
    cancel_order(
        day.sessions, day.parts.payments, cancellation, merchant=day.parts.merchant, now=day.now
    )


@script.world
def _queries_see_everything_again(day: Day) -> None:
    day.sandbox.clear_faults()


script.told("payment", of="the_late_payment")
script.worker_runs(after="the_late_payment")


@script.world
def _the_refund_arrives(day: Day) -> None:
    day.sandbox.settle()


script.told("refund", of="the_refund")


@script.tap
def _she_wants_one_jar_back(day: Day) -> None:
    buyer = Buyer(wechat_user_id=day.person(CUSTOMER), order_id=day.order(BIG))
    request_refund(day.sessions, buyer, one_jar(day, 1), day.now)


@script.tap
def _staff_agree(day: Day) -> None:
    accept_newest(day)


script.worker_runs(after="the_agreement")


@script.world
def _that_refund_arrives(day: Day) -> None:
    day.sandbox.settle()


script.told("refund", of="that_refund")


@script.tap
def _staff_ship(day: Day) -> None:
    parcel = Parcel(carrier="中通快递", tracking_number="ZT12345678")
    ship_order(day.sessions, day.order(BIG), parcel, actor=day.staff(OWNER), now=day.now)


script.worker_runs(after="shipping")


@script.tap
def _she_receives(day: Day) -> None:
    confirm_receipt(day.sessions, day.order(BIG), wechat_user_id=day.person(CUSTOMER), now=day.now)
