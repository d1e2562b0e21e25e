"""Reading a Pay request's fields: present, of the right type, of the right size."""

import json
import re
from datetime import datetime
from typing import Any

from sandbox.errors import PayError


def refuse(field: str, message: str) -> PayError:
    """Return a PARAM_ERROR about one field."""
    return PayError(400, "PARAM_ERROR", message, field)


def document(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises: PayError."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise PayError(400, "PARAM_ERROR", "请求体不是合法的 JSON") from error
    if not isinstance(found, dict):
        raise PayError(400, "PARAM_ERROR", "请求体必须是 JSON 对象")
    return found


def text(body: dict[str, Any], field: str, most: int, *, least: int = 1) -> str:
    """Read a string of `least` to `most` characters. Raises: PayError."""
    value = body.get(field, "")
    if not isinstance(value, str):
        raise refuse(field, f"输入源 {field} 必须是字符串")
    if not least <= len(value) <= most:
        raise refuse(field, f"输入源 {field} 的长度必须在 {least} 到 {most} 之间")
    return value


def matching(body: dict[str, Any], field: str, pattern: str) -> str:
    """Read a string that matches a pattern as a whole. Raises: PayError."""
    value = text(body, field, 1024)
    if not re.fullmatch(pattern, value):
        raise refuse(field, f"输入源 {field} 的格式不正确")
    return value


def whole(body: dict[str, Any], field: str, least: int, most: int) -> int:
    """Read a whole number. Raises: PayError."""
    value = body.get(field)
    if type(value) is not int:
        raise refuse(field, f"输入源 {field} 必须是整数")
    if not least <= value <= most:
        raise refuse(field, f"输入源 {field} 必须在 {least} 到 {most} 之间")
    return value


def part(body: dict[str, Any], field: str) -> dict[str, Any]:
    """Read an object. Raises: PayError."""
    value = body.get(field)
    if not isinstance(value, dict):
        raise refuse(field, f"输入源 {field} 缺失或不是对象")
    return value


def moment(body: dict[str, Any], field: str) -> float | None:
    """Read an RFC 3339 time with an offset; None when absent. Raises: PayError."""
    value = body.get(field)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise refuse(field, f"输入源 {field} 不是 RFC 3339 时间") from error
    if found.tzinfo is None:
        raise refuse(field, f"输入源 {field} 缺少时区")
    return found.timestamp()


def notify_url(body: dict[str, Any], *, is_needed: bool, must_be_https: bool) -> str:
    """Read a notification's address: absolute, without a query. Raises: PayError."""
    value = body.get("notify_url")
    if value is None and not is_needed:
        return ""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise refuse("notify_url", "输入源 notify_url 必须是完整的网址")
    if must_be_https and not value.startswith("https://"):
        raise refuse("notify_url", "输入源 notify_url 必须是 https 网址")
    if "?" in value or len(value) > 256:
        raise refuse("notify_url", "输入源 notify_url 不能携带参数且不超过 256 个字符")
    return value


def fingerprint(body: dict[str, Any]) -> str:
    """Return what must stay the same when a number is used again."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)
