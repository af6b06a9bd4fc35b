"""Reads what is done on a page of a PDF, for the tests of every paper."""

from collections.abc import Iterator
from typing import Any

import pikepdf


def marked(page: Any) -> Iterator[tuple[str, Any, list[str]]]:
    """Give what is done on a page, and the marks that it is done under."""
    marks: list[str] = []
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "BMC":
            marks.append(str(operands[0]))
        elif operator == "BDC":
            held = operands[1]
            has_text = isinstance(held, pikepdf.Dictionary) and "/ActualText" in held
            marks.append("/ActualText" if has_text else str(operands[0]))
        elif operator == "EMC":
            marks.pop()
        yield operator, operands, marks
