"""How many nobody has seen: multiple systems estimation, with its interval and its warnings.

Several lists each know some people of one hidden population. How far the lists overlap says how
many are on no list. The count of each history (on which lists, on which not) is taken as Poisson
with a log-linear mean: one effect for each list, and effects for pairs of lists that meet more or
less often than chance. Pairs are added one at a time while the Bayesian information criterion
falls; where a pair of lists never meets, its effect is minus infinity and its histories leave the
table. That, and the test that an estimate exists at all, follow Chan, Silverman and Vincent,
"Multiple systems estimation for sparse capture data" (arXiv 1902.05156).

An estimate is never a count of people: it goes nowhere without its interval, its assumptions and
its warnings.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import NormalDist

import numpy as np

from amana.knowledge.loglinear import Floats, Model, Table

History = tuple[bool, ...]
Pair = tuple[str, str]

# What must hold for any of this to mean something; no data can prove it.
ASSUMPTIONS = (
    "CLOSED_POPULATION",  # nobody joined or left the population in the period
    "PERFECT_LINKAGE",  # the same person on two lists was recognised, and no one else was
    "INDEPENDENT_GIVEN_MODEL",  # lists meet by chance, but for the pairs named in the model
    "HOMOGENEOUS",  # on one list all people had the same chance of being met
)
MOST_LISTS = 10  # 1,023 histories; beyond that the table is nearly all zeros
LEVEL = 0.95
FEWEST_DRAWS = 40  # fewer leave no draw outside the interval on either side
NORMAL = NormalDist()
BAD_FIT_BELOW = 0.05
WIDE_FROM = 2.0  # the upper bound of the total is this many times the lower one
# Models nearer than this to the chosen one are not told apart by the data (Raftery 1995: up to 6
# is "positive", more is "strong").
NEAR_BIC = 6.0
# Such models disagree when the largest total is so many times the smallest; a choice of this house.
DISAGREE_FROM = 1.25


class BadHistories(ValueError):
    """Histories from which nothing can be estimated; says where, and why."""


@dataclass(frozen=True)
class Histories:
    """How many people were on exactly these lists and on no other."""

    lists: tuple[str, ...]
    counts: Mapping[History, int]

    def __post_init__(self) -> None:
        if not 2 <= len(self.lists) <= MOST_LISTS:
            raise BadHistories(
                f"between 2 and {MOST_LISTS} lists are needed, not {len(self.lists)}"
            )
        if len(set(self.lists)) < len(self.lists) or not all(self.lists):
            raise BadHistories("every list needs a name of its own")
        for history, count in self.counts.items():
            self._check(history, count)
        for name in self.lists:
            if not self.on(name):
                raise BadHistories(f"nobody is on the list {name!r}: leave it out")

    def _check(self, history: History, count: int) -> None:
        if len(history) != len(self.lists):
            raise BadHistories(f"{_shown(history)} does not speak of {len(self.lists)} lists")
        if not any(history):
            raise BadHistories("a person on no list cannot have been counted")
        if count < 0:
            raise BadHistories(f"{_shown(history)} was met {count} times")

    @property
    def observed(self) -> int:
        """Return how many people are on one list at least."""
        return sum(self.counts.values())

    def on(self, *names: str) -> int:
        """Return how many people are on all of these lists, whatever else they are on."""
        places = [self.lists.index(name) for name in names]
        return sum(n for history, n in self.counts.items() if all(history[p] for p in places))


@dataclass(frozen=True)
class Estimate:
    """What the lists say of those on none; people, not rounded.

    `hidden` and what follows from it are None where the data name no figure; `high` alone is None
    where they set no upper bound. `fit` is the share of tables drawn from the model that lie as
    far from it as the one seen (None for two lists, which fit any table).
    """

    observed: int
    hidden: float | None
    total: float | None
    low: float | None
    high: float | None
    pairs: tuple[Pair, ...]
    deviance: float | None
    fit: float | None
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]


def read(path: Path) -> Histories:
    """Return the histories of a file: one column of 0 and 1 for each list, then `count`."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        head = next(lines, [])
        if head[-1:] != ["count"]:
            raise BadHistories("line 1: the last column must be named 'count'")
        counts: dict[History, int] = {}
        for number, cells in enumerate(lines, start=2):
            history, count = _read_line(number, cells, len(head))
            if history in counts:
                raise BadHistories(f"line {number}: {_shown(history)} stands here a second time")
            counts[history] = count
    return Histories(lists=tuple(head[:-1]), counts=counts)


