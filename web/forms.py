"""Reading what a form sent, as typed values.

    form = Form.sent()
    name = form.text("name", "名称", max_length=20)
    price_fen = form.yuan("price", "售价", minimum_fen=1)

Each reader returns a value that the database takes, or raises `InvalidField` with one Chinese
sentence. A face catches it and shows the page again: the field macros mark the field whose name
is `refusal.field`, and `form.shown()` gives back what was typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

from flask import request

from rules.china_time import SHANGHAI
from rules.errors import RuleViolation
from rules.money import AmountRefused, Fen, RateTextRefused, parse_percent, parse_yuan
from web import divisions

Choice = TypeVar("Choice", bound=str)

LARGEST_FEN = 100_000_000_00
"""A hundred million yuan: anything above is a slip of the finger."""
PHONE = re.compile(r"1[3-9][0-9]{9}")
WHOLE = re.compile(r"-?[0-9]{1,18}")


class InvalidField(RuleViolation):
    """One field of a form that can't be used; `field` is its name in the form."""

    code = "invalid_field"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Form:
    """The fields of one submitted form. `label` is what the user sees beside a field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    @classmethod
    def sent(cls) -> "Form":
        """Read this request's form."""
        return cls(request.form)

    @classmethod
    def asked(cls) -> "Form":
        """Read this request's query, for filters of a list."""
        return cls(request.args)

    def shown(self) -> dict[str, str]:
        """Return what was typed, to show it again."""
        return dict(self._fields.items())

    def has(self, field: str) -> bool:
        """Tell whether a field was filled in; for a checkbox, whether it is ticked."""
        return bool(self._fields.get(field, "").strip())

    def text(
        self,
        field: str,
        label: str,
        *,
        max_length: int,
        min_length: int = 1,
        many_lines: bool = False,
    ) -> str:
        """Read text without control characters; spaces around it are dropped.

        With `min_length=0` an empty field is "".
        """
        value = unicodedata.normalize("NFC", self._fields.get(field, "").strip())
        if many_lines:
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        allowed = "\n\t" if many_lines else ""
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
                raise InvalidField(field, f"{label}里有不能使用的字符。")
        if not value and min_length:
            raise InvalidField(field, f"请填写{label}。")
        if len(value) < min_length:
            raise InvalidField(field, f"{label}至少 {min_length} 个字。")
        if len(value) > max_length:
            raise InvalidField(field, f"{label}最多 {max_length} 个字。")
        return value

    def integer(self, field: str, label: str, *, minimum: int, maximum: int) -> int:
        """Read a whole number in plain ASCII digits."""
        value = self._required(field, label)
        if WHOLE.fullmatch(value) is None:
            raise InvalidField(field, f"{label}要填整数。")
        number = int(value)
        if not minimum <= number <= maximum:
            raise InvalidField(field, f"{label}要在 {minimum} 到 {maximum} 之间。")
        return number

    def yuan(
        self, field: str, label: str, *, minimum_fen: int = 0, maximum_fen: int = LARGEST_FEN
    ) -> Fen:
        """Read an amount in yuan with at most two decimals; return fen."""
        try:
            amount_fen = parse_yuan(self._required(field, label))
        except AmountRefused as refused:
            usual = f"{label}要填金额，最多两位小数，例如 128.00。"
            raise InvalidField(field, refused.hint or usual) from None
        if amount_fen < minimum_fen:
            raise InvalidField(field, f"{label}不能低于 ¥{_plain_yuan(minimum_fen)}。")
        if amount_fen > maximum_fen:
            raise InvalidField(field, f"{label}不能高于 ¥{_plain_yuan(maximum_fen)}。")
        return amount_fen

    def rate(self, field: str, label: str, *, maximum_bp: int = 10_000) -> int:
        """Read a percentage with at most two decimals; return basis points."""
        try:
            rate_bp = parse_percent(self._required(field, label))
        except RateTextRefused as refused:
            raise InvalidField(field, f"{label}{refused.message}") from None
        if rate_bp > maximum_bp:
            raise InvalidField(field, f"{label}不能高于 {maximum_bp // 100}%。")
        return rate_bp

    def day(self, field: str, label: str) -> date:
        """Read a date as a date field sends it: 2026-11-24."""
        value = self._required(field, label)
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=SHANGHAI).date()
        except ValueError:
            raise InvalidField(field, f"{label}不是有效的日期。") from None

    def moment(self, field: str, label: str) -> datetime:
        """Read a Shanghai time as a datetime-local field sends it; return aware UTC."""
        value = self._required(field, label)
        for pattern in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"):
            try:
                return datetime.strptime(value, pattern).replace(tzinfo=SHANGHAI).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        raise InvalidField(field, f"{label}不是有效的时间。")

    def choice(self, field: str, label: str, choices: Iterable[Choice]) -> Choice:
        """Read one of the offered values, for example the members of a StrEnum."""
        value = self._required(field, label)
        for choice in choices:
            if choice == value:
                return choice
        raise InvalidField(field, f"请选择{label}。")

    def phone(self, field: str, label: str = "手机号") -> str:
        """Read a mobile number of mainland China; spaces and dashes in it are dropped."""
        value = self._required(field, label).replace(" ", "").replace("-", "")
        if PHONE.fullmatch(value) is None:
            raise InvalidField(field, f"{label}要填 11 位手机号码。")
        return value

    def district(self, field: str, label: str = "所在地区") -> str:
        """Read the code of a district."""
        value = self._required(field, label)
        if not divisions.is_district(value):
            raise InvalidField(field, f"请选择{label}。")
        return value

    def _required(self, field: str, label: str) -> str:
        value = self._fields.get(field, "").strip()
        if not value:
            raise InvalidField(field, f"请填写{label}。")
        return value


def _plain_yuan(amount_fen: int) -> str:
    whole, fen = divmod(amount_fen, 100)
    return f"{whole}.{fen:02d}" if fen else str(whole)
