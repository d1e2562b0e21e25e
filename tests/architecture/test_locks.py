"""What is installed is pinned by its hash, and from no address of ours."""

import re

import pytest

from tests.architecture.sources import ROOT

LOCKS = ["requirements", "requirements-dev"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    assert re.findall(r".*(?:://|-index-url|--find-links|--trusted-host| @ ).*", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text().replace("\\\n", " ")
    pins = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(pins) > 30
    assert [pin.split()[0] for pin in pins if not re.search(r"==\S+.*--hash=sha256:", pin)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_what_was_asked_for(name: str) -> None:
    locked = (ROOT / f"{name}.txt").read_text().lower().replace("_", "-")
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if line and not line.startswith(("#", "-r")):
            wanted = re.sub(r"\[.*?\]", "", line).lower().replace("_", "-")
            assert re.search(rf"^{re.escape(wanted)}(\s|$)", locked, re.MULTILINE), line
