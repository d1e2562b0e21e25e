"""Which tables only ever grow, and the triggers that hold them to it on both databases.

A ledger transaction is the one exception: once, and only while its entries balance, it may be
sealed; a sealed transaction takes no further entry. Migrations run with the triggers dropped and
end with `install_triggers`, because Alembic's batch mode on SQLite loses them without a word.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

LEDGER_TRANSACTIONS = "ledger_transactions"
LEDGER_ENTRIES = "ledger_entries"
SEALED = "is_sealed"
APPEND_ONLY_TABLES = (
    LEDGER_TRANSACTIONS,
    LEDGER_ENTRIES,
    "line_commissions",
    "commission_postings",
    "touches",
    "order_events",
    "after_sales_events",
    "stock_moves",
    "staff_audit",
    "policy_versions",
    "commission_rates",
    "supply_prices",
    "statement_months",
    "statements",
    "brand_statements",
    "sku_prices",
    "sku_price_ends",
)

# A violation is class 23 on PostgreSQL, so that SQLAlchemy raises IntegrityError on both.
_REFUSE = "RAISE EXCEPTION USING MESSAGE = message, ERRCODE = 'restrict_violation'"
_FUNCTIONS = {
    "fenxiao_refuse_change": """
DECLARE message text := TG_TABLE_NAME || ' is append-only';
BEGIN
    {refuse};
END
""",
    "fenxiao_check_new_transaction": """
DECLARE message text := 'a ledger transaction begins unsealed';
BEGIN
    IF NEW.is_sealed THEN
        {refuse};
    END IF;
    RETURN NEW;
END
""",
    "fenxiao_check_sealing": """
DECLARE
    message text := 'a ledger transaction may only be sealed';
    entries bigint;
    total numeric;
BEGIN
    IF OLD.is_sealed OR NOT NEW.is_sealed
        OR to_jsonb(OLD) - 'is_sealed' IS DISTINCT FROM to_jsonb(NEW) - 'is_sealed' THEN
        {refuse};
    END IF;
    SELECT count(*), coalesce(sum(amount_fen), 0) INTO entries, total
        FROM ledger_entries WHERE transaction_id = OLD.id;
    IF entries < 2 OR total <> 0 THEN
        message := 'a ledger transaction needs two entries or more that sum to 0';
        {refuse};
    END IF;
    RETURN NEW;
END
""",
    # FOR SHARE waits for a sealing under way, and makes a sealing wait for this entry.
    "fenxiao_check_entry": """
DECLARE
    message text := 'a sealed ledger transaction takes no further entry';
    sealed boolean;
BEGIN
    SELECT is_sealed INTO sealed
        FROM ledger_transactions WHERE id = NEW.transaction_id FOR SHARE;
    IF sealed THEN
        {refuse};
    END IF;
    RETURN NEW;
