"""Live the day undisturbed, step by step; then die at one point of one step, and live on.

What a death leaves is what was committed by then: the shop's database and the platform's. So most
points of a step leave the same as a later one, all statements of a transaction the same as its
COMMIT. The process that comes after knows nothing else, its chance and clock are fixed
(`chance.py`), and it would live on the same way. Therefore each step is lived once while another
connection looks, at each point, what is committed; and of the points that leave the same, byte by
byte, the last is died at, with the most work lost. After the death that is looked at again: a
death that left anything else would be a difference.
"""

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import time_machine

from models.referrals import ReferralCode
from rules.staff import Role
from rules.withholding import WithholdingMethod
from tests.crash import chance, paying_out, selling
from tests.crash.books import (
    WORKS,
    Books,
    Works,
    differences,
    has_money,
    in_flight,
    read_books,
    works_of,
)
from tests.crash.day import (
    CREAM,
    CREAM_FEN,
    CUSTOMER,
    FINANCE,
    INVITER,
    OWNER,
    SELLER,
    SET,
    SET_FEN,
    Day,
    Restart,
)
from tests.crash.house import A_STEP, RESTART, START, build_house
from tests.crash.points import Points, install
from tests.crash.processes import ChildFailed, run_child
from tests.crash.storage import Database
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.referrals import make_code
from tests.factories.staff import make_staff
from tests.sandbox_client import Sandbox

