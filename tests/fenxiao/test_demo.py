"""`fenxiao demo`, as a stranger starts and stops it: real programs, real ports."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from fenxiao.commands import fenxiao
from models.aftersales import AfterSalesRequest
from models.catalogue import Product
from models.database import Base, SessionFactory, open_database
from models.distributors import Distributor
from models.holds import CommissionHold
from models.materials import Material, MaterialShare, ShareOpen
from models.orders import Order
from models.people import WeChatUser
from models.training import Campaign, CampaignRecipient, Lesson
from queries.dashboard import waiting_tasks
from queries.invariants import INVARIANTS, check_all
from rules.aftersales import AfterSalesKind, AfterSalesStatus
from rules.holds import HoldStatus
from rules.orders import OrderStatus
from rules.training import CampaignStatus
from tests.fenxiao.ground import ROOT, free_port
from workflows.clock import real_now

pytestmark = [
    pytest.mark.slow,
    pytest.mark.sockets,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("demo"),
]

START_SECONDS = 300
STOP_SECONDS = 20
ADDRESSES = re.compile(r"http://localhost:\d+/\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo; `output` is where it prints."""

    process: "subprocess.Popen[bytes]"
    output: Path
    port: int

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        """Wait until it prints `words`."""
        end = time.monotonic() + START_SECONDS
        while words not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < end, self.printed
            time.sleep(0.1)

    def children(self) -> dict[str, int]:
        """Return the process ids of its programs by module."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (entry / "cmdline").read_bytes().decode().split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            # One that has ended, or is only about to begin, has no name yet.
            if parent == self.process.pid and len(command) > 2:
                found[command[2]] = int(entry.name)
        return found

    def stop(self, number: int) -> int:
        """Send a signal; return the exit status."""
        os.kill(self.process.pid, number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def run_demo(data: Path, output: Path, *options: str) -> Iterator[Demo]:
    """Start the demo on free ports."""
    port = free_port()
    with output.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "fenxiao", "demo", "--data", str(data)),
                *("--port", str(port), "--sandbox-port", str(free_port()), *options),
            ],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Demo(process=process, output=output, port=port)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)


def is_alive(pid: int) -> bool:
    """Return whether there is such a process; one that ended and waits to be asked is none."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return line.rsplit(")", 1)[1].split()[0] != "Z"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a demo that was started, looked at, and stopped by Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    data = folder / "data"
    with run_demo(data, folder / "output") as demo:
        demo.wait_for("Ctrl-C stops everything")
        tour, phones, console = ADDRESSES.findall(demo.printed)
        assert tour == f"http://localhost:{demo.port}/demo/"
        assert "分销" in requests.get(tour, timeout=10).text
        assert requests.get(phones, timeout=10).status_code == 200
        assert requests.get(console, timeout=10).status_code == 200
        assert "owner" in demo.printed
        assert "Shuyu-2026-demo" in demo.printed
        children = demo.children()
        assert sorted(children) == ["fenxiao", "fenxiao.demo.web", "sandbox"]
        assert demo.stop(signal.SIGINT) == 0
        assert not [pid for pid in children.values() if is_alive(pid)]
        assert "Traceback" not in demo.printed
        assert demo.printed.rstrip().endswith("goes on from here (ARGS=--fresh starts over)")
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of that data."""
    return Path(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
def shop(filled: Path) -> Iterator[SessionFactory]:
    """Its database."""
    sessions = open_database(make_url(f"sqlite:///{filled}/fenxiao.db"))
    yield sessions
    sessions.dispose()


def _count(sessions: SessionFactory, table: type[Base]) -> int:
    with sessions.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_shop_is_as_announced(shop: SessionFactory) -> None:
    counts = {
        table.__name__: _count(shop, table)
        for table in (Product, Distributor, Lesson, Campaign, Material)
    }
    assert counts == {
        "Product": 12,
        "Distributor": 30,
        "Lesson": 3,
        "Campaign": 2,
        "Material": 3,
    }
    assert _count(shop, WeChatUser) >= 200 + 30
    with shop.read() as session:
        placed = session.scalars(select(Order.placed_at)).all()
        recent = {moment.date() for moment in placed if moment > real_now() - timedelta(days=14)}
        assert len(recent) >= 13, "every day of two weeks"
        statuses = set(session.scalars(select(Order.status)))
        assert statuses >= {
            OrderStatus.PAID,
            OrderStatus.SHIPPED,
            OrderStatus.RECEIVED,
            OrderStatus.COMPLETED,
            OrderStatus.CANCELLED,
        }
        both_levels = select(func.count(Order.id)).where(
            Order.referrer_id.is_not(None), Order.inviter_id.is_not(None)
        )
        assert session.scalar(both_levels)


def test_what_was_taught_and_shared_comes_back_as_figures(shop: SessionFactory) -> None:
    with shop.read() as session:
        assert set(session.scalars(select(Campaign.status))) == {
            CampaignStatus.ACTIVE,
            CampaignStatus.FINISHED,
        }
        opened = select(func.count()).where(CampaignRecipient.opened_at.is_not(None))
        assert session.scalar(opened)
        from_shares = select(func.count(Order.id)).where(Order.share_id.is_not(None))
        assert session.scalar(from_shares)
    assert _count(shop, ShareOpen) > _count(shop, MaterialShare) > 1


def test_each_page_of_the_staff_s_desk_has_something_on_it(shop: SessionFactory) -> None:
    with shop.read() as session:
        waiting = waiting_tasks(session)
        assert waiting.applications == 2
        assert waiting.to_ship > 0
        assert waiting.after_sales == 2
        assert waiting.payouts > 0
        requests = set(session.execute(select(AfterSalesRequest.kind, AfterSalesRequest.status)))
        assert requests == {
            (AfterSalesKind.PRICE_DROP, AfterSalesStatus.REQUESTED),
            (AfterSalesKind.REFUND_ONLY, AfterSalesStatus.REQUESTED),
            (AfterSalesKind.REFUND_ONLY, AfterSalesStatus.REFUNDED),
        }
        in_part = select(Order.refunded_fen, Order.payable_fen).where(Order.refunded_fen > 0)
        ((refunded_fen, payable_fen),) = session.execute(in_part)
        assert refunded_fen < payable_fen
        assert session.scalars(select(CommissionHold.status)).all() == [HoldStatus.OPEN]


def test_the_audit_holds(shop: SessionFactory) -> None:
    with shop.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_a_second_start_keeps_the_data_and_a_dead_program_ends_it(
    data: Path, tmp_path: Path, shop: SessionFactory
) -> None:
    with run_demo(data, tmp_path / "output") as demo:
        demo.wait_for("Ctrl-C stops everything")
        assert "filling" not in demo.printed
        children = demo.children()
        os.kill(children["fenxiao"], signal.SIGKILL)
        assert demo.process.wait(STOP_SECONDS) == 1
        assert f"Error: worker was ended by signal 9: see {data}/worker.log" in demo.printed
        assert "Traceback" not in demo.printed
        assert not [pid for pid in children.values() if is_alive(pid)]
    again = open_database(make_url(f"sqlite:///{data}/fenxiao.db"))
    assert _count(again, Order) == _count(shop, Order)
    again.dispose()


def test_fresh_starts_over_and_an_interrupted_filling_is_not_kept(
    data: Path, tmp_path: Path
) -> None:
    old_keys = (data / "secrets.toml").read_text()
    with run_demo(data, tmp_path / "first", "--fresh") as demo:
        demo.wait_for("filling the shop")
        while "fenxiao.demo.fill" not in (children := demo.children()):
            time.sleep(0.1)
        assert demo.stop(signal.SIGTERM) == 0
        assert not [pid for pid in children.values() if is_alive(pid)]
        assert "Traceback" not in demo.printed
    assert (data / "secrets.toml").read_text() != old_keys
    with run_demo(data, tmp_path / "second") as demo:
        demo.wait_for("filling the shop")
        assert {stat.S_IMODE(file.stat().st_mode) for file in data.glob("*.toml")} == {0o600}
        # Killed outright, it can't stop its programs: they notice.
        while "fenxiao.demo.fill" not in (children := demo.children()):
            time.sleep(0.1)
        demo.process.kill()
        demo.process.wait()
        end = time.monotonic() + STOP_SECONDS
        while alive := [name for name, pid in children.items() if is_alive(pid)]:
            assert time.monotonic() < end, alive
            time.sleep(0.1)


def test_a_taken_port_is_named(tmp_path: Path, logging_as_before: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--sandbox-port"):
            ended = CliRunner().invoke(fenxiao, ["demo", "--data", str(tmp_path), option, port])
            assert ended.exit_code == 1
            assert ended.stderr == (
                f"Error: port {port} is taken, perhaps by another demo: choose another with"
                f" {option}\n"
            )


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, logging_as_before: None) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    options = ("--port", str(free_port()), "--sandbox-port", str(free_port()))
    ended = CliRunner().invoke(fenxiao, ["demo", "--data", str(tmp_path), "--fresh", *options])
    assert ended.exit_code == 1
    assert "holds something else: name another --data" in ended.stderr
    assert (tmp_path / "thesis.txt").exists()
