"""The distributor's centre (分销中心): what she holds, why, and how she gets it."""

from flask import Response, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from posters import code as qr_code
from queries.centre import centre_home, referral_code
from queries.commissions import commission_rows, referral_orders
from queries.payout_accounts import payout_account
from queries.payouts import payout_desk, payouts_of
from rules.commission import CommissionStage
from rules.errors import RuleViolation
from rules.money import yuan
from rules.payouts import PayoutChannel, most_payable
from storefront import blueprint
from storefront.membership import member, member_id, members_only
from web.collaborators import collaborators
from web.forms import Form
from web.limits import SUBMITS, limiter
from web.paging import Page, requested_page
from workflows.payouts import request_payout
from workflows.payouts.tax import expected_tax
from workflows.policies import policy_in_force

PAGE_SIZE = 15
STAGES = (
    ("", "全部"),
    (CommissionStage.ESTIMATED.value, "预估"),
    (CommissionStage.MATURING.value, "待结算"),
    (CommissionStage.HELD.value, "冻结中"),
    (CommissionStage.RELEASED.value, "已结算"),
)
CHANNELS = ((PayoutChannel.WECHAT.value, "微信零钱"), (PayoutChannel.BANK.value, "银行转账"))
QR_SIDE = 480
LONGEST_ORDER_NUMBER = 32


@blueprint.get("/d/")
@members_only
def show_centre() -> ResponseReturnValue:
    """What she holds, what came in today and this month, and the ways on."""
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as database:
        home = centre_home(database, member_id(), now)
    return render_template("storefront/centre/home.html", home=home, now=now)


@blueprint.get("/d/commissions")
@members_only
def show_commissions() -> ResponseReturnValue:
    """Each line's commission, with the answer to "why this amount"."""
    wanted = request.args.get("stage", "")
    if wanted not in [value for value, _ in STAGES]:
        abort(404)
    order_number = request.args.get("order", "")[:LONGEST_ORDER_NUMBER] or None
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as database:
        rows, total = commission_rows(
            database,
            member_id(),
            CommissionStage(wanted) if wanted else None,
            order_number=order_number,
            offset=asked.offset,
            limit=asked.limit,
        )
    page = Page(rows=rows, total=total, request=asked)
    return render_template(
        "storefront/centre/commissions.html",
        page=page,
        stages=STAGES,
        current=wanted,
        order_number=order_number,
    )


@blueprint.get("/d/orders")
@members_only
def show_referral_orders() -> ResponseReturnValue:
    """Paid orders of her customers, and of those whom she invited; customers masked."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as database:
        rows, total = referral_orders(database, member_id(), offset=asked.offset, limit=asked.limit)
    page = Page(rows=rows, total=total, request=asked)
    return render_template("storefront/centre/orders.html", page=page)


@blueprint.get("/d/payouts")
@members_only
def show_payouts() -> ResponseReturnValue:
    """What she may withdraw, the payout under way, and those before."""
    return _payouts_page({}, None)


@blueprint.post("/d/payouts")
@members_only
@limiter.limit(SUBMITS)
def ask_for_payout() -> ResponseReturnValue:
    """Ask for a payout; a refusal stands in the form, which keeps what she typed."""
    form = Form.sent()
    tools = collaborators()
    try:
        amount_fen = form.yuan("amount", "提现金额", minimum_fen=1)
        channel = form.choice("channel", "到账方式", tuple(PayoutChannel))
        request_payout(tools.sessions, member_id(), amount_fen, channel, tools.now())
    except RuleViolation as refusal:
        return _payouts_page(form.shown(), refusal), 422
    flash("提现申请已提交，审核后会通知您")
    return redirect("/d/payouts")


@blueprint.get("/d/payouts/tax")
@members_only
def show_payout_tax() -> ResponseReturnValue:
    """What would be withheld from an amount, for the form while she types."""
    tools = collaborators()
    amount_fen = Form.asked().yuan("amount", "提现金额", minimum_fen=1)
    with tools.sessions.read() as database:
        parts = expected_tax(database, member_id(), amount_fen, tools.now()).parts
    return {"tax": yuan(parts.tax_fen), "net": yuan(parts.net_fen)}


@blueprint.get("/d/code")
@members_only
def show_code() -> ResponseReturnValue:
    """Her referral code, link and QR."""
    return render_template("storefront/centre/code.html", link=_link(), member=member())


@blueprint.get("/d/code.png")
@members_only
def draw_code() -> ResponseReturnValue:
    """The QR of her link."""
    return Response(qr_code.page_png(_link(), QR_SIDE), content_type="image/png")


def _link() -> str:
    with collaborators().sessions.read() as database:
        code = referral_code(database, member_id())
    if code is None:
        abort(404)
    return collaborators().site.url(f"/r/{code}")


def _payouts_page(shown: dict[str, str], refusal: RuleViolation | None) -> str:
    tools = collaborators()
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as database:
        desk = payout_desk(database, member_id())
        rows, total = payouts_of(database, member_id(), offset=asked.offset, limit=asked.limit)
        policy = policy_in_force(database, tools.now()).policy
        account = payout_account(database, member_id())
        suggested_fen = most_payable(
            desk.balances.available_fen, policy, has_real_name=account is not None
        )
        tax = (
            expected_tax(database, member_id(), suggested_fen, tools.now())
            if suggested_fen
            else None
        )
    return render_template(
        "storefront/centre/payouts.html",
        page=Page(rows=rows, total=total, request=asked),
        desk=desk,
        account=account,
        policy=policy,
        shown={"amount": yuan(suggested_fen)} | shown,
        chosen=PayoutChannel.BANK if shown.get("channel") == "bank" else PayoutChannel.WECHAT,
        refusal=refusal,
        tax=tax,
        channels=CHANNELS,
        merchant=tools.merchant,
    )