STEPS = (*selling.script.steps, *paying_out.script.steps)
POLICY = replace(
    TWO_LEVELS,
    level_1_rate_bp=1_500,
    level_2_rate_bp=500,
    two_person_limit_fen=50_000,
    withholding=WithholdingMethod.GENERAL,
)
CHANNELS = ("callback", "payment", "refund", "transfer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Where to die: the step's number, and the point's within it (from 1) and what it is."""

    step: int
    point: int
    name: str

    @property
    def kind(self) -> str:
        """What it is, without on what: the order of a few questions is chance's."""
        return " ".join(self.name.split()[:2])

    def __str__(self) -> str:
        return f"step {self.step} ({STEPS[self.step].name}), point {self.point}: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One point at which to die, for all of the step's points that leave the same.

    `left` is what was committed there, if anybody looked.
    """

    death: Death
    same: int
    left: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What one process lived through; the books are read at the day's end."""

    names: tuple[str, ...]
    left: tuple[str, ...]
    complaints: tuple[str, ...]
    books: Books | None


class Experiment:
    """A prepared house, the undisturbed day's books, and every point at which to die.

    Before `keep_each_step` the points are those of the rehearsal: in a process that was not warm
    yet, a few more.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._house = build_house(folder, database)
        self._points = Points()
        install(self._points)
        with self._house.platform_running("the house is furnished", START):
            run_child(self._furnish)
        self._house.save(_before(0))
        self.deaths: tuple[Death, ...] = ()
        self._undisturbed = self._rehearse()

    def stands(self, step: int) -> list[Stand]:
        """Return the points of a step that leave different things, each for those like it."""
        deaths = [death for death in self.deaths if death.step == step]
        self._house.restore(_before(step))
        moment = START + step * A_STEP
        with self._house.platform_running(f"step {step}", moment):
            watched = self._live_in_child(range(step, step + 1), moment, is_watched=True)
        assert watched is not None
        assert len(watched.names) == len(deaths), "a step has its points"
        same = Counter(watched.left)
        last = dict(zip(watched.left, deaths, strict=True))
        return [Stand(death=death, same=same[left], left=left) for left, death in last.items()]

    def die(self, death: Death, left: str | None = None) -> tuple[str, ...]:
        """Kill the application at a point, start it again, live to the end; say what differs.

        Where money was on its way that is done twice: either way of asking for it again may come
        first. `left`: what was committed at that point.
        """
        said: list[str] = []
        try:
            for restart in Restart:
                is_money_on_its_way, differs = self._die(death, left, restart)
                said += [f"{restart} first: {one}" for one in differs]
                if not is_money_on_its_way:
                    break
        except ChildFailed as broken:
            said.append(f"the day broke off: {broken}")
        return tuple(said)

    def _die(
        self, death: Death, left: str | None, restart: Restart
    ) -> tuple[bool, tuple[str, ...]]:
        """Die once; return whether money was on its way, and what differs in the end."""
        self._house.restore(_before(death.step))
        moment = START + death.step * A_STEP
        if not self._kill(death, moment):
            return False, ("the point was never reached",)
        if left is not None and not left.startswith(self._house.database.digest()):
            return False, ("the death left something else than was committed",)
        going = self._in_flight()
        lived = self._live_on(range(death.step, len(STEPS)), moment + RESTART, restart)
        return has_money(going), self._judge(lived, going)

    def die_along_the_day(self, deaths: Sequence[Death]) -> tuple[int, tuple[str, ...]]:
        """Die several times in one day, at most once in a step.

        Return how often it died, and what differs in the end. A death is left out where the
        earlier ones left the step fewer points.
        """
        self._house.restore(_before(0))
        begin, late, died = 0, timedelta(0), 0
        restart: Restart | None = None
        complaints: list[str] = []
        going: Works = Counter()
        for death in sorted(deaths, key=lambda death: death.step):
            if begin < death.step:
                lived = self._live_on(
                    range(begin, death.step), START + begin * A_STEP + late, restart
                )
                complaints += lived.complaints
            is_dead = self._kill(death, START + death.step * A_STEP + late)
            going += self._in_flight()
            # Now the one comes first, now the other.
            restart = tuple(Restart)[died % 2] if is_dead else None
            begin = death.step if is_dead else death.step + 1
            died += is_dead
            late += RESTART
        lived = self._live_on(range(begin, len(STEPS)), START + begin * A_STEP + late, restart)
        lived = replace(lived, complaints=(*complaints, *lived.complaints))
        return died, self._judge(lived, going)

    def _kill(self, death: Death, moment: datetime) -> bool:
        """Live a step, and die at its point; return whether it was reached."""
        with self._house.platform_running(f"step {death.step}", moment):
            steps = range(death.step, death.step + 1)
            return self._live_in_child(steps, moment, deadly=death.point) is None

    def _live_on(self, steps: range, moment: datetime, restart: Restart | None) -> Lived:
        with self._house.platform_running(f"step {steps.start}, later", moment):
            lived = self._live_in_child(steps, moment, restart=restart)
        assert lived is not None
        return lived

    def _in_flight(self) -> Works:
        """Return what was being sent when the application died."""
        return in_flight(works_of(self._house.database.ask(WORKS)))

    def _judge(self, lived: Lived, going: Works) -> tuple[str, ...]:
        assert lived.books is not None
        said = [f"complaint: {complaint}" for complaint in lived.complaints]
        said += differences(self._undisturbed, lived.books, going)
        return tuple(said)

    def _furnish(self) -> None:
        """Open the shop: a policy, goods, staff, and two distributors with their phones and QR."""
        sessions = self._house.parts.sessions
        start_programme(sessions, POLICY)
        with sessions.begin() as session:
            make_sku(session, sale_fen=CREAM_FEN).code = CREAM
            make_sku(session, sale_fen=SET_FEN).code = SET
            make_staff(session, role=Role.OWNER).login = OWNER
            make_staff(session, role=Role.FINANCE).login = FINANCE
            inviter = make_distributor(session, person=make_person(session, openid=INVITER.openid))
            seller = make_distributor(
                session,
                inviter=inviter,
                person=make_person(session, openid=SELLER.openid),
            )
            code = make_code(session, seller)
        ticket = self._house.parts.account.create_permanent_qr(code)
        with sessions.begin() as session:
            session.get_one(ReferralCode, code).qr_url = ticket.url
        sandbox = Sandbox(self._house.ground.sandbox_url)
        for phone in (SELLER, INVITER, CUSTOMER):
            sandbox.add_phone(
                phone.phone_id,
                phone_id=phone.phone_id,
                openid=phone.openid,
                is_following=phone is not CUSTOMER,
            )
        # Nothing is sent by itself: each step asks for what WeChat says in it.
        for channel in CHANNELS:
            sandbox.hold(channel)
        sessions.dispose()

    def _rehearse(self) -> Books:
        """Live the day in this process: what it compiles, the processes forked later inherit."""
        deaths: list[Death] = []
        lived = None
        with (
            self._house.platform_running("the rehearsal", START),
            time_machine.travel(START, tick=True),
        ):
            for number in range(len(STEPS)):
                self._points.begin()
                lived = self._live(range(number, number + 1))
                deaths += _deaths_of(number, lived)
        self.deaths = tuple(deaths)
        # Or each child would copy the whole memory when it looks for garbage.
        gc.collect()
        gc.freeze()
        return _books_of(lived)

    def keep_each_step(self) -> None:
        """Live each step in a process of its own; keep the state before it, count its points."""
        deaths: list[Death] = []
        lived = None
        self._house.restore(_before(0))
        with self._house.platform_running("the undisturbed day", START):
            for number in range(len(STEPS)):
                if number:
                    self._house.save(_before(number))
                lived = self._live_in_child(range(number, number + 1), START + number * A_STEP)
                assert lived is not None
                deaths += _deaths_of(number, lived)
        problems = differences(self._undisturbed, _books_of(lived), Counter())
        assert not problems, problems
        self.deaths = tuple(deaths)

    def _live_in_child(
        self,
        steps: range,
        moment: datetime,
        *,
        deadly: int | None = None,
        restart: Restart | None = None,
        is_watched: bool = False,
    ) -> Lived | None:
        """Live some steps in a process of its own; None if it died."""

        def live() -> Lived:
            again = ", again" if restart else ""
            self._points.begin(
                deadly=deadly,
                pass_a_moment=chance.fix(f"step {steps.start}{again}", moment),
                look=self._house.look if is_watched else None,
            )
            return self._live(steps, restart)

        return run_child(live).result

    def _live(self, steps: range, restart: Restart | None = None) -> Lived:
        points = self._points
        sandbox = Sandbox(self._house.ground.sandbox_url)
        day = Day(house=self._house, sandbox=sandbox)
        with self._house.application_running(points) as complaints:
            for number in steps:
                step = STEPS[number]
                if not step.is_ours:
                    step.act(day)
                elif restart and number == steps.start:
                    step.again(replace(day, restart=restart))
                else:
                    with points.open():
                        step.act(day)
                        points.reach("before the caller hears of it")
            books = None
            if steps.stop == len(STEPS):
                with self._house.parts.sessions.read() as session:
                    books = read_books(session, sandbox)
        sandbox.close()
        return Lived(
            names=tuple(points.names),
            left=tuple(points.left),
            complaints=tuple(map(str, complaints)),
            books=books,
        )


def _deaths_of(step: int, lived: Lived) -> list[Death]:
    assert not lived.complaints, lived.complaints
    return [
        Death(step=step, point=point, name=name) for point, name in enumerate(lived.names, start=1)
    ]


def _books_of(lived: Lived | None) -> Books:
    """Return the books of a day that came to its end undisturbed."""
    assert lived is not None
    assert lived.books is not None
    problems = differences(lived.books, lived.books, Counter())
    assert not problems, problems
    return lived.books


def _before(step: int) -> str:
    return f"before_{step}"
