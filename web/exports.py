"""Tables as files: CSV for any program, XLSX for Excel; no text in them turns into a formula.

CSV is RFC 4180 in UTF-8 with a byte order mark, which Excel needs to read Chinese. Amounts leave as
yuan with two decimals. Source of the guard: OWASP, CSV injection.
"""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEGINS_A_FORMULA = frozenset("=+-@|%")
"""In their compatible forms (NFKC) too: ＝, ﹢ and whatever else a spreadsheet may fold."""
WIDTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount in fen; it becomes a number of yuan."""

    fen: int


Cell = str | int | Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with its heads; every row has as many cells."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def plain_text(text: str) -> str:
    """Return text that no spreadsheet computes: an apostrophe stands before what looks like it.

    Control characters, which XLSX can't hold, become spaces. Nothing that shows no ink in front
    hides a formula: spaces of any width, control and zero-width characters.
    """
    inked = next((each for each in text if not _is_blank(each)), "")
    clean = "".join(" " if _is_unfit(each) else each for each in text)
    return f"'{clean}" if unicodedata.normalize("NFKC", inked)[:1] in BEGINS_A_FORMULA else clean


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff"


def _is_blank(character: str) -> bool:
    """Spaces and separators, control, format, private and unassigned characters."""
    return unicodedata.category(character)[0] in "ZC"


def csv_file(sheet: Sheet) -> bytes:
    """Write a table as CSV."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([plain_text(head) for head in sheet.heads])
    writer.writerows([_csv_cell(cell) for cell in row] for row in sheet.rows)
    return written.getvalue().encode("utf-8-sig")


def xlsx_file(sheet: Sheet) -> bytes:
    """Write a table as XLSX: text as text, amounts as numbers of yuan."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet.title
    page.freeze_panes = "A2"
    for column, head in enumerate(sheet.heads, start=1):
        page.column_dimensions[get_column_letter(column)].width = WIDTH
        _write(page, 1, column, head)
        page.cell(1, column).font = Font(bold=True)
    for line, row in enumerate(sheet.rows, start=2):
        for column, cell in enumerate(row, start=1):
            _write(page, line, column, cell)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _csv_cell(cell: Cell) -> str | int:
    if isinstance(cell, Amount):
        return str(_yuan(cell))
    return plain_text(cell) if isinstance(cell, str) else cell


def _write(page: Worksheet, line: int, column: int, cell: Cell) -> None:
    if isinstance(cell, Amount):
        page.cell(line, column, _yuan(cell)).number_format = "#,##0.00"
    elif isinstance(cell, int):
        page.cell(line, column, cell)
    else:
        # openpyxl takes "=…" for a formula and "#N/A" for an error: this is text, whatever it says.
        page.cell(line, column, plain_text(cell)).data_type = "s"


def _yuan(amount: Amount) -> Decimal:
    return Decimal(amount.fen).scaleb(-2)
