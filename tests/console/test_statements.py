"""Statements in the console: figures that add up, and files that compute nothing."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.staff import StaffAudit
from rules.staff import Role
from tests.console.conftest import Enter, World

LIST = "/console/statements"


def test_a_month_and_a_statement_show_the_figures(enter: Enter, world: World) -> None:
    browser = enter(Role.FINANCE)
    month = browser.get(f"{LIST}/{world.statement_month}").get_data(as_text=True)
    assert "导出 Excel" in month
    assert f'href="{LIST}/{world.statement_month}/{world.distributor_id}"' in month
    one = browser.get(f"{LIST}/{world.statement_month}/{world.distributor_id}")
    assert "期末余额" in one.get_data(as_text=True)


@pytest.mark.parametrize("month", ["1999-01", "2026-13", "2026-1", "x", "2026-11'--", "2090-01"])
def test_a_month_without_statements_is_not_found(enter: Enter, month: str) -> None:
    assert enter(Role.OWNER).get(f"{LIST}/{month}").status_code == 404


def test_both_files_hold_the_month_and_no_formula(
    enter: Enter, world: World, sessions: SessionFactory
) -> None:
    with sessions.begin() as session:
        session.get_one(Distributor, world.distributor_id).name = '=HYPERLINK("http://x","点")'
    browser, path = enter(Role.FINANCE), f"{LIST}/{world.statement_month}/export"
    as_csv = browser.send(path, file="csv")
    assert as_csv.headers["Content-Disposition"].endswith(f'-{world.statement_month}.csv"')
    assert as_csv.data.startswith(b"\xef\xbb\xbf")
    heads, *rows = list(csv.reader(StringIO(as_csv.data.decode("utf-8-sig"), newline="")))
    evil = next(row for row in rows if "HYPERLINK" in row[2])
    assert evil[2].startswith("'=")
    opening, accrued, taken = (heads.index(name) for name in ("期初余额", "新增佣金", "扣回佣金"))
    assert (evil[opening], evil[taken]) == ("0.00", "0.00")
    page = load_workbook(BytesIO(browser.send(path, file="xlsx").data)).active
    assert page is not None
    cells = [cell for row in page.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert f"{page.cell(2, accrued + 1).value:.2f}" == rows[0][accrued]
    with sessions.read() as session:
        traces = session.scalars(
            select(StaffAudit).where(StaffAudit.action == "export_statements")
        ).all()
    assert [trace.after["file"] for trace in traces] == ["csv", "xlsx"]


def test_an_unknown_kind_of_file_is_refused(enter: Enter, world: World) -> None:
    path = f"{LIST}/{world.statement_month}/export"
    answer = enter(Role.FINANCE).send(path, file="exe")
    assert "Content-Disposition" not in answer.headers
    assert answer.status_code == 303


def test_staff_may_write_what_is_missing(enter: Enter) -> None:
    assert enter(Role.OWNER).send(f"{LIST}/write").status_code == 303
