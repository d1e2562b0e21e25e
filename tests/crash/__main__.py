"""`python -m tests.crash`: die at every point of the day (`make crash`), or at a few."""

import argparse
import sys
from itertools import zip_longest
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
    parser.add_argument("--go-on", action="store_true", help="leave out what the diary has")
    parser.add_argument("--diary", type=Path, default=Path(".crash"), help="the diaries' folder")
    parser.add_argument("--jobs", type=int, default=1, help="share the steps among processes")
    parser.add_argument("--sample", type=int, help="die so often, in as few days as it takes")
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
    entries = list(diary.read())
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
    """Die at some points of all kinds, several times a day; return 1 if an end differs."""
    failed = 0
    with open_experiment(name) as experiment:
        total = len(experiment.deaths)
        days = days_of(spread(experiment.deaths, number))
        for deaths in days:
            differences = experiment.die_along_the_day(deaths)
            if differences:
                failed += 1
                print(f"{name}: a day with these deaths", *deaths, sep="\n    ")
                print("differs", *differences, sep="\n    ")
    print(f"{name}: died at {number} of {total} points in {len(days)} days, {failed} days differ")
    return int(failed > 0)


def spread(deaths: tuple[Death, ...], number: int) -> list[Death]:
    """Choose points of all kinds in turn, those of a kind spread evenly over the day."""
    kinds: dict[str, list[Death]] = {}
    for death in deaths:
        kinds.setdefault(" ".join(death.name.split()[:2]), []).append(death)
    of_each = -(-number // len(kinds))
    chosen = [
        [found[(2 * place + 1) * len(found) // (2 * of_each)] for place in range(of_each)]
        for found in kinds.values()
    ]
    in_turn = [death for places in zip_longest(*chosen) for death in places if death]
    return list(dict.fromkeys(in_turn))[:number]


def days_of(deaths: list[Death]) -> list[list[Death]]:
    """Share deaths among days, so that no step has two in one day."""
    days: list[list[Death]] = []
    for death in deaths:
        for day in days:
            if all(death.step != other.step for other in day):
                day.append(death)
                break
        else:
            days.append([death])
    return days


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
