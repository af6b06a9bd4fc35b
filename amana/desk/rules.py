"""Which counts may be shown to somebody who sees figures only. Pure."""

from collections.abc import Mapping


def shown(counts: Mapping[str, int], smallest: int) -> list[tuple[str, int | None]]:
    """Return every count, or None where it is not shown.

    A count under `smallest` is hidden. When it is the only hidden one, the next smallest is hidden
    too: the tables share one total, and a single gap could be found by subtraction.
    """
    hidden = {code for code, n in counts.items() if n < smallest}
    if len(hidden) == 1 and len(counts) > 1:
        hidden.add(min((c for c in counts if c not in hidden), key=lambda c: (counts[c], c)))
    return [(code, None if code in hidden else n) for code, n in counts.items()]
