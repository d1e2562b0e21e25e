"""Every route tries what nobody should send; a route that is added joins by itself.

What a view reads from a request is written down while it runs, and each of these fields then gets
each of the nasty values, with sound ones in the others so that the view gets as far as it can.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from models.clock import BusinessClock
from models.database import SessionFactory
from queries.invariants import INVARIANTS, check_all
from tests.fakes import FakeAccount
from tests.shop import open_shop
from tests.web.town import Rows, Town, Visitor, open_town
from workflows.clock import real_now

NASTY = (
    "",
    "0",
    "-1",
    "1.5",
    "true",
    "１２３",
    "9223372036854775808",
    "9" * 4000,
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "%_\\",
    "{{7*7}}<script>alert(1)</script>",
    "//evil.example/\\",
    "a\r\nX-Evil: 1",
    "\u202e\u200b\U0001f600\ufffe\u0300",
    "\ud800",
    "\x00",
    "字" * 3000,
)
SOUND = {
    "district": "330106",
    "phone": "13800001111",
    "amount": "10.00",
    "channel": "wechat",
    "detail": "文三路 100 号 5 幢",
    "counted": "900",
    "sale": "124.00",
    "list": "198.00",
    "login": "xiaomei",
    "password": "a-sound-password-of-hers",
    "current": "a-sound-password-of-hers",
    "new": "another-sound-password",
    "again": "another-sound-password",
    "action": "",
    "since": "2026-11-01",
    "until": "2026-11-30",
    "fire": "253402300799",
    "opened": "",
    "seen": "13400",
    "repeat": "once",
    "once_at": "2099-01-01T12:00",
    "at_time": "20:00",
    "valid_until": "2098-12-31",
    "role": "viewer",
    "status": "",
    "stage": "",
    "state": "",
    "next": "/console/",
    "link": "",
    "kind": "",
    "file": "csv",
    "after_sales_days": "7",
    "withholding": "none",
    "quiet_from": "22:00",
    "quiet_until": "08:00",
    "when": "now",
}
IN_ADDRESS = (
    "0",
    "9223372036854775808",
    "-1",
    "%00",
    "%ff",
    "..%2f..%2fetc",
    "%0d%0aX:1",
    "😀",
    "'",
)


class Asked:
    """The names that views read from the request that is being handled."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def watch(self, app: Flask) -> None:
        """Write down what is read from now on."""
        names = self.names

        class Watched(ImmutableMultiDict[str, str]):
            def __getitem__(self, key: str) -> str:
                names.add(key)
                return super().__getitem__(key)

            def __contains__(self, key: object) -> bool:
                names.add(str(key))
                return super().__contains__(key)

        class WatchedRequest(Request):
            parameter_storage_class = Watched

        app.request_class = WatchedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One town under attack; `broken` lists what went wrong, all of it."""

    town: Town
    asked: Asked
    broken: list[str]

    def send(self, visitor: Visitor, method: str, path: str, **about: object) -> TestResponse:
        """Send a request and note an answer that a stranger must never get."""
        answer = visitor.send(method, path, **about)
        if answer.status_code >= 500:
            self.broken.append(f"{answer.status_code} {method} {path} {about}"[:300])
        target = answer.headers.get("Location", "")
        if target.startswith(("//", "/\\")) or "evil" in target.split("?")[0]:
            self.broken.append(f"leads away to {target}: {method} {path} {about}"[:300])
        if "X-Evil" in answer.headers:
            self.broken.append(f"a header slipped in: {method} {path} {about}"[:300])
        if answer.mimetype == "text/html":
            self._check_page(answer, f"{method} {path} {about}"[:300])
        return answer

    def _check_page(self, answer: TestResponse, what: str) -> None:
        if "<script>alert(1)" in answer.text:
            self.broken.append(f"a script slipped in: {what}")
        if "'nonce-" not in answer.headers["Content-Security-Policy"]:
            self.broken.append(f"no policy: {what}")
        if answer.headers["Cache-Control"] != "private, no-store":
            self.broken.append(f"a cache may keep it: {what}")

    def fields_of(self, visitor: Visitor, method: str, path: str) -> dict[str, str]:
        """Return the fields that a view reads, each with a sound value."""
        known: dict[str, str] = {}
        while True:
            self.asked.names.clear()
            self.send(visitor, method, path, **sent(method, known))
            new = self.asked.names - known.keys() - {"csrf_token"}
            if not new:
                return known
            known |= {name: SOUND.get(name, "1") for name in sorted(new)}


def make_passwords_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are tried by the dozen here; how dear one try is doesn't matter."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("workflows.staff.passwords._HASHER", cheap)


@pytest.fixture
def trial(
    sessions: SessionFactory, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    make_passwords_cheap(monkeypatch)
    shop = open_shop(sessions, max(now, real_now()))
    with sessions.begin() as session:
        ahead = max(0, int((shop.now - real_now()).total_seconds()))
        session.add(BusinessClock(id=1, offset_seconds=ahead))
    trial = Trial(town=open_town(shop, tmp_path), asked=Asked(), broken=[])
    trial.town.site.app.config["TESTING"] = False
    trial.asked.watch(trial.town.site.app)
    yield trial
    assert not trial.broken, "\n".join(trial.broken)
    with sessions.read() as session:
        assert list(check_all(session, INVARIANTS)) == []


def _order(rule: Rule) -> tuple[bool, bool, str]:
    """Look before anything is changed, and let staff change things last."""
    return rule.rule.startswith("/console"), "POST" in (rule.methods or ()), rule.rule


def rules_of(town: Town) -> list[tuple[str, Rule]]:
    """Return every route with each of its methods."""
    return [
        (method, rule)
        for rule in sorted(town.site.app.url_map.iter_rules(), key=_order)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(town: Town, rule: Rule, word: str | None = None) -> str:
    """Return a rule's address with real ids and words, or `word` in the place of each."""
    path = rule.rule
    for name in rule.arguments:
        real = "1" if name.endswith("_id") else town.words.get(name, "1")
        found = re.search(rf"<[^<>]*\b{name}>", path)
        assert found is not None
        path = path.replace(found[0], word or real)
    return path


