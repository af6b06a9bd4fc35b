"""A choice of whole numbers under rows that must hold, as an optimisation library solves it. Pure.

HiGHS does it, through this module alone. It knows nothing of people: columns are counts with a
worth, rows are limits. What comes back is the best that was found in the time, and a bound that no
choice can pass.

The way: the relaxation over the columns that are worth most, and over every other that its prices
call for; what it leaves whole stays, the rest is decided as whole numbers; then neighbourhoods of
the choice are decided anew, each for itself, until the bound is near or the time is over.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import highspy

INF = highspy.kHighsInf
# A choice so near the bound is as good as the best one.
GAP = 0.0005
# So many columns are decided whole; of more, neighbourhoods.
SMALL = 1_500
# Up to so many, what is left of the time goes to the whole; of more the library has been seen to
# go on for minutes after its time.
WHOLE = 6_000
# How much less than its best use a column may be worth to be looked at: first, and later, where
# what is worth much may miss more.
CLOSE, WORSE, SHARE = 15.0, 30.0, 0.05
# One neighbourhood is decided in at most so many seconds.
A_TURN = 0.3
# How HiGHS says that a solution keeps every row.
FEASIBLE = 2
TINY = 1e-6
# Columns without a group: what is counted along, and a choice between two uses of a place.
ALONG, CHOICE = -1, -2


@dataclass
class Program:
    """Columns with their worth and limit, and rows with what they sum up.

    `group` names the row by which a column takes one of a limited number, with weight 1; who takes
    none says ALONG or CHOICE. `place` names where a column happens, for neighbourhoods.
    """

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[int, ...]] = field(default_factory=list)
    weights: list[tuple[float, ...]] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def row(self, low: float, high: float) -> int:
        """Add a row between two limits; return its number."""
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def column(
        self,
        cost: float,
        upper: float,
        weights: Mapping[int, float],
        *,
        place: int,
        group: int = ALONG,
    ) -> int:
        """Add a column that counts from 0 to `upper`; return its number."""
        self.cost.append(cost)
        self.upper.append(upper)
        self.rows.append(tuple(weights))
        self.weights.append(tuple(weights.values()))
        self.group.append(group)
        self.place.append(place)
        return len(self.cost) - 1

    def value(self, counts: Mapping[int, int]) -> float:
        """Return what a choice is worth."""
        return sum(self.cost[column] * n for column, n in counts.items())


@dataclass(frozen=True)
class Chosen:
    """How often each column was chosen (the others not at all), its worth and what bounds it."""

    counts: Mapping[int, int]
    value: float
    bound: float
    relaxed: float


def solve(program: Program, until: float) -> Chosen:
    """Return the best choice that is found until a moment (monotonic); no choice is one, too.

    The bound is worth waiting for: a relaxation that was broken off bounds nothing.
    """
    if not program.cost:
        return Chosen({}, 0, 0, 0)
    relaxed = _Relaxed(program)
    if len(program.cost) <= SMALL:
        left = max(0.2, until - monotonic())
        found, bound = _part(program, range(len(program.cost)), {}, {}, left)
        counts = found or {}
        return Chosen(counts, program.value(counts), min(relaxed.bound, bound), relaxed.bound)
    counts = _Search(program, relaxed, until).found()
    chosen = Chosen(counts, program.value(counts), relaxed.bound, relaxed.bound)
    left = until - monotonic()
    is_near = chosen.bound - chosen.value <= GAP * chosen.bound
    is_large = len(program.cost) > WHOLE
    return chosen if is_near or is_large or left < A_TURN else _proven(program, chosen, left)


def _proven(program: Program, chosen: Chosen, seconds: float) -> Chosen:
    """Spend the time that is left on the whole, from what was chosen, for a tighter bound too."""
    found, bound = _part(program, range(len(program.cost)), {}, chosen.counts, seconds)
    value = program.value(found or {})
    best, worth = (found or {}, value) if value > chosen.value else (chosen.counts, chosen.value)
    return Chosen(best, worth, min(chosen.bound, bound), chosen.relaxed)


def whole(program: Program, seconds: float) -> Chosen:
    """Return what the library makes of the whole in so many seconds, to the last point."""
    found, bound = _part(program, range(len(program.cost)), {}, {}, seconds, gap=0.0)
    counts = found or {}
    return Chosen(counts, program.value(counts), bound, bound)


# The relaxation, over the columns that its prices call for.


class _Relaxed:
    """Prices of the rows, and the bound they prove. Columns that no price calls for stay out."""

    # Up to so many columns all begin; else so many of each group, and so many more in a round.
    ALL, FIRST, MORE = 40_000, 16, 60
    ROUNDS = 30
    # A bound that could still come down by this share is as good as the lowest.
    LOW_ENOUGH = 2e-5

    def __init__(self, program: Program) -> None:
        self.program = program
        by_group: dict[int, list[int]] = defaultdict(list)
        for column, group in enumerate(program.group):
            by_group[group].append(column)
        self.inside = sorted(by_group.pop(ALONG, []) + by_group.pop(CHOICE, []))
        first = len(program.cost) if len(program.cost) <= self.ALL else self.FIRST
        # Whoever has the same wish would meet in the same place: the dearest are taken from
        # another beginning for each group.
        for number, (_group, columns) in enumerate(sorted(by_group.items())):
            columns.sort(key=lambda one: (-program.cost[one], (program.place[one] + number) % 97))
            self.inside += columns[:first]
        self._outside = {g: columns[first:] for g, columns in by_group.items()}
        self.model = _highs(INF)
        self.model.passModel(_lp(program, self.inside))
        self._converge()

    def _converge(self) -> None:
        for _ in range(self.ROUNDS):
            self.model.run()
            solution = self.model.getSolution()
            self.prices = list(solution.row_dual)
            self.values = dict(zip(self.inside, solution.col_value, strict=True))
            wanted, over = self._wanted()
            value = self.model.getInfo().objective_function_value
            self.bound = value + over
            if over <= self.LOW_ENOUGH * value:
                return
            self._take_in(wanted)

    def _wanted(self) -> tuple[list[int], float]:
        """Return which columns the prices call for, and by how much the bound must be raised.

        A group takes at most as often as its row says: raising the price of that row by the most
        that a column of it would still gain makes the prices those of a bound.
        """
        wanted: list[int] = []
        over = 0.0
        for group, columns in self._outside.items():
            gains = [(self.gain(column), column) for column in columns]
            best = sorted((g for g in gains if g[0] > TINY), reverse=True)[: self.MORE]
            if best:
                over += best[0][0] * self.program.high[group]
                taken = {column for _gain, column in best}
                wanted += taken
                self._outside[group] = [c for c in columns if c not in taken]
        return wanted, over

    def gain(self, column: int) -> float:
        """Return what one more of a column would gain at these prices; at most 0 inside."""
        prices = self.prices
        return self.program.cost[column] - sum(
            prices[row] * weight
            for row, weight in zip(
                self.program.rows[column], self.program.weights[column], strict=True
            )
        )

    def _take_in(self, columns: list[int]) -> None:
        program = self.program
        starts, index, value = _sparse(program, columns)
        self.model.addCols(
            len(columns),
            [program.cost[c] for c in columns],
            [0.0] * len(columns),
            [program.upper[c] for c in columns],
            len(index),
            starts,
            index,
            value,
        )
        self.inside += columns


# Whole numbers.


class _Search:
    """A choice that is made better, neighbourhood by neighbourhood."""

    # So many columns are decided at once; more where that finds nothing better.
    AT_ONCE, MOST = 900, 6_000
    # After so many turns that found nothing better they are more; in the end the search is over.
    WIDER, PATIENCE = 6, 36

    def __init__(self, program: Program, relaxed: _Relaxed, until: float) -> None:
        self.program, self.relaxed, self.until = program, relaxed, until
        self.dice = random.Random(1)  # noqa: S311 - chance, the same each time, and no secret
        self.size = self.AT_ONCE
        self.broken: list[int] = []
        self.at: dict[int, list[int]] = defaultdict(list)
        self.of: dict[int, list[int]] = defaultdict(list)
        self.given: dict[int, float] = defaultdict(float)
        for column, value in relaxed.values.items():
            self.given[program.group[column]] += value
        # What is only counted along, as who sleeps in which room, is never left out.
        self.worse = {c: -relaxed.gain(c) if program.group[c] >= 0 else 0.0 for c in relaxed.inside}
        for column, worse in self.worse.items():
            if worse <= WORSE + SHARE * program.cost[column]:
                self.at[program.place[column]].append(column)
                self.of[program.group[column]].append(column)

    def found(self) -> dict[int, int]:
        """Return the best choice until the bound is near or the time is over."""
        counts = self._rounded()
        value, in_vain = self.program.value(counts), 0
        while in_vain < self.PATIENCE and not self._is_over(value):
            tried = self._decided(counts, self._neighbourhood(counts))
            better = self.program.value(tried)
            in_vain = 0 if better > value + TINY else in_vain + 1
            if better > value:
                counts, value = tried, better
            elif in_vain % self.WIDER == 0:
                self.size = min(self.MOST, 2 * self.size)
        return counts

    def _is_over(self, value: float) -> bool:
        near = self.relaxed.bound - value <= GAP * self.relaxed.bound
        return near or monotonic() >= self.until

    def _rounded(self) -> dict[int, int]:
        """Keep what the relaxation left whole, and decide the rest around it, place by place.

        Where even a column without a group is broken, a room is half the one and half the other:
        nothing of that place can be kept.
        """
        place, group, values = self.program.place, self.program.group, self.relaxed.values
        broken = {c for c, v in values.items() if abs(v - round(v)) > TINY}
        places = {place[c] for c in broken}
        self.broken = sorted(places)
        torn = {place[c] for c in broken if group[c] == CHOICE}
        counts = {c: round(v) for c, v in values.items() if v > 0.5 and place[c] not in places}
        near = sorted((self.worse[c], c) for one in places for c in self.at[one])
        if len(near) <= self.AT_ONCE or near[self.AT_ONCE][0] > CLOSE:
            close = [c for _worse, c in near[: self.AT_ONCE]]
            return counts | (self._part(close, counts, {}) or {})
        kept = {
            c: int(v + TINY)
            for c, v in values.items()
            if v > 1 - TINY and group[c] >= 0 and place[c] in places - torn
        }
        for chunk, columns in self._chunks(sorted(places), kept):
            found = self._part(columns, counts | kept, {})
            if found is not None:
                counts |= found | {c: n for c, n in kept.items() if place[c] in chunk}
        return counts

    def _chunks(
        self, places: Sequence[int], kept: Collection[int]
    ) -> Iterator[tuple[set[int], list[int]]]:
        """Yield places with the columns to decide there, as many as are decided at once."""
        chunk, columns = set[int](), list[int]()
        for one in places:
            chunk.add(one)
            columns += [c for c in self.at[one] if self.worse[c] <= CLOSE and c not in kept]
            if len(columns) >= self.AT_ONCE:
                yield chunk, columns
                chunk, columns = set(), []
        if columns:
            yield chunk, columns

    def _decided(self, counts: Mapping[int, int], columns: Sequence[int]) -> dict[int, int]:
        """Return the choice with these columns decided anew; never a worse one."""
        inside = set(columns)
        kept = {c: n for c, n in counts.items() if c not in inside}
        found = self._part(columns, kept, counts)
        tried = dict(counts) if found is None else kept | found
        return tried if self.program.value(tried) >= self.program.value(counts) else dict(counts)

    def _part(
        self, columns: Sequence[int], kept: Mapping[int, int], begin: Mapping[int, int]
    ) -> dict[int, int] | None:
        left = self.until - monotonic()
        # The first turns may take half of what is left, so that there are turns after them.
        seconds = max(0.05, min(A_TURN, left / 2))
        return _part(self.program, columns, kept, begin, seconds)[0]

    def _neighbourhood(self, counts: Mapping[int, int]) -> list[int]:
        """Return the columns of a few places: mostly where somebody could be who waits.

        Above all somebody whom the relaxation gave a place.
        """
        taken: dict[int, int] = defaultdict(int)
        for column, n in counts.items():
            taken[self.program.group[column]] += n
        waits = [g for g in self.of if g >= 0 and taken[g] < self.program.high[g]]
        missed = [g for g in waits if self.given[g] - taken[g] > TINY]
        chosen = self.dice.choice(self.dice.choice([missed, waits]) or waits or [ALONG])
        places = [self.program.place[c] for c in self.of[chosen]]
        self.dice.shuffle(places)
        del places[self.dice.choice([3, 6, 9]) :]
        # The places that the relaxation left broken are those where most can still be gained.
        near = self.dice.choice([self.broken, list(self.at)]) or list(self.at)
        more = [one for one in near if one not in places]
        self.dice.shuffle(more)
        columns: list[int] = []
        for one in places + more:
            columns += self.at[one]
            if len(columns) >= self.size:
                break
        return columns


def _part(
    program: Program,
    columns: Sequence[int],
    kept: Mapping[int, int],
    begin: Mapping[int, int],
    seconds: float,
    *,
    gap: float = GAP,
) -> tuple[dict[int, int] | None, float]:
    """Decide these columns where `kept` stays as it is; None where no choice was found in time.

    Beside it the bound on what these columns can be worth.
    """
    used: dict[int, float] = defaultdict(float)
    for column, n in kept.items():
        for row, weight in zip(program.rows[column], program.weights[column], strict=True):
            used[row] += weight * n
    touched = {
        row: n for n, row in enumerate(sorted({r for c in columns for r in program.rows[c]}))
    }
    model = _highs(seconds)
    model.setOptionValue("mip_rel_gap", gap)
    lp = _lp(program, columns, touched)
    lp.row_lower_ = [program.low[row] - used.get(row, 0) for row in touched]
    lp.row_upper_ = [program.high[row] - used.get(row, 0) for row in touched]
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
    model.passModel(lp)
    if begin:
        first = highspy.HighsSolution()
        first.col_value = [float(begin.get(c, 0)) for c in columns]
        model.setSolution(first)
    model.run()
    info = model.getInfo()
    if info.primal_solution_status != FEASIBLE:
        return None, INF
    values = zip(columns, model.getSolution().col_value, strict=True)
    return {c: round(v) for c, v in values if v > 0.5}, info.mip_dual_bound


# The library.


def _highs(seconds: float) -> highspy.Highs:
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.silent()
    for name, value in (("threads", 1), ("random_seed", 1), ("time_limit", float(seconds))):
        model.setOptionValue(name, value)
    return model


def _lp(
    program: Program, columns: Sequence[int], numbers: Mapping[int, int] | None = None
) -> highspy.HighsLp:
    """Return these columns as the library takes them; `numbers` renames the rows they touch."""
    lp = highspy.HighsLp()
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.num_col_ = len(columns)
    lp.col_cost_ = [program.cost[c] for c in columns]
    lp.col_lower_ = [0.0] * len(columns)
    lp.col_upper_ = [float(program.upper[c]) for c in columns]
    starts, index, value = _sparse(program, columns)
    if numbers is not None:
        index = [numbers[row] for row in index]
    lp.num_row_ = len(program.low) if numbers is None else len(numbers)
    lp.row_lower_, lp.row_upper_ = program.low, program.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = [*starts, len(index)]
    lp.a_matrix_.index_, lp.a_matrix_.value_ = index, value
    return lp


def _sparse(program: Program, columns: Sequence[int]) -> tuple[list[int], list[int], list[float]]:
    starts, index, value = list[int](), list[int](), list[float]()
    for column in columns:
        starts.append(len(index))
        index += program.rows[column]
        value += program.weights[column]
    return starts, index, value
