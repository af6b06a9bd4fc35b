"""Workbooks: sheets of plain text in XLSX, written so that no cell is a formula."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from amana.standards.datafile import BadData

# The longest text that Excel keeps in one cell.
LONGEST_CELL = 32_767
# Where a spreadsheet could take a text for something to be computed.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# The largest instrument is an eighth of this; a workbook can unpack to a thousand times its size.
LARGEST_FILE = 4 * 1024 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024
# A cell far out makes a sheet of millions of empty ones.
MOST_ROWS, MOST_COLUMNS = 20_000, 200
WIDTHS = {"label": 44, "hint": 32, "guidance": 32, "relevant": 32, "constraint": 24, "json": 80}


@dataclass(frozen=True)
class Sheet:
    """Rows of text under headers; an empty cell is no cell."""

    name: str
    headers: Sequence[str]
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Row:
    """A row that was read, and where its cells stand."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    columns: Mapping[str, str] = field(repr=False)

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")

    def place(self, header: str) -> str:
        """Return where a cell stands, as people who use spreadsheets say it: survey!C7."""
        return f"{self.sheet}!{self.columns.get(header, 'A')}{self.number}"

    def bad(self, header: str, fault: str) -> BadData:
        return BadData(f"{self.place(header)}: {header}: {fault}")


def written(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as an XLSX workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _write(book.create_sheet(sheet.name), sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(page: Worksheet, sheet: Sheet) -> None:
    for column, header in enumerate(sheet.headers, start=1):
        cell = page.cell(row=1, column=column, value=header)
        cell.font = Font(bold=True)
        width = next((w for begins, w in WIDTHS.items() if header.startswith(begins)), 16)
        page.column_dimensions[get_column_letter(column)].width = width
    page.freeze_panes = "C2"
    for number, row in enumerate(sheet.rows, start=2):
        for column, header in enumerate(sheet.headers, start=1):
            if row.get(header):
                _write_text(page.cell(row=number, column=column), row[header])


def _write_text(cell: Cell, text: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        raise BadData(f"{cell.parent.title}!{cell.coordinate}: is too long for a cell")
    if ILLEGAL_CHARACTERS_RE.search(text):
        raise BadData(f"{cell.parent.title}!{cell.coordinate}: holds a sign that no cell can hold")
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if text.startswith(BEGINS_A_FORMULA):
        cell.quotePrefix = True


def opened(data: bytes) -> dict[str, list[Row]]:
    """Return the filled rows of each sheet of a workbook, in order. Raises BadData."""
    _refuse_too_large(data)
    try:
        with warnings.catch_warnings():
            # What a spreadsheet program adds for the eye is not read here.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), keep_links=False)
    except Exception as fault:  # noqa: BLE001 - a broken workbook breaks the library anywhere
        raise BadData(f"is not a workbook that can be read: {type(fault).__name__}") from None
    return {page.title: list(_rows(page)) for page in book.worksheets}


def _refuse_too_large(data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        raise BadData(f"is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        raise BadData("is not a workbook in XLSX") from None
    if unpacked > LARGEST_UNPACKED:
        raise BadData(f"unpacks to more than {LARGEST_UNPACKED // 1024 // 1024} MiB")


def _rows(page: Worksheet) -> Iterator[Row]:
    if page.max_row > MOST_ROWS or page.max_column > MOST_COLUMNS:
        raise BadData(f"{page.title}: has cells beyond {MOST_ROWS} rows or {MOST_COLUMNS} columns")
    headers: dict[int, str] = {}
    for number, row in enumerate(page.iter_rows(), start=1):
        texts = {cell.column: _text(page, cell) for cell in row}
        filled = {column: text for column, text in texts.items() if text}
        if number == 1:
            headers = {column: text.strip() for column, text in filled.items()}
            _refuse_twice(page, headers)
        elif filled:
            yield _row(page, number, filled, headers)


def _refuse_twice(page: Worksheet, headers: Mapping[int, str]) -> None:
    seen: set[str] = set()
    for column, header in headers.items():
        if header in seen:
            raise BadData(f"{page.title}!{get_column_letter(column)}1: {header!r} stands twice")
        seen.add(header)


def _row(page: Worksheet, number: int, filled: Mapping[int, str], headers: dict[int, str]) -> Row:
    for column in filled:
        if column not in headers:
            place = f"{page.title}!{get_column_letter(column)}{number}"
            raise BadData(f"{place}: stands in a column without a name")
    return Row(
        sheet=page.title,
        number=number,
        cells={headers[column]: text for column, text in filled.items()},
        columns={header: get_column_letter(column) for column, header in headers.items()},
    )


def _text(page: Worksheet, cell: Cell) -> str:
    """Return what a cell says as text; Excel makes days and numbers of what looks like them."""
    value = cell.value
    if cell.data_type in {"f", "e"}:
        place = f"{page.title}!{cell.coordinate}"
        raise BadData(f"{place}: holds a formula or an error, not a text")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
