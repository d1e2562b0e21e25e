"""Row ids as they come from outside: in a path, in an address, in a form's ticks."""

from werkzeug.routing import IntegerConverter, ValidationError

LARGEST_ID = 2**63 - 1
_MOST_DIGITS = 19


def row_id(text: str) -> int | None:
    """Read ASCII digits that fit the database's BIGINT; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None


class RowId(IntegerConverter):
    """`<int:…>` in a path: a row id; anything else is a 404."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Read the digits."""
        number = row_id(value)
        if number is None:
            raise ValidationError
        return number
