"""Counts of combinations of one to three attributes, with noise that hides any one person. Pure.

The unit that is protected is one row, and one row is one person: two tables are neighbours where
one has one row more (add or remove one row), as in Microsoft's Synthetic Data Showcase.

An attribute is a column with a value; an empty value is no attribute. Each row adds to the number
of rows of its size (how many attributes it has that are no flags, and that are), to the holders of
each of its attributes, and to each of its combinations. A combination is counted with the worth of
its kind: thin ones, of columns with many values, get more of the budget than those of flags, which
hold many people. Where what a row adds would be longer than 1 (Euclidean norm over everything that
is counted), its combinations are made shorter by one of LEVELS. That bound is the sensitivity, for
every table and row: in whole numbers of 1/UNIT, rounded down, it is exact.

One Gaussian measurement of opendp adds the noise to the whole vector; its size is found so that
opendp's own conversion from zero-concentrated to approximate privacy gives (epsilon, delta / 2).
The other half of delta pays for which combinations are shown: only what occurs is looked at, and
shown where it passes a threshold that what one row alone brings passes with at most delta / 2 over
all its combinations together (stability-based selection). The threshold also keeps a combination
of fewer than `k` people hidden but for a probability of `hidden`. Opendp's noise is the secure
one and takes no seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, isfinite, log
from statistics import NormalDist
from typing import Any

import numpy as np
import opendp.prelude as dp
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# What kept counts say they are.
TYPE = "amana.synthetic.counts.1"
# A row's longest contribution, in whole numbers.
UNIT = 4096
LENGTHS = (1, 2, 3)
# What one case of a combination is worth before the row is made shorter: by its length, and by how
# many of its columns are flags. Found on the public synthetic CTDC release of 2021, on no real row.
WORTH: Mapping[tuple[int, int], float] = {
    (1, 0): 0.09, (1, 1): 0.03,
    (2, 0): 0.23, (2, 1): 0.14, (2, 2): 0.05,
    (3, 0): 0.28, (3, 1): 0.28, (3, 2): 0.24, (3, 3): 0.10,
}  # fmt: skip
# What the size of a row is worth, and each of its attributes among the rows of its share.
SIZE, HOLDS = 0.10, 0.05
# The shares to which rows are made shorter: the next one down is taken.
LEVELS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.42, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.02)


class BadTable(ValueError):
    """Rows, columns or a plan that no counts can be made of; says what to do."""


@dataclass(frozen=True)
class Plan:
    """What is promised: the privacy loss, and from how many people on a combination is shown."""

    epsilon: float
    delta: float
    k: int = 10
    hidden: float = 1e-6

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

    `sigma` is the noise in units of one row's longest contribution. `sizes[others][flags]` are the
    noisy numbers of rows by size, `holders` for each attribute how many have it, by the level that
    their combinations were made shorter by. `combinations` maps what is shown, as attributes that
    are numbers into `attributes`, to its noisy weighted count, in units of 1/UNIT.
    """

    columns: tuple[str, ...]
    flags: tuple[bool, ...]
    plan: Plan
    sigma: float
    sizes: tuple[tuple[int, ...], ...]
    attributes: tuple[tuple[int, str], ...]
    holders: tuple[tuple[int, ...], ...]
    combinations: Mapping[tuple[int, ...], int]

    @property
    def rows(self) -> int:
        """How many rows there are, noisy."""
        return max(0, sum(map(sum, self.sizes)))

    def thresholds(self) -> dict[tuple[int, int], float]:
        """Return from how many weighted cases on a combination of each kind is shown."""
        return {kind: _threshold(kind, self.plan, self.sigma, len(self.columns)) / worth
                for kind, worth in WORTH.items()}  # fmt: skip

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
            "sizes": [list(line) for line in self.sizes],
            "attributes": [list(one) for one in self.attributes],
            "holders": [list(line) for line in self.holders],
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
                sizes=tuple(tuple(line) for line in kept["sizes"]),
                attributes=tuple((int(column), str(value)) for column, value in kept["attributes"]),
                holders=tuple(tuple(line) for line in kept["holders"]),
                combinations={tuple(ids): count for *ids, count in kept["combinations"]},
            )
        except (KeyError, TypeError) as fault:
            raise BadTable(f"these counts cannot be read: {fault!r}") from fault


