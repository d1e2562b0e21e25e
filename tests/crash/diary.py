"""What has been died at so far, one line a death, so that a run which was broken off can go on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.crash.experiment import Death, Stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One death and how its end differs; `same` points of the step leave what it left.

    `day` tells days apart whose points are others.
    """

    day: str
    step: int
    point: int
    death: str
    same: int
    differences: tuple[str, ...]


class Diary:
    """The deaths of one database's day; several processes write into it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self) -> None:
        """Forget what an earlier run wrote."""
        self._path.write_text("", encoding="utf-8")

    def write(self, day: str, stand: Stand, differences: tuple[str, ...]) -> None:
        """Add a death. A line is written at once, so that those of two processes don't mix."""
        entry = Entry(
            day=day,
            step=stand.death.step,
            point=stand.death.point,
            death=str(stand.death),
            same=stand.same,
            differences=differences,
        )
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")

    def read(self) -> list[Entry]:
        """Read the newest death at each point of the newest day."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        day = ""
        newest: dict[tuple[str, int, int], Entry] = {}
        for line in lines:
            found = json.loads(line)
            entry = Entry(**{**found, "differences": tuple(found["differences"])})
            newest[entry.day, entry.step, entry.point] = entry
            day = entry.day
        return [entry for entry in newest.values() if entry.day == day]


def name_of_day(deaths: Sequence[Death]) -> str:
    """Return a short name that changes with any point of the day."""
    points = "\n".join(f"{death.step} {death.point} {death.kind}" for death in deaths)
    return hashlib.sha256(points.encode()).hexdigest()[:12]
