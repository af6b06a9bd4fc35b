"""Rows drawn from noisy counts alone, so that no rare combination is in any of them. Pure.

A row may hold only attributes of which every one, every two and every three stand together in
something that is shown; so whatever it shows of up to three attributes, many real people share.

First each row is filled, attribute by attribute, with what is still missing beside what it holds.
Then the columns are gone through, some rows at a time: where another value (or none) brings the
counts nearer to the noisy ones, the row takes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, sqrt
from typing import cast

import numpy as np

from amana.knowledge.synthetic.counts import LENGTHS, Floats, Ints, Noisy, subsets
from amana.knowledge.synthetic.rounds import FIRST, SIZE

# How many rows are filled at a time: one in so many of all, and no more than that.
PART, BATCH = 40, 2_000
# Which share of the rows that see the same lack at once takes the better value.
TAKEN = 0.5
# How much chance there is: in the filling less where it is high, in a sweep by its heat.
SHARP, HEAT = 1.5, 0.3
NEVER = np.float32(-1e6)


@dataclass(frozen=True)
class Sweep:
    """Going through all columns once: one row in so many at a time, with so much chance."""

    part: int
    heat: float


# Few at a time come nearer and take longer.
SWEEPS = (Sweep(80, 1.5), Sweep(160, 0.9), Sweep(320, 0.4), Sweep(480, 0.15))


@dataclass(frozen=True)
class Tables:
    """Where every combination that is allowed stands, for looking up whole arrays at once.

    An attribute is a number under `n`; `n` itself stands for none, and joins everything without
    weight. A combination is a place in the list of counts: for one attribute its number, for two
    `pair[a, b]`, for three `three[pairs[a, b], c]`. Behind the list are two more places: for what
    has no weight, and for what is not allowed. `target` are the noisy numbers of people.
    """

    n: int
    starts: Ints
    pairs: Ints
    pair: Ints
    three: Ints
    members: Ints
    length: Ints
    target: Floats

    @property
    def neutral(self) -> int:
        return len(self.target)

    @property
    def forbidden(self) -> int:
        return len(self.target) + 1


def draw(noisy: Noisy, seed: int) -> list[tuple[str, ...]]:
    """Return rows that fit the noisy counts, the same ones for the same counts and seed.

    There are as many as the noisy number of rows. It costs no privacy: only `noisy` is read.
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    known = tables(noisy)
    rows = np.full((noisy.rows, len(noisy.columns)), known.n, np.int64)
    if len(rows) and known.n:
        is_flag = np.array(noisy.flags)[[column for column, _value in noisy.attributes]]
        now = _fill(rows, _rooms(noisy, dice), is_flag.astype(np.int64), known, dice)
        for this in SWEEPS:
            _sweep(rows, known, now, dice, this)
    words = np.array([*(value for _column, value in noisy.attributes), ""], object)
    return [tuple(row) for row in words[rows].tolist()]


def tables(noisy: Noisy) -> Tables:
    """Return what is allowed, with the noisy counts as cases."""
    n = len(noisy.attributes)
    names = sorted(noisy.combinations, key=lambda ids: (len(ids), ids))
    forbidden, neutral = len(names) + 1, len(names)
    twos = [ids for ids in names if len(ids) == 2]
    # Pair 0 has no weight, the last one must not stand together.
    pairs = np.full((n + 1, n + 1), len(twos) + 1, np.int64)
    pair = np.full((n + 1, n + 1), forbidden, np.int64)
    three = np.full((len(twos) + 2, n + 1), forbidden, np.int64)
    for number, (a, b) in enumerate(twos, 1):
        pairs[a, b] = pairs[b, a] = number
        pair[a, b] = pair[b, a] = n + number - 1
    for place, ids in enumerate(names):
        if len(ids) == 3:
            a, b, c = ids
            three[pairs[a, b], c] = three[pairs[a, c], b] = three[pairs[b, c], a] = place
    pairs[n, :] = pairs[:, n] = 0
    pair[n, :] = pair[:, n] = three[0, :] = three[:-1, n] = neutral
    columns = [column for column, _value in noisy.attributes]
    return Tables(
        n=n,
        starts=np.searchsorted(columns, range(len(noisy.columns) + 1)),
        pairs=pairs,
        pair=pair,
        three=three,
        members=np.array([(*ids, n, n)[:3] for ids in names], np.int64).reshape(-1, 3),
        length=np.array([len(ids) for ids in names], np.int64),
        target=np.array([max(0, noisy.combinations[ids]) for ids in names], np.float64),
    )


