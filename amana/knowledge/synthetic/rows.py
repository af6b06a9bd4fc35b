"""Rows drawn from noisy counts alone, so that no rare combination is in any of them. Pure.

A row may hold only attributes of which every one, every pair and every three stand together in
something that is shown; so whatever it shows of up to three attributes, many real people share.
First each row is filled column by column, each value as often as the counts expect it beside what
the row holds already. Then columns are looked at again and again, some rows at a time: where
another value (or none) brings the counts of the rows nearer to the noisy ones, the row takes it.

The counts are weighted, as `counts` made them; the rows' own weights translate them back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from amana.knowledge.synthetic.counts import (
    LENGTHS,
    SIZE,
    UNIT,
    WORTH,
    Ints,
    Noisy,
    lengthened,
    subsets,
)

Floats = NDArray[np.float32]
# How often all columns are gone through, how many rows at a time, and how many take a better value.
SWEEPS, BATCH, TAKEN = 6, 2_000, 0.5
# What an error in the count of one, two, three attributes weighs.
MATTERS = (1.0, 1.0, 1.0)
NEVER = np.float32(-1e6)


@dataclass(frozen=True)
class Tables:
    """Where every combination that is allowed stands, for looking up whole arrays at once.

    An attribute is a number under `n`; `n` itself says that a row has none, and joins everything
    without weight. `one`, `pair` and `three` give the place of a combination in one list of counts;
    the last two places of that list are for what has no weight, and for what is not allowed.
    `pairs` numbers the pairs for the rows of `three`.
    """

    n: int
    starts: tuple[int, ...]
    pairs: Ints
    pair: Ints
    three: Ints
    target: NDArray[np.float64]
    worth: NDArray[np.float64]
    length: Ints

    @property
    def neutral(self) -> int:
        return len(self.target)

    @property
    def forbidden(self) -> int:
        return len(self.target) + 1


def draw(noisy: Noisy, seed: int, n_rows: int | None = None) -> list[tuple[str, ...]]:
    """Return rows that fit the noisy counts: the same for the same counts and seed.

    It costs no privacy: nothing but `noisy` is read. Without `n_rows` there are as many as the
    noisy number of rows.
    """
    rows = _rows(noisy, np.random.Generator(np.random.PCG64(seed)), n_rows)
    words = np.array([value for _column, value in noisy.attributes] + [""], object)
    return [tuple(row) for row in words[rows].tolist()]


def tables(noisy: Noisy) -> Tables:
    """Return the tables of what is allowed, with the noisy counts as targets, unweighted."""
    n = len(noisy.attributes)
    allowed: dict[tuple[int, ...], float] = {}
    for ids, count in noisy.combinations.items():
        for length in LENGTHS:
            for part in combinations(ids, length):
                allowed.setdefault(part, np.nan)
        allowed[ids] = count / UNIT
    names = sorted(allowed, key=lambda ids: (len(ids), ids))
    column = [c for c, _value in noisy.attributes]
    worth = [WORTH[len(ids), sum(noisy.flags[column[a]] for a in ids)] for ids in names]
    neutral, forbidden = len(names), len(names) + 1
    n_pairs = sum(len(ids) == 2 for ids in names)
    # Pair 0 joins what has no weight, the last one what must not stand together.
    pairs = np.full((n + 1, n + 1), n_pairs + 1, np.int64)
    pair = np.full((n + 1, n + 1), forbidden, np.int64)
    three = np.full((n_pairs + 2, n + 1), forbidden, np.int64)
    pairs[n, :] = pairs[:, n] = three[0, :] = 0
    pair[n, :] = pair[:, n] = three[0, :] = three[:-1, n] = neutral
    number = 0
    for place, ids in enumerate(names):
        if len(ids) == 2:
            a, b = ids
            number += 1
            pairs[a, b] = pairs[b, a] = number
            pair[a, b] = pair[b, a] = place
        elif len(ids) == 3:
            a, b, c = ids
            three[pairs[a, b], c] = three[pairs[a, c], b] = three[pairs[b, c], a] = place
    starts = tuple(int(x) for x in np.searchsorted(column, range(len(noisy.columns) + 1)))
    return Tables(n, starts, pairs, pair, three, np.array([allowed[ids] for ids in names]),
                  np.array(worth), np.array([len(ids) for ids in names], np.int64))  # fmt: skip


def _rows(noisy: Noisy, dice: np.random.Generator, n_rows: int | None) -> Ints:
    """Return rows as numbers of attributes, `Tables.n` where there is none."""
    known = tables(noisy)
    n = noisy.rows if n_rows is None else n_rows
    rows = np.full((n, len(noisy.columns)), known.n, np.int64)
    if not n or not known.n:
        return rows
    scale = n / max(1, noisy.rows)
    sizes = np.maximum(0, np.array(noisy.sizes, np.float64)) * scale
    is_flag = np.array(noisy.flags)
    weighted = known.target * scale
    target = weighted / known.worth
    _fill(rows, known, target, n, dice)
    for turn in range(SWEEPS):
        target = _unweighted(rows, known, weighted, is_flag)
        _sweep(rows, known, target, sizes, dice, turn / SWEEPS)
    return rows


def _unweighted(
    rows: Ints, known: Tables, weighted: NDArray[np.float64], is_flag: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the targets as cases: the mean weight is that of the rows that hold a combination."""
    ids = np.where(rows == known.n, -1, rows)
    share = lengthened(ids, is_flag)
    cases, shares = np.zeros(len(weighted) + 2), np.zeros(len(weighted) + 2)
    for length in LENGTHS:
        for mine, members in subsets(ids, length):
            place = _places(members, known)
            cases += np.bincount(place, minlength=len(cases))
            shares += np.bincount(place, share[mine], minlength=len(cases))
    mean = (shares[:-2] + 1) / (cases[:-2] + 1)
    return cast(NDArray[np.float64], weighted / known.worth / mean)


