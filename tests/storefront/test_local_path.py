"""Where a page may send her next: nowhere but to us."""

import pytest

from storefront.session import local_path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "evil.example",
        "//[",
        "/a\\b",
        "",
        " /me",
    ],
)
def test_nothing_leads_away_from_us(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/"


@pytest.mark.parametrize("path", ["/", "/me", "/orders?status=paid", "/checkout?sku=1&quantity=2"])
def test_our_own_pages_are_kept(path: str) -> None:
    assert local_path(path) == path
