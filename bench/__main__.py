"""`make bench`: every figure's median, with its ratio to a limit measured in the same run.

    python -m bench [--rounds N] [--json FILE] [name …]

Names are the keys of FIGURES; without a name all run but `tests`. The exit status is 1 if a
target was missed.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import demo, memory, months, notification, posters, suite, webhook
from bench.figure import Figure, table

FIGURES: dict[str, Callable[[int], Sequence[Figure]]] = {
    "webhook": webhook.figures,
    "posters": posters.figures,
    "notification": notification.figures,
    "memory": memory.figures,
    "months": months.figures,
    "demo": demo.figures,
    "tests": suite.figures,
}
ONLY_BY_NAME = {"tests"}


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(FIGURES))
    parser.add_argument("--rounds", type=int, default=5, help="of the quick figures (default 5)")
    parser.add_argument("--json", type=Path, help="write all numbers to this file too")
    options = parser.parse_args()
    unknown = set(options.names) - FIGURES.keys()
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    names = options.names or [name for name in FIGURES if name not in ONLY_BY_NAME]
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures.extend(FIGURES[name](max(1, options.rounds)))
    print(table(figures))
    if ONLY_BY_NAME - set(names):
        print("\nthe whole test run: time make test (≤ 8 min on 2 cores)")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2))
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
