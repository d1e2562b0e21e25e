"""Nothing but a plain number is an amount, a quantity or a rate, wherever a form takes one.

The readers of `web.forms` write down which fields a view reads as numbers; each of these then gets
each bad value, with sound ones in the others. A route that is added joins by itself.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from models.clock import BusinessClock
from models.database import open_database
from rules.commission import RateSource
from rules.policy_terms import TERMS, Unit
from rules.policy_versions import rate_field
from tests.shop import open_shop
from tests.web.test_strangers import (
    Asked,
    Trial,
    address,
    make_passwords_cheap,
    rules_of,
    sent,
    who_opens,
)
from tests.web.town import Rows, Visitor, open_town
from web.forms import Form, InvalidField
from workflows.clock import real_now

ALWAYS_BAD = ("-1", "１２", "1e3", "1\x00", "9" * 30)
BAD = {
    "integer": (*ALWAYS_BAD, "1.0"),
    "yuan": (*ALWAYS_BAD, "1.005"),
    "rate": (*ALWAYS_BAD, "1.005"),
}
"""A few of those that `test_forms` gives each reader: here it counts that a reader is asked."""
LEAST = {"integer": "minimum", "yuan": "minimum_fen", "rate": "minimum_bp"}
NO_FILE = {"file": ""}
NO_FORM = {"storefront.ask_for_refund", "console.accept_after_sales"}
"""In this town there is nothing to fill in on these pages any more, and they say why."""
NUMBERS = frozenset({Unit.RATE, Unit.FEN, Unit.DAYS, Unit.MINUTES, Unit.PIECES})
KNOWN = {
    "storefront.ask_for_payout:amount",
    "storefront.place:quantity",
    "console.accept_after_sales:freight",
    "console.change_limits:ceiling",
    "console.change_limits:floor",
    "console.change_price:sale",
    "console.change_supply_price:supply",
    *(f"console.publish:{term.setting}" for term in TERMS if term.unit in NUMBERS),
    *(f"console.publish:{rate_field(scope, 1, 1)}" for scope in (RateSource.GRADE, RateSource.SKU)),
}
"""Found fields that must be among those tried: a form that is not read to its end shows here."""


@dataclass(slots=True)
class Readers:
    """Which fields were read as numbers, by which reader, and what was said of the bad ones."""

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen to the readers of numbers."""
        for reader in BAD:
            monkeypatch.setattr(Form, reader, self._watched(reader, getattr(Form, reader)))

    def _watched(self, reader: str, read: Callable[..., int]) -> Callable[..., int]:
        def watched(form: Form, name: str, label: str, **limits: Any) -> int:
            is_above_0 = limits.get(LEAST[reader], 0) > 0
            self.fields[name] = (*BAD[reader], *(("0",) if is_above_0 else ()))
            try:
                return read(form, name, label, **limits)
            except InvalidField as refusal:
                self.refused[name] = refusal.message
                raise

        return watched


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Readers:
    make_passwords_cheap(monkeypatch)
    readers = Readers()
    readers.watch(monkeypatch)
    return readers


@pytest.fixture
def trials(sqlite_template: Path, now: datetime, tmp_path: Path) -> Iterator[tuple[Trial, Trial]]:
    """Two towns alike: sound values are tried in one, bad ones in the other."""
    opened = [_open_trial(sqlite_template, now, tmp_path / name) for name in ("sound", "bad")]
    yield opened[0], opened[1]
    for trial in opened:
        trial.town.sessions.dispose()
    assert not opened[1].broken, "\n".join(opened[1].broken)


def _open_trial(template: Path, now: datetime, folder: Path) -> Trial:
    folder.mkdir()
    shutil.copyfile(template, folder / "fenxiao.db")
    sessions = open_database(f"sqlite:///{folder / 'fenxiao.db'}")
    shop = open_shop(sessions, max(now, real_now()))
    with sessions.begin() as session:
        ahead = int((shop.now - real_now()).total_seconds())
        session.add(BusinessClock(id=1, offset_seconds=ahead))
    trial = Trial(town=open_town(shop, folder), asked=Asked(), broken=[])
    trial.town.site.app.config["TESTING"] = False
    trial.asked.watch(trial.town.site.app)
    return trial


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_no_plain_number_is_refused_in_words_and_changes_nothing(
    readers: Readers, trials: tuple[Trial, Trial]
) -> None:
    sound, bad = trials
    visitors = {opens: opens() for opens in (bad.town.owner, bad.town.distributor, bad.town.buyer)}
    before = _unused(bad.town.rows())
    tried: set[str] = set()
    for (method, rule), (_, same) in zip(rules_of(sound.town), rules_of(bad.town), strict=True):
        readers.fields.clear()
        opens = who_opens(sound.town, rule)
        fields = sound.fields_of(opens(), method, address(sound.town, rule))
        visitor = visitors[who_opens(bad.town, same)]
        for name, values in tuple(readers.fields.items()):
            tried.add(f"{rule.endpoint}:{name}")
            for value in values:
                readers.refused.clear()
                asked = f"{method} {address(bad.town, same)} {name}={value[:40]!r}"
                about = sent(method, {**fields, **NO_FILE, name: value})
                answer = bad.send(visitor, method, address(bad.town, same), **about)
                said = readers.refused.get(name)
                # A page whose address has a NUL in it is refused as a whole.
                if said is None and not ("\x00" in value and answer.status_code == 400):
                    bad.broken.append(f"{answer.status_code}, not refused: {asked}")
                elif said and not _is_shown(visitor, answer, said, rule.endpoint in NO_FORM):
                    bad.broken.append(f"{answer.status_code} without “{said}”: {asked}")
    assert not KNOWN - tried
    assert _unused(bad.town.rows()) == before


def _unused(rows: Rows) -> Rows:
    """Leave out when a login was last used."""
    return {name: found for name, found in rows.items() if name != "staff_sessions"}


def _is_shown(visitor: Visitor, answer: Any, said: str, has_no_form: bool) -> bool:
    """Tell whether the sentence is on the page, or on the one that it leads to."""
    if has_no_form:
        return bool(answer.status_code == 422)
    if answer.is_json:
        return said in str(answer.json)
    if 300 <= answer.status_code < 400:
        answer = visitor.send("GET", answer.headers["Location"])
    return answer.status_code < 500 and str(escape(said)) in answer.text
