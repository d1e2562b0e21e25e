"""Reconciliation (对账): WeChat's daily bills against our books, and what staff say of it."""

from collections.abc import Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from flask import Response, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, tab_address
from console.guard import current_actor, requires
from queries.reconciliation import (
    CaseFilter,
    CaseRow,
    RunRow,
    case,
    case_counts,
    cases,
    links_of,
    run_of,
    runs_of,
)
from rules.reconciliation import (
    BY_HAND,
    MAX_REASON_LENGTH,
    BillKind,
    CaseStatus,
    DifferenceKind,
    Entry,
    RunStatus,
)
from rules.staff import Permission
from web.collaborators import collaborators
from web.exports import CSV_TYPE, XLSX_TYPE, Amount, Cell, Sheet, csv_file, xlsx_file
from web.forms import Form
from web.paging import Page, requested_page
from wechat.errors import WeChatError
from workflows.reconciliation import close_case, export_cases, run_again

LIST = "/console/reconciliation"
CASES = f"{LIST}/cases"
CASES_OF_A_DAY = 100
FILES = {"csv": (csv_file, CSV_TYPE), "xlsx": (xlsx_file, XLSX_TYPE)}
BILLS: Final = MappingProxyType({BillKind.TRADE: "交易账单", BillKind.FUND: "资金账单"})
ENTRIES: Final = MappingProxyType(
    {Entry.PAYMENT: "付款", Entry.REFUND: "退款", Entry.TRANSFER: "提现转账"}
)
STATUSES: Final = MappingProxyType(
    {CaseStatus.OPEN: "待处理", CaseStatus.WAITING: "等次日账单", CaseStatus.CLOSED: "已关闭"}
)
DIFFERENCES: Final = MappingProxyType(
    {
        DifferenceKind.MISSING_AT_WECHAT: "微信没有",
        DifferenceKind.MISSING_HERE: "我方没有",
        DifferenceKind.AMOUNT_DIFFERS: "金额不一致",
        DifferenceKind.STATE_DIFFERS: "状态不一致",
        DifferenceKind.DUPLICATE: "重复入账",
        DifferenceKind.FEE_DIFFERS: "手续费不符",
        DifferenceKind.REFUNDED_TWICE: "退了两次",
        DifferenceKind.REFUND_STUCK: "微信退不了",
    }
)
ADVICE: Final = MappingProxyType(
    {
        DifferenceKind.MISSING_AT_WECHAT: (
            "我们记下了这笔钱，微信的账单里却没有。请在微信支付商户平台按单号查询："
            "查得到，就等明天的账单；查不到，请核对订单，不要急着发货或重复打款。"
        ),
        DifferenceKind.MISSING_HERE: (
            "微信的账单里有这笔钱，我们没有记录。多半是同一个商户号在别处也收款；"
            "如果不是，请在商户平台查询付款人，必要时从商户平台退款。"
        ),
        DifferenceKind.AMOUNT_DIFFERS: (
            "同一个单号，两边金额不同。请以商户平台的金额为准核对订单，查清原因后再关闭。"
        ),
        DifferenceKind.STATE_DIFFERS: (
            "一边说钱已经动了，另一边说没有。请在商户平台确认最终状态；"
            "系统会继续向微信查询，状态一致后这条差异会自动关闭。"
        ),
        DifferenceKind.DUPLICATE: (
            "同一个单号入账不止一次。请在商户平台确认是否真的多收或多付，再决定退款或追回。"
        ),
        DifferenceKind.FEE_DIFFERS: (
            "微信收取的手续费和它自己写明的费率对不上（左边是按费率应收）。请联系微信支付客服核实。"
        ),
        DifferenceKind.REFUNDED_TWICE: (
            "这笔退款已登记线下退款，微信随后也退了一次。请在商户平台核实，联系买家退回其中一笔，"
            "查清后写明结果再关闭。佣金只扣回了一次，不受影响。"
        ),
        DifferenceKind.REFUND_STUCK: (
            "这笔付款没有计入订单，微信又退不回去。请与买家联系线下退款，"
            "再到订单页登记凭证，登记后这条会自动关闭。"
        ),
    }
)
WORDS: Final = MappingProxyType(
    {
        "pending": "待付款",
        "succeeded": "已成功",
        "closed": "已关闭",
        "requested": "已申请",
        "processing": "处理中",
        "abnormal": "异常",
        BY_HAND: "已线下退款",
        "approved": "已批准",
        "rejected": "已驳回",
        "sending": "打款中",
        "awaiting_user_confirm": "待收款确认",
        "paid": "已到账",
        "failed": "未成功",
        "expired": "超时未收",
        "cancelled": "已撤销",
        "SUCCESS": "已成功",
        "REFUND": "退款",
        "REVOKED": "已撤销",
        "CLOSED": "已关闭",
        "FAIL": "未成功",
        "PROCESSING": "处理中",
    }
)
"""States of ours, in small letters, and WeChat's."""
HEADS = (
    "账单日期",
    "账单",
    "类别",
    "差异",
    "我方单号",
    "微信单号",
    "我方金额",
    "微信金额",
    "说明",
    "状态",
    "关闭人",
    "关闭原因",
)


