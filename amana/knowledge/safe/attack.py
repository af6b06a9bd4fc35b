"""The attacker: what follows from the numbers that are shown for those that are withheld. Pure.

She knows every number that is shown, in this table and in whatever was published before, every sum
that holds, that counts are whole and not negative, and what a mark promises ("<5" is 0 to 4). She
subtracts, and asks a linear program for the limits of each cell. What she can name exactly is
recovered; nothing that is published may let her.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from amana.knowledge.safe.cells import Flags, Numbers, Sum, Tables, unheard
from amana.knowledge.safe.program import INF, NEAR, Held, Impossible, short_and_over

# So often the limits are passed on along the sums before a program is asked.
ROUNDS = 50
# Two tables whose numbers differ by as much show that a cell has more than one value.
A_VALUE = 0.5


@dataclass(frozen=True)
class Found:
    """The limits of every cell, and which withheld ones have one value left."""

    low: Numbers
    high: Numbers
    recovered: Flags
    by_subtraction: Flags

    @property
    def width(self) -> Numbers:
        """How many values each cell may still have, less one."""
        return self.high - self.low


@dataclass(frozen=True)
class Mended:
    """Tables whose sums can hold, and the sums of the file that cannot."""

    tables: Tables
    low: Numbers
    high: Numbers
    short: tuple[Sum, ...] = ()
    over: tuple[Sum, ...] = ()


@dataclass
class _Piece:
    """Cells that sums link, while their limits are narrowed."""

    tables: Tables
    low: Numbers
    high: Numbers

    def narrow(self) -> None:
        """Pass on along the sums what each leaves for the others; or raise Impossible."""
        for _ in range(ROUNDS):
            before = float(np.sum(self.low)), float(np.sum(self.high[self.high < INF]))
            open_ended = int(np.sum(self.high == INF))
            for one in self.tables.sums:
                self._along(one)
            if np.any(self.low > self.high + NEAR):
                raise Impossible
            after = float(np.sum(self.low)), float(np.sum(self.high[self.high < INF]))
            if after == before and open_ended == int(np.sum(self.high == INF)):
                return

    def _along(self, one: Sum) -> None:
        parts = list(one.parts)
        low, high = self.low[parts], self.high[parts]
        all_low, all_high = low.sum(), high.sum()
        self.low[one.total] = max(self.low[one.total], all_low)
        self.high[one.total] = min(self.high[one.total], all_high)
        most, least = self.high[one.total], self.low[one.total]
        for place, part in enumerate(parts):
            # Infinite less infinite says nothing.
            others = (
                all_high - high[place]
                if high[place] < INF
                else high[np.arange(len(parts)) != place].sum()
            )
            self.high[part] = min(self.high[part], most - (all_low - low[place]))
            if others < INF:
                self.low[part] = max(self.low[part], least - others)


def subtracted(tables: Tables, known: Flags) -> Flags:
    """Return which cells follow from the known ones by subtraction alone, again and again."""
    found = known.copy()
    sums = [s for s in tables.sums if not all(found[c] for c in s.cells)]
    while True:
        left = []
        for one in sums:
            missing = [cell for cell in one.cells if not found[cell]]
            if len(missing) == 1:
                found[missing[0]] = True
            elif missing:
                left.append(one)
        if len(left) == len(sums):
            return found & ~known
        sums = left


def attack(
    tables: Tables,
    low: Numbers,
    high: Numbers,
    withheld: Flags,
    *,
    whole_limits: bool = False,
    progress: Callable[[int], None] = unheard,
) -> Found:
    """Return what follows for each withheld cell from the limits that are known of all.

    A shown number has the same limit on both sides. With `whole_limits` every withheld cell gets
    its true limits, where else it is only asked whether one value is left. Raises Impossible where
    the numbers do not add up; `mended` says where.
    """
    low, high = low.astype(float), high.astype(float)
    by_subtraction = subtracted(tables, low == high) & withheld
    for piece, at in tables.pieces():
        if withheld[at].any():
            part = _Piece(piece, low[at].copy(), high[at].copy())
            part.narrow()
            _by_program(part, withheld[at], whole_limits=whole_limits)
            low[at], high[at] = part.low, part.high
        progress(len(at))
    recovered = withheld & (high - low < NEAR)
    return Found(low, high, recovered, by_subtraction)


def _by_program(piece: _Piece, withheld: Flags, *, whole_limits: bool) -> None:
    """Narrow the limits to what some table really has; nothing is asked that a table has shown."""
    asked = [int(c) for c in np.flatnonzero(withheld) if piece.high[c] - piece.low[c] > NEAR]
    if not asked or not piece.tables.sums:
        return
    held = Held(piece.tables.sums, piece.low, piece.high)
    _, table, _ = held.most({})
    least, most = table.copy(), table.copy()
    for cell in asked:
        for sign, seen, limit in ((1.0, most, piece.high), (-1.0, least, piece.low)):
            if abs(seen[cell] - limit[cell]) < NEAR:
                continue
            if whole_limits or most[cell] - least[cell] < A_VALUE:
                reached, table, _ = held.most({cell: sign})
                np.fmin(least, table, out=least)
                np.fmax(most, table, out=most)
                most[cell] = INF if reached == INF else most[cell]
    for cell in asked:
        if whole_limits or most[cell] - least[cell] < A_VALUE:
            piece.low[cell] = max(piece.low[cell], np.ceil(least[cell] - NEAR))
            piece.high[cell] = min(piece.high[cell], np.floor(most[cell] + NEAR))


def mended(tables: Tables, low: Numbers, high: Numbers) -> Mended:
    """Return the tables with those sums alone that can hold, and name the others.

    Where the parts fall short of their total there is a rest that the table does not show: it
    becomes a cell of its own, of which nothing is known. Where they pass it, the sum is no sum.
    """
    keys, lows, highs = list(tables.keys), list(low), list(high)
    sums: list[Sum] = []
    short: list[Sum] = []
    over: list[Sum] = []
    for piece, at in tables.pieces():
        for one, fault in _faults(piece, low[at], high[at]):
            outside = Sum(int(at[one.total]), tuple(int(at[p]) for p in one.parts))
            if fault > 0:
                over.append(outside)
            elif fault < 0:
                short.append(outside)
                sums.append(Sum(outside.total, (*outside.parts, len(keys))))
                keys.append(f"{tables.keys[outside.total]} (not shown)")
                lows.append(0.0)
                highs.append(INF)
            else:
                sums.append(outside)
    return Mended(
        Tables(tuple(keys), tuple(sums)), np.array(lows), np.array(highs), tuple(short), tuple(over)
    )


def _faults(piece: Tables, low: Numbers, high: Numbers) -> Iterator[tuple[Sum, int]]:
    """Yield each sum of a piece with -1 (falls short), 1 (passes its total) or 0 (may hold)."""
    faults = dict.fromkeys(range(len(piece.sums)), 0)
    if piece.sums:
        missing, passed = short_and_over(piece.sums, low, high)
        for place in faults:
            if missing[place] > NEAR:
                faults[place] = -1
            elif passed[place] > NEAR:
                faults[place] = 1
    for place, fault in faults.items():
        yield piece.sums[place], fault
