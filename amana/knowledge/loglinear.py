"""Poisson log-linear models of who is on which lists, and whether they have an estimate. Pure.

A table has one cell for each history (on which lists, on which not) but the last one: on none.
A model has a mean for the whole, one effect for each list, and effects for some pairs of lists;
its mean for the missing cell is the hidden part. This module knows numbers only; what they mean,
and what must be said beside them, stands in `amana.knowledge.hidden`.
"""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Means are settled when the deviance moves by less than this share of itself.
SETTLED = 1e-10
MOST_TURNS = 80
# Keeps an equation solvable where an effect runs away; far below any decimal that is shown.
RIDGE = 1e-9
# exp of more than this is no count of people.
HIGHEST = 40.0
NEARLY_NOTHING = 1e-8


@dataclass(frozen=True)
class Model:
    """A model fitted to a table; `pairs` says for each pair of lists whether it has an effect."""

    pairs: Bools
    hidden: float
    deviance: float
    bic: float
    means: Floats


class Table:
    """The histories over some lists, and what each effect adds to them."""

    def __init__(self, lists: int) -> None:
        self.histories = [h for h in product((False, True), repeat=lists) if any(h)]
        self.pairs = list(combinations(range(lists), 2))
        on = np.array(self.histories, dtype=np.float64)
        both = [on[:, i] * on[:, j] for i, j in self.pairs]
        self.plain = 1 + lists
        self.design: Floats = np.column_stack([np.ones(len(on)), on, *both])
        effects = self.design.shape[1]
        self._products: Floats = (self.design[:, :, None] * self.design[:, None, :]).reshape(
            len(on), effects * effects
        )

    def fit(self, counts: Floats, pairs: Bools) -> list[Model]:
        """Return the model of each row: counts of all cells beside the pairs that have effects.

        An effect whose lists meet nobody is minus infinity: the cells that it touches have mean
        zero and leave the table. It costs a parameter all the same.
        """
        active, kept = self._in_play(counts, pairs)
        means, hidden = self._means(counts, active, kept)
        deviances = _deviance(counts, means)
        costs = (self.plain + pairs.sum(axis=1)) * np.log(counts.sum(axis=1))
        return [
            Model(pairs[n], float(hidden[n]), float(d), float(d + costs[n]), means[n])
            for n, d in enumerate(deviances)
        ]

    def has_estimate(self, counts: Floats, pairs: Bools) -> bool:
        """Say whether this model has one estimate, and a finite one, on these counts.

        Its effects must be told apart by the cells that are left, and there must be a table with
        no empty cell left that has the same sums (Fienberg and Rinaldo 2012): else the likelihood
        goes on rising while effects run away.
        """
        active, kept = self._in_play(counts[None], pairs[None])
        design = self.design[kept[0]][:, active[0]]
        seen = counts[kept[0]] > 0
        if np.linalg.matrix_rank(design) < design.shape[1]:
            return False
        values, directions = np.linalg.svd(design[seen])[1:]
        rank = int((values > NEARLY_NOTHING).sum())
        free = design[~seen] @ directions[rank:].T
        return free.size == 0 or _balances(free.T)

    def _in_play(self, counts: Floats, pairs: Bools) -> tuple[Bools, Bools]:
        """Return which effects are finite, and which cells are left, for each row."""
        plain = np.ones((len(pairs), self.plain), dtype=np.bool_)
        active = np.concatenate([plain, pairs], axis=1)
        infinite = active & (counts @ self.design == 0)
        return active & ~infinite, infinite @ self.design.T == 0

    def _means(self, counts: Floats, active: Bools, kept: Bools) -> tuple[Floats, Floats]:
        """Return the means of all cells and of the missing one, by weighted least squares."""
        effects = self.design.shape[1]
        unused = np.eye(effects) * (~active + RIDGE)[:, None, :]
        square = active[:, :, None] & active[:, None, :]
        means = np.where(kept, counts + 0.5, 0.0)
        lines = np.log(counts + 0.5)
        last = np.full(len(counts), np.inf)
        for _ in range(MOST_TURNS):
            gram = (means @ self._products).reshape(-1, effects, effects) * square + unused
            moment = ((means * lines + np.where(kept, counts - means, 0.0)) @ self.design) * active
            found = np.linalg.solve(gram, moment[:, :, None])[:, :, 0]
            lines = np.minimum(found @ self.design.T, HIGHEST)
            means = np.where(kept, np.exp(lines), 0.0)
            now = _deviance(counts, means)
            if np.all(np.abs(now - last) <= SETTLED * (1 + now)):
                break
            last = now
        return means, np.exp(np.minimum(found[:, 0], HIGHEST))


def _deviance(counts: Floats, means: Floats) -> Floats:
    """Return twice what the likelihood lacks against a model of every cell by itself."""
    ratio = np.where((counts > 0) & (means > 0), counts, 1.0) / np.where(means > 0, means, 1.0)
    parts = np.where(counts > 0, counts * np.log(ratio), 0.0) - (counts - means)
    total: Floats = 2 * parts.sum(axis=1)
    return np.maximum(total, 0.0)


def _balances(rows: Floats) -> bool:
    """Say whether weights, all above zero, make the columns of `rows` add up to nothing.

    By Stiemke's lemma that is so exactly where no direction lowers some cells and raises none.
    Weights of one and more will do, so what is asked is whether weights from zero up can undo the
    sum of all columns: least squares with no weight below zero (Lawson and Hanson 1974, ch. 23).
    """
    owed = -rows.sum(axis=1)
    weights = np.zeros(rows.shape[1])
    used = np.zeros(rows.shape[1], dtype=np.bool_)
    vain = used.copy()
    while True:
        gain = np.where(used | vain, -np.inf, rows.T @ (owed - rows @ weights))
        newest = int(np.argmax(gain))
        if gain[newest] <= NEARLY_NOTHING:
            break
        used[newest] = True
        better, used = _without_debt(rows, owed, weights, used)
        # A gain that is rounding alone comes back at once; it is not asked for again until
        # another one has moved the weights.
        vain = np.zeros_like(vain) if used[newest] else vain | (np.arange(len(vain)) == newest)
        weights = better
    left = owed - rows @ weights
    return bool(np.abs(left).max() <= 1e-6 * (1 + np.abs(owed).max()))


def _without_debt(rows: Floats, owed: Floats, weights: Floats, used: Bools) -> tuple[Floats, Bools]:
    """Return the best weights over the used columns, giving up those that fall below zero."""
    while True:
        best = np.zeros_like(weights)
        best[used] = np.linalg.lstsq(rows[:, used], owed, rcond=None)[0]
        falling = used & (best <= 0)
        if not falling.any():
            return best, used
        step = np.min(weights[falling] / (weights[falling] - best[falling]))
        weights = weights + step * (best - weights)
        used = used & (weights > NEARLY_NOTHING)
        weights = np.where(used, weights, 0.0)