@blueprint.get("/reconciliation")
@requires(Permission.VIEW_RECONCILIATION)
def show_reconciliation() -> ResponseReturnValue:
    """The days of one kind of bill, newest first."""
    kind = asked_choice("bill", BillKind) or BillKind.TRADE
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows, total = runs_of(session, kind, offset=asked.offset, limit=asked.limit)
        counts = case_counts(session)
    tabs = [
        (word, LIST if bill is BillKind.TRADE else f"{LIST}?bill={bill}", bill is kind, None)
        for bill, word in BILLS.items()
    ]
    return render_template(
        "console/reconciliation/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        kind=kind,
        open_cases=counts.get(CaseStatus.OPEN, 0),
        waiting_cases=counts.get(CaseStatus.WAITING, 0),
        now=collaborators().now(),
    )


@blueprint.get("/reconciliation/<bill>/<day>")
@requires(Permission.VIEW_RECONCILIATION)
def show_reconciled_day(bill: str, day: str) -> ResponseReturnValue:
    """One bill of one day: both sides' sums, and its differences."""
    run = _found_run(bill, day)
    wanted = CaseFilter(bill_kind=run.bill_kind, day=run.bill_date)
    with collaborators().sessions.read() as session:
        rows, total = cases(session, wanted, offset=0, limit=CASES_OF_A_DAY)
    return render_template(
        "console/reconciliation/day.html",
        run=run,
        rows=rows,
        total=total,
        bill_word=BILLS[run.bill_kind],
        differences=DIFFERENCES,
        entries=ENTRIES,
        now=collaborators().now(),
    )


@blueprint.post("/reconciliation/<bill>/<day>/run")
@requires(Permission.SETTLE_RECONCILIATION)
def reconcile_again(bill: str, day: str) -> ResponseReturnValue:
    """Fetch a day's bill anew and compare it."""
    tools = collaborators()
    run = _found_run(bill, day)
    asked = (current_actor(), tools.now())
    try:
        status = run_again(tools.sessions, tools.bills, run.bill_kind, run.bill_date, asked)
    except WeChatError:
        flash("账单没有取到，原因写在下面；系统一小时后会再试。", "error")
    else:
        if status is RunStatus.WAITING:
            flash("微信还没有生成这一天的账单，系统每小时会再看一次。", "error")
        else:
            flash("已重新对账。")
    return redirect(f"{LIST}/{bill}/{day}", code=303)


