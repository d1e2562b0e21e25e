"""After-sales (售后): requests that wait, their decision, and refunds that WeChat can't deliver."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, asked_text, tab_address
from console.guard import current_actor, requires
from console.parcels import CARRIER_CHOICES, sent_parcel
from queries.aftersales import RequestRow, choices, request_row
from queries.aftersales_desk import (
    DeskFilter,
    count_for_staff,
    desk_counts,
    desk_rows,
    share_changes,
    staff_names,
)
from queries.attribution import attribution_trail
from queries.orders import OrderPage, order
from queries.price_drops import claim_of_request
from queries.ways_out import ways_out_of_request
from rules.aftersales import FOR_STAFF, REASON_MAX_LENGTH, AfterSalesKind, AfterSalesStatus
from rules.errors import RuleViolation
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form
from web.paging import Page, requested_page
from workflows.aftersales.ask import Wish, request_for_buyer
from workflows.aftersales.decide import (
    MAX_REFERENCE_LENGTH,
    accept_request,
    freight_to_decide,
    reject_request,
    settle_by_hand,
)
from workflows.aftersales.send import send_instead

LIST = "/console/aftersales"
WAITING = "waiting"
TABS = {
    WAITING: ("待处理", ()),
    "accepted": ("退款中", (AfterSalesStatus.ACCEPTED,)),
    "refunded": ("已退款", (AfterSalesStatus.REFUNDED,)),
    "ended": (
        "未退款",
        (AfterSalesStatus.REJECTED, AfterSalesStatus.WITHDRAWN, AfterSalesStatus.SENT),
    ),
}
KINDS = ((AfterSalesKind.REFUND_ONLY, "退款"), (AfterSalesKind.PRICE_DROP, "价保"))
MOST_UNITS = 10_000
LARGEST_POSITION = 10_000


@blueprint.get("/aftersales")
@requires(Permission.VIEW_ORDERS)
def show_after_sales() -> ResponseReturnValue:
    """All requests; what waits for staff stands first, the oldest on top."""
    tools = collaborators()
    tab = asked_choice("status", TABS)
    asked = requested_page(PAGE_SIZE)
    wanted = DeskFilter(
        statuses=TABS[tab][1] if tab else (),
        needs_staff=tab == WAITING,
        kind=asked_choice("kind", AfterSalesKind),
        text=asked_text(),
    )
    with tools.sessions.read() as session:
        rows, total = desk_rows(session, wanted, offset=asked.offset, limit=asked.limit)
        counts = desk_counts(session)
        waiting = count_for_staff(session)
    tabs = [("全部", tab_address(LIST, "status", ""), tab is None, sum(counts.values()))]
    tabs += [
        (
            word,
            tab_address(LIST, "status", name),
            tab == name,
            waiting if name == WAITING else sum(counts.get(state, 0) for state in states),
        )
        for name, (word, states) in TABS.items()
    ]
    return render_template(
        "console/aftersales/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        kinds=KINDS,
        asked=request.args,
        now=tools.now(),
    )


@blueprint.get("/aftersales/<int:request_id>")
@requires(Permission.VIEW_ORDERS)
def show_after_sales_request(request_id: int) -> ResponseReturnValue:
    """One request with its order's trail, and what accepting it does."""
    return _page(request_id, {}, None)


@blueprint.post("/aftersales/<int:request_id>/accept")
@requires(Permission.REFUND_ORDERS)
def accept_after_sales(request_id: int) -> ResponseReturnValue:
    """Accept: the money goes back the way it came."""
    tools = collaborators()
    _found(request_id)
    form = Form.sent()
    try:
        freight_fen = form.yuan("freight", "退还运费") if form.has("freight") else None
        accept_request(
            tools.sessions,
            request_id,
            freight_fen=freight_fen,
            actor=current_actor(),
            now=tools.now(),
            is_by_hand=form.has("by_hand"),
        )
    except RuleViolation as refusal:
        return _page(request_id, form.shown(), refusal)
    if form.has("by_hand"):
        flash("已同意。请向买家线下转账，再登记凭证。")
    else:
        flash("已同意，退款将原路退回买家。")
    return redirect(f"{LIST}/{request_id}", code=303)


@blueprint.post("/aftersales/<int:request_id>/send")
@requires(Permission.REFUND_ORDERS)
def send_after_sales(request_id: int) -> ResponseReturnValue:
    """Send the units after all that a closed refund left with nobody."""
    tools = collaborators()
    _found(request_id)
    form = Form.sent()
    try:
        send_instead(
            tools.sessions, request_id, sent_parcel(form), actor=current_actor(), now=tools.now()
        )
    except RuleViolation as refusal:
        return _page(request_id, form.shown(), refusal)
    flash("已补发，快递单号已在买家的订单页上。")
    return redirect(f"{LIST}/{request_id}", code=303)


