"""The `fenxiao` command: everything that an operator does from a shell."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from fenxiao.app import create_app
from fenxiao.backup import BackupError
from fenxiao.backup import backup as write_backup
from fenxiao.backup import restore as bring_back
from fenxiao.logs import configure as configure_logs
from fenxiao.memory import give_back_freed
from fenxiao.migrating import MigrationError, needs_migration
from fenxiao.migrating import migrate as migrate_database
from fenxiao.settings import Settings, SettingsError, load
from fenxiao.wiring import connect, database_url, first_line, open_sessions
from models.database import SessionFactory
from queries.invariants import INVARIANTS, check_each
from rules.errors import RuleViolation
from rules.staff import Role
from web.collaborators import Collaborators
from wechat.errors import WeChatError
from workflows.audit import StaffActor
from workflows.clock import real_now
from workflows.payouts.reencrypt import Unreadable, reencrypt_payout_accounts
from workflows.policies import install_programme
from workflows.staff.add import StaffDraft, add_staff

OPERATOR = StaffActor(staff_id=None, role=Role.OWNER, address="command line")
MOST_NAMED = 5


class OneLineErrors(click.Group):
    """What an operator can mend is one line on standard error and exit status 1; a bug is not."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except (SettingsError, MigrationError, BackupError) as error:
            raise click.ClickException(str(error)) from error
        except RuleViolation as violation:
            raise click.ClickException(violation.message) from violation
        except WeChatError as error:
            raise click.ClickException(f"WeChat: {error}") from error
        except OperationalError as error:
            raise click.ClickException(f"[database] url: {first_line(error)}") from error


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
def fenxiao() -> None:
    """Fenxiao (分销): official-account bot and storefront for distribution supply."""
    configure_logs()


@contextmanager
def _database(settings: Settings) -> Iterator[SessionFactory]:
    """Open the database, which must have this program's schema."""
    sessions = open_sessions(settings)
    try:
        if needs_migration(sessions):
            raise MigrationError("the database needs `fenxiao migrate` first")
        yield sessions
    finally:
        sessions.dispose()


@contextmanager
def _collaborators(settings: Settings) -> Iterator[Collaborators]:
    with _database(settings) as sessions:
        yield connect(settings, sessions)


@fenxiao.command()
def migrate() -> None:
    """Bring the database to the newest schema, and install the programme's first values."""
    settings = load()
    try:
        applied = migrate_database(database_url(settings))
    except (ValueError, OSError) as error:
        raise SettingsError(f"[database] url: {error}") from error
    with _database(settings) as sessions:
        install_programme(sessions, settings.programme.policy(), real_now())
    click.echo(f"applied: {', '.join(applied)}" if applied else "the database is up to date")


@fenxiao.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
def serve(host: str, port: int, threads: int) -> None:
    """Serve the web application by waitress; behind gunicorn use `fenxiao.wsgi:application`."""
    from fenxiao.serving import serve_until_told

    settings = load()
    give_back_freed()
    with _collaborators(settings) as parts:
        click.echo(f"serving {settings.site.base_url} on http://{host}:{port}")
        serve_until_told(create_app(settings, parts), host=host, port=port, threads=threads)


@fenxiao.command()
def worker() -> None:
    """Deliver the outbox and tick the clock's jobs; start as many as you like, anywhere."""
    from jobs.worker import run_worker

    give_back_freed()
    with _collaborators(load()) as parts:
        run_worker(parts)


@fenxiao.command()
def check() -> None:
    """Check settings, database, WeChat credentials, keys and clock: ok, or what to do."""
    from fenxiao.checking import check_everything

    findings = check_everything()
    for finding in findings:
        click.echo(finding.line)
    if not all(finding.is_ok for finding in findings):
        raise SystemExit(1)


