"""A Python prompt with every table and the configured database: `make shell`.

    with sessions.read() as session:
        session.scalars(select(Order)).all()

`sessions.begin()` writes; what a workflow can do, let the workflow do: it keeps the ledger, the
stock and the audit trail together.
"""

import code
import sys
from contextlib import suppress
from typing import Any

from sqlalchemy import func, select, text

from fenxiao.migrating import needs_migration
from fenxiao.settings import SettingsError, load
from fenxiao.wiring import data_keys
from models import tables
from models.database import Base, SessionFactory, open_database
from workflows.clock import business_now

assert tables.metadata is Base.metadata


def main() -> None:
    """Open the configured database, show how to use it, and give the prompt away."""
    try:
        settings = load()
    except SettingsError as error:
        sys.exit(str(error))
    sessions = open_database(
        settings.database.url.get_secret_value(), data_keys=data_keys(settings)
    )
    try:
        if needs_migration(sessions):
            sys.exit("the database doesn't have the current schema: run `make migrate` first")
        with suppress(ImportError):
            import readline  # noqa: F401 - editing and history of lines, where Python has it
        code.interact(banner=__doc__, local=names(sessions), exitmsg="")
    finally:
        sessions.dispose()


def names(sessions: SessionFactory) -> dict[str, Any]:
    """Return what the prompt knows."""
    return {
        **{mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers},
        "business_now": business_now,
        "func": func,
        "select": select,
        "sessions": sessions,
        "text": text,
    }


if __name__ == "__main__":
    main()
