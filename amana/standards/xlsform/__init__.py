"""Instruments as XLSForms, which Kobo and ODK teams read, edit and give back.

Nothing is lost on the way. What an XLSForm has words for stands in its own sheets and comes back
as it was edited there; what it has none for (signs, rules, raw conditions) stands in columns that
begin with `amana` and in the sheet `amana`. What follows from those, such as XPath, is never read:
it must be what this module would write, or the file is refused at that cell.
"""

from typing import Any

from amana.standards.instrument import Instrument
from amana.standards.instrument_file import Of
from amana.standards.xlsform.book import opened, written
from amana.standards.xlsform.reading import document_in
from amana.standards.xlsform.sheets import sheets_of


def export(instrument: Instrument) -> bytes:
    """Return an instrument as an XLSX workbook with the sheets of an XLSForm.

    It holds all that is asked, sections taken over from another instrument included. Raises
    BadData when the instrument says something that no XLSForm can say.
    """
    return written(sheets_of(instrument))


def read(data: bytes, of: Of) -> dict[str, Any]:
    """Return the document of the instrument in a workbook, or say at which cell it is at fault.

    `of` gives the other instruments it names. Raises BadData.
    """
    return document_in(opened(data), of)
