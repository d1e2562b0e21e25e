"""Payouts (提现): approve by one or two people, reject, record a bank transfer."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, tab_address
from console.guard import current_actor, current_staff, requires
from queries.centre import balances_of
from queries.payout_accounts import payout_destination
from queries.payouts import PayoutRow, payout, payout_counts, payouts_in
from rules.china_time import month_of
from rules.distributors import MAX_REASON_LENGTH
from rules.payouts import RETURNS_FUNDS, PayoutChannel, PayoutStatus, approvals_needed
from rules.staff import Permission
from rules.withholding import Withholding
from web.collaborators import collaborators
from web.forms import Form
from web.paging import Page, requested_page
from workflows.payouts import (
    approve_payout,
    cancel_payout,
    record_bank_transfer,
    reject_payout,
)
from workflows.payouts.account import Destination, reveal_destination
from workflows.payouts.tax import expected_tax
from workflows.policies import policy_in_force

LIST = "/console/payouts"
LONGEST_REFERENCE = 64
TABS = {
    "requested": ("待审核", (PayoutStatus.REQUESTED,)),
    "approved": ("待打款", (PayoutStatus.APPROVED,)),
    "sending": ("打款中", (PayoutStatus.SENDING, PayoutStatus.AWAITING_USER_CONFIRM)),
    "paid": ("已到账", (PayoutStatus.PAID,)),
    "ended": ("未成功", tuple(sorted(RETURNS_FUNDS))),
}
CANCEL_WORDS = {
    PayoutStatus.CANCELLED: "已撤销，金额已退回可提现余额。",
    PayoutStatus.PAID: "对方刚刚确认了收款，没能撤销。",
}


@blueprint.get("/payouts")
@requires(Permission.VIEW_PAYOUTS)
def show_payouts() -> ResponseReturnValue:
    """All payouts, newest first."""
    tools = collaborators()
    tab = asked_choice("status", TABS)
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = payouts_in(
            session, TABS[tab][1] if tab else (), offset=asked.offset, limit=asked.limit
        )
        counts = payout_counts(session)
        limit_fen = policy_in_force(session, tools.now()).policy.two_person_limit_fen
    tabs = [("全部", LIST, tab is None, sum(counts.values()))]
    tabs += [
        (
            word,
            tab_address(LIST, "status", name),
            tab == name,
            sum(counts.get(state, 0) for state in states),
        )
        for name, (word, states) in TABS.items()
    ]
    return render_template(
        "console/payouts/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        limit_fen=limit_fen,
        now=tools.now(),
    )


@blueprint.get("/payouts/<int:payout_id>")
@requires(Permission.VIEW_PAYOUTS)
def show_payout(payout_id: int) -> ResponseReturnValue:
    """One payout with its approvals and what the distributor's accounts hold."""
    return _page(payout_id, None)


@blueprint.post("/payouts/<int:payout_id>/reveal")
@requires(Permission.SEE_PAYOUT_ACCOUNTS)
def reveal_account(payout_id: int) -> ResponseReturnValue:
    """The same page, once with the name and number in clear; the look is written down."""
    tools = collaborators()
    _found(payout_id)
    found = reveal_destination(tools.sessions, payout_id, current_actor(), tools.now())
    # No cache keeps a page of ours: `web.security` says so in each answer.
    return _page(payout_id, found)


def _page(payout_id: int, revealed: Destination | None) -> str:
    tools = collaborators()
    row = _found(payout_id)
    with tools.sessions.read() as session:
        balances = balances_of(session, row.distributor_id)
        account = payout_destination(session, payout_id)
        policy = policy_in_force(session, tools.now()).policy
        tax = Withholding(tax_fen=row.tax_fen, net_fen=row.net_fen)
        if row.status is PayoutStatus.REQUESTED:
            tax = expected_tax(session, row.distributor_id, row.amount_fen, tools.now()).parts
    approved_by = {given.staff_id for given in row.decisions if given.is_approval}
    return render_template(
        "console/payouts/show.html",
        row=row,
        balances=balances,
        account=account,
        revealed=revealed,
        tax=tax,
        needed=approvals_needed(row.amount_fen, policy),
        limit_fen=policy.two_person_limit_fen,
        has_approved=current_staff().id in approved_by,
        this_month=month_of(tools.now()),
        is_bank=row.channel is PayoutChannel.BANK,
        reason_length=MAX_REASON_LENGTH,
    )


@blueprint.post("/payouts/<int:payout_id>/approve")
@requires(Permission.APPROVE_PAYOUTS)
def agree_to_payout(payout_id: int) -> ResponseReturnValue:
    """Agree; above the limit a second, different person has to agree too."""
    tools = collaborators()
    _found(payout_id)
    approval = approve_payout(tools.sessions, payout_id, current_actor(), tools.now())
    if approval.is_complete:
        flash("已通过审批。")
    else:
        flash(f"已记录您的同意（{approval.given}/{approval.needed}），还需要另一位同事审批。")
    return redirect(f"{LIST}/{payout_id}", code=303)


@blueprint.post("/payouts/<int:payout_id>/reject")
@requires(Permission.APPROVE_PAYOUTS)
def refuse_payout(payout_id: int) -> ResponseReturnValue:
    """Refuse with a reason; the money goes back to what she can withdraw."""
    tools = collaborators()
    _found(payout_id)
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    reject_payout(tools.sessions, payout_id, reason=reason, actor=current_actor(), now=tools.now())
    flash("已驳回，金额已退回可提现余额。")
    return redirect(f"{LIST}/{payout_id}", code=303)


@blueprint.post("/payouts/<int:payout_id>/cancel")
@requires(Permission.APPROVE_PAYOUTS)
def take_payout_back(payout_id: int) -> ResponseReturnValue:
    """Cancel what was approved, as long as she hasn't confirmed it."""
    tools = collaborators()
    _found(payout_id)
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    status = cancel_payout(
        tools.sessions,
        tools.payments,
        payout_id,
        reason=reason,
        actor=current_actor(),
        now=tools.now(),
    )
    flash(CANCEL_WORDS.get(status, "已记下，正在向微信撤销，通常几秒钟，结果会显示在这里。"))
    return redirect(f"{LIST}/{payout_id}", code=303)


@blueprint.post("/payouts/<int:payout_id>/bank-transfer")
@requires(Permission.APPROVE_PAYOUTS)
def record_transfer(payout_id: int) -> ResponseReturnValue:
    """Write down the bank's reference of a transfer that was made."""
    tools = collaborators()
    _found(payout_id)
    reference = Form.sent().text("reference", "银行流水号", max_length=LONGEST_REFERENCE)
    record_bank_transfer(
        tools.sessions, payout_id, reference=reference, actor=current_actor(), now=tools.now()
    )
    flash("已登记银行转账，提现完成。")
    return redirect(f"{LIST}/{payout_id}", code=303)


def _found(payout_id: int) -> PayoutRow:
    with collaborators().sessions.read() as session:
        row = payout(session, payout_id)
    if row is None:
        abort(404)
    return row
