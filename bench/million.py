"""A month of a large shop: a million order lines with two levels, all completed, none released.

A few hundred orders go the usual way, from the sale to completion; then the database itself
inserts copies of all their rows. So the data are what the product writes, and quick to make. A
tenth of the referrers were paid out before, with tax withheld.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType

from sqlalchemy import Connection, Integer, Table, func, insert, literal, select, text
from sqlalchemy.orm import Session

from bench.payouts import pay_some
from models.append_only import drop_triggers, install_triggers
from models.database import SessionFactory
from models.tables import metadata
from rules.withholding import WithholdingMethod
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    ship_order,
)
from tests.factories.policies import TWO_LEVELS, start_programme

FIRST = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
PAIRS = 500
"""Referrers, each with an inviter of her own."""
LINES = 4
MATURE = datetime(2026, 10, 31, 2, 0, tzinfo=UTC)
"""By then the hold days of all have passed."""
MONTH_OVER = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
ENOUGH_STOCK = 100_000_000

# What belongs to an order: whose ids each column holds, and which texts must stay unique.
SHIFTED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "orders": {"id": "orders"},
        "order_lines": {"id": "order_lines", "order_id": "orders"},
        "line_commissions": {
            "id": "line_commissions",
            "order_id": "orders",
            "order_line_id": "order_lines",
        },
        "commission_states": {"line_commission_id": "line_commissions"},
        "ledger_transactions": {"id": "ledger_transactions", "order_id": "orders"},
        "ledger_entries": {"id": "ledger_entries", "transaction_id": "ledger_transactions"},
        "commission_postings": {
            "id": "commission_postings",
            "line_commission_id": "line_commissions",
            "transaction_id": "ledger_transactions",
        },
        "payments": {"id": "payments", "order_id": "orders"},
        "order_events": {"order_id": "orders"},
        "order_trails": {"order_id": "orders"},
        "stock_reservations": {"order_line_id": "order_lines"},
        "stock_moves": {"id": "stock_moves"},
    }
)
UNIQUE_TEXTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "orders": frozenset({"number", "checkout_key"}),
        "ledger_transactions": frozenset({"key"}),
        "payments": frozenset({"out_trade_no", "transaction_id"}),
        "stock_moves": frozenset({"key"}),
    }
)
INDEXES = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''",
    "postgresql": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = current_schema() AND to_regclass(indexname::text) NOT IN (
            SELECT conindid FROM pg_constraint)
    """,
}
WITH_IDS = tuple(table for table, columns in SHIFTED.items() if "id" in columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is: `copies` of the first orders, themselves included."""

    copies: int

    @property
    def lines(self) -> int:
        """How many order lines."""
        return self.copies * PAIRS * LINES


MILLION = Size(copies=1_000_000 // (PAIRS * LINES))


def fill(sessions: SessionFactory, size: Size) -> None:
    """Fill a migrated, empty database."""
    start_programme(sessions, replace(TWO_LEVELS, withholding=WithholdingMethod.GENERAL))
    with sessions.begin() as session:
        _sell(session)
    with _unguarded(sessions) as connection, _without_indexes(connection):
        _copy(connection, size.copies)
    pay_some(sessions, FIRST)
    _settle_down(sessions)


def _sell(session: Session) -> None:
    """Sell once for every referrer, spread over ten days."""
    skus = [
        make_sku(session, sale_fen=9_900 + 700 * number, on_hand=ENOUGH_STOCK)
        for number in range(20)
    ]
    inviters = [make_distributor(session) for _ in range(PAIRS)]
    numbers = count()
    for number, inviter in enumerate(inviters):
        referrer = make_distributor(session, inviter=inviter)
        paid_at = FIRST + timedelta(minutes=28 * number)
        goods = [(skus[next(numbers) % len(skus)], 1) for _ in range(LINES)]
        order = make_order(session, goods, now=paid_at, referrer=referrer)
        pay_order(session, order, paid_at)
        ship_order(session, order, paid_at + timedelta(days=1))
        receive_order(session, order, paid_at + timedelta(days=3))
        complete_order(session, order, paid_at + timedelta(days=10))


@contextmanager
def _unguarded(sessions: SessionFactory) -> Iterator[Connection]:
    """A transaction without triggers and foreign keys: copies of good rows are good."""
    engine = sessions.engine
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            # In force only outside a transaction; this connection is thrown away.
            driver = connection.connection.driver_connection
            assert driver is not None
            connection.rollback()
            driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not is_sqlite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            drop_triggers(connection)
            yield connection
            install_triggers(connection)
        connection.invalidate()


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Drop what grows, and build it anew at the end: a third of the time."""
    rows = connection.execute(text(INDEXES[connection.dialect.name]))
    indexes = [(row[1], row[2]) for row in rows if row[0] in SHIFTED]
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    for _, create in indexes:
        connection.exec_driver_sql(create)


def _copy(connection: Connection, copies: int) -> None:
    counts = {
        name: connection.execute(select(func.max(metadata.tables[name].c.id))).scalar_one()
        for name in WITH_IDS
    }
    for name, shifted in SHIFTED.items():
        _copy_table(connection, metadata.tables[name], shifted, counts, copies)
    # Every entry and every share was copied: so many times each is what it was.
    for table, column in (("ledger_accounts", "balance_fen"), ("maturity_hours", "lines")):
        connection.execute(
            text(f"UPDATE {table} SET {column} = {column} * :copies"),  # noqa: S608 - our own words
            {"copies": copies},
        )
    connection.execute(
        text(
            """
            UPDATE stock SET on_hand = sums.quantity
            FROM (SELECT sku_id, SUM(quantity) AS quantity FROM stock_moves GROUP BY sku_id) AS sums
            WHERE sums.sku_id = stock.sku_id
            """
        )
    )
    if connection.dialect.name == "postgresql":
        for name in WITH_IDS:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608
                )
            )


def _copy_table(
    connection: Connection,
    table: Table,
    shifted: Mapping[str, str],
    counts: Mapping[str, int],
    copies: int,
) -> None:
    first = select(literal(1, Integer).label("copy")).cte("copies", recursive=True)
    numbers = first.union_all(select(first.c.copy + 1).where(first.c.copy < copies - 1))
    texts = UNIQUE_TEXTS.get(table.name, frozenset())
    columns = [
        column + numbers.c.copy * counts[shifted[column.name]]
        if column.name in shifted
        else column + "-" + numbers.c.copy.cast(column.type)
        if column.name in texts
        else column
        for column in table.columns
    ]
    wanted = select(*columns).select_from(table.join(numbers, literal(1) == 1))
    if table.name == "stock_moves":
        wanted = wanted.where(table.c.kind == "shipped")
    by = table.c[next(iter(shifted))]
    connection.execute(
        insert(table).from_select(
            [column.name for column in table.columns], wanted.order_by(numbers.c.copy, by)
        )
    )


def _settle_down(sessions: SessionFactory) -> None:
    """Bring PostgreSQL's statistics up to date, as it does by itself within minutes."""
    if sessions.engine.dialect.name == "postgresql":
        autocommit = sessions.engine.execution_options(isolation_level="AUTOCOMMIT")
        with autocommit.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
