"""A QR code as path data of a drawing; only here is segno imported."""

from itertools import groupby

import segno

# Four light dots on every side: without them no phone finds the code.
EDGE = 4


def dots(content: str) -> tuple[str, int]:
    """Return the dark dots as path data, and how many dots a side has, its edge included."""
    rows = segno.make(content, micro=False).matrix
    lines = []
    for y, row in enumerate(rows, EDGE):
        for is_dark, run in groupby(enumerate(row, EDGE), key=lambda dot: bool(dot[1])):
            places = [x for x, _ in run]
            if is_dark:
                lines.append(f"M{places[0]} {y}h{len(places)}v1h-{len(places)}z")
    return "".join(lines), len(rows) + 2 * EDGE


def svg(content: str) -> str:
    """Return the whole drawing, for paper."""
    path, side = dots(content)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