END
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One trigger: `body` is what the database keeps and gives back when asked."""

    name: str
    table: str
    create: str
    body: str


def install_triggers(connection: Connection) -> None:
    """Create every trigger anew, for those append-only tables that exist."""
    drop_triggers(connection)
    if connection.dialect.name == "postgresql":
        for name, body in _function_bodies().items():
            connection.exec_driver_sql(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
                f" AS $body${body}$body$"
            )
    existing = set(inspect(connection).get_table_names())
    for trigger in _triggers(connection):
        if trigger.table in existing:
            connection.exec_driver_sql(trigger.create)


def drop_triggers(connection: Connection) -> None:
    """Drop every trigger of ours: for a migration, which may rebuild the tables."""
    existing = set(inspect(connection).get_table_names())
    for trigger in _triggers(connection):
        if trigger.table in existing:
            of_table = f" ON {trigger.table}" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name}{of_table}")


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """List the triggers that are absent, switched off or not as written here; sorted."""
    present = _present_triggers(connection)
    return tuple(
        sorted(
            trigger.name
            for trigger in _triggers(connection)
            if present.get((trigger.table, trigger.name)) != trigger.body
        )
    )


def _present_triggers(connection: Connection) -> dict[tuple[str, str], str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = """
            SELECT relation.relname, trigger.tgname,
                pg_get_triggerdef(trigger.oid, true) || function.prosrc
            FROM pg_trigger AS trigger
            JOIN pg_class AS relation ON relation.oid = trigger.tgrelid
            JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
            JOIN pg_proc AS function ON function.oid = trigger.tgfoid
            WHERE NOT trigger.tgisinternal AND trigger.tgenabled IN ('O', 'A')
                AND schema.nspname = current_schema()
        """
    return {(row[0], row[1]): row[2] for row in connection.execute(text(query))}


def _triggers(connection: Connection) -> list[Trigger]:
    if connection.dialect.name == "sqlite":
        return _sqlite_triggers(connection)
    return _postgresql_triggers()


def _function_bodies() -> dict[str, str]:
    return {name: body.replace("{refuse}", _REFUSE) for name, body in _FUNCTIONS.items()}


def _postgresql_triggers() -> list[Trigger]:
    bodies = _function_bodies()
    found: list[Trigger] = []

    def add(table: str, when: str, function: str) -> None:
        name = f"{table}_before_{when.lower()}"
        each = "STATEMENT" if when == "TRUNCATE" else "ROW"
        # Word for word as pg_get_triggerdef writes it.
        create = (
            f"CREATE TRIGGER {name} BEFORE {when} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION {function}()"
        )
        found.append(Trigger(name=name, table=table, create=create, body=create + bodies[function]))

    for table in APPEND_ONLY_TABLES:
        sealing = table == LEDGER_TRANSACTIONS
        add(table, "UPDATE", "fenxiao_check_sealing" if sealing else "fenxiao_refuse_change")
        add(table, "DELETE", "fenxiao_refuse_change")
        add(table, "TRUNCATE", "fenxiao_refuse_change")
    add(LEDGER_TRANSACTIONS, "INSERT", "fenxiao_check_new_transaction")
    add(LEDGER_ENTRIES, "INSERT", "fenxiao_check_entry")
    return found


def _sqlite_triggers(connection: Connection) -> list[Trigger]:
    found: list[Trigger] = []

    def add(table: str, when: str, *refusals: tuple[str, str]) -> None:
        name = f"{table}_before_{when.lower()}"
        body = " ".join(
            f"SELECT RAISE(ABORT, '{message}') WHERE {condition};"
            for condition, message in refusals
        )
        create = f"CREATE TRIGGER {name} BEFORE {when} ON {table} BEGIN {body} END"
        found.append(Trigger(name=name, table=table, create=create, body=create))

    for table in APPEND_ONLY_TABLES:
        refusal = ("1", f"{table} is append-only")
        if table == LEDGER_TRANSACTIONS:
            add(table, "UPDATE", *_sqlite_sealing(connection))
        else:
            add(table, "UPDATE", refusal)
        add(table, "DELETE", refusal)
    add(
        LEDGER_TRANSACTIONS,
        "INSERT",
        (f"NEW.{SEALED}", "a ledger transaction begins unsealed"),
    )
    add(
        LEDGER_ENTRIES,
        "INSERT",
        (
            "(SELECT is_sealed FROM ledger_transactions WHERE id = NEW.transaction_id)",
            "a sealed ledger transaction takes no further entry",
        ),
    )
    return found


def _sqlite_sealing(connection: Connection) -> tuple[tuple[str, str], ...]:
    inspector = inspect(connection)
    columns = (
        [column["name"] for column in inspector.get_columns(LEDGER_TRANSACTIONS)]
        if inspector.has_table(LEDGER_TRANSACTIONS)
        else []
    )
    changed = [f"OLD.{name} IS NOT NEW.{name}" for name in columns if name != SEALED]
    return (
        (
            " OR ".join([f"OLD.{SEALED}", f"NOT NEW.{SEALED}", *changed]),
            "a ledger transaction may only be sealed",
        ),
        (
            "(SELECT count(*) < 2 OR coalesce(sum(amount_fen), 0) <> 0"
            " FROM ledger_entries WHERE transaction_id = OLD.id)",
            "a ledger transaction needs two entries or more that sum to 0",
        ),
    )
