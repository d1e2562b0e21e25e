"""A statement about many rows at once, compiled once and then only executed, for the hot ones.

SQLAlchemy's usual way looks each statement up by a key that it computes anew every time; for a
chat message that costs more than the database itself. The SQL, the types and the transaction are
the same as ever. The rows are handed over as one JSON text, which both databases read as a table.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, FromClause, Text, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

BEFORE_EACH = "fenxiao_before_each"
"""The execution option that holds what to call before each statement."""

Types = Mapping[str, TypeEngine[Any]]
Values = Mapping[str, object]
Process = Callable[[Any], Any] | None
Row = tuple[Any, ...]

_ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """The SQL for one dialect, how each value handed in is written and each column read."""

    sql: str
    writes: tuple[tuple[str, Process], ...]
    reads: tuple[Process, ...]
    is_positional: bool

    def written(self, rows: Sequence[Values]) -> Any:
        """Return the rows as the driver takes them."""
        many = json.dumps(
            [
                [row[name] if write is None else write(row[name]) for name, write in self.writes]
                for row in rows
            ],
            ensure_ascii=False,
            default=str,
        )
        return (many,) if self.is_positional else {_ROWS: many}

    def read(self, row: Row) -> Row:
        """Return what the driver found as Python values."""
        return tuple(
            [
                value if read is None else read(value)
                for read, value in zip(self.reads, row, strict=True)
            ]
        )


class Prepared:
    """A statement by dialect: `build` gets its name and the rows as a table with columns `takes`.

    `gives` are the types of what it returns, in order.
    """

    def __init__(
        self,
        build: Callable[[str, FromClause], Any],
        *,
        takes: Types,
        gives: Sequence[TypeEngine[Any]] = (),
    ) -> None:
        self._build = build
        self._takes = takes
        self._gives = tuple(gives)
        self._by_dialect: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, rows: Sequence[Values]) -> list[Row]:
        """Execute it for some rows in the connection's transaction; return all that it gives.

        The driver is asked directly; its errors are SQLAlchemy's, as everywhere.
        """
        dialect = connection.dialect
        compiled = self._by_dialect.get(dialect.name) or self._compile(dialect)
        check = connection.get_execution_options().get(BEFORE_EACH)
        if check is not None:
            check()
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(compiled.sql, compiled.written(rows))
            found = cursor.fetchall() if self._gives else ()
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                compiled.sql,
                None,  # parameters are a person's words, which no log may hold
                error,
                dialect.loaded_dbapi.Error,
                dialect=dialect,
            ) from error
        return [compiled.read(row) for row in found]

    def _compile(self, dialect: Dialect) -> _Compiled:
        asked = _table(dialect.name, self._takes)
        compiled = self._build(dialect.name, asked).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        made = _Compiled(
            sql=compiled.string,
            writes=tuple(
                (name, kind.dialect_impl(dialect).bind_processor(dialect))
                for name, kind in self._takes.items()
            ),
            reads=tuple(
                kind.dialect_impl(dialect).result_processor(dialect, None) for kind in self._gives
            ),
            is_positional=bool(compiled.positional),
        )
        self._by_dialect[dialect.name] = made
        return made


def _table(dialect: str, types: Types) -> FromClause:
    """Read the JSON text as a table."""
    text = bindparam(_ROWS, type_=Text())
    if dialect == "postgresql":
        each = func.jsonb_array_elements(text.cast(JSONB)).table_valued(column("value", JSONB))
        columns = [
            each.c.value[literal_column(str(n))].astext.cast(kind).label(name)
            for n, (name, kind) in enumerate(types.items())
        ]
    else:
        each = func.json_each(text).table_valued("value")
        columns = [
            func.json_extract(each.c.value, literal_column(f"'$[{n}]'"), type_=kind).label(name)
            for n, (name, kind) in enumerate(types.items())
        ]
    return select(*columns).select_from(each).subquery("asked")
