"""The repository's own files, for the tests that read them."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Where a statement, an `except` or a `case` keeps the statements inside it.
INNER = ("body", "orelse", "finalbody", "handlers", "cases")
# Made by machines or by others, or not part of the repository.
NOT_OURS = {"data", "node_modules", "static/vendor", "static/fonts", "screenshots"}


def own_files(*suffixes: str) -> list[Path]:
    """List our files with one of these suffixes, as paths below the repository; sorted."""
    return sorted(path.relative_to(ROOT) for path in _walk(ROOT) if path.suffix in suffixes)


def read(path: Path) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


def parse(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(read(path), filename=str(path))


@cache
def definitions(path: Path) -> tuple[Definition, ...]:
    """Return a Python file's functions and classes, nested ones too; read once in a process."""
    return tuple(_defined(parse(path).body))


def _defined(statements: Iterable[ast.AST]) -> Iterator[Definition]:
    """Look through statements only: an expression defines nothing that has a name."""
    for statement in statements:
        if isinstance(statement, Definition):
            yield statement
        for name in INNER:
            yield from _defined(getattr(statement, name, ()))


def _walk(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.relative_to(ROOT).as_posix() in NOT_OURS:
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