def who_opens(town: Town, rule: Rule) -> Callable[[], Visitor]:
    """Return who gets furthest at a route."""
    if rule.rule.startswith("/console"):
        return town.owner
    return town.distributor if rule.rule.startswith("/d/") else town.buyer


def sent(method: str, fields: dict[str, str]) -> dict[str, object]:
    """Return fields as a browser sends them."""
    if method == "GET":
        return {"query_string": _encoded(fields)}
    return {"data": _encoded(fields), "content_type": "application/x-www-form-urlencoded"}


def _encoded(fields: dict[str, str]) -> str:
    return "&".join(
        f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in fields.items()
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_strangers_write_nothing_and_call_nobody(trial: Trial) -> None:
    town = trial.town
    visitor = town.stranger()
    before = without_logins(town.rows())
    calls = list(town.site.shop.payments.calls)
    everything = dict.fromkeys(SOUND, "1")
    for method, rule in rules_of(town):
        for word in (None, *(IN_ADDRESS if rule.arguments else ())):
            path = address(town, rule, word)
            trial.send(visitor, method, path)
            if method != "GET":
                trial.send(visitor, method, path, data=everything)
                trial.send(visitor, method, path, json={"amount": True})
                trial.send(visitor, method, path, data=everything, headers={"X-CSRFToken": "no"})
    assert without_logins(town.rows()) == before
    assert town.site.shop.payments.calls == calls
    assert town.site.account == FakeAccount(lock=town.site.account.lock)
    assert town.site.authorisation.exchanged == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("is_console", "fewest"), [(False, 900), (True, 2_500)])
def test_no_value_of_any_field_breaks_a_page(trial: Trial, is_console: bool, fewest: int) -> None:
    town = trial.town
    tried = 0
    for method, rule in rules_of(town):
        if rule.rule.startswith("/console") != is_console:
            continue
        path = address(town, rule)
        opens = who_opens(town, rule)
        visitor = opens()
        fields = trial.fields_of(visitor, method, path)
        for name in fields:
            # A sound form may have logged her out.
            visitor = opens() if rule.rule.startswith("/console") else visitor
            for value in NASTY:
                trial.send(visitor, method, path, **sent(method, fields | {name: value}))
                tried += 1
        visitor = opens()
        for word in IN_ADDRESS if rule.arguments else ():
            trial.send(visitor, method, address(town, rule, word), **sent(method, fields))
        trial.send(visitor, method, path, data=b"\xff\xfe=1&&&=;%", content_type="x")
        for body in (b"--x\r\n\xff", b"--x\r\nContent-Disposition: form-data; name=a\x00\r\n\r\n1"):
            trial.send(
                visitor, method, path, data=body, content_type="multipart/form-data; boundary=x"
            )
    assert tried > fewest, "the fields of views are found"


def without_logins(rows: Rows) -> Rows:
    """Leave out what counts wrong passwords."""
    return {name: found for name, found in rows.items() if name != "login_failures"}