@blueprint.get("/reconciliation/cases")
@requires(Permission.VIEW_RECONCILIATION)
def show_differences() -> ResponseReturnValue:
    """Differences, newest day first."""
    status = asked_choice("status", CaseStatus)
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows, total = cases(
            session, CaseFilter(status=status), offset=asked.offset, limit=asked.limit
        )
        counts = case_counts(session)
    tabs = [("全部", CASES, status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(CASES, "status", name), name is status, counts.get(name, 0))
        for name, word in STATUSES.items()
    ]
    return render_template(
        "console/reconciliation/cases.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        status=status,
        bills=BILLS,
        differences=DIFFERENCES,
        entries=ENTRIES,
    )


@blueprint.get("/reconciliation/cases/<int:case_id>")
@requires(Permission.VIEW_RECONCILIATION)
def show_difference(case_id: int) -> ResponseReturnValue:
    """One difference: both sides, what to do, and where it leads."""
    with collaborators().sessions.read() as session:
        row = case(session, case_id)
        if row is None:
            abort(404)
        links = links_of(session, row)
    return render_template(
        "console/reconciliation/case.html",
        row=row,
        links=links,
        note=_note(row),
        word=DIFFERENCES[row.kind],
        advice=ADVICE[row.kind],
        bill_word=BILLS[row.bill_kind],
        entry_word=ENTRIES[row.entry],
        reason_length=MAX_REASON_LENGTH,
    )


@blueprint.post("/reconciliation/cases/<int:case_id>/close")
@requires(Permission.SETTLE_RECONCILIATION)
def close_difference(case_id: int) -> ResponseReturnValue:
    """Close a difference with a reason."""
    tools = collaborators()
    with tools.sessions.read() as session:
        if case(session, case_id) is None:
            abort(404)
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    close_case(tools.sessions, case_id, reason=reason, actor=current_actor(), now=tools.now())
    flash("已关闭这条差异，原因已记下。")
    return redirect(f"{CASES}/{case_id}", code=303)


@blueprint.post("/reconciliation/cases/export")
@requires(Permission.VIEW_RECONCILIATION)
def export_differences() -> ResponseReturnValue:
    """Hand differences out as a file; who took it is written down."""
    tools, form = collaborators(), Form.sent()
    kind = form.choice("file", "文件格式", tuple(FILES))
    has_status = form.has("status")
    status = form.choice("status", "状态", tuple(CaseStatus)) if has_status else None
    rows = export_cases(
        tools.sessions,
        CaseFilter(status=status),
        file_kind=kind,
        actor=current_actor(),
        now=tools.now(),
    )
    write, content_type = FILES[kind]
    sheet = Sheet(title="对账差异", heads=HEADS, rows=[_cells(row) for row in rows])
    return Response(
        write(sheet),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="reconciliation.{kind}"',
            "Cache-Control": "no-store",
        },
    )


def _found_run(bill: str, day: str) -> RunRow:
    run = None
    if bill in set(BillKind):
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            abort(404)
        with collaborators().sessions.read() as session:
            run = run_of(session, BillKind(bill), wanted)
    if run is None or run.bill_date.isoformat() != day:
        abort(404)
    return run


def _note(row: CaseRow) -> str:
    """Say in words what the two sides say."""
    if row.kind in {DifferenceKind.STATE_DIFFERS, DifferenceKind.REFUNDED_TWICE}:
        ours, _, bill = row.note.partition("/")
        return f"我方：{WORDS.get(ours, ours)}，微信：{WORDS.get(bill, bill)}"
    return row.note if row.kind is DifferenceKind.DUPLICATE else WORDS.get(row.note, row.note)


def _cells(row: CaseRow) -> Sequence[Cell]:
    return (
        row.bill_date.isoformat(),
        BILLS[row.bill_kind],
        ENTRIES[row.entry],
        DIFFERENCES[row.kind],
        row.number,
        row.wechat_number,
        "" if row.ours_fen is None else Amount(fen=row.ours_fen),
        "" if row.bill_fen is None else Amount(fen=row.bill_fen),
        _note(row),
        STATUSES[row.status],
        row.closed_by or ("系统" if row.status is CaseStatus.CLOSED else ""),
        row.reason,
    )
