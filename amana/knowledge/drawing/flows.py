"""The map of flows: land and sea, places, and arcs as broad as what goes along them.

It shows no border between States, on purpose: where one runs is not for a chart of protected people
to say. North is up and east is right in every language; only the words follow the reader.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from amana.knowledge.drawing.facts import ROLES, BadDrawing, Flow, FlowMap, Place
from amana.knowledge.drawing.sheet import EDGE, LINE, WIDE, Box, Sheet, Space, around, beads, plain

DATA = Path(__file__).parents[1] / "data" / "coast.json"
# What a map may show, in degrees (west, south, east, north); the coast goes a little further.
SHOWN = (-28.0, -1.0, 24.0, 49.0)
AROUND = 3.5
LEAST = 16.0
# Highest and lowest height of the map beside its width.
TALLEST, LOWEST = 1.35, 0.7
BROADEST, THINNEST = 9.0, 1.5
# How far an arc is pulled aside: of its length, and at least.
BEND, BOW = 0.16, 14.0
NEAR = 7.0
HEAD = 9.0
Point = tuple[float, float]
# Where a word may stand beside its place: step across and down, and which end of it is near.
AROUND_A_PLACE = (
    *((9, 4, "left"), (-9, 4, "right"), (0, -10, "middle"), (0, 20, "middle")),
    *((18, -14, "left"), (-18, -14, "right"), (18, 22, "left"), (-18, 22, "right")),
    *((34, 4, "left"), (-34, 4, "right"), (0, -30, "middle"), (0, 40, "middle")),
    *((34, 38, "left"), (-34, 38, "right"), (0, 58, "middle"), (50, 20, "left")),
)
# The first of these need no line from the word to the place.
BESIDE = 4
ALONG_AN_ARC = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)


@dataclass(frozen=True)
class Coast:
    """The rings of all land in hundredths of a degree: the first point, then the steps."""

    source: str
    rings: tuple[tuple[int, ...], ...]


@cache
def coast() -> Coast:
    """Return the coast that comes with the program (Natural Earth, public domain)."""
    said = json.loads(DATA.read_text(encoding="utf-8"))
    return Coast(said["source"], tuple(tuple(ring) for ring in said["rings"]))


@dataclass(frozen=True)
class Ground:
    """The part of the world that is shown, and where it lies on the sheet.

    Degrees east are shortened as at the middle of the map, so that shapes are right there.
    """

    west: float
    north: float
    scale: float
    shorter: float
    top: float
    height: float

    def at(self, place: Place) -> Point:
        """Return where a place lies on the sheet."""
        return (
            (place.east - self.west) * self.shorter * self.scale,
            self.top + (self.north - place.north) * self.scale,
        )


def flow_map(drawn: FlowMap) -> str:
    """Return the map: land, arcs with their figures, places with their names."""
    sheet = Sheet(drawn.name, drawn.lang, drawn.title, drawn.description)
    sheet.y += 6
    ground = _ground(drawn, sheet.y)
    _land(sheet, ground)
    at = {place.name: ground.at(place) for place in drawn.places}
    most = max((flow.value or 0.0 for flow in drawn.flows), default=0.0) or 1.0
    arcs = [(flow, *_bent(at[flow.start], at[flow.end])) for flow in drawn.flows]
    for flow, *points in arcs:
        _arc(sheet, flow, points, most)
    for place in drawn.places:
        _mark(sheet, place.role, *at[place.name])
    edge = Box(EDGE, ground.top + 2, WIDE - EDGE, ground.top + ground.height - 2)
    names, figures = Space(edge), Space(edge)
    strings = [beads((_along(points, n / 16) for n in range(17)), 3.0) for _, *points in arcs]
    names.covered = [*beads(at.values(), NEAR), *chain.from_iterable(strings)]
    for place in drawn.places:
        _name(sheet, names, place.name, at[place.name])
    # A figure belongs upon its own arc; it keeps off places, names, and the other arcs.
    figures.covered = [*beads(at.values(), NEAR), *names.covered[-len(drawn.places) :]]
    for n, (flow, *points) in enumerate(arcs):
        others = chain.from_iterable(strings[:n] + strings[n + 1 :])
        wanted = (around(flow.shown, x, y + 5) for x, y in _beside(points))
        _, box = figures.best(wanted, besides=others)
        sheet.upon(flow.shown, box, "soft" if flow.value is None else "value")
    sheet.y += ground.height + 4
    for role, words in zip(ROLES, drawn.roles, strict=True):
        if any(place.role == role for place in drawn.places):
            _mark(sheet, role, sheet.across(EDGE + 7), sheet.y + LINE / 2 + 1)
            sheet.lines(words, x=EDGE + 20)
    return sheet.finished((drawn.unit, drawn.source))


def is_on_map(east: float, north: float) -> bool:
    """Whether a place lies on the part of the world that a map can show."""
    return SHOWN[0] + 1 <= east <= SHOWN[2] - 1 and SHOWN[1] + 1 <= north <= SHOWN[3] - 1


def _ground(drawn: FlowMap, top: float) -> Ground:
    """Return the part of the world around all places, no narrower than it can be read."""
    for place in drawn.places:
        if not is_on_map(place.east, place.north):
            raise BadDrawing(f"{place.name!r} is not on this map; the table can name it")
    norths = [place.north for place in drawn.places]
    shorter = math.cos(math.radians((min(norths) + max(norths)) / 2))
    west, east = _spread([place.east for place in drawn.places], LEAST, SHOWN[0], SHOWN[2])
    across = (east - west) * shorter
    south, north = _spread(norths, LOWEST * across, SHOWN[1], SHOWN[3])
    if north - south > TALLEST * across:
        wanted = (north - south) / TALLEST / shorter
        west, east = _spread([west, east], wanted, SHOWN[0], SHOWN[2], around=0.0)
    scale = WIDE / ((east - west) * shorter)
    return Ground(west, north, scale, shorter, top, (north - south) * scale)


def _spread(
    degrees: list[float], least: float, lowest: float, highest: float, around: float = AROUND
) -> tuple[float, float]:
    """Return a span around all degrees, at least so long, inside what may be shown."""
    low, high = min(degrees) - around, max(degrees) + around
    missing = max(least - (high - low), 0.0)
    low, high = low - missing / 2, high + missing / 2
    low, high = low - max(high - highest, 0.0), high + max(lowest - low, 0.0)
    return max(low, lowest), min(high, highest)


def _land(sheet: Sheet, ground: Ground) -> None:
    """Draw sea and land, cut at the edge of the map."""
    across, down = ground.shorter * ground.scale / 100, ground.scale / 100
    sheet.add(
        "rect",
        "sea",
        x=0.0,
        y=ground.top,
        width=WIDE,
        height=ground.height,
        fill="#fff",
        stroke="#999",
    )
    # The window is said in the degrees of the land, since it is turned and stretched with it.
    high = ground.height / down
    sheet.clip("map", 100 * ground.west, 100 * ground.north - high, WIDE / across, high)
    shift = -ground.west * ground.shorter * ground.scale, ground.top + ground.north * ground.scale
    path = "".join(
        f"M{ring[0]} {ring[1]}l{' '.join(str(step) for step in ring[2:])}z"
        for ring in coast().rings
    )
    sheet.add(
        "path",
        "land",
        d=path,
        transform=f"matrix({across:.5f} 0 0 {-down:.5f} {shift[0]:.2f} {shift[1]:.2f})",
        clip_path=f"url(#{sheet.name}-map)",
        fill="#e6e6e6",
        stroke="#999",
        vector_effect="non-scaling-stroke",
    )


def _bent(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """Return the arc between two places: both ends and the point that pulls it aside.

    There and back bend to different sides, so that neither hides the other.
    """
    (ax, ay), (bx, by) = start, end
    bend = max(BEND, BOW / (math.hypot(bx - ax, by - ay) or 1.0))
    middle = (ax + bx) / 2 - bend * (by - ay), (ay + by) / 2 + bend * (bx - ax)
    return _towards(start, middle, NEAR), middle, _towards(end, middle, NEAR)


def _towards(a: Point, b: Point, step: float) -> Point:
    length = math.hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    return a[0] + (b[0] - a[0]) * step / length, a[1] + (b[1] - a[1]) * step / length


def _along(points: list[Point], t: float) -> Point:
    a, m, b = points
    x, y = ((1 - t) ** 2 * a[n] + 2 * t * (1 - t) * m[n] + t**2 * b[n] for n in (0, 1))
    return x, y


def _arc(sheet: Sheet, flow: Flow, points: list[Point], most: float) -> None:
    """Draw an arc with its head; without a number it is thin and dashed."""
    start, middle, end = points
    width = THINNEST if flow.value is None else max(BROADEST * flow.value / most, THINNEST)
    head = HEAD + width / 2
    neck = _towards(end, middle, head)
    dashed = {"stroke_dasharray": "4 3"} if flow.value is None else {}
    sheet.add(
        "path",
        "arc-unknown" if flow.value is None else "arc",
        d=f"M{_pair(start)}Q{_pair(middle)} {_pair(neck)}",
        fill="none",
        stroke="currentColor",
        stroke_width=width,
        **dashed,
    )
    along = ((end[0] - neck[0]) / head, (end[1] - neck[1]) / head)
    half = head / 2 + width / 3
    sides = [(neck[0] - s * along[1] * half, neck[1] + s * along[0] * half) for s in (1, -1)]
    sheet.add("path", "head", d=f"M{_pair(end)}L{_pair(sides[0])}L{_pair(sides[1])}z")


def _pair(point: Point) -> str:
    return f"{plain(point[0])} {plain(point[1])}"


def _mark(sheet: Sheet, role: str, x: float, y: float) -> None:
    """Draw the mark of a place: full circle, ring, or square, for its role."""
    if role == "destination":
        sheet.add("rect", f"place-{role}", x=x - 5, y=y - 5, width=10, height=10, stroke="#fff")
        return
    fill = {"fill": "#fff"} if role == "transit" else {}
    line = "currentColor" if role == "transit" else "#fff"
    sheet.add("circle", f"place-{role}", cx=x, cy=y, r=5, stroke=line, stroke_width=1.5, **fill)


def _beside(points: list[Point]) -> Iterator[Point]:
    """Return where the figure of an arc may stand: upon it, then to one side and the other."""
    (ax, ay), _, (bx, by) = points
    length = math.hypot(bx - ax, by - ay) or 1.0
    for aside in (0.0, 12.0, -12.0, 22.0, -22.0):
        for t in ALONG_AN_ARC:
            x, y = _along(points, t)
            yield x - aside * (by - ay) / length, y + aside * (bx - ax) / length


def _name(sheet: Sheet, space: Space, words: str, place: Point) -> None:
    """Write a name beside its place, with a thin line to it where it had to go further."""
    x, y = place
    chosen, box = space.best(around(words, x + dx, y + dy, end) for dx, dy, end in AROUND_A_PLACE)
    if chosen >= BESIDE:
        near = min(max(x, box.left), box.right), min(max(y, box.top + 4), box.bottom - 2)
        ax, ay = _towards(place, near, NEAR)
        sheet.add("line", "leader", x1=ax, y1=ay, x2=near[0], y2=near[1], stroke="currentColor")
    sheet.upon(words, box, "text")
