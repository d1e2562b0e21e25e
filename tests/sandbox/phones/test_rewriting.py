"""What changes in a page on its way into a phone's browser."""

import pytest

from sandbox.phones.rewriting import (
    Addresses,
    content_security_policy,
    homeward,
    is_same_place,
    outward,
    script_nonce,
    with_bridge,
)

LIN = Addresses(
    home="http://127.0.0.1:8000",
    away="http://lin.localhost:8001",
    frames=("http://localhost:8001", "http://127.0.0.1:8001"),
)


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("http://127.0.0.1:8000/p/1?a=b#c", "http://lin.localhost:8001/p/1?a=b#c"),
        ("http://localhost:8000/", "http://lin.localhost:8001/"),
        ("http://127.0.0.1:8000", "http://lin.localhost:8001"),
        ("/p/1", "/p/1"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/"),
        ("https://127.0.0.1:8000/", "https://127.0.0.1:8000/"),
        ("https://example.com/", "https://example.com/"),
        (
            "http://localhost:8001/connect/oauth2/authorize?x=1",
            "http://lin.localhost:8001/connect/oauth2/authorize?x=1",
        ),
        ("http://localhost:8001/sandbox/", "http://localhost:8001/sandbox/"),
    ],
)
def test_the_applications_addresses_move_to_the_phone(url: str, moved: str) -> None:
    assert outward(url, LIN) == moved


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("http://lin.localhost:8001", "http://127.0.0.1:8000"),
        ("http://lin.localhost:8001/p?x=1", "http://127.0.0.1:8000/p?x=1"),
        ("http://lin.localhost:80012/p", "http://lin.localhost:80012/p"),
        ("null", "null"),
    ],
)
def test_the_phones_addresses_move_home(url: str, moved: str) -> None:
    assert homeward(url, LIN) == moved


@pytest.mark.parametrize(
    ("one", "two", "is_same"),
    [
        ("http://localhost:80/a", "http://127.0.0.1", True),
        ("https://shop.example:443/", "https://shop.example", True),
        ("http://shop.example/", "http://localhost/", False),
        ("http://user@localhost:1/", "http://localhost:1", True),
        ("http://localhost.evil.example/", "http://localhost", False),
    ],
)
def test_loopback_names_are_one_place(one: str, two: str, is_same: bool) -> None:
    assert is_same_place(one, two) is is_same


def directives(policy: str) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in policy.split(";")]
    return {name: sources for name, _, sources in parts}


def test_the_policy_lets_the_sandbox_frame_the_page_and_stays_as_strict() -> None:
    policy = "default-src 'none'; script-src 'nonce-abc'; img-src 'self'; frame-ancestors 'none'"
    assert directives(content_security_policy(policy, LIN)) == {
        "default-src": "'none'",
        "script-src": "'nonce-abc'",
        "script-src-elem": "'nonce-abc'",
        "img-src": "'self'",
        "frame-ancestors": "http://localhost:8001 http://127.0.0.1:8001",
    }


def test_a_policy_that_names_the_application_names_the_phone_instead() -> None:
    policy = content_security_policy("form-action http://127.0.0.1:8000/pay", LIN)
    assert directives(policy)["form-action"] == "http://lin.localhost:8001/pay"


@pytest.mark.parametrize("sources", ["'none'", "'sha256-abc='", "https://cdn.example"])
def test_a_policy_without_room_for_the_bridge_gets_just_that(sources: str) -> None:
    policy = directives(content_security_policy(f"script-src {sources}", LIN))
    assert policy["script-src"] == sources
    assert policy["script-src-elem"].split()[-1] == "http://lin.localhost:8001/.wechat/bridge.js"
    assert "'none'" not in policy["script-src-elem"]


@pytest.mark.parametrize(
    ("policy", "nonce"),
    [
        ("script-src 'nonce-a1' 'self'", "a1"),
        ("default-src 'nonce-d'; script-src-elem 'nonce-e'", "e"),
        ("default-src 'nonce-d'", "d"),
        ("style-src 'nonce-s'", None),
        ("", None),
    ],
)
def test_the_nonce_is_the_one_for_scripts(policy: str, nonce: str | None) -> None:
    assert script_nonce(policy) == nonce


@pytest.mark.parametrize(
    ("page", "start"),
    [
        (b"<!doctype html><html><head lang='x'><title>", b"<!doctype html><html><head lang='x'>"),
        (b"<!doctype html><html><body>", b"<!doctype html><html>"),
        (b"<!doctype html><p>", b"<!doctype html>"),
        (b"<header>x</header>", b""),
    ],
)
def test_the_bridge_comes_before_every_script_of_the_page(page: bytes, start: bytes) -> None:
    moved = with_bridge(page, "n1", LIN)
    tag = b'<script src="/.wechat/bridge.js" nonce="n1" data-home="http://127.0.0.1:8000"></script>'
    assert moved == start + tag + page[len(start) :]


def test_own_links_stay_on_the_phone_and_shown_addresses_stay_as_they_are() -> None:
    home = LIN.home.encode()
    page = (
        b'<head><a href="' + home + b'/p/1">' + home + b'/p/1</a><p data-link="' + home + b'/x">'
        b"<form action='" + home + b"/pay'>" + b'<img src="' + home + b'1/not-ours">'
    )
    moved = with_bridge(page, None, LIN)
    assert b'<a href="/p/1">' + home + b"/p/1</a>" in moved
    assert b'data-link="' + home + b'/x"' in moved
    assert b"action='/pay'" in moved
    assert b'src="' + home + b'1/not-ours"' in moved
