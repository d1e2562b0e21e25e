"""A day's bill against our books: each difference one case, whatever is run how often."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from models.database import SessionFactory
from models.payments import Payment, Refund
from models.payouts import Payout
from models.reconciliation import ReconciliationCase, ReconciliationRun
from models.staff import StaffAudit
from queries.invariants import INVARIANTS, check_all
from queries.reconciliation import run_of
from rules.bill_days import day_bounds, ready_at
from rules.payments import PaymentStatus, RefundStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.reconciliation import (
    BillKind,
    CaseReasonRefused,
    CaseTransitionRefused,
    RunStatus,
    Sums,
)
from rules.staff import PermissionMissing, Role
from rules.withholding import WithholdingMethod
from tests.factories.distributors import make_distributor
from tests.factories.staff import actor_of, make_staff
from tests.workflows.reconciliation.conftest import DAY, MORNING, NEXT, Books, fund_row
from wechat.errors import BillUnreadable, WeChatUnreachable
from wechat.gateway import TradeRow
from workflows.audit import StaffActor
from workflows.reconciliation import close_case, fetch_and_compare, reconcile_due, run_again

TRADE, FUND = BillKind.TRADE, BillKind.FUND
NIGHT = day_bounds(DAY)[1] - timedelta(seconds=1)


def compare_trade(books: Books, now: datetime = MORNING) -> RunStatus:
    return fetch_and_compare(books.sessions, books.bills, TRADE, DAY, now)


def sound(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_a_day_that_agrees_has_no_case(books: Books, now: datetime) -> None:
    for _ in range(3):
        books.pay(now)
    assert reconcile_due(books.sessions, books.bills, MORNING) == 2
    assert books.cases() == []
    assert books.runs() == [("trade", DAY, "compared"), ("fund", DAY, "compared")]
    with books.sessions.read() as session:
        run = run_of(session, TRADE, DAY)
    assert run is not None
    assert run.ours == run.bill == Sums(count=3, income_fen=37_200, expense_fen=0)
    assert (run.fee_fen, run.difference_fen, run.sha1) == (222, 0, "a" * 40)
    assert reconcile_due(books.sessions, books.bills, MORNING) == 0
    sound(books.sessions)


def test_each_kind_of_difference_is_one_case_however_often_it_is_run(
    books: Books, now: datetime
) -> None:
    numbers = [books.pay(now) for _ in range(7)]
    fine, dropped, dear, revoked, twice, free, closed = numbers
    rows = {row.out_trade_no: row for row in books.bills.trade[DAY]}
    books.bills.trade[DAY] = [
        rows[fine],
        replace(rows[dear], amount_fen=12_401),
        replace(rows[revoked], state="REVOKED"),
        rows[twice],
        rows[twice],
        replace(rows[free], fee_fen=0),
        rows[closed],
        replace(rows[fine], out_trade_no="elsewhere", transaction_id="4200elsewhere"),
    ]
    with books.sessions.begin() as session:
        session.execute(
            update(Payment)
            .where(Payment.out_trade_no == closed)
            .values(status=PaymentStatus.CLOSED, is_applied=False)
        )
    for _ in range(3):
        assert compare_trade(books) is RunStatus.COMPARED
    assert sorted(books.cases()) == sorted(
        [
            ("trade missing_here", "elsewhere", "open"),
            ("trade missing_at_wechat", dropped, "open"),
            ("trade amount_differs", dear, "open"),
            ("trade state_differs", revoked, "open"),
            ("trade duplicate", twice, "open"),
            ("trade fee_differs", free, "open"),
            ("trade state_differs", closed, "open"),
        ]
    )


def test_what_stands_in_the_next_days_bill_explains_itself(books: Books) -> None:
    number = books.pay(NIGHT, booked_on=NEXT)
    assert reconcile_due(books.sessions, books.bills, MORNING) == 0, "the bill may only be late"
    books.pay(NIGHT - timedelta(hours=5))
    compare_trade(books)
    assert books.cases() == [("trade missing_at_wechat", number, "waiting")]
    fetch_and_compare(books.sessions, books.bills, TRADE, NEXT, ready_at(NEXT))
    assert books.cases() == [("trade missing_at_wechat", number, "closed")]
    with books.sessions.read() as session:
        case = session.scalars(select(ReconciliationCase)).one()
        assert case.reason == f"在 {NEXT} 的账单里找到了"
        assert case.explained_by_id is not None
    compare_trade(books)
    assert books.cases() == [("trade missing_at_wechat", number, "closed")]
    sound(books.sessions)


def test_what_stands_in_two_days_bills_is_one_duplicate(books: Books, now: datetime) -> None:
    number = books.pay(now)
    books.bills.trade[NEXT] = list(books.bills.trade[DAY])
    compare_trade(books)
    for _ in range(2):
        fetch_and_compare(books.sessions, books.bills, TRADE, NEXT, ready_at(NEXT))
        compare_trade(books)
    assert books.cases() == [("trade duplicate", number, "open")]


def test_what_the_next_days_bill_lacks_too_becomes_a_case(books: Books) -> None:
    number = books.pay(NIGHT, booked_on=None)
    books.pay(NIGHT)
    books.pay(NIGHT + timedelta(hours=9), booked_on=NEXT)
    compare_trade(books)
    fetch_and_compare(books.sessions, books.bills, TRADE, NEXT, ready_at(NEXT))
    assert books.cases() == [("trade missing_at_wechat", number, "open")]
    compare_trade(books)
    assert books.cases() == [("trade missing_at_wechat", number, "open")]


def test_a_day_compared_before_the_one_before_it_waits_for_nothing(books: Books) -> None:
    number = books.pay(NIGHT, booked_on=None)
    books.pay(NIGHT)
    books.pay(NIGHT + timedelta(hours=9), booked_on=NEXT)
    fetch_and_compare(books.sessions, books.bills, TRADE, NEXT, ready_at(NEXT))
    compare_trade(books)
    assert books.cases() == [("trade missing_at_wechat", number, "open")]


def test_a_refund_counts_to_the_day_on_which_wechat_took_it_on(books: Books, now: datetime) -> None:
    paid = books.pay(now)
    two_days = now + timedelta(days=2)
    number = books.refund(paid, now, None)
    books.bills.trade[DAY].append(
        replace(
            books.bills.trade[DAY][0],
            state="REFUND",
            out_refund_no=number,
            refund_id=f"5030{number}",
            refund_state="PROCESSING",
            amount_fen=6_200,
            fee_fen=-37,
        )
    )
    compare_trade(books)
    with books.sessions.begin() as session:
        session.execute(update(Refund).values(status=RefundStatus.SUCCEEDED, finished_at=two_days))
    books.pay(two_days, booked_on=DAY + timedelta(days=2))
    reconcile_due(books.sessions, books.bills, ready_at(DAY + timedelta(days=2)))
    assert [case for case in books.cases() if case[0].startswith("trade")] == []


def test_a_payment_that_we_learn_of_later_settles_its_case(books: Books, now: datetime) -> None:
    number = books.pay(now)
    with books.sessions.begin() as session:
        session.execute(
            update(Payment).values(
                status=PaymentStatus.PENDING, is_applied=False, transaction_id=None, paid_at=None
            )
        )
    compare_trade(books)
    assert books.cases() == [("trade state_differs", number, "open")]
    with books.sessions.begin() as session:
        session.execute(
            update(Payment).values(
                status=PaymentStatus.SUCCEEDED,
                is_applied=True,
                transaction_id=f"4200{number[1:]}",
                paid_at=now,
            )
        )
    assert reconcile_due(books.sessions, books.bills, MORNING) == 1
    assert reconcile_due(books.sessions, books.bills, ready_at(NEXT)) == 3
    assert books.cases() == [("trade state_differs", number, "closed")]
    sound(books.sessions)


def test_fees_and_top_ups_in_the_fund_bill_are_sums_not_cases(books: Books, now: datetime) -> None:
    number = books.pay(now)
    paid = books.bills.fund[DAY][0]
    books.bills.fund[DAY] += [
        replace(paid, kind="扣除交易手续费", is_income=False, amount_fen=74),
        fund_row(number="", wechat_number="x", at=now, kind="提现", is_income=False, amount_fen=99),
    ]
    fetch_and_compare(books.sessions, books.bills, FUND, DAY, MORNING)
    assert books.cases() == []
    with books.sessions.read() as session:
        run = run_of(session, FUND, DAY)
    assert run is not None
    assert (run.fee_fen, run.other_fen, run.bill.count) == (74, -99, 1)
    assert number


def test_a_transfer_is_found_by_its_number_under_any_name(books: Books, now: datetime) -> None:
    with books.sessions.begin() as session:
        session.add(
            Payout(
                distributor_id=make_distributor(session).id,
                out_bill_no="TX1",
                channel=PayoutChannel.WECHAT,
                status=PayoutStatus.PAID,
                amount_fen=5_000,
                net_fen=5_000,
                tax_month="2026-11",
                tax_method=WithholdingMethod.NONE,
                requested_at=now,
                finished_at=now,
                transfer_bill_no="1330",
            )
        )
    row = fund_row(number="TX1", wechat_number="1330", at=now, kind="其他", is_income=False)
    books.bills.fund[NEXT] = [replace(row, amount_fen=5_000)]
    fetch_and_compare(books.sessions, books.bills, FUND, NEXT, ready_at(NEXT))
    assert books.cases() == []
    with books.sessions.read() as session:
        run = run_of(session, FUND, NEXT)
    assert run is not None
    assert (run.other_fen, run.bill.expense_fen, run.ours.expense_fen) == (0, 5_000, 5_000)


def test_a_late_bill_is_asked_for_again_and_an_empty_day_is_done(
    books: Books, now: datetime
) -> None:
    books.pay(now, booked_on=None)
    assert reconcile_due(books.sessions, books.bills, MORNING) == 0
    assert books.runs() == [("trade", DAY, "waiting"), ("fund", DAY, "waiting")]
    asked = len(books.bills.asked)
    assert reconcile_due(books.sessions, books.bills, MORNING + timedelta(minutes=59)) == 0
    assert len(books.bills.asked) == asked, "an hour lies between two tries"
    assert reconcile_due(books.sessions, books.bills, MORNING + timedelta(days=1)) == 4
    assert [case[::2] for case in books.cases()] == [
        ("trade missing_at_wechat", "open"),
        ("fund missing_at_wechat", "open"),
    ]
    assert [run[2] for run in books.runs()] == ["compared", "compared", "empty", "empty"]
    sound(books.sessions)


def test_missed_days_are_caught_up_on_in_their_order(books: Books, now: datetime) -> None:
    for back in range(3):
        books.pay(now - timedelta(days=back), booked_on=DAY - timedelta(days=back))
    assert reconcile_due(books.sessions, books.bills, MORNING) == 6
    assert [day for _, day in books.bills.asked[::2]] == [
        DAY - timedelta(days=2),
        DAY - timedelta(days=1),
        DAY,
    ]
    assert books.cases() == []


def test_trouble_is_noted_and_an_unreachable_platform_ends_the_round(
    books: Books, now: datetime
) -> None:
    books.pay(now)
    books.bills.error = BillUnreadable("cut off")
    assert reconcile_due(books.sessions, books.bills, MORNING) == 0
    assert len(books.bills.asked) == 2
    with books.sessions.read() as session:
        run = run_of(session, TRADE, DAY)
        assert run is not None
        assert "不完整" in run.trouble
    books.bills.error = WeChatUnreachable("no answer")
    later = MORNING + timedelta(hours=1)
    assert reconcile_due(books.sessions, books.bills, later) == 0
    assert len(books.bills.asked) == 3
    books.bills.error = None
    assert reconcile_due(books.sessions, books.bills, later + timedelta(hours=1)) == 2
    assert books.cases() == []


def case_id(books: Books) -> int:
    with books.sessions.read() as session:
        return session.scalars(select(ReconciliationCase.id)).one()


def one_case(books: Books, now: datetime) -> int:
    books.pay(now, booked_on=None)
    books.pay(now)
    compare_trade(books)
    return case_id(books)


def test_staff_close_a_case_with_a_reason_once(
    books: Books, now: datetime, finance: StaffActor
) -> None:
    found = one_case(books, now)
    with pytest.raises(CaseReasonRefused):
        close_case(books.sessions, found, reason=" ", actor=finance, now=MORNING)
    close_case(books.sessions, found, reason="已和微信核实", actor=finance, now=MORNING)
    with pytest.raises(CaseTransitionRefused):
        close_case(books.sessions, found, reason="再来一次", actor=finance, now=MORNING)
    with pytest.raises(LookupError):
        close_case(books.sessions, 999, reason="没有", actor=finance, now=MORNING)
    compare_trade(books)
    with books.sessions.read() as session:
        case = session.get_one(ReconciliationCase, found)
        assert (case.status.value, case.reason) == ("closed", "已和微信核实")
        assert (case.closed_by_id, case.explained_by_id) == (finance.staff_id, None)
        audited = session.scalars(select(StaffAudit)).one()
        assert (audited.action, audited.subject_id) == ("close_reconciliation_case", str(found))
    sound(books.sessions)


def test_a_closed_case_opens_again_when_the_bill_says_something_else(
    books: Books, now: datetime, finance: StaffActor
) -> None:
    found = one_case(books, now)
    close_case(books.sessions, found, reason="已核实", actor=finance, now=MORNING)
    with books.sessions.begin() as session:
        case = session.get_one(ReconciliationCase, found)
        case.ours_fen = 1
    compare_trade(books)
    with books.sessions.read() as session:
        case = session.get_one(ReconciliationCase, found)
        assert (case.status.value, case.reason, case.closed_by_id) == ("open", "", None)
    sound(books.sessions)


def test_running_again_is_finances_matter_and_written_down(
    books: Books, now: datetime, finance: StaffActor
) -> None:
    books.pay(now)
    with books.sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        run_again(books.sessions, books.bills, TRADE, DAY, (viewer, MORNING))
    assert books.bills.asked == []
    status = run_again(books.sessions, books.bills, TRADE, DAY, (finance, MORNING))
    assert status is RunStatus.COMPARED
    books.bills.error = WeChatUnreachable("no answer")
    with pytest.raises(WeChatUnreachable):
        run_again(books.sessions, books.bills, TRADE, DAY, (finance, MORNING))
    with books.sessions.read() as session:
        assert session.scalars(select(StaffAudit.action)).all() == ["run_reconciliation"] * 2
        assert session.scalars(select(ReconciliationRun.status)).one() is RunStatus.COMPARED


def test_a_bill_that_is_gone_leaves_what_was_compared(books: Books, now: datetime) -> None:
    books.pay(now)
    compare_trade(books)
    books.bills.trade = {}
    assert compare_trade(books, MORNING + timedelta(days=100)) is RunStatus.COMPARED
    assert books.cases() == []


def test_numbers_without_end_are_kept_in_part(books: Books, now: datetime) -> None:
    books.bills.trade[DAY] = [
        TradeRow(
            at=now,
            out_trade_no="9" * 500,
            transaction_id="8" * 500,
            state="S" * 500,
            currency="CNY",
            amount_fen=1,
            fee_fen=0,
        )
    ]
    compare_trade(books)
    compare_trade(books)
    assert [len(number) for _, number, _ in books.cases()] == [128]
