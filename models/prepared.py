"""A statement that is compiled once and then only executed, for the bot's few hot ones.

SQLAlchemy's usual way looks each statement up by a key that it computes anew every time; for a
chat message that costs more than the database itself. The SQL, the types and the transaction are
the same as ever.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

BEFORE_EACH = "fenxiao_before_each"
"""The execution option that holds what to call before each statement."""

Process = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """The SQL for one dialect, how each parameter is written and each column read."""

    sql: str
    writes: tuple[tuple[str, Process], ...]
    reads: tuple[Process, ...]
    is_positional: bool


class Prepared:
    """A statement by dialect; `columns` are the types of what it returns, in order."""

    def __init__(self, build: Callable[[str], Any], columns: Sequence[TypeEngine[Any]]) -> None:
        self._build = build
        self._columns = tuple(columns)
        self._by_dialect: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Execute it in the connection's transaction; return its first row, if there is one.

        The driver is asked directly; its errors are SQLAlchemy's, as everywhere.
        """
        dialect = connection.dialect
        compiled = self._by_dialect.get(dialect.name) or self._compile(dialect)
        written = {
            name: values[name] if write is None else write(values[name])
            for name, write in compiled.writes
        }
        parameters = tuple(written.values()) if compiled.is_positional else written
        check = connection.get_execution_options().get(BEFORE_EACH)
        if check is not None:
            check()
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(compiled.sql, parameters)
            row = cursor.fetchone() if compiled.reads else None
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                compiled.sql,
                None,  # parameters are a person's words, which no log may hold
                error,
                dialect.loaded_dbapi.Error,
                dialect=dialect,
            ) from error
        if row is None:
            return None
        return tuple(
            value if read is None else read(value)
            for read, value in zip(compiled.reads, row, strict=True)
        )

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._build(dialect.name).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        names = compiled.positiontup or list(compiled.binds)
        made = _Compiled(
            sql=compiled.string,
            writes=tuple(
                (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in names
            ),
            reads=tuple(
                column.dialect_impl(dialect).result_processor(dialect, None)
                for column in self._columns
            ),
            is_positional=bool(compiled.positional),
        )
        self._by_dialect[dialect.name] = made
        return made
