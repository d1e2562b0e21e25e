"""The scripted day: what people and WeChat do, and what the application does about it.

A step of ours is repeated after the process died in it, as the outside world would: WeChat sends
its callback again, a person taps again, a tick fires again. A person who taps again may read that
it was done already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from jobs.due import deliver_everything_due, run_everything_due
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.payouts import Payout
from models.people import WeChatUser
from models.staff import StaffMember
from rules.errors import RuleViolation
from rules.payouts import OPEN
from tests.crash.house import House
from tests.sandbox_client import Phone, Sandbox
from web.collaborators import Collaborators
from workflows.audit import StaffActor
from workflows.clock import move_clock, real_now
from workflows.delivery.leases import expire_leases

CUSTOMER = Phone(phone_id="fang", openid="oCrashCustomerFang0000000000")
SELLER = Phone(phone_id="lin", openid="oCrashSellerLin0000000000000")
INVITER = Phone(phone_id="jing", openid="oCrashInviterJing00000000000")
OWNER, FINANCE = "owner", "finance"
CREAM, SET = "CREAM", "SET"
CREAM_FEN, SET_FEN = 12_400, 600_000
DELIVERED = frozenset({200, 204})


class Restart(StrEnum):
    """Who comes first once the process is back: a tick asks about money, the outbox sends it."""

    TICKS = "ticks"
    DELIVERIES = "deliveries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a step works with, in the process that runs it; `restart`: if it is tried again."""

    house: House
    sandbox: Sandbox
    restart: Restart | None = None

    @property
    def parts(self) -> Collaborators:
        """The application's collaborators."""
        return self.house.parts

    @property
    def sessions(self) -> SessionFactory:
        """The application's database."""
        return self.house.parts.sessions

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.parts.now()

    def deliver(self, channel: str, reply: str = "") -> None:
        """Let WeChat send what we have not answered yet; chat is answered with such a reply."""
        for delivery in self.sandbox.deliveries(channel):
            if not any(attempt["status"] in DELIVERED for attempt in delivery["attempts"]):
                answer = self.sandbox.resend(delivery["delivery_id"])
                assert answer["status"] in DELIVERED, answer
                assert reply in (answer["reply"] or ""), answer["reply"]

    def pass_time(self, ahead: timedelta) -> None:
        """Let the shop's and the platform's time pass."""
        move_clock(self.sessions, ahead=ahead)
        self.sandbox.forward(ahead.total_seconds())

    def person(self, phone: Phone) -> int:
        """Find a person's id."""
        with self.sessions.read() as session:
            return session.scalars(
                select(WeChatUser.id).where(WeChatUser.openid == phone.openid)
            ).one()

    def distributor(self, phone: Phone) -> int:
        """Find a distributor's id."""
        with self.sessions.read() as session:
            return session.scalars(
                select(Distributor.id).where(Distributor.wechat_user_id == self.person(phone))
            ).one()

    def staff(self, login: str) -> StaffActor:
        """A member of staff who acts."""
        with self.sessions.read() as session:
            member = session.scalars(select(StaffMember).where(StaffMember.login == login)).one()
            return StaffActor(staff_id=member.id, role=member.role, address="127.0.0.1")

    def order(self, checkout_key: str) -> int:
        """Find an order's id."""
        with self.sessions.read() as session:
            return session.scalars(select(Order.id).where(Order.checkout_key == checkout_key)).one()

    def open_payout(self, phone: Phone) -> int | None:
        """Find the payout that is under way."""
        owner = self.distributor(phone)
        with self.sessions.read() as session:
            return session.scalar(
                select(Payout.id).where(Payout.distributor_id == owner, Payout.status.in_(OPEN))
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`is_ours`: the application acts, and may die. `may_be_refused`: a person taps."""

    act: Callable[[Day], None]
    is_ours: bool
    may_be_refused: bool = False

    @property
    def name(self) -> str:
        """What happens, in words."""
        return self.act.__name__.removeprefix("_").replace("_", " ")

    def again(self, day: Day) -> None:
        """Repeat it after a death."""
        try:
            self.act(day)
        except RuleViolation:
            if not self.may_be_refused:
                raise


Act = Callable[[Day], None]


class Script:
    """Steps in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def world(self, act: Act) -> Act:
        """Somebody outside does something."""
        self.steps.append(Step(act=act, is_ours=False))
        return act

    def ours(self, act: Act) -> Act:
        """The application is called, by WeChat or by the clock."""
        self.steps.append(Step(act=act, is_ours=True))
        return act

    def tap(self, act: Act) -> Act:
        """The application is called by a person's tap."""
        self.steps.append(Step(act=act, is_ours=True, may_be_refused=True))
        return act

    def worker_runs(self, *, after: str) -> None:
        """Ticks fire and the outbox is delivered."""

        def run(day: Day) -> None:
            if day.restart is Restart.DELIVERIES:
                expire_leases(day.sessions, now=day.now, real_now=real_now())
                deliver_everything_due(day.parts, day.now)
            run_everything_due(day.parts, day.now)

        run.__name__ = f"the_worker_runs_after_{after}"
        self.ours(run)

    def told(self, channel: str, *, of: str, reply: str = "") -> None:
        """WeChat tells us, again if we died over it; our reply is the same then."""

        def deliver(day: Day) -> None:
            day.deliver(channel, reply)

        deliver.__name__ = f"WeChat_tells_of_{of}"
        self.ours(deliver)

    def says(self, phone: Phone, replies: Mapping[str, str]) -> None:
        """Somebody chats with the account: what she writes, and what she must read then."""
        for text, reply in replies.items():

            def say(day: Day, text: str = text) -> None:
                day.sandbox.say(phone, text)

            say.__name__ = f"{phone.phone_id}_says_{text}"
            self.world(say)
            self.told("callback", of=f"{text}_by_{phone.phone_id}", reply=reply)
