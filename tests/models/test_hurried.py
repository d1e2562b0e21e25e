"""One deadline for everything that one message asks of the database, and one question for many."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from sqlalchemy import Executable, FromClause, Integer, String, column, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, OperationalError

from models import hurried, together
from models.bare import BareConnection, Exchange, Found, Question
from models.database import SessionFactory, open_engine
from models.hurried import LAST_START_SECONDS, HurriedSessions, OutOfTime
from models.prepared import Prepared, Row, Types, Values

NOTES = table("notes", column("key", String), column("note", String))
TAKES = {"key": String(10), "note": String(10)}


def _look(_dialect: str, asked: FromClause) -> Executable:
    known = asked.outerjoin(NOTES, NOTES.c.key == asked.c.key)
    return select(asked.c.key, NOTES.c.note).select_from(known)


def _keep(dialect: str, asked: FromClause) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    rows = select(asked.c.key, asked.c.note).where(text("1 = 1")).order_by(asked.c.key)
    written = insert(NOTES).from_select(["key", "note"], rows)
    return written.on_conflict_do_nothing(index_elements=["key"]).returning(NOTES.c.key)


LOOK = Prepared(_look, takes={"key": String(10)}, gives=[String(), String()])
KEEP = Prepared(_keep, takes=TAKES, gives=[String()])
EXCHANGE = Exchange(look=LOOK, keep_on_postgresql=KEEP, keep_on_sqlite=(KEEP,))


def _question(key: str, note: str | None) -> Question:
    """Write a note down unless there is one."""

    def decide(row: Row | None) -> Values | None:
        assert row is not None, "every key has a row"
        return {"key": key, "note": note} if row[1] is None else None

    return Question(key=key, values={"key": key}, decide=decide)


@pytest.fixture(autouse=True)
def notes(sessions: SessionFactory) -> None:
    """A small table."""
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE notes (key VARCHAR PRIMARY KEY, note VARCHAR NOT NULL)"))


@pytest.fixture
def in_a_hurry(sessions: SessionFactory) -> Iterator[HurriedSessions]:
    opened = HurriedSessions(sessions, EXCHANGE)
    yield opened
    opened.dispose()


@pytest.fixture
def bare(database_url: URL) -> Iterator[BareConnection]:
    engine = open_engine(database_url, pool_size=1, wait_seconds=0.0001, is_bare=True)
    connection = BareConnection(engine, EXCHANGE, turn=nullcontext, wait_seconds=0.1)
    yield connection
    connection.close()
    engine.dispose()


def test_a_question_and_the_transaction_after_it_share_one_clock(
    in_a_hurry: HurriedSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    for module in (hurried, together):
        monkeypatch.setattr(module, "monotonic", lambda: now)
    with in_a_hurry.hurry():
        assert in_a_hurry.ask(_question("a", "first")).is_written
        now += LAST_START_SECONDS + 0.1
        asks: tuple[Callable[[], object], ...] = (
            lambda: in_a_hurry.ask(_question("b", "late")),
            lambda: in_a_hurry.retrying(lambda session: session.execute(select(NOTES))),
        )
        for late in asks:
            with pytest.raises(OutOfTime):
                late()
    again = in_a_hurry.ask(_question("a", "second"))
    assert again == Found(seen=("a", "first"), decided=None, is_written=False)


def test_a_bad_question_does_not_fail_its_neighbours(
    sessions: SessionFactory, bare: BareConnection
) -> None:
    def puzzled(_row: Row | None) -> Values | None:
        raise ZeroDivisionError

    third, second, silly, first = bare.ask(
        [
            _question("c", "3"),
            _question("b", None),
            Question(key="d", values={"key": "d"}, decide=puzzled),
            _question("a", "1"),
        ]
    )
    assert isinstance(third, Found)
    assert isinstance(first, Found)
    assert (third.is_written, first.is_written) == (True, True)
    assert isinstance(second, IntegrityError)
    assert isinstance(silly, ZeroDivisionError)
    with sessions.read() as session:
        kept = session.execute(select(NOTES.c.key).order_by(NOTES.c.key))
        assert kept.scalars().all() == ["a", "c"]


def test_of_two_repeats_asked_together_one_is_written(bare: BareConnection) -> None:
    answers = bare.ask([_question("a", "first"), _question("a", "second")])
    written = [answer.is_written for answer in answers if isinstance(answer, Found)]
    assert written == [True, False]
    (seen,) = bare.ask([_question("a", "third")])
    assert isinstance(seen, Found)
    assert seen.seen in {("a", "first"), ("a", "second")}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_another_process_keeps_is_not_waited_for_long(
    sessions: SessionFactory, bare: BareConnection
) -> None:
    with sessions.begin() as rival:
        rival.execute(text("INSERT INTO notes VALUES ('x', 'mine')"))
        with pytest.raises(OperationalError, match="locked"):
            bare.ask([_question("a", "1")])
    (answer,) = bare.ask([_question("a", "1")])
    assert isinstance(answer, Found)
    assert answer.is_written


def test_integers_and_nothing_come_back_as_they_were(sessions: SessionFactory) -> None:
    def echo(_dialect: str, asked: FromClause) -> Executable:
        return select(asked.c.number, asked.c.word).order_by(asked.c.number)

    types: Types = {"number": Integer(), "word": String(20)}
    statement = Prepared(echo, takes=types, gives=list(types.values()))
    word = '"引号" \\ 👍 \' \n'
    with sessions.begin() as session:
        given: list[Values] = [{"number": 1, "word": word}, {"number": 2, "word": None}]
        assert statement.rows(session.connection(), given) == [(1, word), (2, None)]
