"""What a benchmark found, and how it is printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: a median, its ratio to a limit of the same run, and the target.

    `met` is None where nothing could be measured; `measured` then says why.
    """

    name: str
    measured: str
    limit: str = ""
    ratio: float | None = None
    target: str
    met: bool | None
    numbers: Mapping[str, float] = field(default_factory=dict)


HEADINGS = ("figure", "measured (median)", "limit in the same run", "ratio", "target", "")


def table(figures: Sequence[Figure]) -> str:
    """Write the figures as a table for a terminal."""
    rows = [HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rows.insert(1, tuple("─" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = {True: "met", False: "MISSED", None: "not measured"}[figure.met]
    return (figure.name, figure.measured, figure.limit, ratio, figure.target, verdict)
