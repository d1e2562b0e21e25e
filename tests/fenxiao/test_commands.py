"""The command, as an operator runs it: its own process, its exit status, its one line."""

import secrets
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import select, text
from sqlalchemy.engine import URL

from models.append_only import drop_triggers
from models.database import SessionFactory, open_database
from models.orders import Order
from models.policies import Grade
from models.staff import StaffMember
from rules.orders import OrderStatus
from tests.database import PostgresqlServer
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order
from tests.factories.payout_accounts import REAL_NAME, make_payout_account
from tests.factories.policies import start_programme
from tests.fenxiao.ground import Ended, Place, free_port, stops_within, wait_for
from tests.fenxiao.test_settings import filled_in

pytestmark = [pytest.mark.slow, pytest.mark.sockets]

PASSWORD = "a-long-password-of-8-words"


def _refused(ended: Ended, *words: str) -> None:
    """One line on standard error that says what is wrong, and nothing else."""
    assert ended.status == 1, ended
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1, ended.err
    assert ended.err.startswith("Error: ")
    for word in words:
        assert word in ended.err


def test_migrate_makes_the_database_and_the_programme_once(
    place: Place, fresh_database_url: URL
) -> None:
    place.use(fresh_database_url)
    first = place.run("migrate")
    assert (first.status, first.err) == (0, "")
    assert first.out.startswith("applied: 0001")
    again = place.run("migrate")
    assert (again.status, again.out) == (0, "the database is up to date\n")
    sessions = open_database(fresh_database_url)
    with sessions.read() as session:
        assert len(session.scalars(select(Grade.id)).all()) == 3
    sessions.dispose()


@pytest.mark.parametrize(
    "command", [("audit",), ("worker",), ("serve",), ("menu", "publish"), ("migrate",)]
)
def test_a_wrong_setting_is_one_line(migrated: Place, command: tuple[str, ...]) -> None:
    migrated.set("brand", '"漱玉"\nbrnad = "?"')
    _refused(migrated.run(*command), "[site] brnad is no setting")


def test_a_program_says_it_on_standard_error(migrated: Place) -> None:
    migrated.set("private_key_file", '"/nowhere.pem"')
    _refused(
        migrated.run_program("worker"),
        "[wechat_pay] private_key_file: /nowhere.pem can't be read: No such file or directory",
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/nowhere/fenxiao.db", "[database] url: "),
        ("sqlite://", "names no file"),
        ("mysql://somebody:hunter2@localhost/x", "use sqlite:///FILE or postgresql+psycopg://"),
        ("hunter2", "is no URL"),
        ("postgresql+psycopg://somebody:hunter2@127.0.0.1:1/x", "[database] url: connection"),
    ],
)
def test_a_database_that_is_out_of_reach_is_one_line(place: Place, url: str, says: str) -> None:
    place.set("url", f'"{url}"')
    for command in ("migrate", "audit"):
        ended = place.run(command)
        _refused(ended, says)
        assert "hunter2" not in ended.err


def test_a_missing_database_says_to_migrate_and_is_not_made(place: Place) -> None:
    _refused(place.run("audit"), "fenxiao.db is missing: run `fenxiao migrate` first")
    assert not (place.ground.folder / "fenxiao.db").exists()


def test_an_unmigrated_database_says_to_migrate(place: Place, fresh_database_url: URL) -> None:
    if fresh_database_url.database and fresh_database_url.get_backend_name() == "sqlite":
        Path(fresh_database_url.database).touch()
    place.use(fresh_database_url)
    _refused(place.run("serve"), "the database needs `fenxiao migrate` first")


def test_serve_answers_and_stops_when_told(migrated_on_both: Place) -> None:
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with migrated_on_both.running("fenxiao", "serve", "--port", port) as process:
        wait_for(f"{url}/healthz", process)
        assert requests.get(f"{url}/healthz", timeout=5).json() == {"status": "ok"}
        assert requests.get(f"{url}/readyz", timeout=5).status_code == 200
        assert requests.get(f"{url}/console/", timeout=5).status_code == 400, "an unknown host"
        second = migrated_on_both.run_program("serve", "--port", port)
        assert second.status == 1
        assert second.err == f"Error: 127.0.0.1:{port} can't be served: Address already in use\n"
        assert stops_within(process, signal.SIGTERM, 8) == 0
    assert "Traceback" not in (migrated_on_both.ground.folder / f"{port}.log").read_text()


def test_figures_are_for_this_machine_only(migrated: Place) -> None:
    port = str(free_port())
    url = f"http://127.0.0.1:{port}/metrics"
    with migrated.running("fenxiao", "serve", "--port", port) as process:
        wait_for(url, process)
        direct = requests.get(url, timeout=5)
        through_a_proxy = requests.get(url, headers={"X-Forwarded-For": "127.0.0.1"}, timeout=5)
    assert direct.status_code == 200
    assert "fenxiao_outbox_late_seconds 0.0" in direct.text
    assert "# TYPE fenxiao_audit_violations gauge" in direct.text
    assert through_a_proxy.status_code == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ticks_and_stops_when_told(migrated: Place, number: int) -> None:
    log = migrated.ground.folder / "worker.log"
    with migrated.running("fenxiao", "worker") as process:
        end = time.monotonic() + 30
        while not (log.exists() and "worker started" in log.read_text()):
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(1)
        assert stops_within(process, number, 10) == 0
    assert "worker stopped" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_audit_holds_then_names_what_broke(migrated_on_both: Place, database_url: URL) -> None:
    sessions = open_database(database_url)
    _sell(sessions, datetime.now(UTC))
    ended = migrated_on_both.run("audit")
    assert (ended.status, ended.out, ended.err) == (0, "all invariants hold\n", "")
    with sessions.begin() as session:
        session.execute(text("UPDATE stock SET reserved = reserved + 1"))
    ended = migrated_on_both.run("audit")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("4.reserved_is_what_is_held ")
    assert len(ended.err.splitlines()) == 1
    with sessions.begin() as session:
        session.execute(text("UPDATE stock SET reserved = reserved - 1"))
        drop_triggers(session.connection())
    ended = migrated_on_both.run("audit")
    assert ended.status == 1
    assert ended.err.startswith("10.append_only_is_enforced ")
    sessions.dispose()


