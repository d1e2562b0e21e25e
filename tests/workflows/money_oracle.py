"""What a small, pure oracle knows of everybody's money: the rules, and no accounts.

What a line must have earned, who holds which stage, and that available money and debt are the two
sides of one figure.
"""

from dataclasses import dataclass, field
from datetime import datetime

from rules.payouts import PayoutStatus


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
class Person:
    """A distributor's payouts: what was paid for good, and the one that is open."""

    paid_fen: int = 0
    open_id: int | None = None
    open_bill: str = ""
    open_fen: int = 0
    open_status: PayoutStatus | None = None


@dataclass(slots=True)
class Held:
    """An open hold: on an order or a person, and where each share came from."""

    id: int
    order_id: int | None
    who: int | None
    shares: list[tuple[Sale, int, str]]


@dataclass(slots=True)
class Oracle:
    """Everybody's sales and payouts."""

    sales: list[Sale] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    holds: list[Held] = field(default_factory=list)

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
                if stage == "available":
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
        return self.in_stage(who, "available") - person.paid_fen - person.open_fen

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
        person = self.people[who]
        person.paid_fen += person.open_fen if is_paid else 0
        person.open_id, person.open_fen, person.open_status = None, 0, None

    def recall(self) -> None:
        """Debt returns a payout that is still requested."""
        for who, person in self.people.items():
            if self.net(who) < 0 and person.open_status is PayoutStatus.REQUESTED:
                self.close(who, is_paid=False)