def fit(
    columns: Sequence[str], rows: Sequence[Sequence[str]], plan: Plan, *, flags: frozenset[str]
) -> Noisy:
    """Return the noisy counts of rows; `flags` are the columns that hold one value or none.

    Columns and flags are public: they come from the codebook, never from the rows.
    """
    _objections(columns, rows, flags)
    ids, attributes = encode(rows, len(columns))
    is_flag = np.array([name in flags for name in columns])
    real = totals(ids, is_flag, len(attributes))
    sigma = _sigma(plan)
    noisy = np.array(_gaussian(sigma)(real.vector().tolist()), np.int64)
    sizes, holders, counts = np.split(noisy, np.cumsum([real.sizes.size, real.holders.size]))
    members = unpack(real.keys, len(attributes))
    least = np.array([[_threshold((n, f), plan, sigma, len(columns)) * UNIT if f <= n else np.inf
                       for f in range(4)] for n in LENGTHS])  # fmt: skip
    column_of = np.array([column for column, _value in attributes], np.int64)
    of_attribute = np.append(is_flag[column_of], [False])
    n_flags = of_attribute[members].sum(1)
    is_shown = counts > least[(members >= 0).sum(1) - 1, n_flags]
    members, counts = members[is_shown], counts[is_shown]
    # What is shown is put in an order that does not depend on what is hidden.
    used = np.unique(members[members >= 0])
    place = np.append(np.searchsorted(used, np.arange(len(attributes))), -1)[members]
    shown = sorted(
        (tuple(one for one in row if one >= 0), count)
        for row, count in zip(place.tolist(), counts.tolist(), strict=True)
    )
    return Noisy(
        columns=tuple(columns),
        flags=tuple(is_flag.tolist()),
        plan=plan,
        sigma=sigma,
        sizes=_cases(sizes.reshape(real.sizes.shape), SIZE),
        attributes=tuple(attributes[one] for one in used),
        holders=_cases(holders.reshape(real.holders.shape)[used], HOLDS),
        combinations=dict(shown),
    )


def _cases(weighted: Ints, worth: float) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(round(n / int(worth * UNIT)) for n in line) for line in weighted.tolist())


def _objections(
    columns: Sequence[str], rows: Sequence[Sequence[str]], flags: frozenset[str]
) -> None:
    if not columns or len(set(columns)) != len(columns):
        raise BadTable("give at least one column, and each name once")
    if unknown := sorted(flags - set(columns)):
        raise BadTable(f"flags name no column: {', '.join(unknown)}")
    places = [(n, name) for n, name in enumerate(columns) if name in flags]
    seen: dict[str, str] = {}
    for line, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise BadTable(f"row {line} has {len(row)} values for {len(columns)} columns")
        for n, name in places:
            if row[n] and seen.setdefault(name, row[n]) != row[n]:
                raise BadTable(f"row {line}: the flag {name} has a second value; it is no flag")


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


