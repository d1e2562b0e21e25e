"""A bill's rows as the rule compares them."""

from rules.reconciliation import BillEntry, Entry, Standing, fund_entry
from wechat.gateway import FundRow, TradeRow

REFUND_STANDING = {
    "SUCCESS": Standing.MOVED,
    "CLOSED": Standing.NOT_MOVED,
    "FAIL": Standing.NOT_MOVED,
}
"""Anything else, and what is still being processed on the morning after, is under way."""


def trade_entry(row: TradeRow) -> BillEntry:
    """Return a trade bill's row: a payment, or a refund that WeChat accepted."""
    if row.out_refund_no or row.refund_id:
        return BillEntry(
            entry=Entry.REFUND,
            number=row.out_refund_no,
            wechat_number=row.refund_id,
            amount_fen=row.amount_fen,
            is_income=False,
            standing=REFUND_STANDING.get(row.refund_state, Standing.UNDER_WAY),
            fee_fen=row.fee_fen,
            currency=row.currency,
            word=row.refund_state,
        )
    return BillEntry(
        entry=Entry.PAYMENT,
        number=row.out_trade_no,
        wechat_number=row.transaction_id,
        amount_fen=row.amount_fen,
        is_income=True,
        standing=Standing.MOVED if row.state == "SUCCESS" else Standing.NOT_MOVED,
        fee_fen=row.fee_fen,
        rate_ppm=row.rate_ppm,
        currency=row.currency,
        word=row.state,
    )


def fund_bill_entry(row: FundRow) -> BillEntry:
    """Return a fund bill's row; fees and what isn't ours to know have no entry."""
    entry, is_reversal = fund_entry(row.kind, is_income=row.is_income)
    is_fee = "手续费" in row.kind
    return BillEntry(
        entry=entry,
        number=row.number,
        wechat_number=row.wechat_number,
        amount_fen=row.amount_fen,
        is_income=row.is_income,
        is_reversal=is_reversal,
        fee_fen=(-row.amount_fen if row.is_income else row.amount_fen) if is_fee else 0,
        word=row.kind,
    )
