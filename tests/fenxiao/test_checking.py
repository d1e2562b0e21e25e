"""`fenxiao check` against a platform that really checks: every line is ok, or says what to do."""

import shutil
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy.engine import URL

from bot.menu import menu_buttons
from models.append_only import drop_triggers
from models.database import SessionFactory
from tests.fenxiao.ground import Place, make_place, wait_for
from tests.sandbox_client import Sandbox
from workflows.clock import real_now

pytestmark = [pytest.mark.slow, pytest.mark.sockets]

ALL_OK = [
    "ok   settings",
    "ok   keys of WeChat Pay",
    "ok   clock",
    "ok   database",
    "ok   append-only triggers",
    "ok   WeChat official account",
    "ok   WeChat Pay",
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Path]:
    """The folder of a place whose sandbox runs."""
    folder = tmp_path_factory.mktemp("platform")
    shutil.copytree(keys, folder / "keys")
    place = make_place(folder)
    ground = place.ground
    options = ("--port", str(ground.sandbox_port), "--config", str(ground.sandbox_file))
    with place.running("sandbox", *options) as process:
        wait_for(f"{ground.sandbox_url}/sandbox/api/clock", process)
        yield ground.folder


@pytest.fixture
def checked(platform: Path, tmp_path: Path, sqlite_url: URL, logging_as_before: None) -> Place:
    """A copy of those settings, with a migrated database."""
    folder = tmp_path / "place"
    shutil.copytree(platform, folder)
    place = make_place(folder)
    shutil.copy(platform / "config.toml", place.ground.config_file)
    place.use(sqlite_url)
    return place


def test_the_menu_is_published(checked: Place) -> None:
    # The settings are a copy: the sandbox and the shop's address are those of the platform.
    settings = tomllib.loads(checked.ground.config_file.read_text())
    sandbox = Sandbox(settings["wechat"]["api_base_url"])
    assert sandbox.menu() is None
    published = checked.run("menu", "publish")
    assert (published.status, published.err) == (0, "")
    assert published.out.startswith("the menu is published")
    shown = sandbox.menu()
    sandbox.close()
    ours = menu_buttons(settings["site"]["base_url"])
    assert shown is not None
    assert [button["name"] for button in shown["button"]] == [button.name for button in ours]


def _lines(place: Place) -> tuple[int, dict[str, str]]:
    """Return the exit status, and each failing line's advice by its subject."""
    ended = place.run("check")
    assert ended.err == ""
    failing = [line.removeprefix("FAIL ") for line in ended.out.splitlines() if "FAIL" in line]
    return ended.status, {line.split(": ")[0]: line.split(": ", 1)[1] for line in failing}


def test_every_line_is_ok(checked: Place) -> None:
    ended = checked.run("check")
    assert (ended.status, ended.out.splitlines()) == (0, ALL_OK)


@pytest.mark.parametrize(
    ("key", "value", "subject", "advice"),
    [
        ("brand", "7", "settings", "[site] brand"),
        ("app_secret", f'"{"x" * 32}"', "WeChat official account", "[wechat] app_secret is not"),
        ("app_id", '"wx00000000000000ff"', "WeChat official account", "[wechat] app_id is not"),
        ("token", '"?"', "keys of WeChat Pay", "[wechat] token must be"),
        ("private_key_file", '"/nowhere.pem"', "keys of WeChat Pay", "/nowhere.pem can't be read"),
        ("certificate_serial", '"00AB"', "WeChat Pay", "certificate_serial"),
        ("merchant_id", '"1900000001"', "WeChat Pay", "compare merchant_id"),
        ("url", '"sqlite:////nowhere/x.db"', "database", "is missing: run `fenxiao migrate`"),
        # Port 9 (discard) is one that nobody listens on; the ids of cases must not change.
        ("api_base_url", '"http://localhost:9"', "clock", "is this server connected"),
    ],
)
def test_each_wrong_value_is_named(
    checked: Place, key: str, value: str, subject: str, advice: str
) -> None:
    checked.set(key, value)
    status, failing = _lines(checked)
    assert status == 1
    assert advice in failing[subject]


def test_swapped_key_files_are_named(checked: Place) -> None:
    keys = checked.ground.folder / "keys"
    checked.set("private_key_file", f'"{keys / "platform_private.pem"}"')
    status, failing = _lines(checked)
    assert status == 1
    assert "private_key_file" in failing["WeChat Pay"]
    checked.set("private_key_file", f'"{keys / "merchant_private.pem"}"')
    checked.set("public_key_file", f'"{keys / "merchant_public.pem"}"')
    status, failing = _lines(checked)
    assert status == 1
    assert "public_key_file is our own" in failing["keys of WeChat Pay"]


def test_a_database_without_schema_says_migrate(checked: Place, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    checked.set("url", f'"sqlite:///{tmp_path}/empty.db"')
    status, failing = _lines(checked)
    assert status == 1
    assert failing["database"] == "run `fenxiao migrate`"


def test_a_dropped_trigger_is_named(checked: Place, sqlite_sessions: SessionFactory) -> None:
    with sqlite_sessions.begin() as session:
        drop_triggers(session.connection())
    status, failing = _lines(checked)
    assert status == 1
    assert list(failing) == ["append-only triggers"]
    assert "touches_before_update" in failing["append-only triggers"]
    assert "run `fenxiao migrate`" in failing["append-only triggers"]
    assert checked.run("migrate").status == 0
    assert _lines(checked) == (0, {})


def test_a_clock_that_is_off_is_named(checked: Place) -> None:
    with time_machine.travel(real_now() + timedelta(minutes=11), tick=True):
        status, failing = _lines(checked)
    assert status == 1
    assert "s off: switch on NTP" in failing["clock"]
    assert "clock" in failing["WeChat Pay"]
