"""What a web process weighs after 2,000 requests of mixed pages.

The demo's whole shop behind the documented gunicorn; a stranger, a distributor who is logged in
and the shop's owner follow the links of every page they see.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import text

from bench.figure import Figure
from bench.serving import free_port, serve, stop
from fenxiao.demo.ground import Ground, prepare
from fenxiao.demo.people import OWNER, PASSWORD
from fenxiao.demo.platform import Sandbox
from models.database import open_database

REQUESTS = 2000
MOST_MEGABYTES = 200.0
PROCESSES = 2
FILL_SECONDS = 300
LINK = re.compile(r'(?:href|src)="(/[^"#]*)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Reader:
    """Somebody with a browser who opens page after page, each that the pages link to."""

    def __init__(self, site: str, *first: str) -> None:
        self.browser = requests.Session()
        self._site = site
        self._known = list(first)
        self._next = 0

    def read(self) -> None:
        """Open the next page; a page of ours that breaks is no figure."""
        path = self._known[self._next % len(self._known)]
        self._next += 1
        answer = self.browser.get(self._site + path, timeout=30, allow_redirects=False)
        if answer.status_code >= 500:
            raise RuntimeError(f"{path}: {answer.status_code}")
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            for found in LINK.findall(answer.text):
                link = found.replace("&amp;", "&")
                if link not in self._known:
                    self._known.append(link)

    @property
    def pages(self) -> int:
        """How many different addresses were opened."""
        return min(self._next, len(self._known))


def figures(_rounds: int) -> Sequence[Figure]:
    """Fill a shop, read it, and weigh the workers."""
    with tempfile.TemporaryDirectory(prefix="fenxiao-bench-") as folder, ExitStack() as running:
        ground = Ground(folder=Path(folder), port=free_port(), sandbox_port=free_port())
        prepare(ground)
        running.enter_context(_filled(ground))
        server = running.enter_context(
            serve(
                "fenxiao.wsgi:application()",
                ground.environment(),
                ground.folder / "web.log",
                processes=PROCESSES,
            )
        )
        before = max(map(_resident_megabytes, server.workers()))
        site = f"http://localhost:{server.port}"
        readers = (_stranger(site), _distributor(site, ground), _owner(site))
        for _, reader in zip(range(REQUESTS), cycle(readers), strict=False):
            reader.read()
        after = max(map(_resident_megabytes, server.workers()))
    pages = sum(reader.pages for reader in readers)
    return [
        Figure(
            name="memory",
            measured=f"{after:.0f} MB the heavier process, {REQUESTS:,} requests, {pages} pages",
            limit=f"{before:.0f} MB: before the first",
            ratio=after / before,
            target=f"< {MOST_MEGABYTES:.0f} MB",
            met=after < MOST_MEGABYTES,
            numbers={"before_mb": before, "after_mb": after, "pages": pages},
        )
    ]


@contextmanager
def _filled(ground: Ground) -> Iterator[None]:
    """Run the sandbox, and fill the shop as the demo does."""
    command = [sys.executable, "-m", "sandbox", "--port", str(ground.sandbox_port)]
    process = subprocess.Popen(
        [*command, "--config", str(ground.sandbox_file)],
        env=ground.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        Sandbox(url=ground.sandbox_url).wait(FILL_SECONDS)
        subprocess.run(
            [sys.executable, "-m", "fenxiao.demo.fill", ground.sandbox_url],
            check=True,
            env=ground.environment(),
            stdout=subprocess.DEVNULL,
            timeout=FILL_SECONDS,
        )
        yield
    finally:
        stop(process)


def _stranger(site: str) -> Reader:
    return Reader(site, "/", "/nothing-here", "/healthz", "/console/login")


def _owner(site: str) -> Reader:
    reader = Reader(site, "/console/")
    form = reader.browser.get(f"{site}/console/login", timeout=30).text
    token = TOKEN.search(form)
    answer = reader.browser.post(
        f"{site}/console/login",
        data={
            "csrf_token": token.group(1) if token else "",
            "login": OWNER,
            "password": PASSWORD,
        },
        allow_redirects=False,
        timeout=30,
    )
    if answer.status_code not in {302, 303}:
        raise RuntimeError(f"the owner can't log in: {answer.status_code}")
    return reader


def _distributor(site: str, ground: Ground) -> Reader:
    """Return a distributor's browser, with the cookie that WeChat's login would have left."""
    environment = Flask("cookie")
    settings = (ground.folder / "secrets.toml").read_text()
    found = re.search(r'^secret_key = "([^"]+)"', settings, re.MULTILINE)
    assert found is not None, "the ground has secrets"
    environment.secret_key = found.group(1)
    signer = SecureCookieSessionInterface().get_signing_serializer(environment)
    assert signer is not None, "there is a key"
    sessions = open_database(f"sqlite:///{ground.folder}/fenxiao.db", pool_size=1)
    with sessions.read() as session:
        person_id, openid = session.execute(
            text(
                "SELECT w.id, w.openid FROM wechat_users w JOIN distributors d"
                " ON d.wechat_user_id = w.id ORDER BY d.id LIMIT 1"
            )
        ).one()
    sessions.dispose()
    person = {"id": person_id, "openid": openid, "is_virtual": False}
    reader = Reader(site, "/d/", "/orders")
    reader.browser.cookies.set(
        "fenxiao", str(signer.dumps({"person": person, "openid": openid, "_permanent": True}))
    )
    return reader


def _resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None, "Linux says what a process holds"
    return int(found.group(1)) / 1024
