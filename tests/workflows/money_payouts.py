"""The part of the random days in which money is asked for, approved, taxed and sent."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import func, select

from models.ledger import LedgerAccount, LedgerEntry
from models.payouts import Payout
from rules.ledger import AccountKind
from rules.payouts import PayoutChannel, PayoutRefused, PayoutStatus
from tests.workflows.money_claims import ClaimDays
from tests.workflows.money_oracle import Person
from tests.workflows.payouts.transfers import Transfers
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.payouts import (
    approve_payout,
    cancel_payout,
    confirm_transfer,
    reject_payout,
    request_payout,
    send_payout,
)

ENDS = {
    TransferState.SUCCESS: PayoutStatus.PAID,
    TransferState.FAIL: PayoutStatus.FAILED,
    TransferState.CANCELLED: PayoutStatus.CANCELLED,
}
# Most transfers arrive: only then can a refund find the money gone.
ENDINGS = [*[TransferState.SUCCESS] * 3, TransferState.FAIL, TransferState.CANCELLED]
LEAST_FEN, MOST_FEN, TWO_PEOPLE_ABOVE_FEN, NAME_FROM_FEN = 1_000, 6_000_000, 500_000, 200_000

who = st.integers(0, 2)
which = st.integers(0, 10_000)


class PayoutDays(ClaimDays):
    """A clerk and her colleague, and WeChat; one of three distributors never gave her name."""

    ids: list[int]
    finance: StaffActor
    colleague: StaffActor
    transfers: Transfers

    @rule(who=who, share=st.integers(1, 150))
    def ask(self, who: int, share: int) -> None:
        person = self.oracle.people[self.ids[who]]
        available_fen = max(0, self.oracle.net(self.ids[who]))
        amount_fen = available_fen * share // 100
        may_ask = (
            person.open_id is None
            and self.oracle.net(self.ids[who]) >= 0
            and LEAST_FEN <= amount_fen <= min(available_fen, MOST_FEN)
            and (person.has_name or amount_fen < NAME_FROM_FEN)
        )
        try:
            self._ask(self.ids[who], amount_fen)
        except PayoutRefused:
            assert not may_ask
            return
        assert may_ask

    @precondition(lambda self: self._rich())
    @rule(
        which=which,
        share=st.sampled_from([100, 100, 55, 20]),
        steps=st.integers(1, 4),
        state=st.sampled_from(ENDINGS),
    )
    def pay_out(self, which: int, share: int, steps: int, state: TransferState) -> None:
        """A good part of what she has goes some or all of its way: a refund then owes it."""
        distributor_id, person = self._ask_for_share(which, share)
        if steps > 1:
            self._approve(person)
        if steps > 2:
            self._send(person)
        if steps > 3:
            self._end(distributor_id, state)

    @precondition(lambda self: self._with_payout(PayoutStatus.REQUESTED))
    @rule(which=which, agrees=st.sampled_from([True, True, False]))
    def decide(self, which: int, agrees: bool) -> None:
        distributor_id, person = self._one_with(which, PayoutStatus.REQUESTED)
        if agrees:
            self._approve(person)
            return
        assert person.open_id is not None
        reject_payout(
            self.sessions, person.open_id, reason="不对", actor=self.finance, now=self.now
        )
        self.oracle.close(distributor_id, is_paid=False)

    @precondition(lambda self: self._with_payout(PayoutStatus.APPROVED))
    @rule(which=which)
    def send(self, which: int) -> None:
        self._send(self._one_with(which, PayoutStatus.APPROVED)[1])

    @precondition(lambda self: self._with_payout(PayoutStatus.AWAITING_USER_CONFIRM))
    @rule(which=which, state=st.sampled_from(ENDINGS))
    def end(self, which: int, state: TransferState) -> None:
        self._end(self._one_with(which, PayoutStatus.AWAITING_USER_CONFIRM)[0], state)

    @precondition(lambda self: self._cancellable())
    @rule(which=which, is_quicker=st.sampled_from([False, False, True]))
    def cancel(self, which: int, is_quicker: bool) -> None:
        """Staff take one back; she may have confirmed it just before, unknown to us."""
        found = self._cancellable()
        distributor_id, person = found[which % len(found)]
        assert person.open_id is not None
        was_sent = person.open_status is PayoutStatus.AWAITING_USER_CONFIRM
        if was_sent and is_quicker:
            self.transfers.end(person.open_bill, TransferState.SUCCESS)
        status = cancel_payout(
            self.sessions,
            self.transfers,
            person.open_id,
            reason="发错了",
            actor=self.finance,
            now=self.now,
        )
        if was_sent and not is_quicker:
            assert status is PayoutStatus.AWAITING_USER_CONFIRM
            self._end(distributor_id, TransferState.CANCELLED)
            return
        assert status is (PayoutStatus.PAID if was_sent else PayoutStatus.CANCELLED)
        self.oracle.close(distributor_id, is_paid=was_sent)

    def _cancellable(self) -> list[tuple[int, Person]]:
        waiting = self._with_payout(PayoutStatus.AWAITING_USER_CONFIRM)
        return self._with_payout(PayoutStatus.APPROVED) + waiting

    def _ask(self, distributor_id: int, amount_fen: int) -> None:
        asked = request_payout(
            self.sessions, distributor_id, amount_fen, PayoutChannel.WECHAT, self.now
        )
        self.oracle.asked(distributor_id, asked.payout_id, asked.out_bill_no, amount_fen)
        assert asked.net_fen == self.oracle.people[distributor_id].open_net_fen

    def _ask_for_share(self, which: int, share: int) -> tuple[int, Person]:
        """Let one who may ask do so, for a share of what she has in percent."""
        rich = self._rich()
        distributor_id = rich[which % len(rich)]
        person = self.oracle.people[distributor_id]
        most_fen = MOST_FEN if person.has_name else NAME_FROM_FEN - 1
        amount_fen = min(self.oracle.net(distributor_id) * share // 100, most_fen)
        self._ask(distributor_id, max(LEAST_FEN, amount_fen))
        return distributor_id, person

    def _approve(self, person: Person) -> None:
        assert person.open_id is not None
        needs_two = person.open_fen > TWO_PEOPLE_ABOVE_FEN
        approval = approve_payout(self.sessions, person.open_id, self.finance, self.now)
        assert approval.is_complete is not needs_two
        if needs_two:
            approve_payout(self.sessions, person.open_id, self.colleague, self.now)
        person.open_status = PayoutStatus.APPROVED
        self.oracle.fix_tax(person)

    def _send(self, person: Person) -> None:
        assert person.open_id is not None
        assert person.open_tax is not None
        if person.open_tax.month != self.oracle.month:
            self.oracle.fix_tax(person)
        person.open_status = send_payout(self.sessions, self.transfers, person.open_id, self.now)
        assert person.open_status is PayoutStatus.AWAITING_USER_CONFIRM
        sent = self.transfers.requests[-1]
        assert (sent.out_bill_no, sent.amount_fen) == (person.open_bill, person.open_net_fen)
        assert (sent.real_name is not None) is (person.open_net_fen >= NAME_FROM_FEN)

    def _end(self, distributor_id: int, state: TransferState) -> None:
        fact = self.transfers.end(self.oracle.people[distributor_id].open_bill, state)
        for _ in range(2):
            assert confirm_transfer(self.sessions, fact, self.now) is ENDS[state]
        self.oracle.close(distributor_id, is_paid=state is TransferState.SUCCESS)

    @invariant()
    def payouts_and_taxes_are_the_oracle_s(self) -> None:
        if not hasattr(self, "oracle"):
            return
        people = self.oracle.people.values()
        with self.sessions.read() as session:
            for person in people:
                if person.open_id is None:
                    continue
                stored = session.get_one(Payout, person.open_id)
                assert stored.status is person.open_status
                assert stored.net_fen == person.open_net_fen
                tax = person.open_tax
                assert tax is not None
                kept = (stored.tax_month, stored.tax_method, stored.tax_fen)
                assert kept == (tax.month, tax.method, tax.fen)
            found = select(LedgerAccount.kind, func.sum(LedgerEntry.amount_fen)).where(
                LedgerAccount.kind.in_([AccountKind.TAX_PAYABLE, AccountKind.CASH_OUT])
            )
            found = found.join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
            platform = dict(session.execute(found.group_by(LedgerAccount.kind)).all())
        tax_fen = sum(tax.fen for person in people for _, tax in person.paid)
        paid_fen = sum(person.paid_fen for person in people)
        assert platform.get(AccountKind.TAX_PAYABLE, 0) == tax_fen
        assert platform.get(AccountKind.CASH_OUT, 0) == paid_fen - tax_fen

    def _rich(self) -> list[int]:
        return [
            each
            for each, person in self.oracle.people.items()
            if person.open_id is None and self.oracle.net(each) >= LEAST_FEN
        ]

    def _with_payout(self, status: PayoutStatus) -> list[tuple[int, Person]]:
        return [
            (each, person)
            for each, person in self.oracle.people.items()
            if person.open_status is status
        ]

    def _one_with(self, which: int, status: PayoutStatus) -> tuple[int, Person]:
        found = self._with_payout(status)
        return found[which % len(found)]
