"""One token for all: who fetches it, who waits, and when a new one is forced."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine

from tests.wechat.stores import InMemoryTokenStore
from wechat import tokens
from wechat.errors import CredentialError, Outcome, WeChatUnreachable
from wechat.tokens import FreshValue, SharedToken


class Counter:
    """Hands out value-1, value-2 … and remembers how it was asked."""

    def __init__(self, valid_seconds: int = 7200, pause_seconds: float = 0.0) -> None:
        self.asked: list[bool] = []
        self.error: Exception | None = None
        self._valid_seconds = valid_seconds
        self._pause_seconds = pause_seconds

    def __call__(self, forced: bool) -> FreshValue:
        self.asked.append(forced)
        time.sleep(self._pause_seconds)
        if self.error is not None:
            raise self.error
        return FreshValue(value=f"value-{len(self.asked)}", valid_seconds=self._valid_seconds)


@pytest.fixture
def store() -> InMemoryTokenStore:
    return InMemoryTokenStore()


def test_a_value_is_fetched_once_and_kept(store: InMemoryTokenStore) -> None:
    fetch = Counter()
    token = SharedToken(store, "t", fetch)
    assert [token.current() for _ in range(3)] == ["value-1"] * 3
    assert fetch.asked == [False]
    assert store.leases == {}


def test_ten_threads_in_two_processes_fetch_once(store: InMemoryTokenStore) -> None:
    fetch = Counter(pause_seconds=0.15)
    # Two objects over one store are what two processes are.
    shared = [SharedToken(store, "t", fetch), SharedToken(store, "t", fetch)]
    start = Barrier(10)

    def ask(number: int) -> str:
        start.wait()
        return shared[number % 2].current()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {"value-1"}
    assert fetch.asked == [False]


def test_ten_threads_with_a_refused_value_force_once(store: InMemoryTokenStore) -> None:
    store.put("t", "old", 7000)
    fetch = Counter(pause_seconds=0.15)
    token = SharedToken(store, "t", fetch)
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(lambda _: token.replace("old"), range(10))) == {"value-1"}
    assert fetch.asked == [True]


def test_somebody_elses_replacement_is_taken(store: InMemoryTokenStore) -> None:
    store.put("t", "newer", 7000)
    fetch = Counter()
    assert SharedToken(store, "t", fetch).replace("old") == "newer"
    assert fetch.asked == []


def test_a_value_that_goes_on_being_refused_is_not_forced_again(
    store: InMemoryTokenStore,
) -> None:
    fetch = Counter()
    token = SharedToken(store, "t", fetch)
    first = token.current()
    second = token.replace(first)
    assert second == "value-2"
    assert token.replace(second) is None
    assert fetch.asked == [False, True]


def test_the_next_value_is_fetched_ahead(store: InMemoryTokenStore) -> None:
    fetch = Counter()
    token = SharedToken(store, "t", fetch)
    store.put("t", "old", 250)
    assert token.current() == "old"
    store.put("t", "old", 230)
    assert token.current() == "value-1"


def test_nobody_waits_for_the_next_value(store: InMemoryTokenStore) -> None:
    store.put("t", "old", 230)
    store.acquire("t", "another", 30)
    fetch = Counter()
    assert SharedToken(store, "t", fetch).current() == "old"
    assert fetch.asked == []


def test_a_failed_refresh_ahead_does_no_harm(store: InMemoryTokenStore) -> None:
    store.put("t", "old", 230)
    fetch = Counter()
    fetch.error = WeChatUnreachable("no answer")
    token = SharedToken(store, "t", fetch)
    assert [token.current() for _ in range(3)] == ["old"] * 3
    assert len(fetch.asked) == 1  # not once for every message
    assert store.leases == {}


def test_short_lived_values_are_not_fetched_for_every_call(store: InMemoryTokenStore) -> None:
    fetch = Counter(valid_seconds=60)
    token = SharedToken(store, "t", fetch)
    assert [token.current() for _ in range(3)] == ["value-1"] * 3


def test_a_failed_fetch_gives_the_lease_back(store: InMemoryTokenStore) -> None:
    fetch = Counter()
    fetch.error = CredentialError("invalid appsecret", errcode="40125")
    token = SharedToken(store, "t", fetch)
    with pytest.raises(CredentialError):
        token.current()
    fetch.error = None
    assert token.current() == "value-2"


def test_an_expired_value_is_not_used(store: InMemoryTokenStore) -> None:
    fetch = Counter()
    token = SharedToken(store, "t", fetch)
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        assert token.current() == "value-1"
        clock.shift(7195)
        assert token.current() == "value-2"


def test_waiting_has_an_end(store: InMemoryTokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(tokens, "_PAUSE_SECONDS", 0.02)
    store.acquire("t", "another", 30)
    with pytest.raises(WeChatUnreachable) as caught:
        SharedToken(store, "t", Counter()).current()
    assert caught.value.outcome is Outcome.REFUSED  # nothing was sent
