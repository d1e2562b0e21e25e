"""What Alembic runs: one migration, inside the transaction that `fenxiao.migrating` opened."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection
from sqlalchemy.types import TypeEngine

from models.append_only import drop_triggers, install_triggers
from models.database import UtcDateTime, UtcSecond
from models.tables import metadata


def render_type(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own types into migrations as what the database keeps: no import of the models."""
    if kind != "type" or not isinstance(item, TypeEngine):
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, UtcSecond):
        return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
    if isinstance(item, JSON) and "postgresql" in item._variant_mapping:  # noqa: SLF001
        # Alembic writes JSONB's own argument without its import.
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def run() -> None:
    """Run what was asked for; the triggers are dropped before and created anew after."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_type,
        compare_type=True,
    )
    drop_triggers(connection)
    with context.begin_transaction():
        context.run_migrations()
    install_triggers(connection)


run()
