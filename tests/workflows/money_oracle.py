"""What a small, pure oracle knows of everybody's money: the rules, and no accounts.

What a line must have earned, who holds which stage, and that available money and debt are the two
sides of one figure.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from rules.payouts import PayoutStatus
from rules.withholding import WithholdingMethod

BRACKETS = ((0, "0.2"), (20_000, "0.3"), (50_000, "0.4"))
"""From how many taxable yuan on which part is withheld: the table, without quick deductions."""


def month_of(moment: datetime) -> str:
    """The month that a calendar in China shows."""
    return f"{moment + timedelta(hours=8):%Y-%m}"


def labour_tax(gross_fen: int) -> int:
    """What a month's labour remuneration owes: in yuan, slice by slice, as one would by hand."""
    gross = Decimal(gross_fen) / 100
    taxable = max(Decimal(0), gross - 800) if gross <= 4_000 else gross * Decimal("0.8")
    ends = [Decimal(start) for start, _ in BRACKETS] + [max(taxable, Decimal(50_000))]
    tax = Decimal(0)
    for (start, end), (_, rate) in zip(pairwise(ends), BRACKETS, strict=True):
        tax += max(Decimal(0), min(taxable, end) - start) * Decimal(rate)
    return int((tax * 100).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(slots=True)
class Line:
    """What was paid for a line and given back, in money and units."""

    id: int
    paid_fen: int
    quantity: int
    refunded_fen: int = 0
    returned: int = 0

    def margin(self, supply_fen: int) -> int:
        """What is left above the supply price of the units kept."""
        kept_fen = self.paid_fen - self.refunded_fen
        return max(0, kept_fen - supply_fen * (self.quantity - self.returned))


@dataclass(slots=True)
class Sale:
    """An order in the oracle's words: who earns at which rate, and in which stage it stands.

    On consignment the one who earns gets all above `supply_fen` a unit, and her rate is nothing.
    """

    id: int
    lines: list[Line]
    rates: dict[int, int]
    supply_fen: int | None = None
    stage: str = "estimated"
    completed_at: datetime | None = None
    own_stage: dict[int, str] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)

    def stage_of(self, who: int) -> str:
        """The order's stage, unless a hold set one person's share apart."""
        return self.own_stage.get(who, self.stage)

    def earned(self, who: int) -> int:
        """The rule, written down once more."""
        if self.supply_fen is not None:
            is_hers = who in self.rates and who not in self.revoked
            return sum(line.margin(self.supply_fen) for line in self.lines) if is_hers else 0
        rate_bp = 0 if who in self.revoked else self.rates.get(who, 0)
        return sum((line.paid_fen - line.refunded_fen) * rate_bp // 10_000 for line in self.lines)


@dataclass(slots=True)
class Tax:
    """What is withheld from a payout, for which month, by which method."""

    month: str
    method: WithholdingMethod
    fen: int


@dataclass(slots=True)
class Person:
    """A distributor's payouts: what was paid for good, and the one that is open."""

    has_name: bool = True
    paid_fen: int = 0
    paid: list[tuple[int, Tax]] = field(default_factory=list)
    open_id: int | None = None
    open_bill: str = ""
    open_fen: int = 0
    open_tax: Tax | None = None
    open_status: PayoutStatus | None = None

    def tax(self, amount_fen: int, month: str, method: WithholdingMethod) -> Tax:
        """What a payout bears: the tax of all that the month has by then, less what it bore."""
        if method is WithholdingMethod.NONE:
            return Tax(month=month, method=method, fen=0)
        alike = [
            (fen, tax.fen) for fen, tax in self.paid if (tax.month, tax.method) == (month, method)
        ]
        owed_fen = labour_tax(amount_fen + sum(fen for fen, _ in alike))
        return Tax(month=month, method=method, fen=owed_fen - sum(tax_fen for _, tax_fen in alike))

    @property
    def open_net_fen(self) -> int:
        """What of the open payout arrives."""
        assert self.open_tax is not None
        return self.open_fen - self.open_tax.fen


@dataclass(slots=True)
class Book:
    """What moved for one person in one month, in fen."""

    accrued_fen: int = 0
    requested_fen: int = 0
    returned_fen: int = 0
    gross_fen: int = 0
    tax_fen: int = 0


@dataclass(slots=True)
class Held:
    """An open hold: on an order or a person, and where each share came from."""

    id: int
    order_id: int | None
    who: int | None
    shares: list[tuple[Sale, int, str]]


@dataclass(slots=True)
class Oracle:
    """Everybody's sales and payouts, and the books of the month that runs."""

    month: str
    method: WithholdingMethod
    sales: list[Sale] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    holds: list[Held] = field(default_factory=list)
    books: dict[int, Book] = field(default_factory=lambda: defaultdict(Book))
    known: set[int] = field(default_factory=set)

    def sold(self, sale: Sale) -> None:
        """A sale was paid for: what it earns is accrued."""
        self.sales.append(sale)
        for who in sale.rates:
            if earned_fen := sale.earned(who):
                self.books[who].accrued_fen += earned_fen
                self.known.add(who)

    def asked(self, who: int, payout_id: int, bill: str, amount_fen: int) -> None:
        """A payout was asked for; its tax is worked out for now."""
        person = self.people[who]
        person.open_id, person.open_bill, person.open_fen = payout_id, bill, amount_fen
        person.open_status = PayoutStatus.REQUESTED
        self.books[who].requested_fen += amount_fen
        self.fix_tax(person)

    def fix_tax(self, person: Person) -> None:
        """Work the open payout's tax out for the month that runs, by the method in force."""
        person.open_tax = person.tax(person.open_fen, self.month, self.method)

    def next_month(self, month: str) -> tuple[dict[int, Book], dict[int, dict[str, int]]]:
        """End the month that runs: return its books, and what all who ever earned hold then."""
        books, closing = self.books, {who: self.balances(who) for who in self.known}
        self.month, self.books = month, defaultdict(Book)
        return books, closing

    def in_stage(self, who: int, stage: str) -> int:
        return sum(sale.earned(who) for sale in self.sales if sale.stage_of(who) == stage)

    def holdable(self, order_id: int | None, who: int | None) -> list[tuple[Sale, int, str]]:
        """What a new hold takes; released shares only as far as the balance covers them whole."""
        left = {each: max(0, self.net(each)) for each in self.people}
        found = []
        for sale in self.sales:
            for each in sorted(sale.rates):
                stage, earned_fen = sale.stage_of(each), sale.earned(each)
                if not earned_fen or stage == "held":
                    continue
                if (order_id, who) not in {(sale.id, None), (None, each)}:
                    continue
                if stage == "released":
                    if order_id is None or earned_fen > left[each]:
                        continue
                    left[each] -= earned_fen
                found.append((sale, each, stage))
        return found

    def is_stopped(self, who: int) -> bool:
        return any(hold.who == who for hold in self.holds)

    def net(self, who: int) -> int:
        """Released, less paid and set aside: available above 0, debt below."""
        person = self.people[who]
        return self.in_stage(who, "released") - person.paid_fen - person.open_fen

    def balances(self, who: int) -> dict[str, int]:
        net = self.net(who)
        all_of_them = {
            "estimated": self.in_stage(who, "estimated"),
            "maturing": self.in_stage(who, "maturing"),
            "held": self.in_stage(who, "held"),
            "available": max(0, net),
            "debt": min(0, net),
            "paying_out": self.people[who].open_fen,
        }
        return {kind: amount for kind, amount in all_of_them.items() if amount}

    def close(self, who: int, *, is_paid: bool) -> None:
        """The open payout ends: paid, with its tax, or back to where it came from."""
        person, book = self.people[who], self.books[who]
        assert person.open_tax is not None
        if is_paid:
            person.paid_fen += person.open_fen
            person.paid.append((person.open_fen, person.open_tax))
            book.gross_fen += person.open_fen
            book.tax_fen += person.open_tax.fen
        else:
            book.returned_fen += person.open_fen
        person.open_id, person.open_fen, person.open_status = None, 0, None
        person.open_tax = None

    def recall(self) -> None:
        """Debt returns a payout that is still requested."""
        for who, person in self.people.items():
            if self.net(who) < 0 and person.open_status is PayoutStatus.REQUESTED:
                self.close(who, is_paid=False)