def _rooms(noisy: Noisy, dice: np.random.Generator) -> Ints:
    """Return how many attributes each row gets at first: that are no flags, and that are."""
    sizes = np.maximum(np.array(noisy.sizes, np.float64), 0)
    # Where nobody is, noise alone would put rows of any length.
    sure = np.where(sizes > 2 * noisy.sigma / sqrt(FIRST) / SIZE, sizes, 0)
    sure = (sure if sure.any() else sizes).ravel()
    ends = np.round(np.cumsum(sure) / sure.sum() * noisy.rows).astype(np.int64)
    which = np.repeat(np.arange(len(sure)), np.diff(ends, prepend=0))
    return dice.permutation(np.stack(np.divmod(which, sizes.shape[1]), 1))


def _fill(
    rows: Ints, rooms: Ints, is_flag: Ints, known: Tables, dice: np.random.Generator
) -> Floats:
    """Fill empty rows, the longest first; return the counts that they have then."""
    target = known.target
    now = np.zeros(len(target) + 2)
    column_of = np.searchsorted(known.starts, np.arange(known.n), side="right") - 1
    order = np.argsort(-rooms.sum(1), kind="stable")
    size = _batch(len(order), PART)
    for at in range(0, len(order), size):
        mine = order[at : at + size]
        # What there is enough of stays possible.
        missing = np.append(np.maximum(target - now[:-2], 0.02 * target), [1.0, 0.0])
        taken = _grown(rooms[mine].copy(), is_flag, missing, known, dice)
        row, step = np.nonzero(taken != known.n)
        rows[mine[row], column_of[taken[row, step]]] = taken[row, step]
        now += _count(rows[mine], known)
    return now


def _grown(
    left: Ints, is_flag: Ints, missing: Floats, known: Tables, dice: np.random.Generator
) -> Ints:
    """Return attributes for empty rows, one after the other, as long as there is room `left`.

    A row starts with three that are missing together. After that an attribute is taken as often as
    is missing of it beside each pair that the row holds, in the geometric mean.
    """
    n_steps = int(left.sum(1).max(initial=0))
    taken = np.full((len(left), n_steps), known.n)
    start = _started(left, is_flag, missing, known, dice)
    logs = np.log(np.maximum(missing, 1e-30)).astype(np.float32)
    of_two = logs[known.three[:, : known.n]]
    two_is_bad = known.three[:, : known.n] == known.forbidden
    score = np.tile(logs[: known.n], (len(left), 1))
    is_bad = np.zeros(score.shape, bool)
    everyone = np.arange(len(left))
    for step in range(n_steps):
        is_free = (left[:, is_flag] > 0) & ~is_bad
        chance = SHARP * score / max(1, comb(step, 2)) + dice.gumbel(size=score.shape)
        best = np.where(is_free, chance, NEVER).argmax(1)
        if step < start.shape[1]:
            best = np.where(start[:, step] < known.n, start[:, step], best)
        takes = is_free[everyone, best]
        value = np.where(takes, best, known.n)
        left[everyone[takes], is_flag[best[takes]]] -= 1
        new = known.pairs[taken[:, :step], value[:, None]]
        taken[:, step] = value
        is_bad |= known.pair[value, : known.n] == known.forbidden
        is_bad |= two_is_bad[new].any(1)
        if step == 0:
            score = logs[known.pair[value, : known.n]]
        else:
            score = of_two[new].sum(1) + (score if step > 1 else 0)
    return taken


