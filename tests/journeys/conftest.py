"""The stage for journeys, on each database.

Starting three processes takes seconds, so the journeys of one file share a stage; each brings
people of its own. A journey in a browser is about pages, and takes most of a minute: it names one
database, while its workflows and queries are tried on both elsewhere.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy.engine import make_url

from tests.conftest import DATABASES
from tests.database import TEMPLATE, PostgresqlServer
from tests.journeys.browsing import Album, Desk
from tests.journeys.stage import Stage, open_stage

# What web.errors and the bot write when they had to apologise.
BROKEN = re.compile(r'event=(broken|"message broke")')
CHANNELS = ("callback", "payment", "refund", "transfer")


@pytest.fixture(scope="module", params=DATABASES)
def shared_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keys: Path
) -> Iterator[Stage]:
    """Sandbox and web on a migrated database of this file's own: both kinds."""
    folder = tmp_path_factory.mktemp("stage")
    shutil.copytree(keys, folder / "keys")
    with ExitStack() as stack:
        if request.param == "sqlite":
            path = folder / "fenxiao.db"
            template: Path = request.getfixturevalue("sqlite_template")
            shutil.copyfile(template, path)
            url = make_url(f"sqlite:///{path}")
        else:
            server: PostgresqlServer = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(server.database(TEMPLATE))
        opened = stack.enter_context(open_stage(folder, url))
        yield opened
        log = (opened.ground.folder / "web.log").read_text()
        assert not [line for line in log.splitlines() if BROKEN.search(line)], log


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """The stage, without the faults that the journey before has set."""
    sandbox = shared_stage.sandbox
    sandbox.clear_faults()
    for channel in CHANNELS:
        sandbox.release(channel)
    sandbox.settle()
    return shared_stage


@pytest.fixture
def desk(browser: Browser, stage: Stage) -> Iterator[Desk]:
    """Windows on this stage; no script may fail in them."""
    opened = Desk(browser=browser, stage=stage)
    yield opened
    opened.close()
    assert opened.errors == []


@pytest.fixture
def album(request: pytest.FixtureRequest) -> Album:
    """Where this journey's screenshots go: `screenshots/` at the top of the repository."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-").removeprefix("test_")
    folder = request.config.rootpath / "screenshots" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Album(folder=folder)
