"""Which further cells are withheld so that a small count stays withheld. Pure.

A count below the threshold is withheld, and so many others with it that the attacker is left with
at least as many values for it as its mark promises. Which others: the fewest, found as a covering
problem whose rows are the attacker's own proofs (Fischetti and Salazar-Gonzalez, 2000): a choice is
tried, each small count that still shows gives the weighted set of cells of which more must go, and
the next choice keeps that too. What comes out is attacked again before anybody may publish it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from amana.knowledge.safe.attack import attack
from amana.knowledge.safe.cells import Flags, Numbers, Tables, unheard
from amana.knowledge.safe.program import INF, NEAR, Cover, Held, Moves

# What one more withheld cell costs, beside what its number tells: fewest cells first, and of as
# many those that hold fewer people.
PEOPLE = 1e-3
# Pieces up to so many cells are decided whole in every round; larger ones by their relaxation.
SMALL = 150
# A larger piece gets about so many seconds; what is left then is hidden one count after another.
SECONDS = 60.0
# From so many small counts on, two tables are asked to move all of them before each is asked.
BULK = 12
# From which share of a relaxed choice on a cell is tried as withheld.
EDGES = (0.999, 0.5, 0.1)


@dataclass(frozen=True)
class Asked:
    """What must be protected: the true numbers, which are small, and what cannot be withheld.

    `hidden` cells are shown nowhere, and cost nothing (a rest, a difference between two releases).
    `fixed` cells are public already. `width`: how many values, less one, the attacker must be left
    with for each small count. `worth`: what a reader loses with a cell, or one for each.
    """

    tables: Tables
    values: Numbers
    small: Flags
    hidden: Flags
    fixed: Flags
    width: float
    worth: Numbers | None = None


@dataclass(frozen=True)
class Kept:
    """Which cells are withheld; which small counts no choice protects, as too much is public.

    `bound` is the least cost that any choice could have, `cost` that of this one.
    """

    withheld: Flags
    exposed: Flags
    cost: float
    bound: float
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        """How far the choice may be from the best one, as a share."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


def small(values: Numbers, threshold: int) -> Flags:
    """Return which counts are small: at least one person, and fewer than the threshold."""
    return (values > 0) & (values < threshold)


def asked(tables: Tables, values: Numbers, threshold: int) -> Asked:
    """Return what a first publication of these tables must protect.

    The attacker is left with as many values as a mark that names the threshold would leave: for a
    threshold of five, that a count is one to four.
    """
    none = np.zeros(len(tables), dtype=bool)
    return Asked(tables, values, small(values, threshold), none, none, float(threshold - 2))


def protect(
    request: Asked,
    *,
    seconds: float = SECONDS,
    progress: Callable[[int], None] = unheard,
) -> Kept:
    """Return the fewest cells to withhold, each piece in at most so many seconds."""
    began = monotonic()
    withheld = request.small & ~request.fixed & ~request.hidden
    exposed = np.zeros_like(withheld)
    cost = bound = 0.0
    for piece, at in request.tables.pieces():
        if request.small[at].any():
            kept = _protect_piece(_within(request, piece, at), seconds)
            withheld[at], exposed[at] = kept.withheld, kept.exposed
            cost, bound = cost + kept.cost, bound + kept.bound
        progress(len(at))
    return Kept(withheld, exposed, cost, bound, monotonic() - began)


def _within(request: Asked, piece: Tables, at: NDArray[np.int64]) -> Asked:
    return replace(
        request,
        tables=piece,
        values=request.values[at],
        small=request.small[at],
        hidden=request.hidden[at],
        fixed=request.fixed[at],
        worth=None if request.worth is None else request.worth[at],
    )


