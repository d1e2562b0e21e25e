"""Make the two subset fonts that the posters are lettered with.

Noto Sans SC comes from the npm package `@expo-google-fonts/noto-sans-sc` through the ordinary
npm client. Bold is cut to GB 2312 for nearly every name and headline; Regular is cut to GBK for
small print and as the per-glyph fallback for rarer names (喆, 镕, 囍). Hinting and OpenType
layout are dropped: the posters place each glyph themselves, at sizes where neither is seen.

Run `python -m scripts.subset_fonts`; it rewrites `static/fonts/` and prints the checksums.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGE = "@expo-google-fonts/noto-sans-sc"
VERSION = "0.4.3"
PACKAGE_SHA256 = "0d69d0f4971d2ff574e3d93cbc218dc950bf3f3f8f8e2c008d97687ed53aee59"
TARGET = Path(__file__).parents[1] / "static" / "fonts"
BOLD = "NotoSansSC-Bold.gb2312.ttf"
REGULAR = "NotoSansSC-Regular.gbk.ttf"
SOURCES = {
    BOLD: ("package/700Bold/NotoSansSC_700Bold.ttf", "gb2312"),
    REGULAR: ("package/400Regular/NotoSansSC_400Regular.ttf", "gbk"),
}
LATIN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0x100))))
PUNCTUATION = frozenset("…—‘’“”•¥")


def repertoire(codec: str) -> frozenset[str]:
    """Return every character of a Chinese double-byte character set, with Latin-1."""
    hanzi = set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                hanzi.add(bytes((lead, trail)).decode(codec))
            except UnicodeDecodeError:
                continue
    return LATIN | PUNCTUATION | hanzi


def download(directory: Path) -> Path:
    """Fetch the pinned package with npm and check it; return the archive."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch the font: apt-get install npm")
    command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
    name = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)  # noqa: S603
    archive = directory / name.stdout.strip().splitlines()[-1]
    found = sha256(archive)
    if found != PACKAGE_SHA256:
        sys.exit(f"{archive.name}: sha256 is {found}, expected {PACKAGE_SHA256}")
    return archive


def cut(source: Path, target: Path, characters: frozenset[str]) -> None:
    """Write the subset of `source` that shows `characters`."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 4, 5, 6, 13, 14])
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "STAT"]
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, characters))
    subsetter.subset(font)
    font.save(target)


def sha256(path: Path) -> str:
    """Return the file's checksum in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Fetch, cut and report."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with tarfile.open(download(directory)) as archive:
            archive.extractall(directory, filter="data")
        for name, (source, codec) in SOURCES.items():
            cut(directory / source, TARGET / name, repertoire(codec))
        (TARGET / "OFL.txt").write_bytes((directory / "package" / "LICENSE_FONT").read_bytes())
    for path in sorted(TARGET.iterdir()):
        print(f"{sha256(path)}  {path.name}  {path.stat().st_size}")


if __name__ == "__main__":
    main()
