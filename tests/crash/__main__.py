"""`python -m tests.crash`: die at every point of the day (`make crash`), or at a few."""

import argparse
import sys
from itertools import product
from pathlib import Path

from tests.crash.diary import Diary, Entry
from tests.crash.experiment import Death
from tests.crash.together import Wanted, die_together, open_experiment
from tests.scratch import keep_in_memory

DATABASES = ("sqlite", "postgresql")


def main(arguments: list[str]) -> int:
    """Run the experiment on one or both databases; return 1 if any end was another one."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--every", type=int, default=1, help="at each n-th of a step's points")
    parser.add_argument("--step", type=int, action="append", help="only in this step; repeatable")
    parser.add_argument("--point", type=int, help="only at this point of the step")
    parser.add_argument("--each", action="store_true", help="also where another leaves the same")
    parser.add_argument("--go-on", action="store_true", help="leave out what ended well before")
    parser.add_argument("--diary", type=Path, default=Path(".crash"), help="the diaries' folder")
    parser.add_argument("--jobs", type=int, default=1, help="share the steps among processes")
    parser.add_argument("--sample", type=int, help="die so often, in one day")
    options = parser.parse_args(arguments)
    # A killed process loses nothing that it wrote to a file: no disk needs to turn for this.
    keep_in_memory()
    names = DATABASES if options.database == "both" else (options.database,)
    if options.sample:
        return max(die_sometimes(name, options.sample) for name in names)
    return max(die_everywhere(name, options) for name in names)


def die_everywhere(name: str, options: argparse.Namespace) -> int:
    """Die at all wanted points; print a summary; return 1 if an end differs or is missing."""
    wanted = Wanted(
        database=name,
        every=options.every,
        steps=frozenset(options.step or ()),
        point=options.point,
        each=options.each,
    )
    diary = Diary(options.diary / f"{name}.jsonl")
    if not options.go_on:
        diary.begin()
    is_complete = die_together(wanted, diary, options.jobs)
    entries = diary.read()
    failed = [entry for entry in entries if entry.differences]
    for entry in failed:
        tell(name, entry)
    covered = sum(entry.same for entry in entries)
    print(f"{name}: died {len(entries)} times for {covered} points, {len(failed)} ends differ")
    if not is_complete:
        print(f"{name}: broken off; `--go-on` takes up where it stopped")
    return int(bool(failed) or not is_complete)


def tell(name: str, entry: Entry) -> None:
    """Print what went wrong, and how to see it again."""
    print(f"{name}: {entry.death}", *entry.differences, sep="\n    ")
    print(
        f"    again: python -m tests.crash --database {name} --diary .crash/again"
        f" --step {entry.step} --point {entry.point}"
    )


def die_sometimes(name: str, number: int) -> int:
    """Die so many times in one day, at points of all kinds; return 1 if its end differs."""
    with open_experiment(name) as experiment:
        deaths = spread(experiment.deaths, number)
        died, differences = experiment.die_along_the_day(deaths)
    print(
        f"{name}: died {died} times in a day of {len(experiment.deaths)} points", *deaths, sep="\n"
    )
    if differences:
        print("its end differs", *differences, sep="\n    ")
    return int(bool(differences))


def spread(deaths: tuple[Death, ...], number: int) -> list[Death]:
    """Choose points of all kinds in turn, at most one in a step, spread over the day.

    Calls and answers come before statements, of which there are many more kinds.
    """
    kinds: dict[str, list[Death]] = {}
    for death in sorted(deaths, key=lambda death: death.kind.startswith("SQL")):
        kinds.setdefault(death.kind, []).append(death)
    turns = -(-number // len(kinds))
    chosen: dict[int, Death] = {}
    for turn, (nth, found) in product(range(turns), enumerate(kinds.values())):
        # Each kind begins elsewhere in the day.
        place = (turn + nth / len(kinds)) / turns * len(found)
        nearest = sorted(enumerate(found), key=lambda one: abs(one[0] - place))
        free = [death for _, death in nearest if death.step not in chosen]
        if free and len(chosen) < number:
            chosen[free[0].step] = free[0]
    return list(chosen.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
