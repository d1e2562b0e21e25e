"""9: does the database itself enforce what makes an effect happen once?"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

UNIQUE_KEYS = (
    ("inbound_events", ("source", "dedup_key")),
    ("payments", ("out_trade_no",)),
    ("payments", ("transaction_id",)),
    ("refunds", ("out_refund_no",)),
    ("payouts", ("out_bill_no",)),
    ("outbox", ("key",)),
    ("ledger_transactions", ("key",)),
    ("campaign_recipients", ("campaign_id", "fire_at", "distributor_id")),
    ("job_fires", ("job", "fire_at")),
    ("orders", ("wechat_user_id", "checkout_key")),
    ("line_commissions", ("order_line_id", "level")),
)
"""With these in the database an effect can't happen twice; no query could see it better."""

# Asked of the catalogue at once: SQLAlchemy's inspector asks, and reads SQL, table by table.
_SQLITE = text(
    """
    SELECT tables.name, indexes.name, columns.name
    FROM sqlite_master AS tables
        JOIN pragma_index_list(tables.name) AS indexes ON indexes."unique" = 1
        JOIN pragma_index_info(indexes.name) AS columns
    WHERE tables.type = 'table'
    ORDER BY tables.name, indexes.name, columns.seqno
    """
)
_POSTGRESQL = text(
    """
    SELECT tables.relname, indexes.indexrelid, columns.attname
    FROM pg_index AS indexes
        JOIN pg_class AS tables ON tables.oid = indexes.indrelid
        CROSS JOIN LATERAL unnest(indexes.indkey) WITH ORDINALITY AS keys (number, place)
        JOIN pg_attribute AS columns
            ON columns.attrelid = tables.oid AND columns.attnum = keys.number
    WHERE indexes.indisunique AND indexes.indisvalid AND keys.place <= indexes.indnkeyatts
        AND pg_table_is_visible(tables.oid)
    ORDER BY tables.relname, indexes.indexrelid, keys.place
    """
)


def missing_unique_keys(session: Session) -> Sequence[str]:
    """Return the unique keys that the database doesn't enforce."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    indexes: dict[tuple[str, object], list[str]] = {}
    for table, index, column in session.execute(_SQLITE if is_sqlite else _POSTGRESQL):
        indexes.setdefault((table, index), []).append(column)
    enforced = {(table, tuple(columns)) for (table, _), columns in indexes.items()}
    return [
        f"table={table} key={','.join(columns)}"
        for table, columns in UNIQUE_KEYS
        if (table, columns) not in enforced
    ]