def main_effects(histories: Histories) -> Estimate:
    """Return the estimate of lists that meet by chance alone, without an interval.

    The plainest model, to be set beside the chosen one; it seldom fits.
    """
    table, counts = _tabled(histories)
    model = _plainest(table, counts)
    if not table.has_estimate(counts, model.pairs):
        return _nothing(histories, "NON_IDENTIFIABLE")
    return Estimate(
        observed=histories.observed,
        hidden=model.hidden,
        total=histories.observed + model.hidden,
        low=None,
        high=None,
        pairs=(),
        deviance=model.deviance,
        fit=None,
        assumptions=ASSUMPTIONS,
        warnings=_seen_in(histories),
    )


def estimate(histories: Histories, *, draws: int = 400, seed: int = 1) -> Estimate:
    """Return how many are hidden, with a 95 % interval that repeats the choice of the model.

    The interval is that of `draws` tables whose counts are Poisson around those seen, each with a
    model chosen anew; the same seed gives the same interval. Two lists are compared by Chapman's
    formula, which takes their independence on trust.

    Of invented populations that keep the assumptions the interval holds the true number in 95 of
    100 and more; where people differ much in how easily they are met, it lies too low, and no
    warning can say so.
    """
    if draws < FEWEST_DRAWS:
        raise ValueError(f"a 95 % interval needs {FEWEST_DRAWS} draws or more, not {draws}")
    if len(histories.lists) == 2:
        return _of_two(histories)
    table, counts = _tabled(histories)
    if not table.has_estimate(counts, _plainest(table, counts).pairs):
        return _nothing(histories, "NON_IDENTIFIABLE")
    chosen = _chosen(table, counts)
    dice = np.random.default_rng(seed)
    low, high = _interval(table, counts, chosen, dice, draws)
    fit = _fit(table, chosen, dice, draws)
    warnings = [*_seen_in(histories)]
    if fit < BAD_FIT_BELOW:
        warnings.append("BAD_FIT")
    if high is None or high >= WIDE_FROM * low:
        warnings.append("WIDE_INTERVAL")
    totals = [histories.observed + model.hidden for model in _near(table, counts, chosen)]
    if max(totals) >= DISAGREE_FROM * min(totals):
        warnings.append("MODELS_DISAGREE")
    return Estimate(
        observed=histories.observed,
        hidden=chosen.hidden,
        total=histories.observed + chosen.hidden,
        low=low,
        high=high,
        pairs=tuple(
            (histories.lists[i], histories.lists[j])
            for (i, j), named in zip(table.pairs, chosen.pairs, strict=True)
            if named
        ),
        deviance=chosen.deviance,
        fit=fit,
        assumptions=ASSUMPTIONS,
        warnings=tuple(warnings),
    )


def _read_line(number: int, cells: Sequence[str], width: int) -> tuple[History, int]:
    if len(cells) != width:
        raise BadHistories(f"line {number}: {width} columns are needed, not {len(cells)}")
    if any(cell not in ("0", "1") for cell in cells[:-1]):
        raise BadHistories(f"line {number}: a list is either 1 (on it) or 0 (not)")
    if not (cells[-1].isascii() and cells[-1].isdigit()):
        raise BadHistories(f"line {number}: the count {cells[-1]!r} is no whole number")
    return tuple(cell == "1" for cell in cells[:-1]), int(cells[-1])


def _shown(history: History) -> str:
    return "history " + "".join(str(int(on)) for on in history)


def _seen_in(histories: Histories) -> tuple[str, ...]:
    """Return the warnings that can be read from the overlaps before anything is estimated."""
    meet = {pair: histories.on(*pair) for pair in combinations(histories.lists, 2)}
    alone = any(not any(meet[pair] for pair in meet if name in pair) for name in histories.lists)
    found = {
        "FEWER_THAN_THREE_LISTS": len(histories.lists) < 3,
        "SPARSE_OVERLAP": not all(meet.values()),
        "LISTS_DISJOINT": alone,
    }
    return tuple(code for code, holds in found.items() if holds)


def _nothing(histories: Histories, why: str) -> Estimate:
    return Estimate(
        observed=histories.observed,
        hidden=None,
        total=None,
        low=None,
        high=None,
        pairs=(),
        deviance=None,
        fit=None,
        assumptions=ASSUMPTIONS,
        warnings=(*_seen_in(histories), why),
    )


