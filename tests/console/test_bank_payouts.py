"""The bank's file in the console, and transfers recorded by ticking rows."""

import csv
import re
from io import BytesIO, StringIO

from openpyxl import load_workbook
from sqlalchemy import select, update

from models.database import SessionFactory
from models.payout_accounts import PayoutAccount
from models.payouts import Payout
from models.staff import StaffAudit
from rules.payouts import PayoutMissing, PayoutStatus
from rules.staff import Role
from tests.console.conftest import Enter, World
from tests.factories.payout_accounts import ACCOUNT_NUMBER, REAL_NAME

PAGE = "/console/payouts/bank"


def approve(enter: Enter, world: World) -> None:
    for role in (Role.FINANCE, Role.OWNER):
        enter(role).send(f"/console/payouts/{world.large_payout_id}/approve")


def test_the_file_keeps_zeros_and_computes_nothing(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    approve(enter, world)
    with sessions.begin() as session:
        session.execute(update(PayoutAccount).values(branch="=1+1"))
    finance = enter(Role.FINANCE)
    text = finance.send(f"{PAGE}/export", file="csv").get_data().decode("utf-8-sig")
    (heads, row) = list(csv.reader(StringIO(text)))
    said = dict(zip(heads, row, strict=True))
    assert said["收款人姓名"] == REAL_NAME
    assert said["收款账号"] == ACCOUNT_NUMBER
    assert said["开户支行"] == "'=1+1"
    assert said["金额（元）"] == "6000.00"
    answer = finance.send(f"{PAGE}/export", file="xlsx")
    assert answer.headers["Cache-Control"] == "no-store"
    page = load_workbook(BytesIO(answer.get_data())).active
    assert page is not None
    cells = list(next(page.iter_rows(min_row=2)))
    assert (cells[1].value, cells[1].data_type) == (ACCOUNT_NUMBER, "s")
    assert (cells[3].value, cells[3].data_type) == ("'=1+1", "s")
    assert finance.send(f"{PAGE}/export", file="exe").status_code != 200
    with sessions.read() as session:
        assert session.get_one(Payout, world.large_payout_id).status is PayoutStatus.APPROVED
        written = [str(row.after) for row in session.scalars(select(StaffAudit))]
    assert not any(ACCOUNT_NUMBER in row or REAL_NAME in row for row in written)


def test_the_page_masks_and_records_what_is_ticked(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    finance = enter(Role.FINANCE)
    assert "没有等待打款的提现" in finance.get(PAGE).get_data(as_text=True)
    approve(enter, world)
    page = finance.get(PAGE).get_data(as_text=True)
    assert "**** 1234" in page
    assert ACCOUNT_NUMBER not in page
    ticked = str(world.large_payout_id)
    finance.send(f"{PAGE}/record", reference="ICBC1")
    finance.send(f"{PAGE}/record", payout=ticked)
    for junk in ("x", "-1", "1e3", "９", "9" * 30, "0" * 20 + "9" * 30):
        assert finance.send(f"{PAGE}/record", payout=junk, reference="B").status_code in {400, 404}
    with sessions.read() as session:
        assert session.get_one(Payout, world.large_payout_id).status is PayoutStatus.APPROVED
    finance.send(f"{PAGE}/record", payout=ticked, reference="ICBC20261124")
    with sessions.read() as session:
        payout = session.get_one(Payout, world.large_payout_id)
    assert (payout.status, payout.transfer_bill_no) == (PayoutStatus.PAID, "ICBC20261124")


def test_a_refusal_keeps_ticks_and_references(enter: Enter, world: World) -> None:
    approve(enter, world)
    number = world.large_payout_id
    finance = enter(Role.FINANCE)
    forgotten = finance.send(f"{PAGE}/record", reference="20261129-7")
    assert forgotten.status_code == 422
    page = forgotten.get_data(as_text=True)
    assert "请先勾选已经转账的提现" in page
    assert 'name="reference" type="text" value="20261129-7"' in page
    unnamed = finance.send(f"{PAGE}/record", payout=str(number))
    page = unnamed.get_data(as_text=True)
    assert "请填写银行流水号" in page
    assert re.search(rf'name="payout" value="{number}"[^>]* checked', page)
    # A colleague was quicker: nothing is left to tick, and the page says why.
    assert finance.send(f"{PAGE}/record", payout=str(number), reference="1").status_code == 303
    late = finance.send(f"{PAGE}/record", payout=str(number), reference="1")
    assert "没有等待打款的提现" in late.get_data(as_text=True)
    assert 'class="form-refusal"' in late.get_data(as_text=True)


def test_a_failure_is_recorded_with_its_reason(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    approve(enter, world)
    path = f"/console/payouts/{world.large_payout_id}"
    finance = enter(Role.FINANCE)
    finance.send(f"{path}/bank-failure", reason="户名不符")
    with sessions.read() as session:
        payout = session.get_one(Payout, world.large_payout_id)
    assert (payout.status, payout.failure) == (PayoutStatus.FAILED, "户名不符")
    assert "户名不符" in finance.get(path).get_data(as_text=True)


def test_a_payout_that_does_not_exist_is_refused(enter: Enter) -> None:
    finance = enter(Role.FINANCE)
    failed = finance.send("/console/payouts/99/bank-failure", reason="户名不符")
    assert failed.status_code == 303
    assert PayoutMissing.message in finance.get(PAGE).get_data(as_text=True)
    recorded = finance.send(f"{PAGE}/record", payout="99", reference="ICBC1")
    assert recorded.status_code == 422
    assert PayoutMissing.message in recorded.get_data(as_text=True)
