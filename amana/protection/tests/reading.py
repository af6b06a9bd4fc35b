"""Reads a paper as its standard says, letter by letter: what the file itself calls its text.

Poppler loses the order of a page where a vowel stands over an Arabic letter, so the drawn pieces
are read here: from the left, or from the right, line by line, without header and footer.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Any

import pikepdf

from amana.look.tests.marks import marked

# Signs of direction and places where a line may end: nobody reads them.
UNSEEN = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A)]
)
# What runs from the left also in Arabic: letters and figures with single signs between them.
_LATIN, _SIGN = r"0-9A-Za-z\u00c0-\u02af\u0660-\u0669\u06f0-\u06f9", r"-–/.,:_@'’+"
LATIN_UNIT = re.compile(f"[{_LATIN}{_SIGN}]+")
FROM_THE_LEFT = re.compile(f"[{_LATIN}]+(?:(?:://|[{_SIGN}])[{_LATIN}]+)*|.")


def folded(text: str) -> str:
    """Return the letters of a text after NFKC, wherever its lines break; vowels in one order."""
    plain = unicodedata.normalize("NFKC", text).translate(UNSEEN)
    return "".join(unicodedata.normalize("NFKC", "".join(plain.split())).split())


# In points: a vowel is drawn up to so far from the line of its letter.
LINES_APART = 5


@dataclass(frozen=True)
class Drawn:
    """What some glyphs say and where; `is_over` where they take no room: a vowel over a letter."""

    x: float
    y: float
    said: str
    is_over: bool


def body(sheet: bytes, *, from_the_right: bool = False) -> str:
    """Return the folded text of all pages in reading order."""
    with pikepdf.open(BytesIO(sheet)) as document:
        lines = [line for page in document.pages for line in _lines(page)]
    return folded("".join(_read(line, from_the_right=from_the_right) for line in lines))


def _read(line: list[str], *, from_the_right: bool) -> str:
    if not from_the_right:
        return "".join(line)
    units = [unit for unit in (u.translate(UNSEEN) for u in line[::-1]) if unit]
    read: list[str] = []
    for is_latin, group in groupby(units, key=lambda unit: bool(LATIN_UNIT.fullmatch(unit))):
        run = list(group)
        # Fonts part 2026-11-26 into pieces; put together again it reads from the left.
        read += FROM_THE_LEFT.findall("".join(run[::-1]))[::-1] if is_latin else run
    return "".join(read)


def _lines(page: Any) -> Iterator[list[str]]:
    """Give each line of a page from its left to its right, whatever was drawn first."""
    line: list[Drawn] = []
    for one in _once(_drawn(page)):
        if line and abs(one.y - line[0].y) > LINES_APART:
            yield _across(line)
            line = []
        line.append(one)
    yield _across(line)


def _once(drawn: Iterable[Drawn]) -> Iterator[Drawn]:
    """Leave out a vowel's own stroke: the file names the letter with its vowel by both strokes."""
    last: Drawn | None = None
    for one in drawn:
        if last is not None and not (last.is_over and last.said == one.said):
            yield last
        last = one
    if last is not None:
        yield last


def _across(line: list[Drawn]) -> list[str]:
    # A blank at the end of a line takes no room: it lies where the last word begins.
    held = sorted(line, key=lambda one: (one.x, bool(one.said.translate(UNSEEN).strip())))
    return [one.said for one in held]


def _drawn(page: Any) -> Iterator[Drawn]:
    """Give what is drawn in its order, but for what is on every page: header and footer."""
    fonts = {key: Font(font) for key, font in page.Resources.Font.items()}
    font, actual, x, y = Font(None), "", 0.0, 0.0
    for operator, operands, marks in marked(page):
        match operator:
            case "cm":
                x, y = float(operands[4]), float(operands[5])
            case "Tf":
                font = fonts[str(operands[0])]
            case "BDC" if marks[-1] == "/ActualText":
                actual = str(operands[1].ActualText)
            case "TJ" | "Tj" if "/Artifact" not in marks:
                instead = actual if "/ActualText" in marks else ""
                is_reversed = "/ReversedChars" in marks
                for said, is_over in font.shown(operands[0], instead, is_reversed=is_reversed):
                    yield Drawn(x, y, said, is_over)


class Font:
    """What each glyph of a font says, and whether it takes room."""

    def __init__(self, font: Any) -> None:
        self.letters: dict[int, str] = {}
        self.widths: dict[int, float] = {}
        self.other_width = 1000.0
        if font is None:
            return
        table = font.ToUnicode.read_bytes().decode()
        for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
            for glyph, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
                self.letters[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
        # `first [w w w]` or `first last w`.
        self.other_width = float(font.DescendantFonts[0].get("/DW", 1000))
        held = list(font.DescendantFonts[0].get("/W", []))
        while held:
            first, then = int(held.pop(0)), held.pop(0)
            each = list(then) if isinstance(then, pikepdf.Array) else []
            each = each or [held.pop(0)] * (int(then) - first + 1)
            self.widths |= {first + n: float(width) for n, width in enumerate(each)}

    def shown(self, operand: Any, instead: str, *, is_reversed: bool) -> Iterator[tuple[str, bool]]:
        """Give what is shown: letter by letter where they run from the right, else as one."""
        parts = operand if isinstance(operand, pikepdf.Array) else [operand]
        data = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
        glyphs = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
        # Where a vowel is among them, Arabic letters are not marked as running from the right.
        said = "".join(self.letters[glyph] for glyph in glyphs)
        is_reversed |= any(unicodedata.bidirectional(letter) == "AL" for letter in said)
        if is_reversed and not instead:
            for glyph in glyphs:
                yield self.letters[glyph], self.is_over(glyph)
        else:
            yield instead or said, all(self.is_over(glyph) for glyph in glyphs)

    def is_over(self, glyph: int) -> bool:
        return self.widths.get(glyph, self.other_width) == 0
