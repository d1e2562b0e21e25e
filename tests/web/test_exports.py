"""Files that a spreadsheet opens: text stays text, amounts are exact, lines as in RFC 4180."""

import csv
import unicodedata
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from web.exports import Amount, Cell, Sheet, csv_file, plain_text, xlsx_file

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "|cmd", "%0A"]
FOLDED = ["＝1", "＋1", "－1", "＠SUM(A1)", "﹢1", "﹣1", "﹦1", "﹫SUM(A1)"]
HIDDEN = [
    "\t",
    "\r",
    "\n",
    "\x00",
    "\x0b",
    "\x1f",
    " ",
    "\u00a0",
    "\u2003",
    "\u2028",
    "\u200e",
    "\ufeff",
]


def sheet(*cells: Cell) -> Sheet:
    return Sheet(title="表", heads=[f"列{number}" for number in range(len(cells))], rows=[cells])


@pytest.mark.parametrize("text", [*FORMULAS, *FOLDED, *(f"{blank}=1" for blank in HIDDEN)])
def test_what_a_spreadsheet_would_compute_begins_with_an_apostrophe(text: str) -> None:
    assert plain_text(text).startswith("'")


@pytest.mark.parametrize("text", ["", "小满", "a=b", "2026-11", "D000012", "  ", "0"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


@given(blanks=st.text(st.characters(categories=["Z", "C"])), rest=st.text())
def test_no_text_begins_a_formula_whatever_stands_before_it(blanks: str, rest: str) -> None:
    written = plain_text(blanks + rest)
    seen = [each for each in written if unicodedata.category(each)[0] not in "ZC"]
    assert not seen or unicodedata.normalize("NFKC", seen[0])[0] not in "=+-@|%"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_csv_reads_back_as_one_row_of_the_same_cells(texts: list[str]) -> None:
    written = csv_file(sheet(*texts))
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(written[3:].decode(), newline="")))
    assert rows[1] == [plain_text(text) for text in texts]
    assert len(rows) == 2


def test_csv_quotes_and_ends_lines_as_the_standard_says() -> None:
    written = csv_file(sheet('他说"好"', "a,b", Amount(fen=-1_205), 7))
    assert written[3:].decode().split("\r\n")[1:] == ['"他说""好""","a,b",-12.05,7', ""]


def test_xlsx_holds_text_as_text_and_amounts_as_numbers() -> None:
    cells = ("=1+1", "#N/A", "2026-11", Amount(fen=123_456), 7)
    page = load_workbook(BytesIO(xlsx_file(sheet(*cells)))).active
    assert page is not None
    written = [page.cell(2, column) for column in range(1, 6)]
    assert [cell.data_type for cell in written] == ["s", "s", "s", "n", "n"]
    assert [str(cell.value) for cell in written] == ["'=1+1", "#N/A", "2026-11", "1234.56", "7"]
