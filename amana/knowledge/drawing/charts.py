"""Bars, lines over time, and shares of a whole.

Every number is written where it is drawn, so no axis has to be read off, and the drawing and its
table say the same. What is withheld is hatched and says so; what nobody counted leaves a gap.
"""

from itertools import pairwise

from amana.knowledge.drawing.facts import BadDrawing, Chart, Fact, Series
from amana.knowledge.drawing.sheet import (
    BOLD,
    EDGE,
    LIGHT,
    LINE,
    PATTERNS,
    TEXT,
    WIDE,
    Box,
    Sheet,
    Space,
    around,
    beads,
    plain,
    wide,
)

BAR = 15.0
# How long the hatched box is, always: its length says nothing.
WITHHELD = 26.0
ROOM = 6.0
# A panel of lines: how high the figures may climb, and what stands above and below them.
PANEL = 84.0
ABOVE, BELOW = 34.0, 22.0
POINT = 3.5
GAP = 4.0
# Where a figure may stand about its point: above, below, aside.
OVER = ((0, -8), (0, 18), (-14, -10), (14, -10), (0, -22), (-16, 14), (16, 14), (0, 32))


def bars(chart: Chart) -> str:
    """Return horizontal bars: under each label one bar for each series."""
    sheet = Sheet(chart.name, chart.lang, chart.title, chart.description)
    several = len(chart.series) > 1
    kinds = PATTERNS[: len(chart.series)]
    if several:
        sheet.legend(zip(kinds, (one.name for one in chart.series), strict=True))
    figures = [f.shown for one in chart.series for f in one.facts if f.value is not None]
    longest = WIDE - 2 * EDGE - ROOM - max((wide(words) * BOLD for words in figures), default=0.0)
    for label, facts in chart.rows():
        sheet.y += ROOM
        sheet.lines(label)
        top = sheet.y
        for kind, fact in zip(kinds, facts, strict=True):
            _bar(sheet, fact, kind, _length(fact, longest, chart.highest))
        # The line from which every bar is measured: a bar of nothing still stands on it.
        x = sheet.across(EDGE)
        sheet.add("line", "axis", x1=x, x2=x, y1=top, y2=sheet.y, stroke="currentColor")
    return sheet.finished((chart.unit, chart.source))


def _bar(sheet: Sheet, fact: Fact, kind: str, length: float) -> None:
    if length:
        sheet.box(EDGE, sheet.y + 2, length, BAR - 2, "withheld" if fact.withheld else kind)
    x = EDGE + length + ROOM
    if fact.value is None:
        sheet.lines(fact.shown, "soft", x)
    else:
        sheet.y += LINE
        sheet.text(fact.shown, x, sheet.y - 5, "value")


def _length(fact: Fact, longest: float, whole: float) -> float:
    """Return how long a fact is drawn where `whole` is `longest`."""
    if fact.withheld:
        return WITHHELD
    return longest * (fact.value / whole) if fact.value and whole else 0.0


def shares(chart: Chart) -> str:
    """Return one bar for each series, cut in the shares of its facts, and each share in words."""
    if len(chart.series[0].facts) > len(PATTERNS):
        raise BadDrawing(f"over {len(PATTERNS)} shares cannot be told apart in grey")
    sheet = Sheet(chart.name, chart.lang, chart.title, chart.description)
    for one in chart.series:
        sheet.y += ROOM
        sheet.lines(one.name)
        _cut(sheet, one)
        for kind, fact in zip(PATTERNS, one.facts, strict=False):
            _share(sheet, kind, fact)
    return sheet.finished((chart.unit, chart.source))


def _cut(sheet: Sheet, one: Series) -> None:
    """Draw the bar; what is withheld takes a box whose length says nothing."""
    withheld = sum(fact.withheld for fact in one.facts)
    whole = sum(fact.value or 0.0 for fact in one.facts)
    longest = WIDE - 2 * EDGE - withheld * WITHHELD
    x = EDGE
    for kind, fact in zip(PATTERNS, one.facts, strict=False):
        length = _length(fact, longest, whole)
        if length:
            sheet.box(x, sheet.y, length, BAR + 5, "withheld" if fact.withheld else kind)
        x += length
    sheet.y += BAR + 7


def _share(sheet: Sheet, kind: str, fact: Fact) -> None:
    """Write one share: its pattern, its label, and its figure at the end of the line."""
    end = WIDE - EDGE
    how = "soft" if fact.value is None else "value"
    first = sheet.y + LINE - 4
    sheet.legend([("withheld" if fact.withheld else kind, fact.label)])
    if EDGE + 20 + wide(fact.label) + wide(fact.shown) * BOLD + ROOM > end:
        sheet.y += LINE
        first = sheet.y - 4
    sheet.text(fact.shown, end, first, how, text_anchor="end")


