"""Ask the database every question, and name the rows that break a rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_ROWS = 50
"""Of one invariant's violations so many are named; the first few tell the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One rule: a stable code, the question in words, and how it is asked.

    `ask` is SQL that runs on SQLite and PostgreSQL alike, whose columns name the offender; or a
    function, where the answer isn't in the rows alone.
    """

    code: str
    question: str
    ask: str | Callable[[Session], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One offender: `subject` is its columns and values, ids and amounts only."""

    code: str
    question: str
    subject: str

    @property
    def line(self) -> str:
        """What the operator reads."""
        return f"{self.code} {self.question} {self.subject}"


def check_all(session: Session, invariants: Sequence[Invariant]) -> list[Violation]:
    """Return everything that breaks an invariant; [] is what everybody wants."""
    return [
        Violation(code=invariant.code, question=invariant.question, subject=subject)
        for invariant in invariants
        for subject in _offenders(session, invariant)
    ]


def _offenders(session: Session, invariant: Invariant) -> Sequence[str]:
    if not isinstance(invariant.ask, str):
        return invariant.ask(session)[:MOST_ROWS]
    rows = session.execute(text(f"{invariant.ask}\nLIMIT {MOST_ROWS}")).mappings()
    return [" ".join(f"{name}={value}" for name, value in row.items()) for row in rows]