def _places(members: Ints, known: Tables) -> Ints:
    """Return where in the list of counts combinations stand."""
    if members.shape[1] == 1:
        return members[:, 0]
    if members.shape[1] == 2:
        return cast(Ints, known.pair[members[:, 0], members[:, 1]])
    return cast(Ints, known.three[known.pairs[members[:, 0], members[:, 1]], members[:, 2]])


def _held(rows: Ints, column: int, known: Tables) -> tuple[Ints, Ints]:
    """Return what rows hold beside a column, packed to the left, and its pairs by number."""
    others = rows.copy()
    others[:, column] = known.n
    others.sort(axis=1)
    width = int((others != known.n).sum(1).max(initial=0))
    others = others[:, :width]
    first, second = np.triu_indices(width, 1)
    return others, known.pairs[others[:, first], others[:, second]]


def _batches(rows: Ints, known: Tables, dice: np.random.Generator, size: int) -> Iterator[Ints]:
    """Yield numbers of rows in a new order, with rows of about one size together."""
    order = dice.permutation(len(rows))
    order = order[np.argsort((rows[order] != known.n).sum(1), kind="stable")]
    cuts = [order[at : at + size] for at in range(0, len(order), size)]
    for n in dice.permutation(len(cuts)):
        yield cuts[n]