def _started(
    left: Ints, is_flag: Ints, missing: Floats, known: Tables, dice: np.random.Generator
) -> Ints:
    """Return three attributes to start each row with, by what is missing; none where no room is."""
    threes = known.members[known.length == 3]
    n_flags = is_flag[threes].sum(1)
    start = np.full((len(left), 3), known.n)
    room = np.minimum(left, 3)
    for others, flags in np.unique(room, axis=0).tolist():
        fits = (n_flags <= flags) & (3 - n_flags <= others)
        weight = np.where(fits, missing[:-2][known.length == 3], 0)
        if not weight.sum() > 0:
            continue
        mine = np.flatnonzero((room == (others, flags)).all(1))
        chosen = threes[dice.choice(len(threes), len(mine), p=weight / weight.sum())]
        start[mine] = dice.permuted(chosen, axis=1)
    return start


def _sweep(rows: Ints, known: Tables, now: Floats, dice: np.random.Generator, this: Sweep) -> None:
    """Go through all columns once, and let rows take what brings the counts nearer."""
    aim = np.append(known.target, [0, 0])
    # Near the target a gain is small, so that not all rows come and go together.
    slack = 0.3 + this.heat * 0.02 * aim
    for column in dice.permutation(rows.shape[1]):
        values = np.arange(known.starts[column], known.starts[column + 1])
        for mine in _batches(rows, known, dice, this.part) if len(values) else ():
            gain = np.clip((aim - now) / slack, -1, 1).astype(np.float32)
            gain[known.forbidden] = NEVER
            held, pairs = _held(rows[mine], column, known)
            score = np.zeros((len(mine), len(values) + 1), np.float32)
            score[:, :-1] = gain[values]
            score[:, :-1] += gain[known.pair[:, values]][held].sum(1)
            score[:, :-1] += gain[known.three[:, values]][pairs].sum(1)
            score += HEAT * this.heat * dice.gumbel(size=score.shape)
            old = rows[mine, column]
            new = np.append(values, known.n)[score.argmax(1)]
            moved = np.flatnonzero((new != old) & (dice.random(len(mine)) < TAKEN))
            for value, sign in ((old[moved], -1), (new[moved], 1)):
                now += sign * _beside(value, held[moved], pairs[moved], known)
            rows[mine[moved], column] = new[moved]


def _batches(rows: Ints, known: Tables, dice: np.random.Generator, part: int) -> Iterator[Ints]:
    """Yield numbers of rows in a new order, rows of about one size together."""
    order = dice.permutation(len(rows))
    order = order[np.argsort((rows[order] != known.n).sum(1), kind="stable")]
    size = _batch(len(rows), part)
    for at in dice.permutation(np.arange(0, len(order), size)):
        yield order[at : at + size]


def _batch(n_rows: int, part: int) -> int:
    return min(BATCH, n_rows // part + 1)


def _held(rows: Ints, column: int, known: Tables) -> tuple[Ints, Ints]:
    """Return what rows hold beside a column, packed to the left, and its pairs."""
    others = rows.copy()
    others[:, column] = known.n
    others.sort(axis=1)
    others = others[:, : int((others != known.n).sum(1).max(initial=0))]
    first, second = np.triu_indices(others.shape[1], 1)
    return others, known.pairs[others[:, first], others[:, second]]


def _beside(value: Ints, held: Ints, pairs: Ints, known: Tables) -> Floats:
    """Return the counts that a value brings to rows that hold something already."""
    places = [np.where(value == known.n, known.neutral, value)[:, None],
              known.pair[held, value[:, None]], known.three[pairs, value[:, None]]]  # fmt: skip
    counts = np.bincount(np.concatenate(places, 1).ravel(), minlength=known.forbidden + 1)
    return cast("Floats", counts)


def _count(rows: Ints, known: Tables) -> Floats:
    """Return how many rows hold each combination."""
    now = np.zeros(known.forbidden + 1)
    for length in LENGTHS:
        for _mine, members in subsets(np.where(rows == known.n, -1, rows), length):
            place = members[:, 0]
            if length == 2:
                place = known.pair[members[:, 0], members[:, 1]]
            elif length == 3:
                place = known.three[known.pairs[members[:, 0], members[:, 1]], members[:, 2]]
            now += np.bincount(place, minlength=len(now))
    return now
