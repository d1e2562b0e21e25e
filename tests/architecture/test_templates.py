"""Pages keep to the content security policy, and a view's path is its template's path."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, own_files, parse, read

PAGES = own_files(".html")
FACES = ("console", "storefront", "bot", "web")
FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style block": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script\b(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE
    ),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a handler of htmx": re.compile(r"\shx-on[:\w-]*\s*=", re.IGNORECASE),
    "a script address": re.compile(r"=\s*[\"']\s*javascript:", re.IGNORECASE),
    "another host's file": re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE
    ),
}
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
AMOUNT = "an amount without |yuan"
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
# What a script counts with is seen by nobody.
RAW_AMOUNT = re.compile(r"(?<!data-fen=\")\{\{-?\s*[\w.]+_fen\s*(?:\|(?!\s*yuan)[^}]*)?\}\}")


def faults_of(page: str) -> set[str]:
    """Name what a page has that no page may have."""
    markup = JINJA.sub("", page)
    found = {what for what, pattern in FORBIDDEN.items() if pattern.search(markup)}
    return found | ({AMOUNT} if RAW_AMOUNT.search(COMMENT.sub("", page)) else set())


def test_pages_keep_to_the_policy() -> None:
    assert {str(path): faults for path in PAGES if (faults := faults_of(read(path)))} == {}


@pytest.mark.parametrize(
    ("what", "page"),
    [
        ("an inline style", '<p class="a" style="color: red">'),
        ("an inline style", '<p class="{{ "a" if x > 1 }}" style="color: red">'),
        ("a style block", "<style>p {}</style>"),
        ("an inline script", "<script>go()</script>"),
        ("an inline script", '<script nonce="x">go()</script>'),
        ("an inline handler", '<a href="#" onclick="go()">'),
        ("a handler of htmx", '<a hx-on:click="go()">'),
        ("a script address", '<a href="javascript:go()">'),
        ("another host's file", '<script src="https://cdn.example/x.js">'),
        ("another host's file", '<link rel="stylesheet" href="//cdn.example/x.css">'),
        (AMOUNT, "<b>{{ order.payable_fen }}</b>"),
        (AMOUNT, "<b>{{ payable_fen | int }}</b>"),
    ],
)
def test_the_patterns_find(what: str, page: str) -> None:
    assert faults_of(page) == {what}


@pytest.mark.parametrize(
    "page",
    [
        '<script src="/static/shop.js" nonce="x"></script>',
        '<script nonce="{{ nonce() }}" src="{{ asset(1) }}"></script>',
        "{# usage: <p style=…> #}",
        '<script type="application/json" id="share">{}</script>',
        '<a href="https://weixin.qq.com/">',
        "<b>{{ order.payable_fen|yuan }}</b>",
        '<input type="checkbox" data-fen="{{ line.amount_fen }}">',
        "<b>{{ price(order.payable_fen, was_fen=9900) }}</b>",
        '<input name="confirmation" value="onwards = yes">',
    ],
)
def test_the_patterns_allow(page: str) -> None:
    assert faults_of(page) == set()


def rendered_by(path: Path) -> list[str]:
    """List the templates that a Python file names; "/error.html" is the end of an f-string."""
    return [
        node.value
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[\w/.-]+\.(?:html|txt|xml)", node.value)
    ]


def test_a_view_renders_templates_of_its_own_path() -> None:
    wrong = []
    for path in own_files(".py"):
        if path.parts[0] not in FACES:
            continue
        for name in rendered_by(path):
            if name.startswith("/"):
                continue
            face = name.split("/")[0]
            if not (ROOT / "templates" / name).exists():
                wrong.append(f"{path}: {name} doesn't exist")
            elif face not in {path.parts[0], "shared"}:
                wrong.append(f"{path}: {name} belongs to another face")
    assert wrong == []


def test_every_template_of_a_face_is_used() -> None:
    named: set[str] = set()
    for path in own_files(".py"):
        if path.parts[0] in {*FACES, "workflows", "fenxiao", "tests"}:
            named |= set(rendered_by(path))
    for path in PAGES:
        named |= set(re.findall(r"[\"']([\w/.-]+\.html)[\"']", read(path)))
    # Macros in shared/ are a vocabulary: a word may be there before the page that says it.
    templates = [
        path for path in PAGES if path.parts[0] == "templates" and "shared" not in path.parts
    ]
    unused = {path.relative_to("templates").as_posix() for path in templates} - named
    assert {path for path in unused if f"/{path.rpartition('/')[2]}" not in named} == set()