def _fill(
    rows: Ints, known: Tables, target: NDArray[np.float64], n: int, dice: np.random.Generator
) -> None:
    """Fill empty rows column by column, with what the counts expect beside what a row holds.

    The chances beside each pair (each one, where there is no pair yet) are put together as their
    geometric mean.
    """
    counts = np.append(np.nan_to_num(target, nan=1.0), [1.0, 0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        for column in range(rows.shape[1]):
            values = np.arange(known.starts[column], known.starts[column + 1])
            if not len(values):
                continue
            alone = _logs(counts[values][None, :], np.array([float(n)]))
            of_one = np.concatenate([counts[: known.n], [1.0]])
            beside_one = _logs(counts[known.pair[:, values]], of_one)
            beside_one[known.n] = 0
            of_pair = np.ones(len(known.three))
            a, b = np.nonzero((known.pairs > 0) & (known.pairs < len(known.three) - 1))
            of_pair[known.pairs[a, b]] = counts[known.pair[a, b]]
            beside_two = _logs(counts[known.three[:, values]], of_pair)
            beside_two[0] = 0
            for mine in _batches(rows, known, dice, BATCH):
                others, pairs = _held(rows[mine], column, known)
                real = (pairs > 0).sum(1, keepdims=True)
                score = beside_two[pairs].sum(1) / np.maximum(real, 1)
                ones = beside_one[others].sum(1) / np.maximum((others != known.n).sum(1), 1)[:, None]
                score = np.where(real > 0, score, np.where((others != known.n).any(1)[:, None], ones, alone))
                score += dice.gumbel(size=score.shape)
                best = score.argmax(1)
                rows[mine, column] = np.append(values, known.n)[best]


def _logs(counts: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of the chances of each value, and of none, beside a whole."""
    share = np.maximum(counts, 0) / np.maximum(np.maximum(whole, 1), counts.sum(1))[:, None]
    none = np.maximum(1 - share.sum(1), 1e-3)
    return cast(NDArray[np.float64], np.maximum(np.log(np.append(share, none[:, None], 1)), NEVER))


def _gains(
    now: NDArray[np.float64], target: NDArray[np.float64], known: Tables, sharp: float
) -> Floats:
    """Return what one case more of each combination is worth: 1 where many are missing."""
    lack = np.nan_to_num(target - now, nan=0.0)
    slack = 1 + (1 - sharp) * 0.02 * np.nan_to_num(np.abs(target), nan=0.0)
    gain = np.clip(lack / slack, -1, 1) * np.array(MATTERS)[known.length - 1]
    return np.append(gain, [0, NEVER]).astype(np.float32)


def _sweep(
    rows: Ints,
    known: Tables,
    target: NDArray[np.float64],
    sizes: NDArray[np.float64],
    dice: np.random.Generator,
    sharp: float,
) -> None:
    """Go through all columns once, and give rows the values that bring the counts nearer."""
    now = _count(rows, known)
    size_now = np.bincount((rows != known.n).sum(1), minlength=len(sizes)).astype(float)
    for column in dice.permutation(rows.shape[1]):
        values = np.arange(known.starts[column], known.starts[column + 1])
        if not len(values):
            continue
        three = known.three[:, values]
        pair = known.pair[:, values]
        choices = np.append(values, known.n)
        for mine in _batches(rows, known, dice, BATCH):
            gain = _gains(now[:-2], target, known, sharp)
            sizes_gain = np.clip((sizes - size_now) / 20, -1, 1)
            others, pairs = _held(rows[mine], column, known)
            score = np.zeros((len(mine), len(choices)), np.float32)
            score[:, :-1] = (gain[three][pairs].sum(1) + gain[pair][others].sum(1) + gain[values])
            held = (others != known.n).sum(1)
            score[:, :-1] += sizes_gain[held + 1][:, None]
            score[:, -1] += sizes_gain[held]
            score += 0.3*(1 - sharp) * dice.gumbel(size=score.shape)
            best = choices[score.argmax(1)]
            old = rows[mine, column]
            best = np.where(dice.random(len(mine)) < TAKEN, best, old)
            moved = np.flatnonzero(best != old)
            if not len(moved):
                continue
            for value, step in ((old, -1), (best, 1)):
                v = value[moved]
                place = np.concatenate([
                    known.three[pairs[moved], v[:, None]].ravel(),
                    known.pair[others[moved], v[:, None]].ravel(), np.where(v == known.n, known.neutral, v)])
                now += step * np.bincount(place, minlength=len(now))
            size_now -= np.bincount(held[moved] + (old[moved] != known.n), minlength=len(size_now))
            size_now += np.bincount(held[moved] + (best[moved] != known.n), minlength=len(size_now))
            rows[mine, column] = best


def _count(rows: Ints, known: Tables) -> NDArray[np.float64]:
    """Return how often each combination is in rows."""
    ids = np.where(rows == known.n, -1, rows)
    now = np.zeros(len(known.target) + 2)
    for length in LENGTHS:
        for _mine, members in subsets(ids, length):
            now += np.bincount(_places(members, known), minlength=len(now))
    return now
