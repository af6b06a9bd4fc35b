"""Measuring combinations in rounds, with noise that hides any one person. Pure.

The first round counts rows by size and the holders of each attribute. Only attributes that occur
are looked at: one is known from there on where its noisy number passes a threshold that what one
row alone brings passes with at most a fiftieth of delta over all its attributes (stability-based
selection). Every later round asks for combinations that follow from what is known already, whether
anybody holds them or not: all pairs of known attributes, then all triples of pairs that are open.

A combination is sure, and is not asked for again, once its noisy numbers together pass what those
of fewer than `k` people pass with a probability of `hidden`; it is given up where they are too
small. So each round asks for fewer, a row is part of fewer, and the same noise hides it with more
weight for each of them: many combinations of 30 to 60 people are found that one round would hide.

What one row adds to a round is made shorter where it would be longer than 1 (Euclidean norm over
all that is asked for). That bound is the sensitivity, for every table and row: in whole numbers of
1/UNIT, rounded down, it is exact. The noise is opendp's Gaussian measurement, the secure one, which
takes no seed. Rounds of such noise that depend on one another lose together what one measurement
with all their parts loses (Dong, Roth and Su 2019, corollary 3.3), and of that the loss is known
exactly (Balle and Wang 2018, theorem 8); decision 0033 says why whole numbers change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, exp, sqrt
from statistics import NormalDist

import numpy as np
import opendp.prelude as dp

from amana.knowledge.synthetic.counts import Bools, Floats, Ints, Plan, pack, subsets

# A row's longest contribution, in whole numbers: so many that their steps are too fine to matter.
UNIT = 2**24


@dataclass(frozen=True)
class Round:
    """Which part of the loss a round takes, and what one case of a pair or triple adds in it."""

    part: float
    pair: float
    triple: float


# All of this was found on the public synthetic CTDC release of 2021, on no real row. What a round
# asks for with little weight, many rows hold; all parts together make no more than 1.
FIRST = 0.07
PAIRS = Round(0.10, 0.60, 0.00)
TRIPLES = (
    Round(0.26, 0.17, 0.16), Round(0.18, 0.05, 0.29), Round(0.06, 0.14, 0.34),
    Round(0.09, 0.18, 0.37), Round(0.05, 0.20, 0.46), Round(0.09, 0.48, 0.56),
    Round(0.09, 0.57, 0.69),
)  # fmt: skip
# By how much that differs by the length of a combination and how many of its columns are flags:
# rows with many flags hold many combinations of them.
KINDS: Mapping[tuple[int, int], float] = {
    (2, 0): 0.85, (2, 1): 0.63, (2, 2): 0.37,
    (3, 0): 1.36, (3, 1): 0.88, (3, 2): 0.70, (3, 3): 0.63,
}  # fmt: skip
# What a row adds to the first round: for its size, for each attribute, for each by its size; and
# to each later round for its size.
SIZE, HOLDS, HOLDS_BY, KEPT = 0.30, 0.40, 0.24, 0.12
# How long a row is for its size, counted twice, and for each attribute.
FOR_SIZE, FOR_EACH = sqrt(2) * SIZE, sqrt(HOLDS**2 + HOLDS_BY**2)
# From how many attributes on a row is of the next class: by classes attributes are counted, and by
# these groups of classes pairs are.
CLASSES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
N_CLASSES, GROUPS = len(CLASSES) + 1, np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2])
N_GROUPS = int(GROUPS.max()) + 1
# Which part of delta pays for the choice of attributes, and which for noise in whole numbers.
CHOICE, WHOLE = 0.02, 0.001
# In which share of all releases something is shown that nobody holds: early rounds ask for many.
INVENTED = 0.01
# Which part of what may be shown of fewer than k people is left to the last round.
LAST = 0.6
# What looks like fewer than so many times `k` is given up, once triples are asked for.
HOPELESS = 1.3


@dataclass(frozen=True)
class Held:
    """Which row holds which of the combinations that are asked for: two columns of a long list.

    `size` is the class of each row by how many attributes it has, known or not.
    """

    place: Ints
    row: Ints
    size: Ints


def classes(n_attributes: Ints) -> Ints:
    """Return the class of rows that have so many attributes."""
    return np.searchsorted(CLASSES, n_attributes, side="right")


def shorter(held: Held, worth: Floats, beside: float) -> Floats:
    """Return by how much the combinations of each row are made shorter.

    `worth` says what one case of each adds, `beside` how long all else is that a row adds: both
    together are no longer than 1.
    """
    left = sqrt(1 - beside**2)
    length = np.sqrt(np.bincount(held.row, worth[held.place] ** 2, len(held.size)))
    return np.asarray(left / np.maximum(length, left), np.float64)


def added(held: Held, worth: Floats, kept: Floats) -> Ints:
    """Return what rows that are made shorter add to each combination, in numbers of 1/UNIT."""
    whole = np.floor(worth[held.place] * kept[held.row] * UNIT)
    return np.bincount(held.place, whole, len(worth)).astype(np.int64)


def by_size(held: Held, worth: float, kept: Floats) -> Ints:
    """Return what rows that are made shorter add to their class, in whole numbers of 1/UNIT."""
    whole = np.floor(worth * kept * UNIT)
    return np.bincount(held.size, whole, N_CLASSES).astype(np.int64)


def split(held: Held, group: Ints, n_groups: int) -> Held:
    """Return who holds each combination in each group of rows: place times groups, plus group."""
    return Held(held.place * n_groups + group[held.row], held.row, held.size)


def first_adds(ids: Ints, n_attributes: int, is_flag: Bools) -> tuple[Ints, Ints, Ints, Ints]:
    """Return what rows add to the first round, in whole numbers of 1/UNIT.

    To their class; to the cell of how many attributes they have that are no flags, and that are; to
    each attribute, and to each attribute by class.
    """
    present = ids >= 0
    row, column = np.nonzero(present)
    held = Held(ids[row, column], row, classes(present.sum(1)))
    by_class = split(held, held.size, N_CLASSES)
    kept = shorter(held, np.full(n_attributes, FOR_EACH), FOR_SIZE)
    cells = np.zeros((int((~is_flag).sum()) + 1, int(is_flag.sum()) + 1), np.int64)
    at = (present & ~is_flag).sum(1), (present & is_flag).sum(1)
    np.add.at(cells, at, int(SIZE * UNIT))
    return (
        by_size(held, SIZE, np.ones(len(ids))),
        cells,
        added(held, np.full(n_attributes, HOLDS), kept),
        added(by_class, np.full(n_attributes * N_CLASSES, HOLDS_BY), kept),
    )


def first_kept(n_attributes: Ints) -> Floats:
    """Return by how much rows with so many attributes are made shorter in the first round."""
    left = sqrt(1 - FOR_SIZE**2)
    return np.asarray(left / np.maximum(np.sqrt(n_attributes) * FOR_EACH, left), np.float64)


def round_adds(held: Held, worth: Floats, n_groups: int) -> tuple[Ints, Ints]:
    """Return what rows add to a later round, in whole numbers of 1/UNIT: to their class as they are
    kept, and to each combination, by group where there are GROUPS."""
    kept = shorter(held, worth, KEPT)
    group = GROUPS[held.size] if n_groups > 1 else np.zeros_like(held.size)
    real = added(split(held, group, n_groups), np.repeat(worth, n_groups), kept)
    return by_size(held, KEPT, kept), real.reshape(-1, n_groups)


@dataclass(frozen=True)
class Look:
    """What one round asked: what one case added, its part of the loss, into how many groups of
    rows it was split; and how many rows of each class there seemed to be, as they were kept."""

    worth: Floats
    part: float
    n_groups: int
    kept: Floats


class Asked:
    """The pairs and triples of known attributes, and what the rounds said of each.

    `members` numbers their attributes, the pairs first, with -1 behind. `seen` sums the noisy
    numbers, each by its worth and its noise; `weight` is what one person adds to that sum, and its
    variance too. `cells` are the noisy numbers of pairs by GROUPS.
    """

    def __init__(self, column_of: Ints, is_flag: Bools, plan: Plan, sigma: float) -> None:
        self.plan, self.sigma, self.n = plan, sigma, len(column_of)
        self.is_flag = np.append(is_flag[column_of], [False])
        first, second = np.triu_indices(self.n, 1)
        is_apart = column_of[first] != column_of[second]
        first, second = first[is_apart], second[is_apart]
        self.n_pairs = len(first)
        self.pair_at = np.full((self.n, self.n), -1, np.int64)
        self.pair_at[first, second] = np.arange(self.n_pairs)
        self.members = np.stack([first, second, np.full(self.n_pairs, -1)], 1).astype(np.int64)
        self.seen = np.zeros(self.n_pairs)
        self.weight = np.zeros(self.n_pairs)
        self.is_open = np.ones(self.n_pairs, bool)
        self.is_sure = np.zeros(self.n_pairs, bool)
        self.cells = np.zeros((self.n_pairs, N_GROUPS))
        self.looks: list[Look] = []

    def ask_all(self, ids: Ints, size: Ints) -> None:
        """Go through all rounds: `ids` number known attributes, `size` is the class of rows."""
        self._ask(self._held_by(ids, size), PAIRS, N_GROUPS)
        self.widen()
        held = self._held_by(ids, size)
        for this in TRIPLES:
            self._ask(held, this, 1)

    def _held_by(self, ids: Ints, size: Ints) -> Held:
        places, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for length, at, end in ((2, 0, self.n_pairs), (3, self.n_pairs, len(self.members))):
            keys = pack(self.members[at:end, :length], self.n)
            for mine, members in subsets(ids, length) if len(keys) else ():
                wanted = pack(members, self.n)
                place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
                is_asked = keys[place] == wanted
                places.append(place[is_asked] + at)
                rows.append(mine[is_asked])
        return Held(np.concatenate(places), np.concatenate(rows), size)

    def _worth(self, this: Round) -> Floats:
        flags = self.is_flag[self.members].sum(1)
        worth = np.zeros(len(self.members))
        for (length, n_flags), kind in KINDS.items():
            is_it = ((self.members >= 0).sum(1) == length) & (flags == n_flags)
            worth[is_it] = kind * (this.pair if length == 2 else this.triple)
        return worth * (self.is_open & ~self.is_sure)

    def _ask(self, held: Held, this: Round, n_groups: int) -> None:
        """Measure what is open; decide what is sure from now on, and what is given up."""
        worth = self._worth(this)
        asked = np.flatnonzero(worth)
        sizes, real = round_adds(held, worth, n_groups)
        sigma = self.sigma / sqrt(this.part)
        noisy = noised(np.concatenate([sizes, real[asked].ravel()]), sigma) / UNIT
        self.looks.append(Look(worth, this.part, n_groups, noisy[:N_CLASSES] / KEPT))
        cells = noisy[N_CLASSES:].reshape(-1, n_groups)
        if n_groups > 1:
            self.cells = cells / worth[:, None]
        self.seen[asked] += cells.sum(1) * worth[asked] / (n_groups * sigma**2)
        self.weight[asked] += (worth[asked] / sigma) ** 2 / n_groups
        self.decide(this)

    def decide(self, this: Round) -> None:
        """Find what is sure after a round, and what is given up."""
        noise = np.sqrt(self.weight)
        looks = 1 + len(TRIPLES)
        by_chance = -NormalDist().inv_cdf(INVENTED / looks / max(1, int(self.is_open.sum())))
        enough = np.maximum(
            (self.plan.k - 1) * self.weight + few_pass(self.plan, this) * noise, by_chance * noise
        )
        self.is_sure |= self.is_open & (self.seen > enough)
        # Whoever holds three attributes holds each two of them.
        sure = self.members[self.n_pairs :][self.is_sure[self.n_pairs :]]
        self.is_sure[self.pairs_of(sure).ravel()] = True
        hopeless = HOPELESS if this.triple else 0
        is_hopeless = self.seen < hopeless * self.plan.k * self.weight
        self.is_open &= self.is_sure | ~is_hopeless
        pairs = self.pairs_of(self.members[self.n_pairs :])
        self.is_open[self.n_pairs :] &= (self.is_open | self.is_sure)[pairs].all(1)

    def widen(self) -> None:
        """Ask from now on for the triples of which every pair is open or sure, too."""
        is_pair = np.zeros((self.n, self.n), bool)
        live = self.members[self.is_open | self.is_sure]
        is_pair[live[:, 0], live[:, 1]] = True
        found = [np.zeros((0, 3), np.int64)]
        for first in range(self.n):
            beside = np.flatnonzero(is_pair[first])
            second, third = np.nonzero(is_pair[np.ix_(beside, beside)])
            found.append(np.stack([np.full(len(second), first), beside[second], beside[third]], 1))
        more = np.concatenate(found)
        self.members = np.concatenate([self.members, more])
        nothing = np.zeros(len(more))
        self.seen, self.weight = np.append(self.seen, nothing), np.append(self.weight, nothing)
        self.is_open = np.append(self.is_open, nothing == 0)
        self.is_sure = np.append(self.is_sure, nothing > 0)

    def pairs_of(self, triples: Ints) -> Ints:
        """Return the places of the three pairs of each triple."""
        first, second, third = triples.T
        return np.stack(
            [self.pair_at[first, second], self.pair_at[first, third], self.pair_at[second, third]],
            1,
        )


def threshold(plan: Plan, sigma: float, n_columns: int) -> float:
    """Return what the noisy number of an attribute must pass in the first round, in units.

    One row alone brings HOLDS at most; `k` - 1 rows at most k - 1 times that. The discrete noise
    passes a value no more often than the continuous one passes it less one step.
    """
    alone = -NormalDist().inv_cdf(CHOICE * plan.delta / n_columns)
    few = -NormalDist().inv_cdf(plan.hidden)
    return max(HOLDS + alone * sigma, (plan.k - 1) * HOLDS + few * sigma) + 1 / UNIT


def few_pass(plan: Plan, this: Round) -> float:
    """Return by how many times its noise a number must be over that of k - 1 people in a round.

    Most of `hidden` is left to the last round: what is found before would be found there, too.
    """
    share = LAST if this is TRIPLES[-1] else (1 - LAST) / len(TRIPLES)
    return -NormalDist().inv_cdf(plan.hidden * share)


def shown_from(plan: Plan, sigma: float, n_columns: int) -> tuple[float, float, float]:
    """Return for how many people an attribute, a pair and a triple are just shown.

    Those of the rarest kind, that no row which holds them was made shorter for, and asked for in
    every round.
    """
    few = few_pass(plan, TRIPLES[-1])
    pair = PAIRS.part * PAIRS.pair**2 / N_GROUPS
    pair += sum(one.part * one.pair**2 for one in TRIPLES)
    triple = sum(one.part * one.triple**2 for one in TRIPLES)
    return (
        threshold(plan, sigma / sqrt(FIRST), n_columns) / HOLDS,
        plan.k - 1 + few * sigma / sqrt(pair) / KINDS[2, 0],
        plan.k - 1 + few * sigma / sqrt(triple) / KINDS[3, 0],
    )


def noised(real: Ints, sigma: float) -> Floats:
    """Return whole numbers with opendp's noise, of that many units."""
    return np.array(_gaussian(sigma)(real.tolist()), np.float64)


def _gaussian(sigma: float) -> dp.Measurement:
    dp.enable_features("contrib")
    return dp.m.make_gaussian(
        dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float), scale=sigma * UNIT
    )


def noise_of(plan: Plan) -> float:
    """Return the noise of one measurement that would spend the plan, for a row as long as 1.

    A round that takes a part of it has this noise by the root of its part: all parts
    together make no more than 1. It is the smallest to six digits, and no smaller.
    """
    low, high = 0.0, 1.0
    while loss(plan.epsilon, high) > (1 - CHOICE - WHOLE) * plan.delta:
        low, high = high, 2 * high
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        if loss(plan.epsilon, middle) > (1 - CHOICE - WHOLE) * plan.delta:
            low = middle
        else:
            high = middle
    return high


def loss(epsilon: float, sigma: float) -> float:
    """Return the delta of Gaussian noise of that many lengths of a row: Balle and Wang 2018."""
    with_row = erfc((epsilon * sigma - 1 / (2 * sigma)) / sqrt(2)) / 2
    without = erfc((epsilon * sigma + 1 / (2 * sigma)) / sqrt(2)) / 2
    # Where noise is little the second part is too small for a number, and its factor too large.
    return with_row - (exp(epsilon) * without if without else 0)
