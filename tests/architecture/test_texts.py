"""What the files say is true elsewhere too: no machine's paths, and paths that exist."""

import re
from pathlib import Path

from tests.architecture.sources import ROOT, own_files, read

TEXTS = own_files(".py", ".pyi", ".md", ".toml", ".html", ".css", ".js", ".json", ".in", ".txt")
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|Users|home/\w+)/")
IN_BACKTICKS = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def test_no_file_names_a_path_of_one_machine() -> None:
    others = [ROOT / "Makefile", ROOT / ".ci/run", *(ROOT / "scripts").iterdir()]
    texts = [*TEXTS, *(path.relative_to(ROOT) for path in others if path.is_file())]
    assert [str(path) for path in texts if MACHINE_PATH.search(read(path))] == []


def test_paths_in_the_documents_exist() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"data"}
    missing = []
    for document in own_files(".md"):
        text = read(document)
        named = [
            name
            for name in IN_BACKTICKS.findall(text)
            if "/" in name and name.split("/")[0] in rooms
        ]
        missing += [f"{document}: {name}" for name in named if not (ROOT / name).exists()]
        missing += [
            f"{document}: {target}"
            for target in LINK.findall(text)
            if not ((ROOT / document).parent / target).exists()
        ]
    assert missing == []


def test_code_in_comments_is_not_kept() -> None:
    """Ruff reads Python; this reads templates, styles and scripts."""
    kept = [
        f"{path}: {comment.strip()[:60]}"
        for path in own_files(".html", ".css", ".js")
        for comment in comments_of(path)
        if re.search(r"\{%|\{\{|</\w+>|;\s*$|^\s*(?:const|let|function)\s", comment.strip())
    ]
    assert kept == []


def comments_of(path: Path) -> list[str]:
    """Return the comments of a page, a stylesheet or a script."""
    text = read(path)
    if path.suffix == ".html":
        return re.findall(r"<!--(.*?)-->", text, re.DOTALL)
    return re.findall(r"/\*(.*?)\*/", text, re.DOTALL)
