"""Cells of one or more tables, and the sums that hold between them. Pure.

A cell that stands in two tables is one cell here: that is what links them. Whoever knows some of
the numbers and every sum knows limits of all the others; the attacker and the protection work on
the same picture.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
# How the whole of a dimension is called.
TOTAL = "_T"


def unheard(_cells: int) -> None:
    """Nobody watches how far the work is."""


@dataclass(frozen=True)
class Sum:
    """One cell that is the sum of others, each named by its place among the cells."""

    total: int
    parts: tuple[int, ...]

    @property
    def cells(self) -> tuple[int, ...]:
        return (self.total, *self.parts)


@dataclass(frozen=True)
class Tables:
    """Cells, each with the name it has in a report, and the sums that hold between them."""

    keys: tuple[str, ...]
    sums: tuple[Sum, ...]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.keys)

    def pieces(self) -> Iterator[tuple["Tables", NDArray[np.int64]]]:
        """Yield each set of cells that no sum links to another, with its places in the whole."""
        root = list(range(len(self)))

        def find(cell: int) -> int:
            while root[cell] != cell:
                root[cell] = root[root[cell]]
                cell = root[cell]
            return cell

        for one in self.sums:
            for part in one.parts:
                root[find(part)] = find(one.total)
        cells: dict[int, list[int]] = defaultdict(list)
        for cell in range(len(self)):
            cells[find(cell)].append(cell)
        sums: dict[int, list[Sum]] = defaultdict(list)
        for one in self.sums:
            sums[find(one.total)].append(one)
        for head, members in cells.items():
            at = {cell: place for place, cell in enumerate(members)}
            within = tuple(Sum(at[s.total], tuple(at[p] for p in s.parts)) for s in sums[head])
            keys = tuple(self.keys[cell] for cell in members)
            yield Tables(keys, within), np.array(members, dtype=np.int64)


@dataclass(frozen=True)
class Dimension:
    """A dimension of a table: its codes, and under which code each stands.

    `parents` names for a code the one above it; a code without one stands under the total. Every
    code of the dimension belongs to exactly one above it, and whoever is counted below is counted
    above: a code for "not known" belongs to the list.
    """

    name: str
    codes: tuple[str, ...]
    parents: Mapping[str, str]

    def families(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return each code that is a sum, with the codes that it is the sum of."""
        below: dict[str, list[str]] = defaultdict(list)
        for code in self.codes:
            below[self.parents.get(code, TOTAL)].append(code)
        return tuple((above, tuple(codes)) for above, codes in below.items())

    def above(self, code: str) -> tuple[str, ...]:
        """Return the code, and every one that it is counted under, the total at the end."""
        line = [code]
        while line[-1] != TOTAL:
            line.append(self.parents.get(line[-1], TOTAL))
        return tuple(line)


def flat(name: str, codes: Iterable[str]) -> Dimension:
    """Return a dimension whose codes all stand under the total."""
    return Dimension(name, tuple(codes), {})


@dataclass(frozen=True)
class Counted:
    """Tables with the true number of every cell, and what each cell is of, by dimension."""

    tables: Tables
    values: Numbers
    places: tuple[tuple[str, ...], ...]


def counted(
    dimensions: Sequence[Dimension],
    facts: Iterable[tuple[tuple[str, ...], int]],
    crossings: Sequence[tuple[str, ...]],
) -> Counted:
    """Return the linked tables of facts: each crossing names the dimensions of one table.

    `facts` gives the finest code in every dimension, and how often. A dimension that a table does
    not name is summed over; so two tables that share a dimension share its margin, as one cell.
    A code that no dimension lists is refused with ValueError.
    """
    known = {d.name: frozenset(d.codes) for d in dimensions}
    lines = [d.above for d in dimensions]
    tables = [tuple(d.name in crossing for d in dimensions) for crossing in crossings]
    sums_up: dict[tuple[str, ...], float] = defaultdict(float)
    at: dict[tuple[str, ...], int] = {}
    for crossing in crossings:
        spans = [(*d.codes, TOTAL) if d.name in crossing else (TOTAL,) for d in dimensions]
        for place in product(*spans):
            at.setdefault(place, len(at))
    for codes, times in facts:
        for d, code in zip(dimensions, codes, strict=True):
            if code not in known[d.name]:
                raise ValueError(f"{code!r} is no code of {d.name}")
        # By table, and not over all dimensions at once: 24 needs alone would be 16 million places.
        above = [line(code) for line, code in zip(lines, codes, strict=True)]
        for place in {place for named in tables for place in _counts_in(named, above)}:
            if place in at:
                sums_up[place] += times
    sums = [
        Sum(at[place], parts)
        for place in at
        for axis, d in enumerate(dimensions)
        for above, codes in d.families()
        if place[axis] == above
        and (parts := tuple(at[p] for p in _beside(place, axis, codes) if p in at))
        and len(parts) == len(codes)
    ]
    values = np.array([sums_up[place] for place in at])
    keys = tuple("/".join(place) for place in at)
    return Counted(Tables(keys, tuple(sums)), values, tuple(at))


def _counts_in(
    named: tuple[bool, ...], above: Sequence[tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    """Yield every cell of one table in which a fact is counted; the other dimensions are whole."""
    return product(
        *(line if is_named else (TOTAL,) for is_named, line in zip(named, above, strict=True))
    )


def _beside(place: tuple[str, ...], axis: int, codes: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for code in codes:
        yield (*place[:axis], code, *place[axis + 1 :])