def _sell(sessions: SessionFactory, now: datetime) -> int:
    """Leave a pending order; return its id."""
    start_programme(sessions)
    with sessions.begin() as session:
        return make_order(session, [(make_sku(session), 1)], now=now).id


def test_run_due_does_what_is_due(
    migrated: Place, sqlite_sessions: SessionFactory, now: datetime
) -> None:
    order_id = _sell(sqlite_sessions, now)
    early = (now + timedelta(minutes=29)).isoformat()
    late = (now + timedelta(minutes=31)).isoformat()
    assert migrated.run("run-due", "--now", early).status == 0
    assert _status(sqlite_sessions, order_id) is OrderStatus.PENDING
    assert migrated.run("run-due", "--now", late).status == 0
    assert _status(sqlite_sessions, order_id) is OrderStatus.CANCELLED


def _status(sessions: SessionFactory, order_id: int) -> OrderStatus:
    with sessions.read() as session:
        return session.get_one(Order, order_id).status


def test_reencrypt_lets_a_replaced_data_key_go(migrated_on_both: Place, database_url: URL) -> None:
    keys = [secrets.token_hex(24) for _ in range(2)]
    sessions = open_database(database_url, data_keys=keys[:1])
    start_programme(sessions)
    with sessions.begin() as session:
        account_id = make_payout_account(session, make_distributor(session))
    sessions.dispose()
    migrated_on_both.set("data_key", f'"{keys[1]}"\nformer_data_keys = ["{keys[0]}"]')
    ended = migrated_on_both.run("reencrypt")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "2 sealed anew, 0 had the key in use already\n"
    migrated_on_both.set("former_data_keys", "[]")
    assert migrated_on_both.run("reencrypt").status == 0
    migrated_on_both.set("data_key", f'"{keys[0]}"')
    lost = migrated_on_both.run("reencrypt")
    assert lost.status == 1
    assert lost.err.startswith(f"Error: no key of [site] opens payout account {account_id} name (")
    assert f"payout account {account_id} account (key " in lost.err
    assert len(lost.err.splitlines()) == 1
    assert REAL_NAME not in lost.err


@pytest.mark.parametrize(
    ("moment", "says"), [("soon", "--now soon"), ("2026-11-23T08:00:00", "needs an offset")]
)
def test_run_due_wants_a_moment(migrated: Place, moment: str, says: str) -> None:
    _refused(migrated.run("run-due", "--now", moment), says)


def test_run_due_is_refused_in_production(migrated: Place, now: datetime) -> None:
    migrated.ground.config_file.write_text(filled_in())
    _refused(
        migrated.run("run-due", "--now", now.isoformat()),
        "run-due is for demos and tests: in production the worker runs",
    )


def test_staff_add_lets_somebody_in_once(migrated: Place, sqlite_sessions: SessionFactory) -> None:
    asked = ("staff", "add", "mei", "--name", "梅姐", "--role", "operations", "--password")
    _refused(migrated.run(*asked, "short"), "密码")
    added = migrated.run(*asked, PASSWORD)
    assert (added.status, added.out) == (0, "mei may log in at /console/\n")
    _refused(migrated.run(*asked, PASSWORD), "登录名 mei 已经有人使用")
    with sqlite_sessions.read() as session:
        assert session.scalars(select(StaffMember.login)).all() == ["mei"]


def test_a_backup_brings_the_shop_back(
    migrated_on_both: Place, tmp_path: Path, now: datetime, request: pytest.FixtureRequest
) -> None:
    database_url = request.getfixturevalue("database_url")
    assert isinstance(database_url, URL)
    sessions = open_database(database_url)
    _sell(sessions, now)
    sessions.dispose()
    copy = tmp_path / "shop.backup"
    assert migrated_on_both.run("backup", str(copy)).status == 0
    _refused(migrated_on_both.run("backup", str(copy)), "exists already")
    _refused(migrated_on_both.run("backup", "/nowhere/x"), "/nowhere is no directory")
    kept = "exists" if database_url.get_backend_name() == "sqlite" else "isn't empty"
    _refused(migrated_on_both.run("restore", str(copy)), kept)
    _refused(migrated_on_both.run("restore", str(tmp_path / "other")), "is missing")
    if database_url.get_backend_name() == "sqlite":
        _restore_into(migrated_on_both, database_url.set(database=f"{tmp_path}/new.db"), copy)
        return
    server = request.getfixturevalue("postgresql_server")
    assert isinstance(server, PostgresqlServer)
    with server.database("template0") as empty:
        _restore_into(migrated_on_both, empty, copy)


def _restore_into(place: Place, empty: URL, copy: Path) -> None:
    place.use(empty)
    restored = place.run("restore", str(copy))
    assert restored.status == 0, restored.err
    assert place.run("migrate").out == "the database is up to date\n"
    assert place.run("audit").out == "all invariants hold\n"
    sessions = open_database(empty)
    with sessions.read() as session:
        assert session.scalars(select(Order.status)).all() == [OrderStatus.PENDING]
    sessions.dispose()