def size_of(ids: Ints, is_flag: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return how many attributes each row has that are no flags, and that are."""
    present = ids >= 0
    return (present & ~is_flag).sum(1), (present & is_flag).sum(1)


def shares(n_others: int, n_flags: int) -> Floats:
    """Return by how much a row's combinations are made shorter, by its size: 1 is not at all."""
    return np.array([[_share(others, flags) for flags in range(n_flags + 1)]
                     for others in range(n_others + 1)])  # fmt: skip


def _share(others: int, flags: int) -> float:
    """Return the share for a row with so many attributes that are no flags, and that are."""
    length = sum(comb(others, n - f) * comb(flags, f) * worth**2 for (n, f), worth in WORTH.items())
    room = 1 - SIZE**2 - (others + flags) * HOLDS**2
    if length * LEVELS[-1] ** 2 > room:
        raise BadTable(f"{others + flags} columns are too many to count together")
    return next(level for level in LEVELS if length * level**2 <= room)


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


@dataclass(frozen=True)
class Totals:
    """Weighted counts in whole numbers of 1/UNIT, real: of combinations (as `pack` numbers them),
    of rows by size, of the holders of each attribute by LEVELS."""

    keys: Ints
    counts: Ints
    sizes: Ints
    holders: Ints

    def vector(self) -> Ints:
        """Return everything that is counted, one behind the other."""
        return np.concatenate([self.sizes.ravel(), self.holders.ravel(), self.counts])


def totals(ids: Ints, is_flag: NDArray[np.bool_], n_attributes: int) -> "Totals":
    """Return what rows add up to, weighted.

    Weights are whole numbers of 1/UNIT. One row more changes all of it by a Euclidean length of at
    most UNIT: the sensitivity.
    """
    n_flags = int(is_flag.sum())
    others, flags = size_of(ids, is_flag)
    table = shares(len(is_flag) - n_flags, n_flags)
    share = table[others, flags]
    column_is_flag = np.zeros(n_attributes, np.int64)
    for column in np.flatnonzero(is_flag):
        column_is_flag[ids[ids[:, column] >= 0, column]] = 1
    keys: list[Ints] = [np.zeros(0, np.int64)]
    adds: list[Ints] = [np.zeros(0, np.int64)]
    for length in LENGTHS:
        worth = np.array([WORTH.get((length, f), 0.0) for f in range(length + 1)])
        for mine, members in subsets(ids, length):
            keys.append(pack(members, n_attributes))
            kind = column_is_flag[members].sum(1)
            adds.append(np.floor(share[mine] * worth[kind] * UNIT).astype(np.int64))
    found, place = np.unique(np.concatenate(keys), return_inverse=True)
    counted = np.zeros(len(found), np.int64)
    np.add.at(counted, place, np.concatenate(adds))
    sizes = np.zeros(table.shape, np.int64)
    np.add.at(sizes, (others, flags), int(SIZE * UNIT))
    holders = np.zeros((n_attributes, len(LEVELS)), np.int64)
    level = np.searchsorted(-np.array(LEVELS), -share)
    present = ids >= 0
    np.add.at(holders, (ids[present], np.broadcast_to(level[:, None], ids.shape)[present]),
              int(HOLDS * UNIT))  # fmt: skip
    return Totals(found, counted, sizes, holders)


def _threshold(kind: tuple[int, int], plan: Plan, sigma: float, n_columns: int) -> float:
    """Return what the noisy count of a combination of a kind must pass, before it is shown.

    One row alone brings at most the worth of one case; `k` - 1 rows at most k - 1 times that. The
    discrete noise passes a value no more often than the continuous one passes it less one step.
    """
    n_combinations = sum(comb(n_columns, n) for n in LENGTHS)
    alone = -NormalDist().inv_cdf(plan.delta / 2 / n_combinations)
    few = -NormalDist().inv_cdf(plan.hidden)
    worth = WORTH[kind]
    return max(worth + alone * sigma, (plan.k - 1) * worth + few * sigma) + 1 / UNIT


def _gaussian(sigma: float) -> dp.Measurement:
    dp.enable_features("contrib")
    return dp.m.make_gaussian(
        dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float), scale=sigma * UNIT
    )


def _sigma(plan: Plan) -> float:
    """Return the noise that opendp finds for (epsilon, delta / 2), for a row as long as UNIT."""

    def spent(scale: float) -> dp.Measurement:
        measured = dp.c.make_zCDP_to_approxDP(_gaussian(scale))
        return dp.c.make_fix_delta(measured, plan.delta / 2)

    # The plain conversion, rho + 2 sqrt(rho ln(1 / delta)) = epsilon, asks for more than enough;
    # opendp's own asks for less, but for no third of it.
    plain = log(2 / plan.delta)
    enough = 1 / (2**0.5 * ((plan.epsilon + plain) ** 0.5 - plain**0.5))
    found = dp.binary_search_param(
        spent, d_in=float(UNIT), d_out=(plan.epsilon, plan.delta / 2), T=float,
        bounds=(enough / 3, enough * 1.01),
    )  # fmt: skip
    return float(found)
