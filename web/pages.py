"""What every template can use: the site, addresses of static files, tabs and navigation."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, request, url_for

from web.site import SiteFacts

STATIC = Path(__file__).resolve().parent.parent / "static"
TEMPLATES = STATIC.parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationEntry:
    """One entry of a tab bar or side bar; `badge` counts what waits there."""

    title: str
    path: str
    icon: str
    badge: int = 0

    @property
    def is_active(self) -> bool:
        """Whether the page shown lies below this entry. Roots match themselves only."""
        if self.path in {"/", "/console/"}:
            return request.path == self.path
        path = self.path.rstrip("/")
        return request.path == path or request.path.startswith(f"{path}/")


@cache
def _file(name: str) -> Path:
    return STATIC / name


@cache
def _address(name: str, _modified: int) -> str:
    stamp = sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return url_for("static", filename=name, v=stamp)


def asset(name: str) -> str:
    """Return the address of a static file, which changes with its contents.

    It is built once: a page asks for it with each of its icons.
    """
    return _address(name, _file(name).stat().st_mtime_ns)


def icon_address(name: str) -> str:
    """Return the address of one icon of the sprite, for `<use href>`."""
    return f"{asset('vendor/icons/sprite.svg')}#{name}"


STOREFRONT_TABS = (
    NavigationEntry(title="首页", path="/", icon="building-store"),
    NavigationEntry(title="订单", path="/orders", icon="receipt"),
    NavigationEntry(title="分销中心", path="/d/", icon="coins"),
    NavigationEntry(title="我的", path="/me", icon="user"),
)


def install_pages(app: Flask, site: SiteFacts) -> None:
    """Give all templates the site's facts and the functions above."""
    app.jinja_env.globals.update(
        site=site, asset=asset, icon_address=icon_address, storefront_tabs=STOREFRONT_TABS
    )
