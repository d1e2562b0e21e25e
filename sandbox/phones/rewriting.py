"""What changes in a page on its way into a phone's browser, as pure functions.

The application answers at its own address (`home`); the phone shows it at the phone's
(`away`), inside a frame of the sandbox's page, with WeChat's bridge script in front.
"""

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

BRIDGE_PATH = "/.wechat/bridge.js"

_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_=-]+)'")
_BEFORE_SCRIPTS = (
    re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE),
    re.compile(rb"<html(?:\s[^>]*)?>", re.IGNORECASE),
    re.compile(rb"^\s*<!doctype[^>]*>", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The origins of one phone's view, each like `http://host:port`.

    `home` is the application's, `away` the phone's, `frames` those of the sandbox's own page.
    """

    home: str
    away: str
    frames: tuple[str, ...]


def origin(url: str) -> str:
    """Return `scheme://host:port` of an address; a missing port stays missing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_same_place(url: str, place: str) -> bool:
    """Whether `url` lies in the origin `place`; all names of this machine are one place."""
    one, two = urlsplit(url), urlsplit(place)
    if one.scheme != two.scheme or _port(one.scheme, one.netloc) != _port(two.scheme, two.netloc):
        return False
    names = {_name(one.netloc), _name(two.netloc)}
    return len(names) == 1 or names <= _LOOPBACK


def _name(netloc: str) -> str:
    return re.sub(r":\d+$", "", netloc.rpartition("@")[2]).lower()


def _port(scheme: str, netloc: str) -> str:
    found = re.search(r":(\d+)$", netloc)
    return found.group(1) if found else {"https": "443"}.get(scheme, "80")


def outward(url: str, addresses: Addresses) -> str:
    """Move an address of the application, or of WeChat's OAuth page, to the phone's host."""
    if not url.startswith(("http://", "https://")):
        return url
    is_oauth = urlsplit(url).path.startswith("/connect/oauth2/") and any(
        is_same_place(url, frame) for frame in addresses.frames
    )
    if not (is_oauth or is_same_place(url, addresses.home)):
        return url
    return addresses.away + url[len(origin(url)) :]


def homeward(url: str, addresses: Addresses) -> str:
    """Move an address of the phone's host back to the application's own."""
    if url == addresses.away or url.startswith((addresses.away + "/", addresses.away + "?")):
        return addresses.home + url[len(addresses.away) :]
    return url


def content_security_policy(policy: str, addresses: Addresses) -> str:
    """Let the sandbox's page frame the page and the bridge run; all else stays as strict."""
    directives: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name:
            directives.setdefault(name.lower(), [outward(s, addresses) for s in sources])
    directives["frame-ancestors"] = list(addresses.frames)
    for name in ("script-src-elem", "script-src", "default-src"):
        if name in directives:
            directives["script-src-elem"] = _with_bridge(directives[name], addresses.away)
            break
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())


def _with_bridge(sources: list[str], away: str) -> list[str]:
    if "'self'" in sources or _NONCE.search(" ".join(sources)):
        return sources
    return [source for source in sources if source != "'none'"] + [away + BRIDGE_PATH]


def script_nonce(policy: str) -> str | None:
    """Return the nonce that the page's policy asks of scripts, or None."""
    fallback = None
    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        found = _NONCE.search(sources)
        if found and name.lower() in {"script-src", "script-src-elem"}:
            return found.group(1)
        if found and name.lower() == "default-src":
            fallback = found.group(1)
    return fallback


def with_bridge(page: bytes, nonce: str | None, addresses: Addresses) -> bytes:
    """Put the bridge before the page's own scripts, and keep its own links on the phone."""
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    tag = f'<script src="{BRIDGE_PATH}"{attribute} data-home="{escape(addresses.home)}"></script>'
    page = _own_links(addresses.home).sub(rb"\1\2", page)
    for place in _BEFORE_SCRIPTS:
        found = place.search(page)
        if found:
            return page[: found.end()] + tag.encode() + page[found.end() :]
    return tag.encode() + page


def _own_links(home: str) -> re.Pattern[bytes]:
    # An absolute address of its own would leave the phone's host, and with it the phone's
    # cookies. Addresses in text, data attributes and scripts are left as they are: they are
    # there to be shown, copied and shared.
    return re.compile(
        rb"""(\s(?:href|src|action|formaction|poster)=)(["'])"""
        + re.escape(home.encode())
        + rb"(?=/)",
        re.IGNORECASE,
    )
