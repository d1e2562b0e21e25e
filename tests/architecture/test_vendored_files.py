"""The vendored front-end files are what the manifest says; no network, no Node."""

import re
import shutil
from pathlib import Path

import pytest

from scripts.vendor import VENDOR, differences, files_of, read_manifest
from web.errors import NOTICES
from web.pages import STATIC, STOREFRONT_TABS

TEMPLATES = STATIC.parent / "templates"


def test_every_vendored_file_has_the_manifests_checksum() -> None:
    assert differences(read_manifest()) == []


def test_every_package_brings_its_licence() -> None:
    for package in read_manifest().packages:
        assert package.licence in {"MIT", "0BSD", "Apache-2.0"}, package.name
        assert any("LICENSE" in path for path in files_of(package)), package.name


@pytest.mark.parametrize("trouble", ["changed", "missing", "stranger"])
def test_a_difference_is_noticed(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "vendor"
    shutil.copytree(VENDOR, folder)
    path = folder / "htmx" / "htmx.min.js"
    if trouble == "changed":
        path.write_bytes(path.read_bytes() + b" ")
    elif trouble == "missing":
        path.unlink()
    else:
        (folder / "htmx" / "more.js").write_text("x")
    found = differences(read_manifest(), folder)
    assert [difference.path.split("/")[0] for difference in found] == ["htmx"]


def test_the_h5_styles_know_no_oklch() -> None:
    # Older WeChat browsers drop declarations with it; Tabler's are for the console only.
    for name in (
        "css/tokens.css",
        "css/parts.css",
        "css/storefront.css",
        "vendor/weui/weui.min.css",
    ):
        rules = re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text("utf-8"), flags=re.DOTALL)
        assert "oklch(" not in rules, name


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    sprite = (VENDOR / "icons/sprite.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = {tab.icon for tab in STOREFRONT_TABS} | {notice.icon for notice in NOTICES.values()}
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text("utf-8")
        used |= set(re.findall(r'\bicon\("([a-z0-9-]+)"', text))
        used |= set(re.findall(r'\bicon_name="([a-z0-9-]+)"', text))
    assert len(used) > 10
    assert used <= known
