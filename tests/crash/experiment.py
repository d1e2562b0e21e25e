"""Live the day undisturbed, step by step; then die at one point of one step, and live on.

What a death leaves is what was committed: the shop's database and the platform's. Most points of a
step leave the same as an earlier one, all statements of a transaction for example. Chance and the
clock are fixed (`chance.py`), so two deaths in one step that left the same, byte by byte, would be
lived on the same way: the process that comes after knows nothing else. Such an end is lived once.
Every point is died at in any case, so that a death which leaves something else is noticed.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import time_machine

from models.referrals import ReferralCode
from rules.staff import Role
from rules.withholding import WithholdingMethod
from tests.crash import chance, paying_out, selling
from tests.crash.books import Books, differences, read_books
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
)
from tests.crash.house import A_STEP, RESTART, START, build_house
from tests.crash.points import Points, install
from tests.crash.processes import run_child
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

    def __str__(self) -> str:
        return f"step {self.step} ({STEPS[self.step].name}), point {self.point}: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a day ended after a death; `is_lived` is False where an earlier death left the same."""

    differences: tuple[str, ...]
    is_lived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What one process lived through; the books are read at the day's end."""

    names: tuple[str, ...]
    complaints: tuple[str, ...]
    books: Books | None


class Experiment:
    """A prepared house, the undisturbed day's books, and every point at which to die.

    With `lives_each` every end is lived, also after a death that left the same as an earlier one.
    """

    def __init__(self, folder: Path, database: Database, *, lives_each: bool = False) -> None:
        self._lives_each = lives_each
        self._endings: dict[tuple[int, str], Ending] = {}
        self._house = build_house(folder, database)
        with self._house.platform_running("the house is furnished", START):
            run_child(self._furnish)
        self._house.save(_before(0))
        self._rehearse()
        self.deaths: tuple[Death, ...] = ()
        self._undisturbed = self._live_undisturbed()

    def die(self, death: Death) -> Ending:
        """Kill the application at a point, start it again, live to the end; say what differs."""
        self._house.restore(_before(death.step))
        moment = START + death.step * A_STEP
        if not self._kill(death, moment):
            return Ending(differences=("the point was never reached",), is_lived=False)
        left = (death.step, self._house.fingerprint())
        known = self._endings.get(left)
        if known is not None and not self._lives_each:
            return replace(known, is_lived=False)
        lived = self._live_on(range(death.step, len(STEPS)), moment + RESTART, is_restarted=True)
        ending = Ending(differences=self._judge(lived), is_lived=True)
        self._endings[left] = ending
        return ending

    def die_along_the_day(self, deaths: Sequence[Death]) -> list[str]:
        """Die several times in one day, at most once in a step; return what differs in the end.

        A death is left out where the earlier ones left the step fewer points.
        """
        self._house.restore(_before(0))
        begin, late, is_restarted = 0, timedelta(0), False
        for death in sorted(deaths, key=lambda death: death.step):
            if begin < death.step:
                steps = range(begin, death.step)
                self._live_on(steps, START + begin * A_STEP + late, is_restarted=is_restarted)
            moment = START + death.step * A_STEP + late
            is_restarted = self._kill(death, moment)
            begin = death.step if is_restarted else death.step + 1
            late += RESTART
        lived = self._live_on(
            range(begin, len(STEPS)), START + begin * A_STEP + late, is_restarted=is_restarted
        )
        return list(self._judge(lived, most_unknown=len(deaths)))

    def _kill(self, death: Death, moment: datetime) -> bool:
        """Live a step, and die at its point; return whether it was reached."""
        with self._house.platform_running(f"step {death.step}", moment):
            steps = range(death.step, death.step + 1)
            return self._live_in_child(steps, moment, deadly=death.point) is None

    def _live_on(self, steps: range, moment: datetime, *, is_restarted: bool) -> Lived:
        with self._house.platform_running(f"step {steps.start}, later", moment):
            lived = self._live_in_child(steps, moment, is_restarted=is_restarted)
        assert lived is not None
        return lived

    def _judge(self, lived: Lived, *, most_unknown: int = 1) -> tuple[str, ...]:
        assert lived.books is not None
        said = [f"complaint: {complaint}" for complaint in lived.complaints]
        said += differences(self._undisturbed, lived.books, most_unknown=most_unknown)
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

    def _rehearse(self) -> None:
        """Live the day in this process: what it compiles, the processes forked later inherit."""
        with (
            self._house.platform_running("the rehearsal", START),
            time_machine.travel(START, tick=True),
        ):
            self._live(range(len(STEPS)), Points())
        self._house.restore(_before(0))
        # Or each child would copy the whole memory when it looks for garbage.
        gc.collect()
        gc.freeze()

    def _live_undisturbed(self) -> Books:
        """Live each step in a process of its own; keep the state before it, count its points."""
        deaths: list[Death] = []
        lived = None
        with self._house.platform_running("the undisturbed day", START):
            for number in range(len(STEPS)):
                if number:
                    self._house.save(_before(number))
                lived = self._live_in_child(range(number, number + 1), START + number * A_STEP)
                assert lived is not None
                assert not lived.complaints, lived.complaints
                deaths += [
                    Death(step=number, point=point, name=name)
                    for point, name in enumerate(lived.names, start=1)
                ]
        assert lived is not None
        assert lived.books is not None
        problems = differences(lived.books, lived.books)
        assert not problems, problems
        self.deaths = tuple(deaths)
        return lived.books

    def _live_in_child(
        self,
        steps: range,
        moment: datetime,
        *,
        deadly: int | None = None,
        is_restarted: bool = False,
    ) -> Lived | None:
        """Live some steps in a process of its own; None if it died."""

        def live() -> Lived:
            again = ", again" if is_restarted else ""
            points = Points(deadly, chance.fix(f"step {steps.start}{again}", moment))
            install(points)
            return self._live(steps, points, is_restarted=is_restarted)

        return run_child(live).result

    def _live(self, steps: range, points: Points, *, is_restarted: bool = False) -> Lived:
        sandbox = Sandbox(self._house.ground.sandbox_url)
        day = Day(house=self._house, sandbox=sandbox)
        with self._house.application_running(points) as complaints:
            for number in steps:
                step = STEPS[number]
                if not step.is_ours:
                    step.act(day)
                elif is_restarted and number == steps.start:
                    step.again(day)
                else:
                    with points.open():
                        step.act(day)
                        points.reach("before the caller hears of it")
            names = tuple(points.names)
            books = None
            if steps.stop == len(STEPS):
                with self._house.parts.sessions.read() as session:
                    books = read_books(session, sandbox)
        sandbox.close()
        return Lived(names=names, complaints=tuple(map(str, complaints)), books=books)


def _before(step: int) -> str:
    return f"before_{step}"
