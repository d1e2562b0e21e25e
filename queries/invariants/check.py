"""Ask the database every question, and name the rows that break a rule."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from sqlalchemy.orm import Session

MOST_ROWS = 50
"""Of one invariant's violations so many are named; the first few tell the story."""

PLAIN = {"no_parameters": True}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What asking one invariant found, and how long it took."""

    code: str
    question: str
    subjects: tuple[str, ...]
    seconds: float


def check_all(session: Session, invariants: Sequence[Invariant]) -> list[Violation]:
    """Return everything that breaks an invariant; [] is what everybody wants."""
    return [
        Violation(code=outcome.code, question=outcome.question, subject=subject)
        for outcome in check_each(session, invariants)
        for subject in outcome.subjects
    ]


def check_each(session: Session, invariants: Sequence[Invariant]) -> Iterator[Outcome]:
    """Ask the invariants one after the other, of what the session's own transaction has written."""
    session.flush()
    for invariant in invariants:
        start = monotonic()
        subjects = tuple(_offenders(session, invariant))
        yield Outcome(
            code=invariant.code,
            question=invariant.question,
            subjects=subjects,
            seconds=monotonic() - start,
        )


def _offenders(session: Session, invariant: Invariant) -> Sequence[str]:
    if not isinstance(invariant.ask, str):
        return invariant.ask(session)[:MOST_ROWS]
    # As it stands: without parameters to look for and nothing to compile, it takes half as long.
    # Materialized, because PostgreSQL would take a way that is quick only if offenders abound.
    asked = session.connection().exec_driver_sql(
        f"WITH offenders AS MATERIALIZED ({invariant.ask})"  # noqa: S608 - our own words
        f" SELECT * FROM offenders LIMIT {MOST_ROWS}",
        execution_options=PLAIN,
    )
    return [" ".join(f"{name}={value}" for name, value in row.items()) for row in asked.mappings()]
