"""Calls from the platform to the application: one POST, its answer, and how to forge it."""

import time
from dataclasses import dataclass
from enum import StrEnum

import requests

ANSWER_BYTES = 1024 * 1024


class Forge(StrEnum):
    """What is wrong with a call made by hand."""

    NONE = "none"
    SIGNATURE = "signature"
    STALE = "stale"
    UNSIGNED = "unsigned"
    PLAINTEXT = "plaintext"
    APP_ID = "app_id"
    SERIAL = "serial"
    CIPHERTEXT = "ciphertext"


STALE_SECONDS = 20 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; status 0 and an `error` when nothing did."""

    status: int
    body: bytes = b""
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A POST to make."""

    url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def post(letter: Letter, timeout_seconds: float) -> Answer:
    """Send a letter without following redirects; never raises for the network's sake."""
    return _call("POST", letter, timeout_seconds)


def get(url: str, query: dict[str, str], timeout_seconds: float) -> Answer:
    """Fetch an address, for the verification of a callback's address."""
    return _call("GET", Letter(url=url, query=query, headers={}, body=b""), timeout_seconds)


def _call(method: str, letter: Letter, timeout_seconds: float) -> Answer:
    started = time.monotonic()
    with requests.Session() as session:
        # A proxy from the environment has no business between two local programs.
        session.trust_env = False
        session.headers["User-Agent"] = "Mozilla/4.0"
        try:
            answer = session.request(
                method,
                letter.url,
                params=letter.query,
                headers=letter.headers,
                data=letter.body or None,
                timeout=timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return Answer(status=0, error=type(error).__name__, seconds=time.monotonic() - started)
        return Answer(
            status=answer.status_code,
            body=answer.content[:ANSWER_BYTES],
            seconds=time.monotonic() - started,
        )
