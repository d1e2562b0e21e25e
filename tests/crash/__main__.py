"""`python -m tests.crash`: die at every point of the day (`make crash`), or at a few."""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fenxiao.migrating import migrate
from tests.crash.experiment import Death, Experiment
from tests.crash.storage import Database, PostgresqlDatabase, SqliteDatabase
from tests.database import run_postgresql

PROGRESS_EVERY = 50
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a private folder in it
"""A killed process loses nothing that it wrote to a file: no disk needs to turn for this."""
EVERY_ON_POSTGRESQL = 10


def main(arguments: list[str]) -> int:
    """Run the experiment on one or both databases; return how it ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--every", type=int, help="die at each n-th point; all: 1")
    parser.add_argument("--first", type=int, default=1, help="begin with this point")
    parser.add_argument("--only", default="", help="die at points with this in their name")
    parser.add_argument("--sample", type=int, help="die at so many points, spread evenly")
    parser.add_argument("--jobs", type=int, default=1, help="share the points among processes")
    options = parser.parse_args(arguments)
    names = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    failed = 0
    for name in names:
        every = options.every or (1 if name == "sqlite" else EVERY_ON_POSTGRESQL)
        if options.jobs > 1:
            failed += share(name, every, options)
        else:
            failed += die_here(name, every, options)
    return 1 if failed else 0


def share(name: str, every: int, options: argparse.Namespace) -> int:
    """Let several processes take turns at the points; return how many of them failed."""
    command = [sys.executable, "-m", "tests.crash", "--database", name, "--only", options.only]
    running = [
        subprocess.Popen(
            [
                *command,
                f"--every={every * options.jobs}",
                f"--first={options.first + every * number}",
            ]
        )
        for number in range(options.jobs)
    ]
    return sum(process.wait() != 0 for process in running)


def die_here(name: str, every: int, options: argparse.Namespace) -> int:
    """Prepare a day in this process and die; return how often the end was another one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fenxiao-", dir=MEMORY)))
        database = stack.enter_context(open_database(name, folder))
        experiment = Experiment(folder / "house", database)
        deaths = tuple(death for death in experiment.deaths if options.only in str(death))
        if options.sample:
            every = max(1, len(deaths) // options.sample)
        return die_often(name, experiment, deaths[options.first - 1 :: every])


def die_often(name: str, experiment: Experiment, deaths: tuple[Death, ...]) -> int:
    """Die at each of these points; print what went wrong and the totals; return how many did."""
    total = len(experiment.deaths)
    print(f"{name}: {total} points in the day, dying at {len(deaths)} of them", flush=True)
    begun = time.monotonic()
    failed = 0
    for number, death in enumerate(deaths, start=1):
        differences = experiment.die(death)
        if differences:
            failed += 1
            print(f"{name}: {death}", *differences, sep="\n    ", flush=True)
        if number % PROGRESS_EVERY == 0 or number == len(deaths):
            seconds = time.monotonic() - begun
            print(
                f"{name}: died {number} times in {seconds:.0f} s, {failed} ends differ", flush=True
            )
    return failed


@contextmanager
def open_database(name: str, folder: Path) -> Iterator[Database]:
    """Make a migrated database of a kind."""
    with ExitStack() as stack:
        if name == "postgresql":
            yield PostgresqlDatabase(stack.enter_context(run_postgresql()))
        else:
            database = SqliteDatabase(folder / "sqlite")
            migrate(database.url)
            yield database


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
