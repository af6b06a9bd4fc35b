"""The sheet under a drawing: its words, its patterns, its direction, and elements upon it.

A sheet is as wide as a telephone, and text on it is as large as there; on a wider screen all grows
together. What lies on it is grey by presentation attributes; classes let the site's style sheet
give colours. There is no `style` attribute, no script, and no address outside the sheet.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from amana.knowledge.drawing.facts import RIGHT_TO_LEFT

WIDE = 300.0
EDGE = 2.0
TEXT = 13.0
LINE = 17.0
# The mean width of a letter of that size; the fonts of the site are a little narrower.
LETTER = 7.0
BOLD = 1.1
LIGHT = {"paint_order": "stroke", "stroke": "#fff", "stroke_linejoin": "round"}
PATTERNS = ("solid", "light", "lines", "dots")


def wide(text: str, size: float = TEXT) -> float:
    """Return about how wide a text is."""
    return len(text) * LETTER * size / TEXT


def wrapped(text: str, width: float, size: float = TEXT) -> list[str]:
    """Return a text in lines that are no wider than this; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split():
        if lines and wide(f"{lines[-1]} {word}", size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def plain(number: float) -> str:
    """Return a length as it stands in an attribute."""
    return f"{number:.1f}".removesuffix(".0").replace("-0", "0", number > -0.05)


@dataclass(frozen=True)
class Box:
    """What a word or a mark covers."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> float:
        """Return the area that both cover."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)


class Space:
    """A part of the sheet, and what in it is covered already."""

    def __init__(self, inside: Box) -> None:
        self.inside = inside
        self.covered: list[Box] = []

    def best(self, wanted: Iterable[Box], besides: Iterable[Box] = ()) -> tuple[int, Box]:
        """Return which box covers least of what is covered, the first of equals, and cover it.

        A box that would reach beyond the space is moved inside. `besides` is covered for this
        one box only.
        """
        boxes = [self._moved(box) for box in wanted]
        taken = [*self.covered, *besides]
        costs = [sum(box.meets(other) for other in taken) for box in boxes]
        found = costs.index(min(costs))
        self.covered.append(boxes[found])
        return found, boxes[found]

    def _moved(self, box: Box) -> Box:
        within = self.inside
        x = max(within.left - box.left, 0.0) - max(box.right - within.right, 0.0)
        y = max(within.top - box.top, 0.0) - max(box.bottom - within.bottom, 0.0)
        return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def beads(points: Iterable[tuple[float, float]], reach: float) -> list[Box]:
    """Return a small box on each of these points, so that words keep off a line or a mark."""
    return [Box(x - reach, y - reach, x + reach, y + reach) for x, y in points]


def around(words: str, x: float, y: float, end: str = "middle") -> Box:
    """Return what bold words cover whose left end, right end or middle lies at this point."""
    width = wide(words) * BOLD
    left = x - {"left": 0.0, "middle": width / 2, "right": width}[end]
    return Box(left, y - TEXT + 2, left + width, y + 3)


class Sheet:
    """A drawing that grows downwards; `y` is how far it has come.

    Positions across are said from where reading begins, and turned for Arabic; a map, which is
    never turned, says so.
    """

    def __init__(self, name: str, lang: str, title: str, description: str) -> None:
        self.name = name
        self.turned = lang in RIGHT_TO_LEFT
        self.y = 0.0
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "drawing",
                "role": "img",
                "lang": lang,
                "direction": "rtl" if self.turned else "ltr",
                "aria-labelledby": f"{name}-title",
                "aria-describedby": f"{name}-desc",
                "font-family": "system-ui, 'Noto Sans', 'Noto Sans Arabic', sans-serif",
                "font-size": plain(TEXT),
                "fill": "currentColor",
            },
        )
        ET.SubElement(self.root, "title", {"id": f"{name}-title"}).text = title
        ET.SubElement(self.root, "desc", {"id": f"{name}-desc"}).text = description
        self._defs = ET.SubElement(self.root, "defs")
        for kind in ("lines", "dots", "withheld"):
            self._pattern(kind)
        self.lines(title, kind="title")

    def across(self, x: float) -> float:
        """Return where a distance from the beginning of reading lies on the sheet."""
        return WIDE - x if self.turned else x

    def add(self, tag: str, kind: str, **attributes: float | str) -> ET.Element:
        """Add an element of a class; underscores in names stand for hyphens."""
        said = {
            key.strip("_").replace("_", "-"): plain(v) if isinstance(v, int | float) else v
            for key, v in attributes.items()
        }
        return ET.SubElement(self.root, tag, {"class": f"drawing-{kind}", **said})

    def text(self, words: str, x: float, y: float, kind: str = "text", **more: str) -> None:
        """Write one line; it begins at `x`, unless an anchor says otherwise."""
        weight = {"font-weight": "700"} if kind in ("title", "value") else {}
        element = self.add("text", kind, x=self.across(x), y=y, **weight, **more)
        element.text = words

    def upon(self, words: str, box: Box, kind: str) -> None:
        """Write words in a box, upon whatever lies under it, with light around the letters.

        The box is where it lies on the sheet, whatever the direction of reading.
        """
        middle = self.across((box.left + box.right) / 2)
        self.text(
            words,
            middle,
            box.bottom - 3,
            kind,
            text_anchor="middle",
            **(LIGHT | {"stroke_width": "3"}),
        )

    def lines(self, words: str, kind: str = "text", x: float = EDGE) -> None:
        """Write a text in as many lines as it needs, and go on below."""
        for line in wrapped(words, (WIDE - x - EDGE) / (BOLD if kind == "title" else 1.0)):
            self.y += LINE
            self.text(line, x, self.y - 4, kind)

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """Draw a box filled with a pattern, or hatched for what is withheld."""
        left = self.across(x) - (width if self.turned else 0.0)
        dashed = {"stroke-dasharray": "3 2"} if kind == "withheld" else {}
        self.add(
            "rect",
            f"fill drawing-{kind}",
            x=left,
            y=y,
            width=width,
            height=height,
            fill=self.fill(kind),
            stroke="currentColor",
            **dashed,
        )

    def fill(self, kind: str) -> str:
        """Return what a pattern is filled with where no style sheet says more."""
        greys = {"solid": "#444", "light": "#ccc"}
        return greys.get(kind, f"url(#{self.name}-{kind})")

    def clip(self, name: str, x: float, y: float, width: float, height: float) -> None:
        """Make a window of this name, to cut what is drawn through it."""
        path = ET.SubElement(self._defs, "clipPath", {"id": f"{self.name}-{name}"})
        said = {"x": x, "y": y, "width": width, "height": height}
        ET.SubElement(path, "rect", {key: plain(value) for key, value in said.items()})

    def legend(self, entries: Iterable[tuple[str, str]]) -> None:
        """Say what each pattern means: its kind and its words."""
        for kind, words in entries:
            self.box(EDGE, self.y + 4, 14, 11, kind)
            self.lines(words, x=EDGE + 20)

    def finished(self, unit_and_source: Iterable[str] = ()) -> str:
        """Write the last lines, and return the drawing."""
        self.y += 4
        for words in unit_and_source:
            self.lines(words, kind="soft")
        self.root.set("viewBox", f"0 0 {plain(WIDE)} {plain(math.ceil(self.y + 4))}")
        return ET.tostring(self.root, encoding="unicode")

    def _pattern(self, kind: str) -> None:
        pattern = ET.SubElement(
            self._defs,
            "pattern",
            {
                "id": f"{self.name}-{kind}",
                "width": "6",
                "height": "6",
                "patternUnits": "userSpaceOnUse",
            },
        )
        paper = {"width": "6", "height": "6", "fill": "#fff", "class": "drawing-paper"}
        ET.SubElement(pattern, "rect", paper)
        drawn = {"fill": "none", "stroke": "currentColor", "class": f"drawing-ink-{kind}"}
        paths = {
            "lines": ("M0 3h6", "2"),
            "dots": ("M2 3h2", "2"),
            "withheld": ("M-1 1l2-2M0 6l6-6M5 7l2-2", "1"),
        }
        path, width = paths[kind]
        ET.SubElement(pattern, "path", {**drawn, "d": path, "stroke-width": width})
