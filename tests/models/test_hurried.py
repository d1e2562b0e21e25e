"""One deadline for everything that one message asks of the database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Executable, Integer, literal_column, select

from models import hurried
from models.database import SessionFactory
from models.hurried import LAST_START_SECONDS, HurriedSessions, OutOfTime
from models.prepared import Prepared


def _one(_dialect: str) -> Executable:
    return select(literal_column("1"))


ONE = Prepared(_one, [Integer()])


@pytest.fixture
def in_a_hurry(sessions: SessionFactory) -> Iterator[HurriedSessions]:
    opened = HurriedSessions(sessions)
    yield opened
    opened.dispose()


def test_a_look_and_the_transaction_after_it_share_one_clock(
    in_a_hurry: HurriedSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(hurried, "monotonic", lambda: now)
    with in_a_hurry.hurry():
        assert in_a_hurry.look(ONE, {}) == (1,)
        now += LAST_START_SECONDS + 0.1
        for late in (
            lambda: in_a_hurry.look(ONE, {}),
            lambda: in_a_hurry.keep([ONE], {}),
            lambda: in_a_hurry.retrying(lambda session: session.execute(_one(""))),
        ):
            with pytest.raises(OutOfTime):
                late()
    assert in_a_hurry.look(ONE, {}) == (1,), "the next message has a clock of its own"