@dataclass
class _Search:
    """One piece, while its cells are chosen."""

    request: Asked
    until: float
    held: Held = field(init=False)
    reach: float = field(init=False)
    weights: Numbers = field(init=False)
    exposed: Flags = field(init=False)
    # For each small count that a choice protects: the cells that move in the tables that show it.
    moved: dict[int, Flags] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set up the attacker as one program of changes that keep every sum."""
        size = len(self.request.values)
        self.reach = 4.0 * self.request.width
        self.held = Held(self.request.tables.sums, np.zeros(size), np.zeros(size))
        people = np.log1p(self.request.values)
        worth = np.ones(size) if self.request.worth is None else self.request.worth
        worth = worth + PEOPLE * people / max(1.0, float(people.max()))
        self.weights = np.where(self.request.hidden, 0.0, worth)
        self.exposed = np.zeros(size, dtype=bool)

    @property
    def is_over(self) -> bool:
        return monotonic() > self.until

    def shows(self, share: Numbers, cells: Iterable[int]) -> Iterator[tuple[int, dict[int, float]]]:
        """Yield each of these small counts that still shows, and of which cells more must go."""
        self.held.limit(-self.request.values * share, self.reach * share)
        least, most = np.zeros(len(share)), np.zeros(len(share))
        left = list(cells)
        if len(left) > BULK:
            least, most = self._at_once(left)
        for cell in left:
            if most[cell] - least[cell] >= self.request.width - NEAR:
                self.moved[cell] = (most > NEAR) | (least < -NEAR)
                continue
            row, found = self._proof(cell)
            if row:
                yield cell, row
            else:
                self.moved[cell] = np.abs(found).max(axis=0) > NEAR
                least = np.minimum(least, found.min(axis=0))
                most = np.maximum(most, found.max(axis=0))

    def _at_once(self, cells: list[int]) -> tuple[Numbers, Numbers]:
        """Return how far all of them move in two tables: one for up, one for down."""
        _, up, _ = self.held.most(dict.fromkeys(cells, 1.0))
        _, down, _ = self.held.most(dict.fromkeys(cells, -1.0))
        return np.minimum(up, down), np.maximum(up, down)

    def _proof(self, cell: int) -> tuple[dict[int, float], Numbers]:
        """Return the row that a choice must keep for this count, or none; and the two tables."""
        prices = np.zeros(len(self.weights))
        spread, found = 0.0, []
        for sign in (1.0, -1.0):
            reached, table, price = self.held.most({cell: sign})
            spread += reached
            found.append(table)
            prices += self.request.values * np.maximum(price, 0.0)
            prices += self.reach * np.maximum(-price, 0.0)
        if spread >= self.request.width - NEAR:
            return {}, np.array(found)
        # No cell counts for more than all that is asked: a whole choice needs no more.
        cut = np.minimum(prices, self.request.width)
        return {int(c): float(cut[c]) for c in np.flatnonzero(cut > NEAR)}, np.array(found)

    @property
    def to_protect(self) -> list[int]:
        """The small counts that some choice protects."""
        return [int(c) for c in np.flatnonzero(self.request.small & ~self.exposed)]

    def cheapest(self, share: Numbers, cell: int) -> Numbers:
        """Return the choice with what hides this count at the least further cost."""
        free = np.where(share > 0.5, 0.0, self.weights)
        barred = self.request.fixed & ~self.request.hidden
        open_ = np.where(barred, 0.0, 1.0)
        moves = Moves(
            self.request.tables.sums, -self.request.values * open_, self.reach * open_, free
        )
        share = share.copy()
        left = self.request.width
        for sign in (1.0, -1.0):
            if left > NEAR:
                reached, used = moves.cheapest(cell, sign, left)
                share[used] = 1.0
                left -= reached
        return share

    def cover(self) -> Cover:
        """Return the covering problem, with what each sum asks by itself."""
        fixed = (self.request.small | self.request.hidden) & ~self.request.fixed
        cover = Cover(self.weights, fixed, self.request.fixed)
        for one in self.request.tables.sums:
            for cell in one.cells:
                if self.request.small[cell] and not self.exposed[cell]:
                    cover.row({c: 1.0 for c in one.cells if c != cell}, 1.0)
        return cover


def _protect_piece(request: Asked, seconds: float) -> Kept:
    search = _Search(request, monotonic() + seconds)
    everything = np.where(request.fixed, 0.0, 1.0)
    search.exposed[request.small & request.fixed] = True
    # What not even all that can be withheld hides, nothing moves.
    list(search.shows(everything, search.to_protect))
    hopeless = [c for c in search.to_protect if c not in search.moved]
    search.exposed[hopeless] = True
    if len(request.values) <= SMALL:
        share, bound = _exact(search)
    else:
        share, bound = _near(search)
    withheld = _thinned(search, share > 0.5) & ~request.hidden
    cost = float(search.weights[withheld].sum())
    return Kept(withheld, search.exposed, cost, min(bound, cost))


def _exact(search: _Search) -> tuple[Numbers, float]:
    """Return the best choice: decided whole until no proof refutes it; and its cost."""
    cover = search.cover()
    while True:
        share, bound = cover.solve(is_whole=True, seconds=max(1.0, search.until - monotonic()))
        share = np.rint(share)
        rows = list(search.shows(share, search.to_protect))
        for _, row in rows:
            cover.row(row, search.request.width)
        if not rows:
            return share, bound
        if search.is_over:
            return _one_by_one(search, share), bound


def _near(search: _Search) -> tuple[Numbers, float]:
    """Return a good choice of many cells, and the bound of the relaxation.

    The cells that the relaxation leans on are tried first; what they leave open is hidden one count
    after the other, at the least further cost.
    """
    cover = search.cover()
    start = monotonic()
    half = start + (search.until - start) / 2
    share, bound = cover.solve(is_whole=False, seconds=INF)
    while monotonic() < half:
        rows = list(search.shows(share, search.to_protect))
        for _, row in rows:
            cover.row(row, search.request.width)
        if not rows:
            break
        share, bound = cover.solve(is_whole=False, seconds=INF)
    choices: list[Numbers] = []
    for start_from in {tuple(np.flatnonzero(share > edge)): None for edge in EDGES}:
        if not choices or not search.is_over:
            first = np.zeros(len(share))
            first[list(start_from)] = 1.0
            choices.append(_one_by_one(search, first))
    return min(choices, key=lambda c: float(search.weights @ c)), bound


def _one_by_one(search: _Search, share: Numbers) -> Numbers:
    """Hide what still shows, one count after the other."""
    request = search.request
    share = np.maximum(share, np.where((request.small & ~request.fixed) | request.hidden, 1.0, 0.0))
    for cell in [cell for cell, _ in search.shows(share, search.to_protect)]:
        # What hid the one before may hide this one too.
        if next(search.shows(share, [cell]), None) is not None:
            share = search.cheapest(share, cell)
    return share


def _thinned(search: _Search, chosen: Flags) -> Flags:
    """Show again what protects nothing: what follows all the same, then the dearest first."""
    request = search.request
    low, high = limits(request, chosen & ~request.hidden)
    found = attack(request.tables, low, high, chosen)
    chosen = chosen & ~(found.recovered & ~request.small & ~request.hidden)
    list(search.shows(chosen.astype(float), search.to_protect))
    extra = chosen & ~request.small & ~request.hidden
    for cell in sorted(map(int, np.flatnonzero(extra)), key=lambda c: -search.weights[c]):
        if search.is_over:
            break
        leaning = [c for c in search.to_protect if search.moved[c][cell]]
        before = dict(search.moved)
        chosen[cell] = False
        if next(search.shows(chosen.astype(float), leaning), None) is not None:
            chosen[cell], search.moved = True, before
    return chosen


def plain(tables: Tables, values: Numbers, primary: Flags, hidden: Flags) -> Flags:
    """Return what the plain rule withholds: the small ones, and in each sum one more.

    Wherever a single cell of a sum is withheld, the smallest of the others goes too, until no sum
    has a single one. That stops a subtraction; it does not stop a linear program.
    """
    withheld = primary | hidden
    is_calm = False
    while not is_calm:
        is_calm = True
        for one in tables.sums:
            gone = [c for c in one.cells if withheld[c]]
            if len(gone) != 1:
                continue
            others = [c for c in one.cells if not withheld[c]]
            if others:
                withheld[min(others, key=lambda c: (values[c] == 0, values[c]))] = True
                is_calm = False
    return withheld & ~hidden


def limits(request: Asked, withheld: Flags) -> tuple[Numbers, Numbers]:
    """Return what a reader is told of each number: itself, or that it is not negative."""
    unknown = withheld | request.hidden
    low = np.where(unknown, 0.0, request.values)
    high = np.where(unknown, INF, request.values)
    return low, high


def holes(request: Asked, withheld: Flags) -> tuple[Flags, Flags]:
    """Attack what would be shown; return the cells recovered, and the small ones left too narrow.

    Both must be empty before anything is published.
    """
    low, high = limits(request, withheld)
    found = attack(request.tables, low, high, withheld | request.hidden, whole_limits=True)
    narrow = request.small & (found.width < request.width - NEAR)
    return found.recovered & withheld, narrow
