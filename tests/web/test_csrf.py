"""A form is taken only from our own pages."""

import re

from flask.testing import FlaskClient


def token_of(client: FlaskClient) -> str:
    """Fetch the token that the form macro writes."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/form").text)
    assert found is not None
    return found[1]


def test_a_form_with_the_pages_token_goes_through(client: FlaskClient) -> None:
    answer = client.post(
        "/form",
        data={"csrf_token": token_of(client), "name": "a"},
        headers={"Referer": "https://shop.example.cn/form"},
    )
    assert answer.text == "sent a"


def test_htmx_may_send_the_token_as_a_header(client: FlaskClient) -> None:
    answer = client.post(
        "/form",
        headers={"X-CSRFToken": token_of(client), "Referer": "https://shop.example.cn/form"},
    )
    assert answer.status_code == 200


def test_a_forged_form_is_refused(client: FlaskClient) -> None:
    token = token_of(client)
    own = {"Referer": "https://shop.example.cn/form"}
    assert client.post("/form", data={"name": "a"}, headers=own).status_code == 400
    assert client.post("/form", data={"csrf_token": "junk"}, headers=own).status_code == 400
    evil = {"Referer": "https://evil.example.com/"}
    assert client.post("/form", data={"csrf_token": token}, headers=evil).status_code == 400


def test_machines_with_a_guard_of_their_own_need_no_token(client: FlaskClient) -> None:
    assert client.post("/machine", data=b"xml").text == "3"
