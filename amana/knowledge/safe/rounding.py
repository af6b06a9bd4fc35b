"""Controlled rounding: every number a multiple of one base, and every sum still holds. Pure.

Where a publisher would rather show every cell than withhold some. Each number goes to one of the
two multiples beside it, in one of all ways in which rows and columns still add up the one that
moves least (Cox 1987). What it lets an attacker say is asked of her like any other table.
"""

from dataclasses import dataclass

import numpy as np

from amana.knowledge.safe.attack import attack
from amana.knowledge.safe.cells import Flags, Numbers, Tables
from amana.knowledge.safe.program import Impossible, whole

# Linked tables may have no solution with the two nearest multiples: one further is allowed then.
FURTHER = (0, 1)


@dataclass(frozen=True)
class Rounded:
    """The rounded numbers, their base, and how many steps from its two neighbours one may be."""

    values: Numbers
    base: int
    further: int

    def limits(self) -> tuple[Numbers, Numbers]:
        """Return what a reader who knows the method is told of each true number."""
        reach = self.base * (1 + self.further) - 1
        return np.maximum(self.values - reach, 0.0), self.values + reach


def rounded(tables: Tables, values: Numbers, base: int) -> Rounded:
    """Return the numbers rounded to a base, so that every sum holds.

    Raises Impossible where not even one step further than the nearest is enough.
    """
    for further in FURTHER:
        try:
            steps = np.zeros(len(values))
            for piece, at in tables.pieces():
                steps[at] = _steps(piece, values[at], base, further)
        except Impossible:
            continue
        return Rounded(steps * base, base, further)
    raise Impossible


def _steps(piece: Tables, values: Numbers, base: int, further: int) -> Numbers:
    low = np.maximum(np.floor(values / base) - further, 0.0)
    high = np.ceil(values / base) + further
    # Only the slope counts: how much nearer or farther one step up is.
    costs = base * (low + high) - 2 * values
    return whole(piece.sums, low, high, np.where(high > low, costs, 0.0))


def holes(tables: Tables, values: Numbers, shown: Rounded, small: Flags) -> Flags:
    """Return the small counts that follow exactly from the rounded numbers; none may be left."""
    low, high = shown.limits()
    # What every reader knows: the rounded sums bind the rounded numbers, the true ones the true.
    found = attack(tables, low, high, np.ones(len(values), dtype=bool))
    return found.recovered & small
