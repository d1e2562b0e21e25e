"""Fetch the front-end files that are named in `static/vendor/manifest.json`, and check them.

    python -m scripts.vendor            fetch by package name and version, compare the checksums
    python -m scripts.vendor --record   the same, and write the checksums down (after an upgrade)
    python -m scripts.vendor --check    compare what is on disk; no network, no Node

The outcome is committed, so neither a demo nor production needs Node or a network for it. Where
packages come from is npm's own setting; no address is kept here. Three kinds of file come out:
files copied as they are; one sprite of the icons in use; the divisions of China as JSON.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"


class Sprite(BaseModel):
    """Icons that are joined into one SVG; each becomes `<symbol id="name">`."""

    model_config = ConfigDict(extra="forbid")
    file: str
    folder: str
    icons: list[str]


class Divisions(BaseModel):
    """Provinces, cities and districts, from the module's literal table."""

    model_config = ConfigDict(extra="forbid")
    file: str
    module: str


class Package(BaseModel):
    """One npm package: `files` maps our path to the package's; `kept` is written by hand."""

    model_config = ConfigDict(extra="forbid")
    name: str
    version: str
    licence: str
    files: dict[str, str] = Field(default_factory=dict)
    kept: list[str] = Field(default_factory=list)
    sprite: Sprite | None = None
    divisions: Divisions | None = None


class Manifest(BaseModel):
    """All packages, and the sha256 of every vendored file."""

    model_config = ConfigDict(extra="forbid")
    packages: list[Package]
    sha256: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A vendored file that isn't what the manifest says."""

    path: str
    problem: str = field(default="its sha256 is not the manifest's")


def read_manifest() -> Manifest:
    """Read the manifest that is committed."""
    return Manifest.model_validate_json(MANIFEST.read_text("utf-8"))


def files_of(package: Package) -> list[str]:
    """Name all files that a package puts below `static/vendor/`."""
    made = [part.file for part in (package.sprite, package.divisions) if part is not None]
    return [*package.files, *package.kept, *made]


def checksum(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(manifest: Manifest, folder: Path = VENDOR) -> list[Difference]:
    """Compare the folder with the manifest; an empty list means that they agree."""
    found: list[Difference] = []
    named = {path for package in manifest.packages for path in files_of(package)}
    for path in sorted(named | set(manifest.sha256)):
        if path not in named or path not in manifest.sha256:
            found.append(Difference(path=path, problem="it is only in one half of the manifest"))
        elif not (folder / path).is_file():
            found.append(Difference(path=path, problem="it is missing"))
        elif checksum(folder / path) != manifest.sha256[path]:
            found.append(Difference(path=path))
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    strangers = on_disk - named - {MANIFEST.name}
    found += [Difference(path=path, problem="no package names it") for path in sorted(strangers)]
    return found


def contents(package: Package) -> dict[str, bytes]:
    """Fetch a package through npm; return its files by their path inside it."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch front-end packages (Debian: apt-get install npm)")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 - fixed program; name and version are from the manifest
            [npm, "pack", "--silent", f"{package.name}@{package.version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=300,
        )
        found: dict[str, bytes] = {}
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for member in archive:
                opened = archive.extractfile(member)
                if opened is not None and not member.name.endswith(".map"):
                    found[member.name.removeprefix("package/")] = opened.read()
    return found


def sprite_of(drawings: dict[str, str]) -> str:
    """Join icons into one SVG. Strokes and colours come from the page's stylesheet."""
    symbols = []
    for name, drawing in drawings.items():
        inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
        paths = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", inner)
        body = " ".join(paths.split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    lines = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{lines}\n</svg>\n'


def divisions_of(module: str) -> str:
    """Turn the module's three tables (code: "name") into JSON, codes in order."""
    tables: dict[str, dict[str, str]] = {}
    for ours, theirs in (("provinces", "province"), ("cities", "city"), ("districts", "county")):
        start = module.index(f"{theirs}_list: {{")
        table = module[start : module.index("}", start)]
        pairs = re.findall(r'(\d{6}): "([^"]*)"', table)
        tables[ours] = {code: json.loads(f'"{name}"') for code, name in sorted(pairs)}
    return json.dumps(tables, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n"


def write(path: str, data: bytes) -> None:
    """Put one file below `static/vendor/`."""
    target = VENDOR / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def fetch(package: Package) -> None:
    """Write all files of one package below `static/vendor/`."""
    found = contents(package)
    for ours, theirs in package.files.items():
        write(ours, found[theirs])
    if (sprite := package.sprite) is not None:
        drawings = {
            name: found[f"{sprite.folder}/{name}.svg"].decode("utf-8") for name in sprite.icons
        }
        write(sprite.file, sprite_of(drawings).encode("utf-8"))
    if (divisions := package.divisions) is not None:
        module = found[divisions.module].decode("utf-8")
        write(divisions.file, divisions_of(module).encode("utf-8"))


def record(manifest: Manifest) -> None:
    """Write down the checksums of what is on disk."""
    paths = [path for package in manifest.packages for path in files_of(package)]
    manifest.sha256 = {path: checksum(VENDOR / path) for path in sorted(paths)}
    text = manifest.model_dump_json(indent=2, exclude_defaults=True)
    MANIFEST.write_text(text + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    """Run the command; 1 if any file differs from the manifest."""
    manifest = read_manifest()
    if "--check" not in arguments:
        for package in manifest.packages:
            print(f"{package.name} {package.version} ({package.licence})")
            fetch(package)
    if "--record" in arguments:
        record(manifest)
    found = differences(manifest)
    for difference in found:
        print(f"static/vendor/{difference.path}: {difference.problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
