"""A statement that is compiled once and then only executed, for the bot's few hot ones.

SQLAlchemy's usual way looks each statement up by a key that it computes anew every time; for a
chat message that costs more than the database itself. The SQL, the types and the transaction are
the same as ever.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection as PostgresqlConnection
from sqlalchemy import Dialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

BEFORE_EACH = "fenxiao_before_each"
"""The execution option that holds what to call before each statement."""

Process = Callable[[Any], Any] | None
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """The SQL for one dialect, how each parameter is written and each column read."""

    sql: str
    writes: tuple[tuple[str, Process], ...]
    reads: tuple[Process, ...]
    is_positional: bool

    def written(self, values: Mapping[str, object]) -> Any:
        """Return the parameters as the driver takes them."""
        named = {
            name: values[name] if write is None else write(values[name])
            for name, write in self.writes
        }
        return tuple(named.values()) if self.is_positional else named

    def row(self, found: Row | None) -> Row | None:
        """Return what the driver found as Python values."""
        if found is None:
            return None
        return tuple(
            value if read is None else read(value)
            for read, value in zip(self.reads, found, strict=True)
        )

    def ask(self, driver: Any, parameters: Sequence[Any]) -> list[Row | None]:
        """Execute it for each of some parameters; return the first row of each."""
        if len(parameters) == 1 or not isinstance(driver, PostgresqlConnection):
            cursors = [driver.execute(self.sql, each) for each in parameters]
            return [cursor.fetchone() if self.reads else None for cursor in cursors]
        with driver.cursor() as cursor:
            cursor.executemany(self.sql, parameters, returning=True)
            return [results.fetchone() if self.reads else None for results in cursor.results()]


class Prepared:
    """A statement by dialect; `columns` are the types of what it returns, in order."""

    def __init__(self, build: Callable[[str], Any], columns: Sequence[TypeEngine[Any]]) -> None:
        self._build = build
        self._columns = tuple(columns)
        self._by_dialect: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, object]) -> Row | None:
        """Execute it in the connection's transaction; return its first row, if there is one.

        The driver is asked directly; its errors are SQLAlchemy's, as everywhere.
        """
        (row,) = self.first_of_each(connection, (values,))
        return row

    def first_of_each(
        self, connection: Connection, many: Sequence[Mapping[str, object]]
    ) -> list[Row | None]:
        """Execute it for each of some values; return the first row of each.

        PostgreSQL gets them all at once, in one transaction unless one is open.
        """
        dialect = connection.dialect
        compiled = self._by_dialect.get(dialect.name) or self._compile(dialect)
        parameters = [compiled.written(values) for values in many]
        check = connection.get_execution_options().get(BEFORE_EACH)
        if check is not None:
            check()
        try:
            rows = compiled.ask(connection.connection.driver_connection, parameters)
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                compiled.sql,
                None,  # parameters are a person's words, which no log may hold
                error,
                dialect.loaded_dbapi.Error,
                dialect=dialect,
            ) from error
        return [compiled.row(row) for row in rows]

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
