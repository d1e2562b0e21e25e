"""Statements (结算单): the brand's months, each distributor's figures, and both as files."""

import re
from collections.abc import Sequence

from flask import Response, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE
from console.guard import current_actor, requires
from queries.brand_statements import brand_statement
from queries.statements import (
    MonthTotals,
    StatementRow,
    count_months,
    statement,
    statement_month,
    statement_months,
    statements_of_month,
)
from rules.staff import Permission
from web.collaborators import collaborators
from web.exports import CSV_TYPE, XLSX_TYPE, Amount, Cell, Sheet, csv_file, xlsx_file
from web.forms import Form
from web.paging import Page, requested_page
from workflows.brand_statements import export_brand_statement, write_brand_statements
from workflows.statements import export_statements, write_statements

LIST = "/console/statements"
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
FILES = {"csv": (csv_file, CSV_TYPE), "xlsx": (xlsx_file, XLSX_TYPE)}
HEADS = (
    "月份",
    "分销商编号",
    "分销商",
    "期初余额",
    "新增佣金",
    "扣回佣金",
    "转待结算",
    "转可提现",
    "抵扣欠款",
    "申请提现",
    "退回提现",
    "提现（税前）",
    "代扣个税",
    "实付",
    "期末余额",
    "期末预估",
    "期末待结算",
    "期末冻结",
    "期末可提现",
    "期末提现中",
    "期末待抵扣",
)


@blueprint.get("/statements")
@requires(Permission.VIEW_STATEMENTS)
def show_statements() -> ResponseReturnValue:
    """The months, newest first, with the brand's totals."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows = statement_months(session, offset=asked.offset, limit=asked.limit)
        total = count_months(session)
    page = Page(rows=rows, total=total, request=asked)
    return render_template("console/statements/index.html", page=page)


@blueprint.get("/statements/<month>")
@requires(Permission.VIEW_STATEMENTS)
def show_statement_month(month: str) -> ResponseReturnValue:
    """One month: the brand's totals and a row for each distributor."""
    totals = _found(month)
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows = statements_of_month(session, month, offset=asked.offset, limit=asked.limit)
        brand = brand_statement(session, month)
    page = Page(rows=rows, total=totals.statements, request=asked)
    return render_template("console/statements/month.html", totals=totals, page=page, brand=brand)


@blueprint.get("/statements/<month>/<int:distributor_id>")
@requires(Permission.VIEW_STATEMENTS)
def show_statement(month: str, distributor_id: int) -> ResponseReturnValue:
    """One distributor's statement."""
    _found(month)
    with collaborators().sessions.read() as session:
        row = statement(session, month, distributor_id)
    if row is None:
        abort(404)
    return render_template("console/statements/show.html", row=row)


@blueprint.post("/statements/write")
@requires(Permission.VIEW_STATEMENTS)
def write_missing() -> ResponseReturnValue:
    """Write the statements of months that are over, without waiting for the clock."""
    tools = collaborators()
    months = write_statements(tools.sessions, tools.now(), current_actor())
    write_brand_statements(tools.sessions, tools.now())
    flash(f"已生成 {months} 个月的结算单。" if months else "已结束的月份都有结算单了。")
    return redirect(LIST, code=303)


@blueprint.post("/statements/<month>/export")
@requires(Permission.VIEW_STATEMENTS)
def export_month(month: str) -> ResponseReturnValue:
    """Hand a month out as a file; who took it is written down."""
    tools = collaborators()
    _found(month)
    kind = Form.sent().choice("file", "文件格式", tuple(FILES))
    rows = export_statements(
        tools.sessions, month, file_kind=kind, actor=current_actor(), now=tools.now()
    )
    sheet = Sheet(title=month, heads=HEADS, rows=[_cells(row) for row in rows])
    return _file(f"statements-{month}", kind, sheet)


@blueprint.post("/statements/<month>/brand")
@requires(Permission.VIEW_STATEMENTS)
def export_brand(month: str) -> ResponseReturnValue:
    """Hand the brand's month out as a file; who took it is written down."""
    tools = collaborators()
    _found(month)
    kind = Form.sent().choice("file", "文件格式", tuple(FILES))
    row = export_brand_statement(
        tools.sessions, month, file_kind=kind, actor=current_actor(), now=tools.now()
    )
    if row is None:
        abort(404)
    counts = (
        ("订单数", row.orders),
        ("退款笔数", row.refunds),
        ("提现成功人数", row.paid_distributors),
    )
    lines: list[Sequence[Cell]] = [(month, "笔数", *count) for count in counts]
    lines += [
        (month, title, word, Amount(fen=fen))
        for title, parts in row.sections
        for word, fen in parts
    ]
    return _file(
        f"brand-{month}",
        kind,
        Sheet(title=month, heads=("月份", "类别", "项目", "数值"), rows=lines),
    )


def _file(name: str, kind: str, sheet: Sheet) -> Response:
    write, content_type = FILES[kind]
    return Response(
        write(sheet),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Cache-Control": "no-store",
        },
    )


def _found(month: str) -> MonthTotals:
    totals = None
    if MONTH.fullmatch(month):
        with collaborators().sessions.read() as session:
            totals = statement_month(session, month)
    if totals is None:
        abort(404)
    return totals


def _cells(row: StatementRow) -> Sequence[Cell]:
    figures, held = row.figures, row.figures.closing
    amounts = (
        figures.opening_fen,
        figures.accrued_fen,
        figures.reversed_fen,
        figures.matured_fen,
        figures.released_fen,
        figures.netted_fen,
        figures.requested_fen,
        figures.returned_fen,
        figures.gross_fen,
        figures.tax_fen,
        figures.net_fen,
        figures.closing_fen,
        held.estimated_fen,
        held.maturing_fen,
        held.held_fen,
        held.available_fen,
        held.paying_out_fen,
        held.debt_fen,
    )
    who: tuple[Cell, ...] = (row.month, row.distributor_number, row.distributor_name)
    return (*who, *(Amount(fen=fen) for fen in amounts))
