"""Live the day undisturbed, step by step; then die at one point of one step, and live on."""

import gc
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import time_machine

from models.referrals import ReferralCode
from rules.staff import Role
from rules.withholding import WithholdingMethod
from tests.crash import paying_out, selling
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
class Lived:
    """What one process lived through; the books are read at the day's end."""

    names: tuple[str, ...]
    complaints: tuple[str, ...]
    books: Books | None


class Experiment:
    """A prepared house, the undisturbed day's books, and every point at which to die."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._house = build_house(folder, database)
        with self._house.platform_running(START):
            run_child(self._furnish)
        self._house.save(_before(0))
        self._rehearse()
        self.deaths: tuple[Death, ...] = ()
        self._undisturbed = self._live_undisturbed()

    def die(self, death: Death) -> list[str]:
        """Kill the application at a point, start it again, live to the end; return differences."""
        self._house.restore(_before(death.step))
        moment = START + death.step * A_STEP
        with self._house.platform_running(moment):
            killed = self._live_in_child(
                range(death.step, death.step + 1), moment, deadly=death.point
            )
            if killed is not None:
                return ["the point was never reached"]
            lived = self._live_in_child(
                range(death.step, len(STEPS)), moment + RESTART, is_restarted=True
            )
        assert lived is not None
        assert lived.books is not None
        said = [f"complaint: {complaint}" for complaint in lived.complaints]
        return said + differences(self._undisturbed, lived.books)

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
        with self._house.platform_running(START), time_machine.travel(START, tick=True):
            self._live(range(len(STEPS)), Points())
        self._house.restore(_before(0))
        # Or each child would copy the whole memory when it looks for garbage.
        gc.collect()
        gc.freeze()

    def _live_undisturbed(self) -> Books:
        """Live each step in a process of its own; keep the state before it, count its points."""
        deaths: list[Death] = []
        lived = None
        with self._house.platform_running(START):
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
            time_machine.travel(moment, tick=True).start()
            points = Points(deadly)
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
