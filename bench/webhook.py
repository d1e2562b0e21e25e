"""Encrypted webhook messages per second, answered by the real bot with durable dedupe.

The documented gunicorn set-up (2 processes), 16 keep-alive connections; each message is new. The
limit is the same set-up with a route that only decrypts and encrypts by hand. Limit, SQLite and
PostgreSQL take turns, so that whatever else the machine does hits them alike.

Each process has a core of its own, as always (`fenxiao.web_server`), but here a port too, with half
of the connections. Of sixteen that arrive at once on one port, the process that wakes first often
takes all; a proxy, which opens a connection for each request, spreads them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from bench.figure import Figure
from bench.load import Outcome
from bench.serving import ROOT, serve
from fenxiao.demo.ground import Ground, prepare
from fenxiao.migrating import migrate
from models.database import open_database
from tests.database import TEMPLATE, run_postgresql

CONNECTIONS = 16
PROCESSES = 2
ROUND_SECONDS = 3.0
WARM_SECONDS = 1.0
LEAST_RATIO = 0.45
MOST_P99_MILLISECONDS = 40.0
# As a careful operator runs it: what is committed survives a power cut.
DURABLE = ("listen_addresses=", "fsync=on", "synchronous_commit=on", "max_connections=100")
LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Servers under load, the files that belong to them, and their database, if they have one."""

    ports: tuple[int, ...]
    config: Path
    database: URL | None


def figures(rounds: int) -> Sequence[Figure]:
    """Measure on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="fenxiao-bench-") as folder, ExitStack() as running:
        ground = Ground(folder=Path(folder), port=80, sandbox_port=81)
        prepare(ground)
        subjects = {LIMIT: _start(running, ground, LIMIT, None)}
        sqlite = make_url(f"sqlite:///{folder}/bench.db")
        migrate(sqlite)
        subjects["SQLite"] = _start(running, ground, "sqlite", sqlite)
        missing = ""
        try:
            server = running.enter_context(run_postgresql(DURABLE))
        except pytest.skip.Exception as skipped:
            missing = str(skipped)
        else:
            url = running.enter_context(server.database(TEMPLATE))
            subjects["PostgreSQL"] = _start(running, ground, "postgresql", url)
        outcomes = _take_turns(subjects, rounds)
    found = [_figure(name, outcomes[name], outcomes[LIMIT]) for name in subjects if name != LIMIT]
    if missing:
        found.append(
            Figure(name="webhook, PostgreSQL", measured=missing, target="ratio ≥ 0.45", met=None)
        )
    return found


def _start(running: ExitStack, ground: Ground, name: str, database: URL | None) -> Subject:
    environment = ground.environment()
    application = "bench.limit:application()"
    if database is not None:
        application = "fenxiao.wsgi:application()"
        environment["FENXIAO_DATABASE__URL"] = database.render_as_string(hide_password=False)
    cores = sorted(os.sched_getaffinity(0))
    ports: list[int] = []
    for number in range(PROCESSES):
        log = ground.folder / f"{name}-{number}.log"
        core = cores[number % len(cores)]
        server = serve(application, environment, log, processes=1, cores=[core])
        ports.append(running.enter_context(server).port)
    return Subject(ports=tuple(ports), config=ground.config_file, database=database)


def _take_turns(subjects: Mapping[str, Subject], rounds: int) -> Mapping[str, list[Outcome]]:
    outcomes: dict[str, list[Outcome]] = {name: [] for name in subjects}
    for subject in subjects.values():
        _load(subject, WARM_SECONDS)
    for _ in range(rounds):
        for name, subject in subjects.items():
            before = _kept(subject)
            outcome = _load(subject, ROUND_SECONDS)
            # No speed without the dedupe: what was answered is in the database.
            grown = _kept(subject) - before
            if subject.database is not None and grown < outcome.answered:
                raise RuntimeError(f"{outcome.answered} were answered, {grown} are kept")
            outcomes[name].append(outcome)
    return outcomes


def _load(subject: Subject, seconds: float) -> Outcome:
    ports = ",".join(map(str, subject.ports))
    arguments = [str(subject.config), ports, str(CONNECTIONS), str(seconds)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", *arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        timeout=60 + seconds,
    )
    return Outcome(**json.loads(done.stdout))


def _kept(subject: Subject) -> int:
    if subject.database is None:
        return 0
    sessions = open_database(subject.database, pool_size=1)
    with sessions.read() as session:
        count = session.execute(text("SELECT count(*) FROM inbound_events")).scalar_one()
    sessions.dispose()
    return int(count)


def _figure(name: str, outcomes: Sequence[Outcome], limits: Sequence[Outcome]) -> Figure:
    per_second = statistics.median(outcome.per_second for outcome in outcomes)
    limit = statistics.median(outcome.per_second for outcome in limits)
    ratio = statistics.median(
        outcome.per_second / bare.per_second for outcome, bare in zip(outcomes, limits, strict=True)
    )
    p50 = statistics.median(outcome.p50 for outcome in outcomes)
    p99 = statistics.median(outcome.p99 for outcome in outcomes)
    limit_p99 = statistics.median(outcome.p99 for outcome in limits)
    # On SQLite one writer at a time is by design; the tail is judged where writers don't queue.
    is_judged_by_tail = name == "PostgreSQL"
    target = f"ratio ≥ {LEAST_RATIO}"
    if is_judged_by_tail:
        target += f", p99 < {MOST_P99_MILLISECONDS:.0f} ms"
    return Figure(
        name=f"webhook, {name}",
        measured=f"{per_second:,.0f} messages/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        limit=f"{limit:,.0f}/s, p99 {limit_p99:.1f} ms: decrypt and encrypt only",
        ratio=ratio,
        target=target,
        met=ratio >= LEAST_RATIO and (p99 < MOST_P99_MILLISECONDS or not is_judged_by_tail),
        numbers={
            "messages_per_second": per_second,
            "p50_ms": p50,
            "p99_ms": p99,
            "limit_per_second": limit,
            "limit_p99_ms": limit_p99,
            "ratio": ratio,
        },
    )
