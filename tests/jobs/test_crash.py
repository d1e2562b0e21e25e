"""A worker is killed in the middle of a push to many people; `make crash` takes 2,000.

Whatever moment it dies at: nobody gets the lesson twice, what another worker can't know is
`unknown`, and the report adds up.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from jobs.worker import THREADS, run_worker
from models.database import SessionFactory, open_database
from queries.campaigns import PushFigures, campaign
from rules.china_time import SHANGHAI
from tests.factories.crowd import make_crowd
from tests.factories.policies import start_programme
from tests.factories.training import make_campaign
from tests.jobs.recorder import Recorder, run_recorder
from tests.jobs.worker_program import make_worker_parts
from workflows.clock import business_now, move_clock

PEOPLE = int(os.environ.get("CRASH_PEOPLE", "300"))
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


@contextmanager
def worker(database_url: URL, recorder: Recorder) -> Iterator[subprocess.Popen[str]]:
    """A worker process of its own."""
    address = database_url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.worker_program", address, recorder.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def next_worker(sessions: SessionFactory, recorder: Recorder) -> Iterator[None]:
    """The worker that takes over; nobody kills it, so it needs no process of its own."""
    stop = Event()
    parts = make_worker_parts(sessions, recorder.url)
    thread = Thread(target=run_worker, args=(parts,), kwargs={"stop": stop})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_until(is_so: Callable[[], bool], every_seconds: float = 0.02) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(every_seconds)


def to_daytime(sessions: SessionFactory) -> datetime:
    """Move business time to ten in the morning: at night nothing would be pushed."""
    local = business_now(sessions).astimezone(SHANGHAI)
    tomorrow = (local + timedelta(days=1)).replace(hour=10, minute=0)
    move_clock(sessions, ahead=tomorrow - local)
    return business_now(sessions)


def figures(sessions: SessionFactory, campaign_id: int) -> PushFigures:
    with sessions.read() as session:
        row = campaign(session, campaign_id)
        assert row is not None
        return row.figures


@pytest.mark.slow
@pytest.mark.sockets
@pytest.mark.timeout(300)
def test_kill_9_during_a_push_reaches_everybody_at_most_once(database_url: URL) -> None:
    sessions = open_database(database_url)
    start_programme(sessions)
    now = to_daytime(sessions)
    with sessions.begin() as session:
        make_crowd(session, PEOPLE, spoke_at=now)
        campaign_id = make_campaign(session, now).id
    with run_recorder() as recorder:
        with worker(database_url, recorder) as first:
            wait_until(lambda: len(recorder.received) > PEOPLE // 4)
            first.kill()
            assert first.wait() == -signal.SIGKILL
        assert figures(sessions, campaign_id).waiting > PEOPLE // 4, "killed in the middle"
        with sessions.begin() as session:
            # A minute in which nobody renewed: leases are real time.
            session.execute(
                text("UPDATE outbox SET lease_until = :past WHERE lease_until IS NOT NULL"),
                {"past": "2020-01-01 00:00:00+00:00"},
            )
            # In which the ticks that the first one took became long ago, too.
            session.execute(text("DELETE FROM job_fires"))
        with next_worker(sessions, recorder):
            wait_until(lambda: figures(sessions, campaign_id).waiting == 0, every_seconds=0.2)
        received = recorder.received
    found = figures(sessions, campaign_id)
    assert max(received.values()) == 1, "at most once"
    assert found.due == PEOPLE == found.sent + found.unknown
    assert found.unknown <= THREADS, "only what was on its way when the worker died"
    assert found.sent <= len(received) <= found.sent + found.unknown
    sessions.dispose()
