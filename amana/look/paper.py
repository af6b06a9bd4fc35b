"""Paper: a template of `sheets/` and its data as a PDF. Only here is typst imported.

Data go in as JSON and come out as text: nothing that a person wrote is ever read as a template.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import typst

SHEETS = Path(__file__).parent / "sheets"
# A sheet that is printed today and one printed next year are the same bytes, and do not say when.
PRINTED_AT = 0


class CannotPrint(ValueError):
    """A sheet that would miss something; the message says what, in one line."""


def pdf(template: str, data: Mapping[str, object]) -> bytes:
    """Return a sheet as a tagged PDF/UA-1, the same bytes for the same data.

    Refuses a letter that the vendored fonts do not have: a sheet never shows a hole for a word.
    """
    try:
        made = typst.compile(
            SHEETS / template,
            root=SHEETS,
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            format="pdf",
            pdf_standards="ua-1",
            timestamp=PRINTED_AT,
        )
    except typst.TypstError as fault:
        raise CannotPrint(" ".join([fault.message, *fault.hints])) from None
    if not isinstance(made, bytes):
        raise CannotPrint(f"{template} gave more than one document")
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[SHEETS / "fonts"]
    )
