"""Combinations of one to three attributes: how rows are numbered, and what is kept of them. Pure.

An attribute is a column with a value; an empty value is no attribute. The unit that is protected
is one row, and one row is one person: two tables are neighbours where one has one row more.
`rounds` measures, `fitting` makes noisy counts of it, `rows` draws from them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# What kept counts say they are.
TYPE = "amana.synthetic.counts.2"
LENGTHS = (1, 2, 3)


class BadTable(ValueError):
    """Rows, columns or a plan that no counts can be made of; says what to do."""


@dataclass(frozen=True)
class Plan:
    """What is promised: the privacy loss, and from how many people on a combination is shown.

    One of fewer than `k` people passes with a probability of at most `hidden`, over all looks; a
    pair is shown, too, where one of its triples passes.
    """

    epsilon: float
    delta: float
    k: int = 10
    hidden: float = 4e-5

    def __post_init__(self) -> None:
        if not (isfinite(self.epsilon) and self.epsilon > 0):
            raise BadTable(f"epsilon is {self.epsilon}; give a number above 0")
        for name, value in (("delta", self.delta), ("hidden", self.hidden)):
            if not 0 < value < 0.5:
                raise BadTable(f"{name} is {value}; give a number above 0 and under 0.5")
        if self.k < 1:
            raise BadTable(f"k is {self.k}; give 1 or more")


@dataclass(frozen=True)
class Noisy:
    """Everything that rows are drawn from; it holds no real count, and may be kept and published.

    `sigma` is the noise that the whole plan stands for, in units of one row's longest contribution.
    `sizes[others][flags]` are the noisy numbers of rows by how many attributes they have that are
    no flags, and that are. `combinations` maps what is shown, as attributes that are numbers into
    `attributes`, to its noisy number of people. `shown_from` says for one, two and three attributes
    how many people the smallest number that can be shown stands for.
    """

    columns: tuple[str, ...]
    flags: tuple[bool, ...]
    plan: Plan
    sigma: float
    shown_from: tuple[float, ...]
    sizes: tuple[tuple[int, ...], ...]
    attributes: tuple[tuple[int, str], ...]
    combinations: Mapping[tuple[int, ...], int]

    @property
    def rows(self) -> int:
        """How many rows there are, noisy."""
        return max(0, sum(map(sum, self.sizes)))

    def to_dict(self) -> dict[str, Any]:
        """Return this as JSON has it."""
        return {
            "type": TYPE,
            "columns": list(self.columns),
            "flags": [name for name, is_flag in zip(self.columns, self.flags, strict=True)
                      if is_flag],
            "epsilon": self.plan.epsilon,
            "delta": self.plan.delta,
            "k": self.plan.k,
            "hidden": self.plan.hidden,
            "sigma": self.sigma,
            "shown_from": list(self.shown_from),
            "sizes": [list(line) for line in self.sizes],
            "attributes": [list(one) for one in self.attributes],
            "combinations": [[*ids, count] for ids, count in self.combinations.items()],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Noisy":
        """Return what was kept; BadTable where it is something else."""
        try:
            if kept["type"] != TYPE:
                raise BadTable(f"these are not counts of this kind: {kept['type']!r}")
            flags = set(kept["flags"])
            return cls(
                columns=tuple(kept["columns"]),
                flags=tuple(name in flags for name in kept["columns"]),
                plan=Plan(kept["epsilon"], kept["delta"], kept["k"], kept["hidden"]),
                sigma=kept["sigma"],
                shown_from=tuple(kept["shown_from"]),
                sizes=tuple(tuple(line) for line in kept["sizes"]),
                attributes=tuple((int(column), str(value)) for column, value in kept["attributes"]),
                combinations={tuple(ids): count for *ids, count in kept["combinations"]},
            )
        except (KeyError, TypeError) as fault:
            raise BadTable(f"these counts cannot be read: {fault!r}") from fault


def encode(
    rows: Sequence[Sequence[str]], n_columns: int
) -> tuple[Ints, tuple[tuple[int, str], ...]]:
    """Return rows as numbers of attributes, -1 where empty, and the attributes by column, value."""
    ids = np.full((len(rows), n_columns), -1, np.int64)
    attributes: list[tuple[int, str]] = []
    for column, values in enumerate(zip(*rows, strict=True)):
        known = sorted({value for value in values if value})
        number = {value: len(attributes) + n for n, value in enumerate(known)}
        attributes += [(column, value) for value in known]
        ids[:, column] = [number.get(value, -1) for value in values]
    return ids, tuple(attributes)


def subsets(ids: Ints, length: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield (numbers of rows, their combinations of that length), rows of one size at a time."""
    size = (ids >= 0).sum(1)
    # The attributes of a row first, in the order of their columns.
    for n in range(length, ids.shape[1] + 1):
        mine = np.flatnonzero(size == n)
        if not len(mine):
            continue
        packed = ids[mine]
        packed = packed[packed >= 0].reshape(len(mine), n)
        for places in combinations(range(n), length):
            yield mine, packed[:, places]


def pack(members: Ints, n_attributes: int) -> Ints:
    """Return one number for each combination, of at most three attributes; `unpack` undoes it."""
    key = np.zeros(len(members), np.int64)
    for place in range(members.shape[1]):
        key = key * (n_attributes + 1) + members[:, place] + 1
    return key


def unpack(keys: Ints, n_attributes: int) -> Ints:
    """Return combinations as rows of three numbers, -1 where there are fewer."""
    base = n_attributes + 1
    return np.stack([keys // base**2, keys // base % base, keys % base], axis=1) - 1