@fenxiao.command()
@click.option("--times", is_flag=True, help="say how long each check took")
def audit(times: bool) -> None:
    """Check all invariants of money, stock and records; exit status 1 if any is broken."""
    is_broken = False
    with _database(load()) as sessions, sessions.read() as session:
        for outcome in check_each(session, INVARIANTS):
            is_broken |= bool(outcome.subjects)
            for subject in outcome.subjects:
                click.echo(f"{outcome.code} {outcome.question} {subject}", err=True)
            if times:
                click.echo(f"{outcome.seconds:8.3f} s  {outcome.code}")
    if is_broken:
        raise SystemExit(1)
    click.echo("all invariants hold")


@fenxiao.command()
def reencrypt() -> None:
    """Seal all real names and bank accounts anew with data_key; exit status 1 if any is left."""
    with _database(load()) as sessions:
        done = reencrypt_payout_accounts(sessions, actor=OPERATOR, now=real_now())
    click.echo(f"{done.changed} sealed anew, {done.kept} had the key in use already")
    if done.unreadable:
        raise click.ClickException(_unreadable(done.unreadable))
    if done.late:
        raise click.ClickException(
            f"{done.late} sealed with another key meanwhile: restart every program that has not"
            " read the new data_key, then run this again"
        )


def _unreadable(found: Sequence[Unreadable]) -> str:
    """Name in one line what no key opens, and never what it holds."""
    named = [
        f"payout account {one.payout_account_id} {one.field} ({one.reason})"
        for one in found[:MOST_NAMED]
    ]
    if len(found) > MOST_NAMED:
        named.append(f"{len(found) - MOST_NAMED} more")
    return f"no key of [site] opens {', '.join(named)}"


@fenxiao.command("run-due")
@click.option("--now", required=True, help="business time, ISO 8601 with an offset")
def run_due(now: str) -> None:
    """Run everything that is due at a moment (not in production)."""
    from jobs.due import run_everything_due

    settings = load()
    if settings.site.environment == "production":
        raise click.ClickException("run-due is for demos and tests: in production the worker runs")
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise click.ClickException(f"--now {now}: {error}") from error
    if moment.tzinfo is None:
        raise click.ClickException("--now needs an offset, e.g. 2026-11-23T08:00:00+08:00")
    with _collaborators(settings) as parts:
        run_everything_due(parts, moment)


@fenxiao.group()
def staff() -> None:
    """The brand's staff."""


@staff.command("add")
@click.argument("login")
@click.option("--name", required=True, help="as colleagues know her or him")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.password_option(help="asked for when not given")
def staff_add(login: str, name: str, role: str, password: str) -> None:
    """Add a member of staff."""
    draft = StaffDraft(login=login, name=name, role=Role(role), password=password)
    with _database(load()) as sessions:
        add_staff(sessions, draft, actor=OPERATOR, now=real_now())
    click.echo(f"{login} may log in at /console/")


@fenxiao.group()
def menu() -> None:
    """The official account's menu."""


@menu.command("publish")
def menu_publish() -> None:
    """Replace the official account's menu by ours."""
    from bot.menu import menu_buttons

    with _collaborators(load()) as parts:
        parts.account.publish_menu(menu_buttons(parts.site.base_url))
    click.echo("the menu is published; phones show it within a day, or after re-entering the chat")


@fenxiao.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the running database to FILE."""
    write_backup(database_url(load()), file)
    click.echo(f"{file} is complete")


@fenxiao.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Fill the configured, empty database from FILE."""
    bring_back(database_url(load()), file)
    click.echo(f"restored from {file}; now run `fenxiao migrate` and `fenxiao audit`")


@fenxiao.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--sandbox-port", default=8001, show_default=True)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data/demo"), show_default=True
)
@click.option("--fresh", is_flag=True, help="forget what an earlier demo left")
def demo(port: int, sandbox_port: int, data: Path, fresh: bool) -> None:
    """Show everything on this machine: sandbox, shop, console and worker. Ctrl-C stops it."""
    from fenxiao.demo.run import DemoOptions, run_demo

    run_demo(DemoOptions(port=port, sandbox_port=sandbox_port, data=data, fresh=fresh))
