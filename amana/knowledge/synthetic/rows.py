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
    LEVELS,
    SIZE,
    UNIT,
    WORTH,
    Ints,
    Noisy,
    shares,
    subsets,
)

Floats = NDArray[np.float32]
# How often all columns are gone through, how many rows at a time, and how many take a better value.
SWEEPS, BATCH, TAKEN = 6, 2_000, 0.5
# What an error in the count of one, two, three attributes weighs.
MATTERS = (1.0, 1.0, 1.0)
NEVER = np.float32(-1e6)
HEAT = 0.3
ROOM = True
SHARP = 1.0
RUINS, RUIN, FLOOR = 6, 0.3, 0.02


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
    members: Ints

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
                  np.array(worth), np.array([len(ids) for ids in names], np.int64), np.array([(*ids, n, n)[:3] for ids in names], np.int64).reshape(-1, 3))  # fmt: skip


def _rows(noisy: Noisy, dice: np.random.Generator, n_rows: int | None) -> Ints:
    """Return rows as numbers of attributes, `Tables.n` where there is none."""
    known = tables(noisy)
    n = noisy.rows if n_rows is None else n_rows
    rows = np.full((n, len(noisy.columns)), known.n, np.int64)
    if not n or not known.n:
        return rows
    room = _skeletons(noisy, n, dice)
    target = _cases(noisy, known) * n / max(1, noisy.rows)
    target = np.where(np.isnan(target), -1, np.maximum(target, 0))
    is_flag = np.array(noisy.flags)
    now = np.zeros(len(target) + 2)
    _fill(rows, room, is_flag, known, target, dice, np.arange(n), now)
    for _turn in range(RUINS):
        which = dice.permutation(n)[: int(n * RUIN)]
        now -= _count(rows[which], known)
        rows[which] = known.n
        _fill(rows, room, is_flag, known, target, dice, which, now)
    for turn in range(SWEEPS):
        _sweep(rows, room, is_flag, known, target, now, dice, turn / SWEEPS)
    return rows


def _cases(noisy: Noisy, known: Tables) -> NDArray[np.float64]:
    """Return how many cases each noisy count stands for; NaN where nothing was counted.

    Rows were made shorter by their level. How the holders of a combination spread over the levels
    is not known; it is taken as if, within a level, its attributes came independently.
    """
    levels = np.array(LEVELS)
    sizes = np.array(noisy.sizes, float)
    at = np.searchsorted(-levels, -shares(sizes.shape[0] - 1, sizes.shape[1] - 1))
    whole = np.maximum(np.bincount(at.ravel(), sizes.ravel(), minlength=len(levels)), 1)
    held = np.log(np.maximum(np.array(noisy.holders, float), 1e-2 * whole)) if known.n else np.zeros((0, len(levels)))
    held = np.minimum(held, np.log(whole))
    held = np.append(held, np.zeros((1, len(levels))), 0)
    spread = held[known.members].sum(1) - (known.length - 1)[:, None] * np.log(whole)
    chance = np.exp(spread - spread.max(1, keepdims=True))
    mean = (chance * levels).sum(1) / chance.sum(1)
    return cast(NDArray[np.float64], known.target / known.worth / mean)


