"""What leaves as a table: no cell of it runs in a spreadsheet, and it says who took it and when."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO

# A spreadsheet computes what begins with one of these, in Latin or in full width, after whatever it
# does not show. A program of another language also parts cells at other signs than ours, so what
# follows such a sign inside a cell counts as a beginning too.
_UNSEEN = r"[\s\0-\x1f\x7f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*"
_COMPUTED = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"
# Where it stands last in a cell, the end of the line would begin the next one.
_BEGINNING = re.compile(
    rf'(^|[,;|\t\r\n"])(?={_UNSEEN}{_COMPUTED}|[\t\r\n])|(?<=[,;|])(?=[\s\ufeff\u200b"]*$)'
)


def export_text_safe(value: object) -> str:
    """Return a cell's text, with an apostrophe before whatever a spreadsheet would compute.

    Numbers stay numbers: only what is text already can hold what somebody typed.
    """
    if isinstance(value, int | float):
        return str(value)
    return _BEGINNING.sub(r"\1'", "" if value is None else str(value))


def _in_one_line(value: object) -> object:
    """Return text without line breaks: what one program reads as one cell, another cuts in two."""
    return re.sub(r"[\t\r\n]+", " ", value) if isinstance(value, str) else value


def csv_of(rows: Iterable[Sequence[object]], *, by: str, at: datetime) -> str:
    """Return the rows as CSV, every cell quoted; the last line names who took it out, and when."""
    out = StringIO()
    # The mark by which a spreadsheet knows that this is UTF-8.
    out.write("\ufeff")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([export_text_safe(_in_one_line(cell)) for cell in row])
    writer.writerow([export_text_safe(_in_one_line(by)), at.isoformat(timespec="seconds")])
    return out.getvalue()
