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
from tests.crash.experiment import STEPS, Experiment, Stand
from tests.crash.storage import Database, PostgresqlDatabase, SqliteDatabase
from tests.database import run_postgresql
from tests.scratch import enterable

FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where to die: in these steps (none named: all), at every n-th of what can be left.

    `point`: only there; `each`: at each point, also where it leaves the same as another.
    """

    database: str
    steps: frozenset[int]
    every: int = 1
    point: int | None = None
    each: bool = False

    def chosen(self, experiment: Experiment, step: int) -> list[Stand]:
        """Choose among a step's points."""
        if self.each or self.point is not None:
            stands = [
                Stand(death=death, same=1, left=None)
                for death in experiment.deaths
                if death.step == step
            ]
        else:
            stands = experiment.stands(step)
        if self.point is not None:
            return [stand for stand in stands if stand.death.point == self.point]
        # Begun elsewhere in each step, or short steps would only be died at where they begin.
        return stands[step % self.every :: self.every]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the processes share: the next step to take, and how many points are covered."""

    taken: "Synchronized[int]"
    covered: "Synchronized[int]"
    begun: float


def die_together(wanted: Wanted, diary: Diary, jobs: int) -> bool:
    """Die at all wanted points, but those that the diary knows to end well.

    Return whether all processes came to their end.
    """
    progress = Progress(
        taken=FORK.Value("i", 0), covered=FORK.Value("i", 0), begun=time.monotonic()
    )
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
    with open_experiment(wanted.database) as experiment:
        experiment.keep_each_step()
        day = name_of_day(experiment.deaths)
        done = {
            (entry.step, entry.point)
            for entry in diary.read()
            if entry.day == day and not entry.differences
        }
        sizes = Counter(death.step for death in experiment.deaths)
        order = sorted(wanted.steps or sizes, key=lambda step: (-sizes[step], step))
        while (number := _take(progress.taken)) < len(order):
            step = order[number]
            failed = 0
            stands = wanted.chosen(experiment, step)
            for stand in stands:
                if (stand.death.step, stand.death.point) not in done:
                    differences = experiment.die(stand.death, stand.left)
                    diary.write(day, stand, differences)
                    failed += bool(differences)
            with progress.covered.get_lock():
                progress.covered.value += sizes[step]
            minutes = (time.monotonic() - progress.begun) / 60
            print(
                f"{wanted.database}: step {step} ({STEPS[step].name}): {sizes[step]} points,"
                f" {len(stands)} deaths, {failed} ends differ;"
                f" {progress.covered.value} of {len(experiment.deaths)} points"
                f" in {minutes:.1f} min",
                flush=True,
            )


def _take(number: "Synchronized[int]") -> int:
    """Return the number, and make it one greater."""
    with number.get_lock():
        number.value += 1
        return number.value - 1


@contextmanager
def open_experiment(database: str) -> Iterator[Experiment]:
    """Prepare a day on a kind of database, in a folder that is removed afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fenxiao-")))
        opened = stack.enter_context(_open_database(database, folder))
        yield Experiment(folder / "house", opened)


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
