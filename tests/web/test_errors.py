"""What people and machines see when something is refused or breaks."""

import pytest
from flask.testing import FlaskClient

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("path", "method", "status", "title"),
    [
        ("/nothing-here", "GET", 404, "页面不存在"),
        ("/console/nothing-here", "GET", 404, "页面不存在"),
        ("/list", "POST", 405, "不支持这样访问"),
        ("/form", "POST", 400, "请求无法处理"),
        ("/broken", "GET", 500, "出了点问题"),
        ("/console/broken", "GET", 500, "出了点问题"),
        ("/wechat-down", "GET", 502, "微信暂时没有回应"),
        ("/refused", "GET", 422, "没有办成"),
    ],
)
def test_each_error_has_a_page_and_json(
    client: FlaskClient, path: str, method: str, status: int, title: str
) -> None:
    page = client.open(path, method=method)
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert title in page.text
    stylesheet = "console.css" if path.startswith("/console") else "storefront.css"
    assert stylesheet in page.text
    answer = client.open(path, method=method, headers=JSON)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["code"]
    assert answer.json["message"]


def test_an_unexpected_error_shows_a_reference_and_no_detail(client: FlaskClient) -> None:
    answer = client.get("/broken", headers=JSON)
    assert answer.json is not None
    assert len(answer.json["reference"]) == 8
    for text in (answer.text, client.get("/broken").text):
        assert "secret detail" not in text
        assert "KeyError" not in text


def test_a_method_that_is_not_allowed_is_told_which_ones_are(client: FlaskClient) -> None:
    assert "GET" in client.post("/list").headers["Allow"]


def test_a_refusal_says_its_sentence_and_code(client: FlaskClient) -> None:
    answer = client.get("/refused", headers=JSON)
    assert answer.json == {
        "code": "out_of_stock",
        "message": "库存不足，少买一件试试。",
        "reference": None,
    }
    assert "库存不足，少买一件试试。" in client.get("/refused").text


def test_a_refused_form_goes_back_to_its_page_with_the_sentence(client: FlaskClient) -> None:
    back = {"Referer": "https://shop.example.cn/?from=cart"}
    answer = client.post("/refused", headers=back)
    assert answer.status_code == 303
    assert answer.location == "/?from=cart"
    assert "库存不足，少买一件试试。" in client.get("/").text


@pytest.mark.parametrize(
    "referrer",
    ["https://evil.example.com/", "https://shop.example.cn//evil.example.com", "junk", "https://["],
)
def test_a_refused_form_never_sends_anybody_to_another_site(
    client: FlaskClient, referrer: str
) -> None:
    answer = client.post("/refused", headers={"Referer": referrer})
    assert answer.status_code == 422
    assert answer.location is None
