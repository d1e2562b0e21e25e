"""Write the next migration from the models: `make migration NAME="add the unit codes"`.

`make migration FIRST=1` writes 0001 anew, as long as it is the only one: until the first release
the schema has no history.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation
from alembic.operations.ops import CreateTableOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import ForeignKeyConstraint

from fenxiao.migrating import MIGRATIONS, alembic_config, migrate
from models.database import open_database

VERSIONS = MIGRATIONS / "versions"


class LaterForeignKey(MigrateOperation):
    """A foreign key that closes a circle of tables, added when all of them exist.

    SQLite declares it with the table, before the other one exists; PostgreSQL can't, and Alembic
    leaves it out.
    """

    def __init__(self, table: str, constraint: ForeignKeyConstraint) -> None:
        self.table = table
        self.constraint = constraint


@renderers.dispatch_for(LaterForeignKey)
def render_later(_autogen: AutogenContext, found: LaterForeignKey) -> list[str]:
    """Write the operation as Python."""
    constraint = found.constraint
    targets = [element.target_fullname.rsplit(".", 1) for element in constraint.elements]
    arguments = (
        constraint.name,
        found.table,
        targets[0][0],
        list(constraint.column_keys),
        [column for _, column in targets],
    )
    return [
        "if op.get_bind().dialect.name == 'postgresql':",
        f"    op.create_foreign_key({', '.join(map(repr, arguments))})",
    ]


def add_later_foreign_keys(
    _context: MigrationContext, _revision: object, scripts: list[MigrationScript]
) -> None:
    """Append what Alembic leaves out of new tables that refer to each other in a circle."""
    for script in scripts:
        upgrade = script.upgrade_ops
        assert upgrade is not None
        upgrade.ops += [
            LaterForeignKey(created.table_name, constraint)
            for created in upgrade.ops
            if isinstance(created, CreateTableOp)
            for constraint in created.to_table().foreign_key_constraints
            if constraint.use_alter
        ]


def main() -> None:
    """Write one file below migrations/versions and format it."""
    parser = argparse.ArgumentParser(prog="make migration")
    parser.add_argument("--first", action="store_true", help="write 0001 anew")
    parser.add_argument("name", nargs="?", default="", help="what changes, in a few words")
    arguments = parser.parse_args()
    earlier = sorted(VERSIONS.glob("[0-9]*.py"))
    if arguments.first:
        if len(earlier) > 1:
            parser.error("0001 has successors: it is history now")
        kept = earlier[0].read_text() if earlier else None
        for path in earlier:
            path.unlink()
        try:
            write("first", "0001")
        except BaseException:
            if kept is not None:
                earlier[0].write_text(kept)
            raise
    elif arguments.name:
        write(arguments.name, f"{len(earlier) + 1:04}")
    else:
        parser.error('say NAME="what changes" or FIRST=1')


def write(name: str, revision: str) -> None:
    """Compare a migrated, empty SQLite database with the models and write the difference."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/empty.db"
        if any(VERSIONS.glob("[0-9]*.py")):
            migrate(url)
        sessions = open_database(url, pool_size=1)
        try:
            with sessions.engine.begin() as connection:
                script = command.revision(
                    alembic_config(connection),
                    message=name,
                    autogenerate=True,
                    rev_id=revision,
                    process_revision_directives=add_later_foreign_keys,
                )
        finally:
            sessions.dispose()
    assert script is not None
    assert not isinstance(script, list)
    path = Path(script.path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith("# ###")))
    for options in (("check", "--fix", "--quiet"), ("format", "--quiet")):
        command_line = [sys.executable, "-m", "ruff", *options, str(path)]
        subprocess.run(command_line, check=True)  # noqa: S603 - ruff, on the file just written
    print(f"{path.relative_to(MIGRATIONS.parent)}: read it before you commit it")


if __name__ == "__main__":
    main()
