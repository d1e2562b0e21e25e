"""access_token: two families, documented errors, quotas."""

import re
import time

import pytest

from tests.sandbox.callers import AccountApi
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.sockets


def use(api: AccountApi, token: str | None) -> int:
    """Return the errcode of a call with this token."""
    params = {} if token is None else {"access_token": token}
    answer = api.raw("GET", "/cgi-bin/user/get", params=params).json()
    return int(answer.get("errcode", 0))


def test_a_token_works_and_has_no_errcode(api: AccountApi) -> None:
    answer = api.fetch_token()

    assert set(answer) == {"access_token", "expires_in"}
    assert answer["expires_in"] == 7200
    assert use(api, answer["access_token"]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": ""}, 41002),
        ({"appid": "wx00"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "guess"}, 40125),
    ],
)
def test_wrong_credentials(api: AccountApi, changes: dict[str, str], code: int) -> None:
    answer = api.fetch_token(**changes)

    assert answer["errcode"] == code
    assert re.search(r" rid: [0-9a-f]+-[0-9a-f]{8}-[0-9a-f]{8}$", answer["errmsg"])


def test_a_new_token_replaces_the_old_after_five_minutes(api: AccountApi, sandbox: Sandbox) -> None:
    old, new = (str(api.fetch_token()["access_token"]) for _ in range(2))
    assert (use(api, old), use(api, new)) == (0, 0)

    sandbox.turn(token_overlap_seconds=0)
    newest = str(api.fetch_token()["access_token"])
    assert (use(api, new), use(api, newest)) == (40001, 0)


def test_the_families_do_not_know_each_other(api: AccountApi, sandbox: Sandbox) -> None:
    sandbox.turn(token_overlap_seconds=0)
    stable = str(api.stable_token()["access_token"])
    api.fetch_token()

    assert use(api, stable) == 0
    assert api.stable_token()["access_token"] == stable


def test_the_stable_token_stays_until_it_is_forced(api: AccountApi, sandbox: Sandbox) -> None:
    first = str(api.stable_token()["access_token"])
    forced = str(api.stable_token(is_forced=True)["access_token"])
    within_the_gap = str(api.stable_token(is_forced=True)["access_token"])

    assert first != forced == within_the_gap
    assert (use(api, first), use(api, forced)) == (40001, 0)

    sandbox.turn(force_refresh_gap_seconds=0, force_refresh_per_day=2)
    assert api.stable_token(is_forced=True)["access_token"] != forced
    assert api.stable_token(is_forced=True)["errcode"] == 45009


def test_a_stable_token_is_renewed_in_its_last_five_minutes(
    api: AccountApi, sandbox: Sandbox
) -> None:
    sandbox.turn(token_seconds=299)
    first = str(api.stable_token()["access_token"])
    second = str(api.stable_token()["access_token"])

    assert first != second
    assert (use(api, first), use(api, second)) == (0, 0)


def test_bad_tokens(api: AccountApi, sandbox: Sandbox) -> None:
    assert use(api, None) == 41001
    assert use(api, "short") == 40014
    assert use(api, "x" * 120) == 40001

    sandbox.turn(token_seconds=1)
    expiring = str(api.fetch_token()["access_token"])
    time.sleep(1.05)
    assert use(api, expiring) == 42001


def test_moving_the_sandbox_clock_ends_no_token(api: AccountApi, sandbox: Sandbox) -> None:
    token = api.token
    sandbox.forward(10 * 86400)
    assert use(api, token) == 0


def test_a_ticket_is_no_token_and_stays(api: AccountApi) -> None:
    ticket = api.get("/ticket/getticket", type="jsapi")

    assert ticket["errcode"] == 0
    assert api.get("/ticket/getticket", type="jsapi")["ticket"] == ticket["ticket"]
    assert use(api, ticket["ticket"]) in {40001, 40014}
    assert api.get("/ticket/getticket", type="x")["errcode"] == 40097


def test_quotas_by_the_day_and_by_the_minute(api: AccountApi, sandbox: Sandbox) -> None:
    sandbox.turn(user_get_per_day=2)
    codes = [api.get("/user/get").get("errcode", 0) for _ in range(3)]
    assert codes == [0, 0, 45009]

    sandbox.forward(86400)
    assert "errcode" not in api.get("/user/get")

    sandbox.turn(calls_per_minute=1)
    sandbox.forward(60)
    assert "errcode" not in api.get("/user/get")
    assert api.get("/user/get")["errcode"] == 45011


def test_clearing_quotas_ten_times_a_month(api: AccountApi, sandbox: Sandbox) -> None:
    sandbox.turn(user_get_per_day=1, clear_quota_per_month=1)
    body = {"appid": "wx5823bf96d3bd56c7"}
    api.get("/user/get")
    assert api.get("/user/get")["errcode"] == 45009

    assert api.post("/clear_quota", body)["errcode"] == 0
    assert "errcode" not in api.get("/user/get")
    assert api.post("/clear_quota", body)["errcode"] == 48006


def test_wrong_methods_and_paths(api: AccountApi) -> None:
    query = {"access_token": api.token}
    wrong = api.raw("GET", "/cgi-bin/message/custom/send", params=query).json()
    assert wrong["errcode"] == 43002
    assert api.raw("POST", "/cgi-bin/user/get", params=query).json()["errcode"] == 43001
    assert api.raw("GET", "/cgi-bin/no/such", params=query).json()["errcode"] == 40066
    assert api.post("/menu/create", {})["errcode"] == 40016
    empty = api.raw("POST", "/cgi-bin/menu/create", params=query, data=b"")
    assert empty.json()["errcode"] == 44002
    junk = api.raw("POST", "/cgi-bin/menu/create", params=query, data=b"[1")
    assert junk.json()["errcode"] == 47001
