"""The daily bills (交易账单, 资金账单), from what happened here; and changes that a test makes."""

import gzip
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sandbox.bill_events import FundEvent, TradeEvent, write_fund_bill, write_trade_bill
from sandbox.clock import SHANGHAI, real_now
from sandbox.errors import ControlError, PayError
from sandbox.ground import Ground
from sandbox.payments import Payments
from sandbox.refunds import Refunds
from sandbox.store import Row
from sandbox.transfers import Transfers
from sandbox.wallet import Wallet

ONE_DAY = timedelta(days=1)
Event = TypeVar("Event", TradeEvent, FundEvent)


class BillKind(StrEnum):
    """Which bill."""

    TRADE = "trade"
    FUND = "fund"


class ChangeKind(StrEnum):
    """What a test does to a bill: LATE books an event on the next day instead."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    AMOUNT = "amount"
    STATE = "state"
    FOREIGN = "foreign"
    LATE = "late"


NEEDS_NUMBER = frozenset(ChangeKind) - {ChangeKind.FOREIGN}
NEEDS_AMOUNT = frozenset({ChangeKind.AMOUNT, ChangeKind.FOREIGN})


@dataclass(frozen=True, slots=True, kw_only=True)
class BillChange:
    """One change of one day's bill; `number` is the merchant's number of the event it is about."""

    bill: BillKind
    day: date
    kind: ChangeKind
    number: str
    amount_fen: int
    state: str


class Bills:
    """Bills by kind and day (Asia/Shanghai, by the sandbox's clock)."""

    def __init__(
        self,
        ground: Ground,
        payments: Payments,
        refunds: Refunds,
        transfers: Transfers,
        wallet: Wallet,
    ) -> None:
        self._ground = ground
        self._payments = payments
        self._refunds = refunds
        self._transfers = transfers
        self._wallet = wallet

    def request(
        self, bill: BillKind, asked: str, *, is_gzip: bool, only: str = "ALL"
    ) -> tuple[str, str]:
        """Make a bill ready; return the SHA-1 of its text and a token that opens it once.

        Raises: PayError.
        """
        day = self._day(asked)
        content = self._trade(day, only) if bill is BillKind.TRADE else self._fund(day)
        token = secrets.token_urlsafe(32)
        self._ground.store.run("DELETE FROM bill_files WHERE expires_real <= ?", real_now())
        self._ground.store.run(
            "INSERT INTO bill_files (token, content, expires_real) VALUES (?, ?, ?)",
            token,
            gzip.compress(content) if is_gzip else content,
            real_now() + self._ground.knobs.bill_link_seconds,
        )
        return hashlib.sha1(content, usedforsecurity=False).hexdigest(), token

    def take(self, token: str) -> bytes:
        """Return the file behind a token, once. Raises: PayError."""
        with self._ground.store.transaction():
            row = self._ground.store.row(
                "SELECT content FROM bill_files WHERE token = ? AND expires_real > ?",
                token,
                real_now(),
            )
            self._ground.store.run("DELETE FROM bill_files WHERE token = ?", token)
        if row is None:
            raise PayError(400, "INVALID_REQUEST", "下载地址无效或已过期")
        return bytes(row["content"])

    def _day(self, asked: str) -> date:
        try:
            day = date.fromisoformat(asked)
        except ValueError as error:
            raise PayError(400, "PARAM_ERROR", "账单日期格式应为 yyyy-MM-dd") from error
        if day.isoformat() != asked:
            raise PayError(400, "PARAM_ERROR", "账单日期格式应为 yyyy-MM-dd")
        now = datetime.fromtimestamp(self._ground.clock.now(), SHANGHAI)
        if day < now.date() - self._ground.knobs.bill_days * ONE_DAY:
            raise PayError(400, "PARAM_ERROR", "仅支持三个月内的账单下载申请")
        if now.timestamp() < self._ready_at(day):
            raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
        return day

    def _ready_at(self, day: date) -> float:
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        return midnight.timestamp() + 86400 + self._ground.knobs.bill_hour * 3600

    def _trade(self, day: date, only: str) -> bytes:
        events = self._of_day(BillKind.TRADE, day, self._trade_events, self._foreign_trade)
        states = {
            change.number: change.state
            for change in self.changes()
            if change.day == day and change.kind is ChangeKind.STATE
        }
        events = [self._with_fee(_with_state(event, states)) for event in events]
        if only == "SUCCESS":
            events = [event for event in events if not event.out_refund_no]
        elif only == "REFUND":
            events = [event for event in events if event.out_refund_no]
        _refuse_nothing(events)
        merchant_id = self._ground.merchant.merchant_id
        return write_trade_bill(events, merchant_id, self._ground.knobs.pay_fee_bp)

    def _fund(self, day: date) -> bytes:
        events = self._of_day(BillKind.FUND, day, self._fund_events, self._foreign_fund)
        _refuse_nothing(events)
        before = [event for event in self._fund_events() if _day_of(event.at) < day]
        opening_fen = self._ground.knobs.opening_balance_fen + sum(
            event.amount_fen if event.is_income else -event.amount_fen for event in before
        )
        return write_fund_bill(events, opening_fen)

    def _of_day(
        self,
        bill: BillKind,
        day: date,
        happened: Callable[[], Iterable[Event]],
        foreign: Callable[[BillChange], Event],
    ) -> list[Event]:
        changes = self.changes()
        late = [
            _moved(event)
            for event in happened()
            if _day_of(event.at) == day - ONE_DAY
            and any(
                change.kind is ChangeKind.LATE and _is_about(change, bill, day - ONE_DAY, event)
                for change in changes
            )
        ]
        events = [event for event in happened() if _day_of(event.at) == day] + late
        for change in changes:
            if (change.bill, change.day) != (bill, day):
                continue
            if change.kind is ChangeKind.FOREIGN:
                events.append(foreign(change))
            else:
                events = [kept for event in events for kept in _changed(event, change)]
        return sorted(events, key=lambda event: event.at)

    def _with_fee(self, event: TradeEvent) -> TradeEvent:
        """The fee follows an amount that a test has changed."""
        fee_fen = self._wallet.fee_fen(event.amount_fen)
        return replace(event, fee_fen=-fee_fen if event.out_refund_no else fee_fen)

    def _trade_events(self) -> Iterable[TradeEvent]:
        for payment in self._payments.all():
            if payment.paid_at is None:
                continue
            assert payment.transaction_id is not None
            paid = TradeEvent(
                at=payment.paid_at,
                app_id=payment.app_id,
                openid=payment.openid,
                transaction_id=payment.transaction_id,
                out_trade_no=payment.out_trade_no,
                description=payment.description,
                attach=payment.attach,
                state="SUCCESS",
                amount_fen=payment.amount_fen,
                fee_fen=self._wallet.fee_fen(payment.amount_fen),
            )
            yield paid
            for refund in self._refunds.of(payment.out_trade_no):
                # The bill is a picture of its own morning: later ends don't show.
                morning = self._ready_at(_day_of(refund.created_at))
                is_done = refund.succeeded_at is not None and refund.succeeded_at < morning
                yield replace(
                    paid,
                    at=refund.created_at,
                    state="REFUND",
                    amount_fen=refund.refund_fen,
                    fee_fen=-self._wallet.fee_fen(refund.refund_fen),
                    refund_id=refund.refund_id,
                    out_refund_no=refund.out_refund_no,
                    refund_state="SUCCESS" if is_done else "PROCESSING",
                )

    def _fund_events(self) -> Iterable[FundEvent]:
        for trade in self._trade_events():
            is_refund = bool(trade.out_refund_no)
            if is_refund and self._refunds.get(trade.out_refund_no).status == "CLOSED":
                continue
            money = FundEvent(
                at=trade.at,
                wechat_number=trade.refund_id or trade.transaction_id,
                flow_number=_flow(trade.number, "money"),
                business="退款" if is_refund else "交易",
                kind="退款" if is_refund else "交易",
                is_income=not is_refund,
                amount_fen=trade.amount_fen,
                number=trade.number,
                note=trade.attach,
            )
            yield money
            if trade.fee_fen:
                yield replace(
                    money,
                    flow_number=_flow(trade.number, "fee"),
                    kind="退还交易手续费" if is_refund else "扣除交易手续费",
                    is_income=is_refund,
                    amount_fen=abs(trade.fee_fen),
                )
        for transfer in self._transfers.all(None, "SUCCESS"):
            yield FundEvent(
                at=transfer.updated_at,
                wechat_number=transfer.transfer_bill_no,
                flow_number=_flow(transfer.out_bill_no, "transfer"),
                business="商家转账",
                kind="商家转账",
                is_income=False,
                amount_fen=transfer.amount_fen,
                number=transfer.out_bill_no,
                note=transfer.remark,
            )

    def _foreign_trade(self, change: BillChange) -> TradeEvent:
        return TradeEvent(
            at=_noon(change.day),
            app_id=self._ground.account.app_id,
            openid="oForeign",
            transaction_id=_flow(change.number, "foreign"),
            out_trade_no=change.number or _flow(change.day.isoformat(), "foreign")[:28],
            description="别处的商品",
            attach="",
            state="SUCCESS",
            amount_fen=change.amount_fen,
            fee_fen=self._wallet.fee_fen(change.amount_fen),
        )

    def _foreign_fund(self, change: BillChange) -> FundEvent:
        return FundEvent(
            at=_noon(change.day),
            wechat_number=_flow(change.number, "foreign"),
            flow_number=_flow(change.number, "foreign money"),
            business="交易",
            kind="交易",
            is_income=True,
            amount_fen=change.amount_fen,
            number=change.number or _flow(change.day.isoformat(), "foreign")[:28],
        )

    def change(self, new: BillChange) -> int:
        """Change a bill from now on; return the change's id. Raises: ControlError."""
        if new.kind in NEEDS_NUMBER and not new.number:
            raise ControlError(400, "number", f"{new.kind} needs the number of an event")
        if new.kind in NEEDS_AMOUNT and new.amount_fen <= 0:
            raise ControlError(400, "amount_fen", f"{new.kind} needs an amount above 0")
        if new.kind is ChangeKind.STATE and (new.bill is BillKind.FUND or not new.state):
            raise ControlError(400, "state", "state is for trade bills and needs a state")
        return self._ground.store.insert(
            "INSERT INTO bill_changes (bill, day, kind, number, amount_fen, state) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            new.bill,
            new.day.isoformat(),
            new.kind,
            new.number,
            new.amount_fen,
            new.state,
        )

    def changes(self) -> list[BillChange]:
        """Return the changes in force, oldest first."""
        rows = self._ground.store.rows("SELECT * FROM bill_changes ORDER BY change_id")
        return [_change(row) for row in rows]

    def clear(self) -> None:
        """Let all bills be what happened again."""
        self._ground.store.run("DELETE FROM bill_changes")


def _refuse_nothing(events: list[Event]) -> None:
    if not events:
        raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")


def _is_about(change: BillChange, bill: BillKind, day: date, event: Event) -> bool:
    return (change.bill, change.day, change.number) == (bill, day, event.number)


def _changed(event: Event, change: BillChange) -> list[Event]:
    if event.number != change.number:
        return [event]
    if change.kind in {ChangeKind.DROP, ChangeKind.LATE}:
        return []
    if change.kind is ChangeKind.DUPLICATE:
        return [event, event]
    if change.kind is ChangeKind.AMOUNT:
        return [replace(event, amount_fen=change.amount_fen)]
    return [event]


def _with_state(event: TradeEvent, states: Mapping[str, str]) -> TradeEvent:
    state = states.get(event.number)
    if state is None:
        return event
    if event.out_refund_no:
        return replace(event, refund_state=state)
    return replace(event, state=state)


def _moved(event: Event) -> Event:
    """Book an event at the first second of the next day."""
    day = _day_of(event.at) + ONE_DAY
    return replace(event, at=_noon(day) - 12 * 3600)


def _day_of(at: float) -> date:
    return datetime.fromtimestamp(at, SHANGHAI).date()


def _noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI).timestamp()


def _flow(number: str, kind: str) -> str:
    """Return WeChat's own number of a movement: always the same for the same event."""
    digest = hashlib.sha256(f"{kind} {number}".encode()).hexdigest()
    return "1900" + str(int(digest, 16))[:28]


def _change(row: Row) -> BillChange:
    return BillChange(
        bill=BillKind(row["bill"]),
        day=date.fromisoformat(row["day"]),
        kind=ChangeKind(row["kind"]),
        number=row["number"],
        amount_fen=row["amount_fen"],
        state=row["state"],
    )
