"""Tables of text from people's own workbooks and CSV files, row by row, without holding them."""

import csv
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from amana.standards.datafile import BadData

# What a spreadsheet program would compute; written, such a text is given a sign before it.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHIELD = "'"
# A workbook can unpack to a thousand times its size.
LARGEST_UNPACKED = 512 * 1024 * 1024
MOST_COLUMNS = 400
# Cells that hold no text: what Excel says in place of a value that it could not compute.
NO_TEXT = "\ufffd"


@dataclass(frozen=True)
class Table:
    """A sheet, and its rows with their numbers; a formula or an error is the sign NO_TEXT."""

    name: str
    rows: Iterator[tuple[int, list[str]]]


def column(at: int) -> str:
    """Return the letters of a column that stands at this place, counted from zero."""
    return str(get_column_letter(at + 1))


def tables(path: Path) -> Iterator[Table]:
    """Yield the sheets of a workbook, or the one table of a CSV file. Raises BadData.

    Each table is read to its end before the next is asked for.
    """
    if path.suffix.lower() == ".csv":
        yield Table(path.stem, _csv_rows(path))
        return
    _refuse_too_large(path)
    try:
        with warnings.catch_warnings():
            # What a spreadsheet program adds for the eye is not read here.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, keep_links=False)
    except Exception as fault:  # noqa: BLE001 - a broken workbook breaks the library anywhere
        raise BadData(f"{path.name}: cannot be read: {type(fault).__name__}") from None
    try:
        for page in book.worksheets:
            yield Table(page.title, _sheet_rows(page, path.name))
    finally:
        book.close()


def _refuse_too_large(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        raise BadData(f"{path.name}: is neither a workbook in XLSX nor named .csv") from None
    if unpacked > LARGEST_UNPACKED:
        limit = LARGEST_UNPACKED // 1024 // 1024
        raise BadData(f"{path.name}: unpacks to more than {limit} MiB")


def _sheet_rows(page: object, name: str) -> Iterator[tuple[int, list[str]]]:
    try:
        rows = enumerate(page.iter_rows(), start=1)  # type: ignore[attr-defined]
        for number, cells in rows:
            if len(cells) > MOST_COLUMNS:
                raise BadData(f"{name}: row {number} has more than {MOST_COLUMNS} columns")
            texts = [_text(cell.value, cell.data_type) for cell in cells]
            if any(texts):
                yield number, texts
    except (ValueError, KeyError, zipfile.BadZipFile) as fault:
        if isinstance(fault, BadData):
            raise
        raise BadData(f"{name}: cannot be read: {type(fault).__name__}") from None


def _text(value: object, kind: str) -> str:
    """Return what a cell says as text; blanks at its ends are kept, since they can be a fault."""
    if value is None:
        return ""
    if kind in {"f", "e"}:
        return NO_TEXT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if any(cells):
                    yield reader.line_num, [_unshielded(cell) for cell in cells]
    except UnicodeDecodeError:
        raise BadData(f"{path.name}: is not UTF-8") from None
    except csv.Error as fault:
        raise BadData(f"{path.name}: {fault}") from None


def _unshielded(text: str) -> str:
    shields = (*BEGINS_A_FORMULA, SHIELD)
    return text[1:] if text.startswith(SHIELD) and text[1:].startswith(shields) else text


def shielded(text: str) -> str:
    """Return a text as it may stand in a CSV file that a spreadsheet program will open."""
    return SHIELD + text if text.startswith((*BEGINS_A_FORMULA, SHIELD)) else text
