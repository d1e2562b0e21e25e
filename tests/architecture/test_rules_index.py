"""docs/rules.md names every rule and its proof; every rule opens with its question."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import ROOT, own_files, parse, read

INDEX = Path("docs/rules.md")
ROW = re.compile(
    r"^\| (?P<question>[^|]+) \| `(?P<rule>[^`]+)` \| `(?P<proof>[^`]+)` \|$", re.MULTILINE
)

RULES = [
    path.as_posix()
    for path in own_files(".py")
    if path.parts[0] == "rules" and path.name != "__init__.py"
]


def rows() -> list[re.Match[str]]:
    """Read the index's table."""
    return list(ROW.finditer(read(INDEX)))


def test_every_rule_is_in_the_index_once() -> None:
    assert sorted(row["rule"] for row in rows()) == sorted(RULES)


def test_every_proof_exists_and_imports_its_rule() -> None:
    for row in rows():
        assert (ROOT / row["proof"]).is_file(), f"{row['proof']} is missing"
        module = row["rule"].removesuffix(".py").replace("/", ".")
        assert module in imported_modules(Path(row["proof"])), f"{row['proof']} skips {module}"


def imported_modules(path: Path) -> set[str]:
    """List the modules that a file imports, `from rules import x` as `rules.x` too."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_row_asks_a_question() -> None:
    assert [row["rule"] for row in rows() if not row["question"].endswith("?")] == []


def test_every_rule_opens_with_the_question_it_answers() -> None:
    silent = [
        path
        for path in RULES
        if "?" not in (ast.get_docstring(parse(Path(path))) or "").split("\n\n")[0]
    ]
    assert silent == []
