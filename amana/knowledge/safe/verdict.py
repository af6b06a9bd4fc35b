"""What an attack on a published file found, as it is told. Pure."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from amana.knowledge.safe import attack
from amana.knowledge.safe.cells import Flags, unheard
from amana.knowledge.safe.shown import Shown


def on(
    file: Shown, *, whole_limits: bool = False, progress: Callable[[int], None] = unheard
) -> dict[str, Any]:
    """Attack a file and return what followed, what did not add up, and each recovered cell.

    With `whole_limits` also the limits of every withheld cell; an open one is None.
    """
    whole = attack.mended(file.tables, file.low, file.high)
    rest = len(whole.tables) - len(file.tables)
    withheld = np.concatenate([file.withheld, np.zeros(rest, dtype=bool)])
    found = attack.attack(
        whole.tables,
        whole.low,
        whole.high,
        withheld,
        whole_limits=whole_limits,
        progress=progress,
    )
    return _told(file, whole, found) | (
        {"limits": _limits(file, whole, found)} if whole_limits else {}
    )


def _limits(file: Shown, whole: attack.Mended, found: attack.Found) -> list[dict[str, Any]]:
    return [
        {
            "cell": whole.tables.keys[c],
            "low": int(found.low[c]),
            "high": int(found.high[c]) if np.isfinite(found.high[c]) else None,
        }
        for c in np.flatnonzero(file.withheld)
    ]


def _told(file: Shown, whole: attack.Mended, found: attack.Found) -> dict[str, Any]:
    keys = whole.tables.keys

    def by_group(flags: Flags) -> dict[str, int]:
        return dict(Counter(file.groups[c] for c in np.flatnonzero(flags)))

    cells = [
        {
            "cell": keys[c],
            "value": int(found.low[c]),
            "by": "subtraction" if found.by_subtraction[c] else "linear program",
        }
        for c in np.flatnonzero(found.recovered)
    ]
    return {
        "cells": len(file.tables),
        "withheld": int(file.withheld.sum()),
        "recovered": len(cells),
        "by_subtraction": int((found.by_subtraction & found.recovered).sum()),
        "withheld_by_group": by_group(file.withheld),
        "recovered_by_group": by_group(found.recovered),
        "sums": len(file.tables.sums),
        "sums_that_fall_short": len(whole.short),
        "sums_that_are_passed": len(whole.over),
        "do_not_add_up": [keys[s.total] for s in (*whole.short, *whole.over)],
        "file": file.report.as_json() if file.report else None,
        "recovered_cells": cells,
    }
