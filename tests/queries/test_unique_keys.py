"""Keys that make an effect happen once are looked for in the database itself."""

import pytest
from sqlalchemy import text

from models.database import SessionFactory
from queries.invariants.unique_keys import UNIQUE_KEYS, missing_unique_keys

MISSING = "table=job_fires key=job,fire_at"


@pytest.mark.parametrize(
    ("made_anew", "missing"),
    [
        ("job_fires (job TEXT, fire_at TEXT)", [MISSING]),
        ("job_fires (job TEXT, fire_at TEXT, UNIQUE (job))", [MISSING]),
        ("job_fires (job TEXT, fire_at TEXT, again INT, UNIQUE (job, fire_at, again))", [MISSING]),
        ("job_fires (job TEXT, fire_at TEXT, UNIQUE (job, fire_at))", []),
        ("job_fires (job TEXT, fire_at TEXT, PRIMARY KEY (job, fire_at))", []),
    ],
)
def test_a_key_that_nobody_enforces_is_named(
    sessions: SessionFactory, made_anew: str, missing: list[str]
) -> None:
    with sessions.read() as session:
        session.execute(text("DROP TABLE job_fires"))
        session.execute(text(f"CREATE TABLE {made_anew}"))
        assert missing_unique_keys(session) == missing
        session.rollback()


def test_an_index_enforces_a_key_as_well(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        session.execute(text("DROP TABLE job_fires"))
        session.execute(text("CREATE TABLE job_fires (job TEXT, fire_at TEXT)"))
        session.execute(text("CREATE INDEX plain ON job_fires (job, fire_at)"))
        assert missing_unique_keys(session) == [MISSING]
        session.execute(text("CREATE UNIQUE INDEX strict ON job_fires (job, fire_at)"))
        assert missing_unique_keys(session) == []
        session.rollback()


def test_every_key_is_missed_where_there_are_no_tables(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        for table in sorted({table for table, _ in UNIQUE_KEYS}):
            session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
        assert len(missing_unique_keys(session)) == len(UNIQUE_KEYS)
        session.rollback()
