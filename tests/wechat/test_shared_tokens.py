"""The token store of the real database, with everybody asking at once."""

from concurrent.futures import ThreadPoolExecutor

from models.database import SessionFactory
from tests.wechat.test_tokens import Counter
from wechat.tokens import SharedToken
from workflows.credentials import DatabaseTokenStore


def test_ten_threads_fetch_once(sessions: SessionFactory) -> None:
    store = DatabaseTokenStore(sessions)
    fetch = Counter(pause_seconds=0.2)
    # Each thread with an object of its own: nothing but the database is shared.
    with ThreadPoolExecutor(10) as pool:
        values = pool.map(lambda _: SharedToken(store, "t", fetch).current(), range(10))
        assert set(values) == {"value-1"}
    assert fetch.asked == [False]


def test_ten_threads_replace_once(sessions: SessionFactory) -> None:
    store = DatabaseTokenStore(sessions)
    fetch = Counter(pause_seconds=0.2)
    refused = SharedToken(store, "t", fetch).current()
    with ThreadPoolExecutor(10) as pool:
        values = pool.map(lambda _: SharedToken(store, "t", fetch).replace(refused), range(10))
        assert set(values) == {"value-2"}
    assert fetch.asked == [False, True]