@blueprint.post("/aftersales/<int:request_id>/reject")
@requires(Permission.REFUND_ORDERS)
def reject_after_sales(request_id: int) -> ResponseReturnValue:
    """Refuse with a reason that the buyer reads."""
    tools = collaborators()
    row = _found(request_id)
    form = Form.sent()
    try:
        reason = form.text("reason", "原因", max_length=REASON_MAX_LENGTH, many_lines=True)
        reject_request(
            tools.sessions, request_id, reason=reason, actor=current_actor(), now=tools.now()
        )
    except RuleViolation as refusal:
        return _page(request_id, form.shown(), refusal)
    flash("已拒绝，买家会看到原因" + ("。" if row.has_appealed else "，可以申诉一次。"))
    return redirect(f"{LIST}/{request_id}", code=303)


@blueprint.post("/aftersales/<int:request_id>/by-hand")
@requires(Permission.REFUND_ORDERS)
def settle_after_sales_by_hand(request_id: int) -> ResponseReturnValue:
    """Write down that an abnormal refund was paid outside WeChat."""
    tools = collaborators()
    row = _found(request_id)
    if row.refund_id is None:
        abort(404)
    form = Form.sent()
    try:
        settle_by_hand(
            tools.sessions,
            row.refund_id,
            reference=form.text("reference", "退款凭证", max_length=MAX_REFERENCE_LENGTH),
            actor=current_actor(),
            now=tools.now(),
        )
    except RuleViolation as refusal:
        return _page(request_id, form.shown(), refusal)
    flash("已登记线下退款，售后完成。")
    return redirect(f"{LIST}/{request_id}", code=303)


@blueprint.get("/orders/<int:order_id>/refund")
@requires(Permission.REFUND_ORDERS)
def show_refund_for_buyer(order_id: int) -> ResponseReturnValue:
    """Choose units in the buyer's place, as after a call."""
    return _new_page(order_id, {}, None)


@blueprint.post("/orders/<int:order_id>/refund")
@requires(Permission.REFUND_ORDERS)
def refund_for_buyer(order_id: int) -> ResponseReturnValue:
    """Open a request in the buyer's place; it is decided on like any other."""
    tools = collaborators()
    _order(order_id)
    form = Form.sent()
    with tools.sessions.read() as session:
        lines = choices(session, order_id).lines
    try:
        wish = Wish(
            chosen={
                row.id: form.integer(f"line-{row.id}", "数量", minimum=0, maximum=MOST_UNITS)
                for row in lines
                if form.has(f"line-{row.id}")
            },
            reason=form.text("reason", "原因", max_length=REASON_MAX_LENGTH, many_lines=True),
            position=form.integer("position", "售后", minimum=1, maximum=LARGEST_POSITION),
        )
        request_id = request_for_buyer(
            tools.sessions, order_id, wish, actor=current_actor(), now=tools.now()
        )
    except RuleViolation as refusal:
        return _new_page(order_id, form.shown(), refusal)
    flash("已登记，请核对后同意。")
    return redirect(f"{LIST}/{request_id}", code=303)


def _page(
    request_id: int, shown: dict[str, str], refusal: RuleViolation | None
) -> ResponseReturnValue:
    tools = collaborators()
    row = _found(request_id)
    with tools.sessions.read() as session:
        changes = share_changes(session, request_id)
        trail = attribution_trail(session, row.order_id)
        freight = freight_to_decide(session, request_id)
        names = staff_names(session)
        claim = claim_of_request(session, request_id)
        ways = ways_out_of_request(session, request_id, tools.now())
    page = render_template(
        "console/aftersales/show.html",
        row=row,
        page=_order(row.order_id),
        changes=changes,
        trail=trail,
        freight=freight,
        names=names,
        claim=claim,
        ways=ways,
        carriers=CARRIER_CHOICES,
        shown=shown,
        refusal=refusal,
        reason_length=REASON_MAX_LENGTH,
        reference_length=MAX_REFERENCE_LENGTH,
    )
    return page, 422 if refusal else 200


def _new_page(
    order_id: int, shown: dict[str, str], refusal: RuleViolation | None
) -> ResponseReturnValue:
    page = _order(order_id)
    if page.row.status not in FOR_STAFF:
        abort(404)
    with collaborators().sessions.read() as session:
        found = choices(session, order_id)
    answer = render_template(
        "console/aftersales/new.html",
        page=page,
        choices=found,
        shown=shown,
        refusal=refusal,
        reason_length=REASON_MAX_LENGTH,
    )
    return answer, 422 if refusal else 200


def _found(request_id: int) -> RequestRow:
    with collaborators().sessions.read() as session:
        row = request_row(session, request_id)
    if row is None:
        abort(404)
    return row


def _order(order_id: int) -> OrderPage:
    with collaborators().sessions.read() as session:
        page = order(session, order_id)
    if page is None:
        abort(404)
    return page
