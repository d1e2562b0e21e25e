"""Several processes that share the steps of one day, each with a house of its own."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory

from fenxiao.migrating import migrate
from tests.crash.diary import Diary, name_of_day
from tests.crash.experiment import STEPS, Death, Experiment
from tests.crash.storage import Database, PostgresqlDatabase, SqliteDatabase
from tests.database import run_postgresql
from tests.scratch import enterable

FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where to die: every n-th point of the day, in these steps (all: none named)."""

    database: str
    every: int
    steps: frozenset[int]
    point: int | None
    lives_each: bool

    def chosen(self, deaths: tuple[Death, ...]) -> tuple[Death, ...]:
        """Choose among all points of the day."""
        if self.point is None:
            deaths = deaths[:: self.every]
        return tuple(
            death
            for death in deaths
            if death.step in (self.steps or {death.step})
            and death.point == (self.point or death.point)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the processes share: the next step to take, and how many points are done."""

    taken: "Synchronized[int]"
    died: "Synchronized[int]"
    begun: float


def die_together(wanted: Wanted, diary: Diary, jobs: int) -> bool:
    """Die at all wanted points that the diary doesn't have; return whether it came to the end."""
    progress = Progress(taken=FORK.Value("i", 0), died=FORK.Value("i", 0), begun=time.monotonic())
    workers = [
        FORK.Process(target=_die_step_by_step, args=(wanted, diary, progress)) for _ in range(jobs)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return all(worker.exitcode == 0 for worker in workers)


def _die_step_by_step(wanted: Wanted, diary: Diary, progress: Progress) -> None:
    """Take step after step, the one with most points first, and die at its points."""
    with open_experiment(wanted.database, lives_each=wanted.lives_each) as experiment:
        day = name_of_day(experiment.deaths)
        done = {(entry.step, entry.point) for entry in diary.read() if entry.day == day}
        deaths = [
            death
            for death in wanted.chosen(experiment.deaths)
            if (death.step, death.point) not in done
        ]
        sizes = Counter(death.step for death in deaths)
        order = sorted(sizes, key=lambda step: (-sizes[step], step))
        while (number := _take(progress.taken)) < len(order):
            step = order[number]
            lived = failed = 0
            for death in deaths:
                if death.step == step:
                    ending = experiment.die(death)
                    diary.write(day, death, ending)
                    lived += ending.is_lived
                    failed += bool(ending.differences)
                    _take(progress.died)
            minutes = (time.monotonic() - progress.begun) / 60
            print(
                f"{wanted.database}: step {step} ({STEPS[step].name}): {sizes[step]} points,"
                f" {lived} ends lived, {failed} differ;"
                f" {progress.died.value} of {len(deaths)} points in {minutes:.1f} min",
                flush=True,
            )


def _take(number: "Synchronized[int]") -> int:
    """Return the number, and make it one greater."""
    with number.get_lock():
        number.value += 1
        return number.value - 1


@contextmanager
def open_experiment(database: str, *, lives_each: bool = False) -> Iterator[Experiment]:
    """Prepare a day on a kind of database, in a folder that is removed afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fenxiao-")))
        opened = stack.enter_context(_open_database(database, folder))
        yield Experiment(folder / "house", opened, lives_each=lives_each)


@contextmanager
def _open_database(name: str, folder: Path) -> Iterator[Database]:
    """Make a migrated database of a kind."""
    with ExitStack() as stack:
        if name == "postgresql":
            server = stack.enter_context(run_postgresql(parent=enterable()))
            yield PostgresqlDatabase(server)
        else:
            database = SqliteDatabase(folder / "sqlite")
            migrate(database.url)
            yield database
