"""Reading the control API's JSON: of the right type, or a 400 that says which field."""

from typing import Any

from flask import request

from sandbox.errors import ControlError


def json_body() -> dict[str, Any]:
    """Return the body's object; an empty body is an empty object. Raises: ControlError."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ControlError(400, "body", "the body must be a JSON object")
    return body


def text(body: dict[str, Any], field: str, default: str | None = None) -> str:
    """Read a string. Raises: ControlError."""
    value = body.get(field, default)
    if not isinstance(value, str):
        raise ControlError(400, field, f"{field} must be a string")
    return value


def optional_text(body: dict[str, Any], field: str) -> str | None:
    """Read a string that may be absent or null. Raises: ControlError."""
    return None if body.get(field) is None else text(body, field)


def flag(body: dict[str, Any], field: str, *, default: bool = False) -> bool:
    """Read true or false. Raises: ControlError."""
    value = body.get(field, default)
    if not isinstance(value, bool):
        raise ControlError(400, field, f"{field} must be true or false")
    return value


def number(body: dict[str, Any], field: str, default: float) -> float:
    """Read a number. Raises: ControlError."""
    value = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ControlError(400, field, f"{field} must be a number")
    return float(value)


def query_number(name: str, default: int) -> int:
    """Read a whole number from the query. Raises: ControlError."""
    value = request.args.get(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ControlError(400, name, f"{name} must be a whole number") from error
