"""SQL is compiled once in a test process, not once for each test's database.

An engine keeps the statements that it has compiled; each test opens an engine of its own, and
compiling all invariants anew took more time than asking them. All databases of one kind have the
same server and schema, so their engines may share what a program with one database keeps anyway.
"""

from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.util import LRUCache

from models import database

# The whole suite's statements; an engine by itself keeps 500.
ROOM = 10_000


def share_statements() -> None:
    """Let all engines that are opened from now on share their compiled statements."""
    shared: dict[tuple[str, object], tuple[Dialect, LRUCache[Any, Any]]] = {}

    def create(url: URL, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        # Statements are kept by dialect, and a dialect knows how its connections begin.
        kind = (engine.dialect.name, options.get("isolation_level"))
        known = shared.get(kind)
        if known is None or known[0].server_version_info is None:
            # The first of its kind, or the first one never met its server.
            known = shared[kind] = (engine.dialect, LRUCache(ROOM))
        engine.dialect, engine._compiled_cache = known
        return engine

    vars(database)["create_engine"] = create
