"""Payouts by bank (银行打款): the file for the bank, and what became of each transfer."""

from collections.abc import Sequence

from flask import Response, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import current_actor, requires
from queries.payouts import approved_bank_payouts
from rules.distributors import MAX_REASON_LENGTH
from rules.errors import RuleViolation
from rules.staff import Permission
from web.collaborators import collaborators
from web.exports import CSV_TYPE, XLSX_TYPE, Amount, Cell, Sheet, csv_file, xlsx_file
from web.forms import Form
from web.row_ids import row_id
from workflows.payouts.bank import (
    LONGEST_REFERENCE,
    MOST_AT_ONCE,
    BankOrder,
    BankTransfer,
    export_bank_payouts,
    fail_bank_transfer,
    record_bank_transfers,
)

PAGE = "/console/payouts/bank"
FILES = {"xlsx": (xlsx_file, XLSX_TYPE), "csv": (csv_file, CSV_TYPE)}
HEADS = (
    "收款人姓名",
    "收款账号",
    "开户银行",
    "开户支行",
    "金额（元）",
    "商户单号",
    "分销商",
    "附言",
)
REMARK = "佣金提现"


@blueprint.get("/payouts/bank")
@requires(Permission.APPROVE_PAYOUTS)
def show_bank_payouts() -> ResponseReturnValue:
    """What waits for the bank: approved, not recorded yet."""
    return _page({}, (), None)


def _page(shown: dict[str, str], ticked: Sequence[int], refusal: RuleViolation | None) -> str:
    with collaborators().sessions.read() as session:
        rows = approved_bank_payouts(session, limit=MOST_AT_ONCE)
    return render_template(
        "console/bank_payouts/index.html",
        rows=rows,
        net_fen=sum(row.net_fen for row in rows),
        reference_length=LONGEST_REFERENCE,
        most=MOST_AT_ONCE,
        shown=shown,
        ticked=ticked,
        refusal=refusal,
    )


@blueprint.post("/payouts/bank/export")
@requires(Permission.SEE_PAYOUT_ACCOUNTS)
def export_for_bank() -> ResponseReturnValue:
    """Hand out the file for the bank, with names and numbers in clear; who took it is kept."""
    tools = collaborators()
    kind = Form.sent().choice("file", "文件格式", tuple(FILES))
    orders = export_bank_payouts(
        tools.sessions, file_kind=kind, actor=current_actor(), now=tools.now()
    )
    write, content_type = FILES[kind]
    sheet = Sheet(title="银行打款", heads=HEADS, rows=[_cells(order) for order in orders])
    return Response(
        write(sheet),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="bank-payouts.{kind}"',
            "Cache-Control": "no-store",
        },
    )


@blueprint.post("/payouts/bank/record")
@requires(Permission.APPROVE_PAYOUTS)
def record_ticked() -> ResponseReturnValue:
    """Record the ticked transfers as made, all of them or none; a refusal keeps what was typed."""
    form, ticked = Form.sent(), _ticked()
    try:
        done = _record(form, ticked)
    except RuleViolation as refusal:
        return _page(form.shown(), ticked, refusal), 422
    flash(f"已登记 {done} 笔银行转账，提现完成。")
    return redirect(PAGE, code=303)


def _record(form: Form, ticked: Sequence[int]) -> int:
    tools = collaborators()
    common = form.text("reference", "银行流水号", max_length=LONGEST_REFERENCE, min_length=0)
    transfers = [
        BankTransfer(
            payout_id=payout_id,
            reference=form.text(
                f"reference-{payout_id}", "银行流水号", max_length=LONGEST_REFERENCE, min_length=0
            )
            or common,
        )
        for payout_id in ticked
    ]
    return record_bank_transfers(tools.sessions, transfers, actor=current_actor(), now=tools.now())


@blueprint.post("/payouts/<int:payout_id>/bank-failure")
@requires(Permission.APPROVE_PAYOUTS)
def record_failure(payout_id: int) -> ResponseReturnValue:
    """Record that the bank didn't carry a transfer; the money goes back to her."""
    tools = collaborators()
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    fail_bank_transfer(
        tools.sessions, payout_id, reason=reason, actor=current_actor(), now=tools.now()
    )
    flash("已登记转账失败，金额已退回可提现余额。")
    return redirect(f"/console/payouts/{payout_id}", code=303)


def _ticked() -> list[int]:
    sent = request.form.getlist("payout")
    if len(sent) > MOST_AT_ONCE:
        abort(400)
    ids = {row_id(text) for text in sent}
    if None in ids:
        abort(400)
    return sorted(number for number in ids if number is not None)


def _cells(order: BankOrder) -> Sequence[Cell]:
    where = order.destination
    bank = where.bank if where else None
    return (
        where.real_name if where else "",
        bank.account_number if bank else "",
        bank.bank_name if bank else "",
        bank.branch if bank else "",
        Amount(fen=order.net_fen),
        order.out_bill_no,
        order.distributor_number,
        REMARK,
    )
