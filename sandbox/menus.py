"""The account's menu (自定义菜单): three buttons, five below each."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError, ControlError
from sandbox.ground import Ground

# What each type of button must carry.
NEEDS = {
    "click": "key",
    "view": "url",
    "scancode_push": "key",
    "scancode_waitmsg": "key",
    "pic_sysphoto": "key",
    "pic_photo_or_album": "key",
    "pic_weixin": "key",
    "location_select": "key",
    "media_id": "media_id",
    "view_limited": "media_id",
    "miniprogram": "url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button that a person can press."""

    kind: str
    name: str
    key: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """The limits and error codes of one level of the menu."""

    name_bytes: int
    kind: int
    name: int
    key: int
    url: int


_TOP = _Level(name_bytes=16, kind=40017, name=40018, key=40019, url=40020)
_SUB = _Level(name_bytes=40, kind=40024, name=40025, key=40026, url=40027)


class Menus:
    """The menu in force."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def create(self, body: dict[str, Any]) -> None:
        """Replace the menu. Raises: ApiError 40015 to 40027."""
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            raise ApiError(40016)
        menu = {"button": [_checked_top(button) for button in buttons]}
        self._ground.store.set_fact("menu", json.dumps(menu, ensure_ascii=False))

    def current(self) -> dict[str, Any] | None:
        """Return the menu as WeChat stores it, or None."""
        text = self._ground.store.fact("menu")
        menu: dict[str, Any] | None = json.loads(text) if text else None
        return menu

    def delete(self) -> None:
        """Take the menu away."""
        self._ground.store.set_fact("menu", "")

    def button(self, path: list[int]) -> Button:
        """Return the button at a path of positions. Raises: ControlError 404."""
        menu = self.current() or {}
        level: list[dict[str, Any]] = menu.get("button", [])
        found: dict[str, Any] | None = None
        for position in path:
            found = level[position] if 0 <= position < len(level) else None
            if found is None:
                break
            level = found.get("sub_button", [])
        if not found or "type" not in found:
            raise ControlError(404, "no_button", f"no button at {path}")
        return Button(
            kind=found["type"],
            name=found["name"],
            key=found.get("key", ""),
            url=found.get("url", ""),
        )


def _checked_top(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise ApiError(40016)
    children = button.get("sub_button")
    if not children:
        return _checked(button, _TOP)
    if not isinstance(children, list) or len(children) > 5:
        raise ApiError(40023)
    _check_name(button, _TOP)
    return {
        "name": button["name"],
        "sub_button": [_checked(child, _SUB) for child in children],
    }


def _check_name(button: dict[str, Any], level: _Level) -> None:
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= level.name_bytes:
        raise ApiError(level.name)


def _checked(button: Any, level: _Level) -> dict[str, Any]:
    if not isinstance(button, dict) or button.get("type") not in NEEDS:
        raise ApiError(level.kind)
    _check_name(button, level)
    kind = button["type"]
    need = NEEDS[kind]
    value = button.get(need)
    if need == "key" and not (isinstance(value, str) and 1 <= len(value.encode()) <= 128):
        raise ApiError(level.key)
    if need == "url" and not _is_url(value):
        raise ApiError(level.url)
    if need == "media_id" and not value:
        raise ApiError(40007)
    return {"type": kind, "name": button["name"], need: value, "sub_button": []}


def _is_url(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and len(value.encode()) <= 1024
    )
