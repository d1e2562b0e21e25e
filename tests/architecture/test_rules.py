"""Decisions are pure: the standard library and each other; no clock and no I/O."""

import ast
import sys
from pathlib import Path

from tests.architecture.sources import own_files, parse

RULES = [path for path in own_files(".py") if path.parts[0] == "rules"]
IMPURE_MODULES = {"os", "io", "pathlib", "random", "socket", "sqlite3", "subprocess", "time"}
CLOCKS = {"now", "utcnow", "today"}


def imported(path: Path) -> set[str]:
    """List the top-level packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add((node.module or "").split(".")[0])
    return found


def test_rules_import_nothing_but_the_standard_library() -> None:
    allowed = {"rules", *sys.stdlib_module_names} - IMPURE_MODULES
    assert RULES
    assert {str(path): imported(path) - allowed for path in RULES if imported(path) - allowed} == {}


def test_rules_do_not_ask_the_clock() -> None:
    asked = [
        f"{path}:{node.lineno}"
        for path in RULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS
    ]
    assert asked == []
