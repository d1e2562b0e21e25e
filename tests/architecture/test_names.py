"""Names say what a thing is; some words never do."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import ROOT, definitions, own_files, parse

# What WeChat calls its messages to one person (客服消息) is a thing, not an empty word.
TERM = re.compile(r"customer_?service", re.IGNORECASE)
EMPTY_WORDS = {"util", "helper", "common", "misc", "manager", "service"}


def words(name: str) -> set[str]:
    """Split a file's or a class's name into lower-case words without a plural s."""
    parts = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", TERM.sub("", name))
    return {part.lower().removesuffix("s") for part in parts}


def test_names_are_split_into_words() -> None:
    assert words("order_services") == {"order", "service"}
    assert words("CustomerServiceMessage") == {"message"}
    assert words("HTTPUtilsForWeChat") == {"http", "util", "for", "we", "chat"}


def test_no_file_or_class_has_an_empty_name() -> None:
    empty = [
        f"{path}: {name}"
        for path in own_files(".py", ".html", ".css", ".js")
        for name in (*path.with_suffix("").parts, *classes_in(path))
        if words(name) & EMPTY_WORDS
    ]
    assert empty == []


def classes_in(path: Path) -> list[str]:
    """List the classes of a Python file."""
    if path.suffix != ".py":
        return []
    return [node.name for node in definitions(path) if isinstance(node, ast.ClassDef)]


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in own_files(".py")
        if not path.name.startswith("test_") and ast.get_docstring(parse(path)) is None
    ]
    assert silent == []


def test_every_directory_of_modules_is_a_package() -> None:
    scripts = {Path("migrations"), Path("migrations/versions")}
    missing = {
        str(path.parent)
        for path in own_files(".py")
        if path.parent not in scripts and not (ROOT / path.parent / "__init__.py").exists()
    }
    assert missing == set()