def _skeletons(noisy: Noisy, n: int, dice: np.random.Generator) -> Ints:
    """Return how many attributes each row may hold, that are no flags and that are."""
    sizes = np.array(noisy.sizes, np.float64)
    sure = np.where(sizes > 2 * noisy.sigma / SIZE, sizes, 0).ravel()
    if not sure.any():
        sure = np.maximum(sizes, 0).ravel() + 1e-9
    ends = np.round(np.cumsum(sure) / sure.sum() * n).astype(np.int64)
    which = np.repeat(np.arange(len(sure)), np.diff(ends, prepend=0))
    return dice.permutation(np.stack(np.divmod(which, sizes.shape[1]), 1))


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
    rows: Ints, room: Ints, is_flag: NDArray[np.bool_], known: Tables,
    target: NDArray[np.float64], dice: np.random.Generator, which: Ints, now: NDArray[np.float64],
) -> None:
    """Fill empty rows attribute by attribute, the longest rows first.

    An attribute is taken as often as what is still missing of it beside each pair that the row
    holds, in the geometric mean; beside each one, where there is no pair yet.
    """
    column_of = np.searchsorted(known.starts, np.arange(known.n), side="right") - 1
    kind_of = is_flag[column_of].astype(int)
    size = room.sum(1)
    order = which[np.argsort(-size[which] + 0.5 * dice.random(len(which)), kind="stable")]
    for at in range(0, len(order), BATCH):
        mine = order[at : at + BATCH]
        missing = np.append(np.maximum(target - now[:-2], FLOOR * np.abs(target)), [1.0, 1e-30])
        logs = np.log(np.maximum(missing, 1e-30)).astype(np.float32)
        one, beside_one = logs[: known.n], logs[known.pair[:, : known.n]]
        beside_two = logs[known.three[:, : known.n]]
        held = np.full((len(mine), 0), known.n)
        pairs = np.full((len(mine), 0), 0)
        score = np.zeros((len(mine), known.n), np.float32)
        bad = np.zeros((len(mine), known.n), bool)
        left = room[mine].copy()
        long, start = _starts(left, kind_of, missing, known, dice)
        for step in range(int(size[mine].max(initial=0))):
            n_pairs = step * (step - 1) // 2
            if step == 0: logit = one[None, :]
            elif step == 1: logit = score
            else: logit = score / n_pairs
            free = (left > 0)[:, kind_of] & ~bad
            logit = np.where(free, SHARP * logit + dice.gumbel(size=(len(mine), known.n)), NEVER)
            best = logit.argmax(1)
            if step < 3: best = np.where(long, start[:, step], best)
            takes = free[np.arange(len(mine)), best]
            if not takes.any(): break
            value = np.where(takes, best, known.n)
            left[np.flatnonzero(takes), kind_of[best[takes]]] -= 1
            rows[mine[takes], column_of[best[takes]]] = best[takes]
            fresh = known.pairs[held, value[:, None]] if step else np.zeros((len(mine), 0), np.int64)
            bad |= (known.pair == known.forbidden)[value][:, : known.n]
            if step == 0:
                score = np.where(takes[:, None], beside_one[value], score)
            else:
                if step == 1: score = np.zeros_like(score)
                for n in range(step):
                    score += beside_two[fresh[:, n]]
                bad |= (known.three == known.forbidden)[fresh][:, :, : known.n].any(1)
            held = np.append(held, value[:, None], 1)
        now += _count(rows[mine], known)


def _starts(left, kind_of, missing, known, dice):
    members = known.members[known.length == 3]
    p = missing[:-2][known.length == 3]
    nf = kind_of[members].sum(1)
    start = np.zeros((len(left), 3), np.int64); long = np.zeros(len(left), bool)
    for o, f in np.unique(np.minimum(left, 3), axis=0):
        mine = np.flatnonzero((np.minimum(left, 3) == (o, f)).all(1))
        ok = np.where((nf <= f) & (3 - nf <= o), p, 0)
        if o + f < 3 or not ok.any(): continue
        start[mine] = dice.permuted(members[dice.choice(len(ok), len(mine), p=ok / ok.sum())], axis=1); long[mine] = True
    return long, start


def _sweep(
    rows: Ints, room: Ints, is_flag: NDArray[np.bool_], known: Tables,
    target: NDArray[np.float64], now: NDArray[np.float64], dice: np.random.Generator, sharp: float,
) -> None:
    """Go through all columns once, and give rows the values that bring the counts nearer."""
    matters = np.append(np.array(MATTERS)[known.length - 1] * (target >= 0), [0, 0])
    aim = np.append(target, [0, 0])
    slack = 0.3 + (1 - sharp) * 0.02 * np.abs(aim)
    for column in dice.permutation(rows.shape[1]):
        kind = int(is_flag[column])
        values = np.arange(known.starts[column], known.starts[column + 1])
        if not len(values):
            continue
        three, pair = known.three[:, values], known.pair[:, values]
        choices = np.append(values, known.n)
        for mine in _batches(rows, known, dice, BATCH):
            gain = np.clip((aim - now) / slack, -1, 1) * matters
            gain[-1] = NEVER
            gain = gain.astype(np.float32)
            others, pairs = _held(rows[mine], column, known)
            score = np.zeros((len(mine), len(choices)), np.float32)
            score[:, :-1] = gain[three][pairs].sum(1) + gain[pair][others].sum(1) + gain[values]
            old = rows[mine, column]
            of_kind = (rows[mine][:, is_flag == bool(kind)] != known.n).sum(1) - (old != known.n)
            if ROOM: score[of_kind >= room[mine, kind], :-1] = NEVER
            score += HEAT * (1 - sharp) * dice.gumbel(size=score.shape)
            best = choices[score.argmax(1)]
            best = np.where(dice.random(len(mine)) < TAKEN, best, old)
            moved = np.flatnonzero(best != old)
            for value, step in ((old[moved], -1), (best[moved], 1)):
                place = np.concatenate([known.three[pairs[moved], value[:, None]], known.pair[others[moved], value[:, None]],
                    np.where(value == known.n, known.neutral, value)[:, None]], axis=1)
                now += step * np.bincount(place.ravel(), minlength=len(now))
            rows[mine, column] = best


def _count(rows: Ints, known: Tables) -> NDArray[np.float64]:
    """Return how many rows hold each combination."""
    ids = np.where(rows == known.n, -1, rows)
    now = np.zeros(len(known.target) + 2)
    for length in LENGTHS:
        for _mine, members in subsets(ids, length):
            now += np.bincount(_places(members, known), minlength=len(now))
    return now
