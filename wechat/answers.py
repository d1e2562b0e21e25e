"""What came from outside, read field by field with its type checked."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime


class UnexpectedAnswer(ValueError):  # noqa: N818 - a property of the answer
    """The answer is not what the platform's document promises."""


class Answer:
    """A JSON object from outside. Each reader raises `UnexpectedAnswer` with the field's name."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, text: str | bytes) -> "Answer":
        """Read a JSON object."""
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UnexpectedAnswer("not JSON") from error
        return cls.check(value)

    @classmethod
    def check(cls, value: object) -> "Answer":
        """Take a decoded value, if it is a JSON object."""
        if not isinstance(value, dict):
            raise UnexpectedAnswer("not a JSON object")
        return cls(value)

    def text(self, name: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not value:
            raise UnexpectedAnswer(f"{name} is not a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where it is missing, null or empty."""
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        return self.text(name)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        value = self._fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise UnexpectedAnswer(f"{name} is not a whole number")
        return value

    def optional_whole(self, name: str) -> int | None:
        """Return a whole number, or None where it is missing or null."""
        return None if self._fields.get(name) is None else self.whole(name)

    def moment(self, name: str) -> datetime:
        """Return a time with its zone (RFC 3339), as UTC."""
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError as error:
            raise UnexpectedAnswer(f"{name} is not a time") from error
        if moment.tzinfo is None:
            raise UnexpectedAnswer(f"{name} has no time zone")
        return moment.astimezone(UTC)

    def part(self, name: str) -> "Answer":
        """Return a nested object."""
        return Answer.check(self._fields.get(name))
