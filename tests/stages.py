"""Stages: what many tests begin with, played once in a process; each test gets a copy of its own.

Selling, shipping and settling what a room's tests begin with takes longer than most of these
tests. A room says `stage` which one it wants:

    SOLD = Stage(sell_something)

    @pytest.fixture
    def stage() -> Stage[Sold]:
        return SOLD

    @pytest.fixture
    def sold(sessions: SessionFactory) -> Sold:
        return SOLD.facts(sessions)
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Generic, TypeVar

from sqlalchemy.engine import URL, make_url

from models.database import SessionFactory, open_database
from tests.database import DATA_KEYS, TEMPLATE, PostgresqlServer

Facts = TypeVar("Facts")
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played(Generic[Facts]):
    template: str
    facts: Facts


class Stage(Generic[Facts]):
    """A filled database of each kind, and what its tests know of it: ids, never rows."""

    def __init__(self, fill: Callable[[SessionFactory], Facts]) -> None:
        """Fill nothing yet: a test of each kind has to ask first."""
        self._fill = fill
        self._played: dict[str, _Played[Facts]] = {}

    def sqlite_file(self, migrated: Path) -> Path:
        """Return the filled file, which lies beside the migrated one; copy it, don't open it."""
        if "sqlite" not in self._played:
            path = migrated.with_name(f"stage_{next(_numbers)}.db")
            copyfile(migrated, path)
            self._play("sqlite", make_url(f"sqlite:///{path}"), str(path))
            assert not list(path.parent.glob(f"{path.name}-*")), "no journal is left"
        return Path(self._played["sqlite"].template)

    def postgresql_template(self, server: PostgresqlServer) -> str:
        """Return the name of the filled database on this process's server."""
        if "postgresql" not in self._played:
            name = f"stage_{next(_numbers)}"
            server.create(name, TEMPLATE)
            self._play("postgresql", server.url(name), name)
        return self._played["postgresql"].template

    def facts(self, sessions: SessionFactory) -> Facts:
        """Return what is known of the stage that these sessions' database is a copy of."""
        return self._played[sessions.engine.dialect.name].facts

    def _play(self, kind: str, url: URL, template: str) -> None:
        sessions = open_database(url, data_keys=DATA_KEYS)
        try:
            facts = self._fill(sessions)
        finally:
            sessions.dispose()
        self._played[kind] = _Played(template=template, facts=facts)