def _of_two(histories: Histories) -> Estimate:
    """Return Chapman's estimate (1951) and its interval on the scale of the logarithm.

    The variance is Seber's (1970), the interval that of Chao (1987): from the observed up.
    """
    one, two = (histories.on(name) for name in histories.lists)
    both, observed = histories.on(*histories.lists), histories.observed
    if both == 0:
        return _nothing(histories, "NON_IDENTIFIABLE")
    total = (one + 1) * (two + 1) / (both + 1) - 1
    hidden = total - observed
    spread = (one + 1) * (two + 1) * (one - both) * (two - both)
    variance = spread / ((both + 1) ** 2 * (both + 2))
    # Nobody is left out where one list holds the other; then nothing is in doubt but the model.
    factor = math.exp(1.96 * math.sqrt(math.log1p(variance / hidden**2))) if hidden > 0 else 1.0
    low, high = observed + hidden / factor, observed + hidden * factor
    wide = ("WIDE_INTERVAL",) if high >= WIDE_FROM * low else ()
    return Estimate(
        observed=observed,
        hidden=hidden,
        total=total,
        low=low,
        high=high,
        pairs=(),
        deviance=None,
        fit=None,
        assumptions=ASSUMPTIONS,
        warnings=(*_seen_in(histories), *wide),
    )


def _tabled(histories: Histories) -> tuple[Table, Floats]:
    table = Table(len(histories.lists))
    counts = [histories.counts.get(history, 0) for history in table.histories]
    return table, np.array(counts, dtype=np.float64)


def _plainest(table: Table, counts: Floats) -> Model:
    return table.fit(counts[None], np.zeros((1, len(table.pairs)), dtype=np.bool_))[0]


def _chosen(table: Table, counts: Floats) -> Model:
    """Return the model reached by adding, as long as one helps, the pair that helps most."""
    model = _plainest(table, counts)
    while True:
        better = sorted(
            (
                m
                for m in _changed(table, counts, model)
                if m.bic < model.bic and m.pairs.sum() > model.pairs.sum()
            ),
            key=lambda m: m.bic,
        )
        best = next((m for m in better if table.has_estimate(counts, m.pairs)), None)
        if best is None:
            return model
        model = best


def _changed(table: Table, counts: Floats, model: Model) -> list[Model]:
    """Return the models that differ from this one in one pair."""
    pairs = model.pairs ^ np.eye(len(table.pairs), dtype=np.bool_)
    return table.fit(np.broadcast_to(counts, (len(pairs), len(counts))), pairs)


def _near(table: Table, counts: Floats, model: Model) -> list[Model]:
    """Return this model and those one pair away that the data do not tell apart from it."""
    return [model] + [
        other
        for other in _changed(table, counts, model)
        if other.bic <= model.bic + NEAR_BIC and table.has_estimate(counts, other.pairs)
    ]


def _interval(
    table: Table, counts: Floats, model: Model, dice: np.random.Generator, draws: int
) -> tuple[float, float | None]:
    """Return the bounds of the total; the upper one is None where the draws set none.

    Draws choose richer models than the data did, and lie higher: the bounds are moved by as much
    as the middle of the draws lies beside the estimate (Efron 1981, bias-corrected percentile).
    """
    drawn = dice.poisson(counts, (draws, len(counts))).astype(np.float64)
    totals = sorted(_total(table, row) for row in drawn)
    observed = float(counts.sum())
    below = sum(total < observed + model.hidden for total in totals)
    shift = 2 * NORMAL.inv_cdf((below + 0.5) / (draws + 1))
    edge = NORMAL.inv_cdf((1 + LEVEL) / 2)
    low = totals[math.floor(NORMAL.cdf(shift - edge) * (draws - 1))]
    high = totals[math.ceil(NORMAL.cdf(shift + edge) * (draws - 1))]
    # What was seen is certain; where the draws name no lower bound either, only that is.
    return low if math.isfinite(low) else observed, high if math.isfinite(high) else None


def _total(table: Table, counts: Floats) -> float:
    """Return the total of one drawn table; endless where it names none."""
    model = _chosen(table, counts)
    if not table.has_estimate(counts, model.pairs):
        return math.inf
    return float(counts.sum()) + model.hidden


def _fit(table: Table, model: Model, dice: np.random.Generator, draws: int) -> float:
    """Return the share of tables drawn from the model that fit it no better than the one seen.

    Drawn, since the chi-square law of the deviance fails where most cells are empty.
    """
    drawn = dice.poisson(model.means, (draws, len(model.means))).astype(np.float64)
    again = table.fit(drawn, np.broadcast_to(model.pairs, (draws, len(table.pairs))))
    worse = sum(other.deviance >= model.deviance for other in again)
    return (1 + worse) / (1 + draws)
