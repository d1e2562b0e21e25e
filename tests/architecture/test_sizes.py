"""Small files and small functions."""

import ast

from tests.architecture.sources import definitions, own_files, read

FILE_LINES = 400
FUNCTION_LINES = 60
# A migration is one long list of statements, written by a machine and never edited.
EXEMPT = "migrations/versions/"


def test_files_are_small() -> None:
    sizes = {
        path: len(read(path).splitlines())
        for path in own_files(".py", ".pyi", ".html", ".css", ".js", ".mako")
        if not path.as_posix().startswith(EXEMPT)
    }
    assert len(sizes) > 50
    assert {str(path): lines for path, lines in sizes.items() if lines > FILE_LINES} == {}


def test_functions_are_small() -> None:
    sizes = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in own_files(".py")
        if not path.as_posix().startswith(EXEMPT)
        for node in definitions(path)
        if not isinstance(node, ast.ClassDef)
    }
    assert len(sizes) > 100
    assert {place: lines for place, lines in sizes.items() if lines > FUNCTION_LINES} == {}
