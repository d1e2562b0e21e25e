"""How often one caller may ask."""

from flask import Flask
from flask.testing import FlaskClient

from tests.web.conftest import make_app, site_facts


def knock(client: FlaskClient, address: str) -> int:
    """Ask for the limited page from an address; return the status."""
    return client.get("/limited", environ_overrides={"REMOTE_ADDR": address}).status_code


def test_the_third_request_in_a_minute_is_told_to_wait(client: FlaskClient) -> None:
    assert [knock(client, "10.0.0.1") for _ in range(3)] == [200, 200, 429]
    assert knock(client, "10.0.0.2") == 200, "another address has its own count"


def test_known_customers_behind_one_address_do_not_share_a_count(app: Flask) -> None:
    answers = []
    for openid in ("o1", "o2"):
        phone = app.test_client()
        phone.get(f"/session?openid={openid}")
        answers += [knock(phone, "10.0.0.9") for _ in range(3)]
    assert answers == [200, 200, 429, 200, 200, 429]


def test_limits_can_be_switched_off_for_measuring() -> None:
    client = make_app(site_facts(request_limits=False)).test_client()
    assert [knock(client, "10.0.0.3") for _ in range(5)] == [200] * 5