def lines(chart: Chart) -> str:
    """Return one panel for each series over the same time, all to one scale."""
    sheet = Sheet(chart.name, chart.lang, chart.title, chart.description)
    # Words stand upright in the column of a point without height, and the panel holds them.
    upright = [f.shown for one in chart.series for f in one.facts if f.value is None]
    panel = max([PANEL, *(wide(words) + 2 * ROOM for words in upright)])
    for one in chart.series:
        if len(chart.series) > 1:
            sheet.y += ROOM
            sheet.lines(one.name)
        _panel(sheet, one, panel, chart.highest or 1.0)
    return sheet.finished((chart.unit, chart.source))


def _panel(sheet: Sheet, one: Series, high: float, highest: float) -> None:
    floor = sheet.y + ABOVE + high
    pitch = (WIDE - 2 * EDGE) / len(one.facts)
    places = [sheet.across(EDGE + pitch * (n + 0.5)) for n in range(len(one.facts))]
    heights = [
        None if fact.value is None else floor - high * (fact.value / highest) for fact in one.facts
    ]
    points = list(zip(places, heights, strict=True))
    sheet.add("line", "axis", x1=EDGE, x2=WIDE - EDGE, y1=floor, y2=floor, stroke="currentColor")
    space = Space(Box(EDGE, floor - high - ABOVE, WIDE - EDGE, floor))
    for x, fact in zip(places, one.facts, strict=True):
        if fact.value is None:
            column = Box(x - _column(pitch) / 2, floor - high, x + _column(pitch) / 2, floor)
            space.covered.append(column)
            _without(sheet, fact, column)
    space.covered += _line(sheet, points)
    # Figures are put where they hide neither one another nor the line.
    for fact, (x, y) in zip(one.facts, points, strict=True):
        if y is not None:
            _, box = space.best(around(fact.shown, x + dx, y + dy) for dx, dy in OVER)
            sheet.upon(fact.shown, box, "value")
    labels = [fact.label for fact in one.facts]
    falls = _staggered(labels, pitch)
    for x, label, fall in zip(places, labels, falls, strict=True):
        sheet.text(label, sheet.across(x), floor + 16 + fall, "text", text_anchor="middle")
    sheet.y = floor + BELOW + max(falls)


def _line(sheet: Sheet, points: list[tuple[float, float | None]]) -> list[Box]:
    """Draw the line, broken at each point without a height; return what it covers."""
    covered: list[Box] = []
    for (ax, ay), (bx, by) in pairwise(points):
        if ay is not None and by is not None:
            ends = {"x1": ax, "y1": ay, "x2": bx, "y2": by}
            sheet.add("line", "line", **ends, stroke="currentColor", stroke_width=2.0)
            steps = [(n + 1) / 13 for n in range(12)]
            covered += beads([(ax + t * (bx - ax), ay + t * (by - ay)) for t in steps], 2.0)
    whole = [(x, y) for x, y in points if y is not None]
    for x, y in whole:
        sheet.add("circle", "point", cx=x, cy=y, r=POINT)
    return covered + beads(whole, POINT)


def _column(pitch: float) -> float:
    """Return how broad the column of a point without a height is."""
    return min(pitch, 2 * LINE) - ROOM


def _staggered(words: list[str], pitch: float) -> list[float]:
    """Return by how much every second text moves away, where all in one line would touch."""
    widest = max(wide(text) for text in words) + GAP
    if widest <= pitch:
        return [0.0] * len(words)
    if widest > 2 * pitch:
        most = int(2 * (WIDE - 2 * EDGE) / widest)
        raise BadDrawing(f"{len(words)} such points do not fit on a telephone; {most} do")
    return [LINE * (n % 2) for n in range(len(words))]


def _without(sheet: Sheet, fact: Fact, column: Box) -> None:
    """Fill a column with words that stand upright; hatch it if the figure is withheld."""
    x, y = (column.left + column.right) / 2, (column.top + column.bottom) / 2
    width = column.right - column.left
    if fact.withheld:
        first = sheet.across(x) - width / 2
        sheet.box(first, column.top, width, column.bottom - column.top, "withheld")
    sheet.text(
        fact.shown,
        sheet.across(x),
        y,
        "soft",
        text_anchor="middle",
        transform=f"translate({plain(TEXT / 3)} 0) rotate(-90 {plain(x)} {plain(y)})",
        **(LIGHT | {"stroke_width": "4"}),
    )
