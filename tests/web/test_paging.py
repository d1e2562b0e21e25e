"""Which page of a list is asked for, and what comes around it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.paging import Page, PageRequest, page_address, requested_page


@pytest.mark.parametrize(
    ("query", "window"), [("", "0+20"), ("?page=1", "0+20"), ("?page=3&q=x", "40+20")]
)
def test_a_page_is_a_window_of_rows(client: FlaskClient, query: str, window: str) -> None:
    assert client.get(f"/list{query}").text == window


@pytest.mark.parametrize(
    "number", ["0", "-1", "x", "", "1.5", "٣", "３", "1e3", "99999", "5001", "9" * 400, "²"]
)
def test_a_page_that_cannot_be_is_not_found(client: FlaskClient, number: str) -> None:
    assert client.get("/list", query_string={"page": number}).status_code == 404


@pytest.mark.parametrize(
    ("number", "total", "numbers"),
    [
        (1, 0, (1,)),
        (1, 20, (1,)),
        (1, 21, (1, 2)),
        (1, 200, (1, 2, 0, 10)),
        (5, 200, (1, 0, 4, 5, 6, 0, 10)),
        (3, 200, (1, 2, 3, 4, 0, 10)),
        (4, 200, (1, 2, 3, 4, 5, 0, 10)),
        (10, 200, (1, 0, 9, 10)),
    ],
)
def test_the_ends_and_the_neighbours_are_offered(
    number: int, total: int, numbers: tuple[int, ...]
) -> None:
    page: Page[str] = Page(rows=(), total=total, request=PageRequest(number=number, size=20))
    assert page.numbers == numbers


def test_the_rows_shown_are_counted_from_one() -> None:
    page = Page(rows=("a", "b"), total=42, request=PageRequest(number=3, size=20))
    assert (page.first, page.last, page.count) == (41, 42, 3)
    empty: Page[str] = Page(rows=(), total=0, request=PageRequest(number=1, size=20))
    assert (empty.first, empty.last, empty.count) == (0, 0, 1)


def test_another_page_keeps_the_filters(app: Flask) -> None:
    with app.test_request_context("/list?q=%E9%9D%A2%E9%9C%9C&page=2&tag=a&tag=b"):
        assert page_address(3) == "/list?q=%E9%9D%A2%E9%9C%9C&tag=a&tag=b&page=3"
        assert page_address(1) == "/list?q=%E9%9D%A2%E9%9C%9C&tag=a&tag=b"


def test_behind_the_last_page_stands_the_last(app: Flask, client: FlaskClient) -> None:
    @app.get("/short")
    def short() -> str:
        asked = requested_page(20)
        return str(Page(rows=("x",), total=42, request=asked).number)

    assert client.get("/short?page=3").text == "3"
    answer = client.get("/short?page=4&q=x")
    assert (answer.status_code, answer.location) == (302, "/short?q=x&page=3")
