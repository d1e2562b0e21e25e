"""The weeks after: commission is released, asked for, approved and paid; the month ends."""

from datetime import timedelta

from rules.ledger import AccountKind
from rules.payout_accounts import BankDetails, PayoutDetails
from rules.payouts import PayoutChannel
from tests.crash.day import FINANCE, INVITER, OWNER, SELLER, Day, Script
from tests.crash.selling import BIG, accept_newest, one_jar
from tests.sandbox_client import Phone
from workflows.aftersales.ask import request_for_buyer
from workflows.ledger import balances
from workflows.payouts import (
    approve_payout,
    cancel_payout,
    record_bank_transfer,
    request_payout,
)
from workflows.payouts.account import register_payout_account

A_WEEK = timedelta(days=7, hours=1)

script = Script()


@script.world
def _a_week_passes(day: Day) -> None:
    day.pass_time(A_WEEK)


script.worker_runs(after="the_after_sales_window")


@script.world
def _another_week_passes(day: Day) -> None:
    day.pass_time(A_WEEK)


script.worker_runs(after="the_hold_days")
script.says(SELLER, {"我的佣金": "可提现　¥"})
script.says(
    INVITER,
    {"提现": "最低 ¥10.00", "200": "请核对", "确认": "已提交提现申请 ¥200.00"},
)


@script.tap
def _she_registers_her_bank_account(day: Day) -> None:
    bank = BankDetails(
        bank_name="招商银行", branch="杭州文三路支行", account_number="0062226200001234"
    )
    details = PayoutDetails(real_name="林女士", bank=bank)
    register_payout_account(day.sessions, day.distributor(SELLER), details, day.now)


@script.tap
def _she_asks_for_a_bank_payout(day: Day) -> None:
    with day.sessions.read() as session:
        available_fen = balances(session, day.distributor(SELLER))[AccountKind.AVAILABLE]
    amount_fen = available_fen // 100 * 100
    request_payout(day.sessions, day.distributor(SELLER), amount_fen, PayoutChannel.BANK, day.now)


def _approve(day: Day, phone: Phone, login: str) -> None:
    payout_id = day.open_payout(phone)
    assert payout_id is not None
    approve_payout(day.sessions, payout_id, day.staff(login), day.now)


@script.tap
def _the_owner_approves_the_small_payout(day: Day) -> None:
    _approve(day, INVITER, OWNER)


@script.tap
def _the_owner_approves_the_big_payout(day: Day) -> None:
    _approve(day, SELLER, OWNER)


@script.tap
def _finance_approves_the_big_payout(day: Day) -> None:
    _approve(day, SELLER, FINANCE)


script.worker_runs(after="the_approvals")


@script.world
def _the_inviter_confirms_the_transfer(day: Day) -> None:
    (transfer,) = day.sandbox.transfers()
    day.sandbox.confirm_transfer(INVITER, transfer["out_bill_no"])


script.told("transfer", of="the_transfer")


@script.tap
def _finance_records_the_bank_transfer(day: Day) -> None:
    payout_id = day.open_payout(SELLER)
    if payout_id is not None:
        record_bank_transfer(
            day.sessions,
            payout_id,
            reference="ICBC20261124001",
            actor=day.staff(FINANCE),
            now=day.now,
        )


@script.tap
def _the_inviter_asks_for_a_little_more(day: Day) -> None:
    request_payout(day.sessions, day.distributor(INVITER), 1_000, PayoutChannel.WECHAT, day.now)


@script.tap
def _the_owner_approves_that_too(day: Day) -> None:
    _approve(day, INVITER, OWNER)


script.worker_runs(after="the_second_approval")


@script.tap
def _finance_takes_it_back(day: Day) -> None:
    payout_id = day.open_payout(INVITER)
    if payout_id is not None:
        cancel_payout(
            day.sessions,
            day.parts.payments,
            payout_id,
            reason="金额填错了",
            actor=day.staff(FINANCE),
            now=day.now,
        )


@script.world
def _wechat_gives_it_back(day: Day) -> None:
    day.sandbox.settle()


script.told("transfer", of="the_cancelled_transfer")


@script.tap
def _staff_give_one_more_jar_back_out_of_goodwill(day: Day) -> None:
    request_for_buyer(
        day.sessions, day.order(BIG), one_jar(day, 2), actor=day.staff(OWNER), now=day.now
    )


@script.tap
def _staff_agree_with_themselves(day: Day) -> None:
    accept_newest(day)


script.worker_runs(after="the_payouts")


@script.world
def _the_last_refund_arrives(day: Day) -> None:
    day.sandbox.settle()


script.told("refund", of="the_last_refund")


@script.world
def _the_month_ends(day: Day) -> None:
    day.pass_time(timedelta(days=10))


script.worker_runs(after="the_months_end")
