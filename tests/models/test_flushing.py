"""A transaction is done when it is on the disk; one flush serves all who wait for it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from models.database import SessionFactory, open_database
from models.flushing import SharedFlush
from models.hurried import HurriedSessions
from workflows.inbound import PLAIN_ANSWERS

INSERT = text(
    "INSERT INTO inbound_events (source, dedup_key, received_at)"
    " VALUES ('test', :key, '2026-11-23 02:00:00')"
)
COUNT = text("SELECT count(*) FROM inbound_events")


def write(sessions: SessionFactory, key: str) -> None:
    with sessions.begin() as session:
        session.execute(INSERT, {"key": key})


@pytest.mark.parametrize("hurried", [False, True])
def test_each_commit_is_flushed_before_it_counts(
    sqlite_url: URL, monkeypatch: pytest.MonkeyPatch, hurried: bool
) -> None:
    patient = open_database(sqlite_url)
    sessions = HurriedSessions(patient, PLAIN_ANSWERS) if hurried else patient
    logs: list[str] = []

    def note(descriptor: int) -> None:
        logs.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fdatasync", note)
    for number in range(3):
        write(sessions, str(number))
        assert logs == ["fenxiao.db-wal"] * (number + 1)
    sessions.dispose()
    patient.dispose()


def test_who_commits_during_a_flush_shares_the_next_one(
    sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = open_database(sqlite_url)
    flushing, go_on = Event(), Event()
    flushes: list[int] = []

    def slow(descriptor: int) -> None:
        flushes.append(descriptor)
        flushing.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(write, sessions, "first")
        assert flushing.wait(10)
        rest = [pool.submit(write, sessions, str(number)) for number in range(4)]
        wait_until(lambda: kept(sessions) == 5)
        wait_until(lambda: sessions.flush is not None and sessions.flush.committed == 5)
        assert not any(task.done() for task in (first, *rest)), "nobody is done before the disk is"
        go_on.set()
        for task in (first, *rest):
            task.result(10)
    assert len(flushes) == 2
    sessions.dispose()


def test_a_log_that_is_gone_needs_no_flush(tmp_path: Path) -> None:
    SharedFlush(str(tmp_path / "absent.db")).wait()


def kept(sessions: SessionFactory) -> int:
    with sessions.read() as session:
        return int(session.execute(COUNT).scalar_one())


def wait_until(condition: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it didn't happen in time")
