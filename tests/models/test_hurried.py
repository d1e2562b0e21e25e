"""One deadline for everything that one message asks of the database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Executable, Integer, literal_column, select, text
from sqlalchemy.exc import IntegrityError

from models import hurried, together
from models.bare import BareConnection, Question
from models.database import SessionFactory, open_engine
from models.hurried import LAST_START_SECONDS, HurriedSessions, OutOfTime
from models.prepared import Prepared


def _one(_dialect: str) -> Executable:
    return select(literal_column("1"))


def _note_down(_dialect: str) -> Executable:
    return text("INSERT INTO notes (id, note) VALUES (:id, :note) RETURNING id")


ONE = Prepared(_one, [Integer()])
NOTE_DOWN = Prepared(_note_down, [Integer()])


@pytest.fixture
def in_a_hurry(sessions: SessionFactory) -> Iterator[HurriedSessions]:
    opened = HurriedSessions(sessions)
    yield opened
    opened.dispose()


def test_a_look_and_the_transaction_after_it_share_one_clock(
    in_a_hurry: HurriedSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    for module in (hurried, together):
        monkeypatch.setattr(module, "monotonic", lambda: now)
    with in_a_hurry.hurry():
        assert in_a_hurry.look(ONE, {}) == (1,)
        now += LAST_START_SECONDS + 0.1
        for late in (
            lambda: in_a_hurry.look(ONE, {}),
            lambda: in_a_hurry.keep([ONE], {}, ()),
            lambda: in_a_hurry.retrying(lambda session: session.execute(_one(""))),
        ):
            with pytest.raises(OutOfTime):
                late()
    assert in_a_hurry.look(ONE, {}) == (1,), "the next message has a clock of its own"


def test_a_bad_question_does_not_fail_its_neighbours(sessions: SessionFactory) -> None:
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, note VARCHAR NOT NULL)"))
    questions = [
        Question(statement=NOTE_DOWN, values={"id": number, "note": note}, order=(number,))
        for number, note in ((3, "c"), (2, None), (1, "a"))
    ]
    engine = open_engine(sessions.engine.url, pool_size=1, is_bare=True)
    connection = BareConnection(engine, writes=True)
    third, second, first = connection.ask(questions)
    connection.close()
    engine.dispose()
    assert (third, first) == ((3,), (1,))
    assert isinstance(second, IntegrityError)
    with sessions.read() as session:
        assert session.execute(text("SELECT id FROM notes ORDER BY id")).scalars().all() == [1, 3]
