"""Noisy counts of rows, from which other rows can be drawn. Pure.

The rounds measure rows that were made shorter. How many people a number stands for follows from
how long the rows are that hold a combination. That was counted for its attributes, and roughly for
its pairs; for the rest it is taken as if, among rows of one size, attributes came independently.
Everything here but the measuring itself reads noisy numbers alone.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from amana.knowledge.synthetic import rounds
from amana.knowledge.synthetic.counts import BadTable, Bools, Floats, Ints, Noisy, Plan, encode
from amana.knowledge.synthetic.rounds import Asked

# Attributes lean on one another: their shares of rows by size are taken to these powers in pairs
# and in triples. Found on the public synthetic CTDC release of 2021, as are the next ones.
LEAN = (0.93, 0.93)
# At least so many of the rows of a class are taken to hold an attribute, or to be in a group.
LEAST, LEAST_OF_GROUP = 0.01, 0.001
# How many times its noise a number of a group must be to say more than independence does.
DOUBT = 2.0


def fit(
    columns: Sequence[str], rows: Sequence[Sequence[str]], plan: Plan, *, flags: frozenset[str]
) -> Noisy:
    """Return the noisy counts of rows; `flags` are the columns that hold one value or none.

    Columns and flags are public: they come from the codebook, never from the rows. Raises BadTable.
    """
    _objections(columns, rows, flags)
    ids, attributes = encode(rows, len(columns))
    is_flag = np.array([name in flags for name in columns])
    sigma = rounds.noise_of(plan)
    of_first = sigma / sqrt(rounds.FIRST)
    first = _First(ids, len(attributes), is_flag, of_first)
    known = np.flatnonzero(first.seen > rounds.threshold(plan, of_first, len(columns)))
    # Numbers that do not depend on what stays hidden; the last one is for what is empty.
    place = np.full(len(attributes) + 1, -1)
    place[known] = np.arange(len(known))
    column_of = np.array([attributes[one][0] for one in known], np.int64)
    asked = Asked(column_of, is_flag, plan, sigma)
    asked.ask_all(place[ids], rounds.classes((ids >= 0).sum(1)))
    people = first.people()[known]
    sure = np.flatnonzero(asked.is_sure)
    combinations = {(one,): count for one, count in enumerate(_whole(people).tolist())}
    for members, count in zip(
        asked.members[sure].tolist(),
        _whole(_people(asked, first, known, sure)).tolist(),
        strict=True,
    ):
        combinations[tuple(one for one in members if one >= 0)] = count
    return Noisy(
        columns=tuple(columns),
        flags=tuple(is_flag.tolist()),
        plan=plan,
        sigma=sigma,
        shown_from=rounds.shown_from(plan, sigma, len(columns)),
        sizes=tuple(map(tuple, _whole(first.cells).tolist())),
        attributes=tuple(attributes[one] for one in known),
        combinations=dict(sorted(combinations.items())),
    )


class _First:
    """The first round: `seen` is the noisy weighted number of holders of each attribute, `cells`
    the number of rows by attributes that are no flags and that are, `whole` by class, and `holders`
    of each attribute by class. `kept` is by how much rows of a class were made shorter."""

    def __init__(self, ids: Ints, n_attributes: int, is_flag: Bools, sigma: float) -> None:
        real = rounds.first_adds(ids, n_attributes, is_flag)
        flat = rounds.noised(np.concatenate([part.ravel() for part in real]), sigma) / rounds.UNIT
        ends = np.cumsum([part.size for part in real])[:-1]
        whole, cells, self.seen, holders = np.split(flat, ends)
        self.whole = np.maximum(whole / rounds.SIZE, 1)
        self.cells = cells.reshape(real[1].shape) / rounds.SIZE
        # How many attributes a row has says by how much it was made shorter.
        n_of_cell = np.add.outer(*map(np.arange, self.cells.shape)).ravel()
        rows = np.maximum(np.bincount(n_of_cell, self.cells.ravel()), 1)
        n_held = np.arange(len(rows))
        in_class = rounds.classes(n_held)
        kept = np.bincount(in_class, rows * rounds.first_kept(n_held), rounds.N_CLASSES)
        self.kept = kept / np.maximum(np.bincount(in_class, rows, rounds.N_CLASSES), 1)
        self.kept[self.kept == 0] = 1
        by_class = holders.reshape(-1, rounds.N_CLASSES) / rounds.HOLDS_BY / self.kept
        self.holders = np.clip(by_class, LEAST * self.whole, self.whole)

    def people(self) -> Floats:
        """Return how many people hold each attribute."""
        mean = (_shares(self.holders) * self.kept).sum(1)
        return np.asarray(self.seen / rounds.HOLDS / mean, np.float64)


def _people(asked: Asked, first: _First, known: Ints, sure: Ints) -> Floats:
    """Return how many people combinations stand for that are sure."""
    members = asked.members[sure]
    share = _by_size(asked, first, known, members)
    one_person = np.zeros(len(sure))
    for look in asked.looks:
        kept = np.clip(look.kept / first.whole, 0.02, 1)
        mean = (share * kept).sum(1)
        worth = np.append(look.worth, np.zeros(len(asked.members) - len(look.worth)))[sure]
        one_person += worth**2 * mean * look.part / look.n_groups
    one_person /= asked.sigma**2
    is_measured = one_person > 0
    return np.where(is_measured, asked.seen[sure] / np.where(is_measured, one_person, 1), 0)


def _by_size(asked: Asked, first: _First, known: Ints, members: Ints) -> Floats:
    """Return which share of those who hold a combination has rows of each class."""
    lean = np.array(LEAN)[(members >= 0).sum(1) - 2]
    share = _leaning(first, known, members, lean)
    in_group = (rounds.GROUPS[:, None] == np.arange(rounds.N_GROUPS)).astype(np.float64)
    whole = first.whole @ in_group
    # Of pairs it was counted, roughly, in rows that were made shorter.
    look = asked.looks[0]
    kept = (np.clip(look.kept, 0, first.whole) @ in_group) / np.maximum(whole, 1)
    kept = np.clip(kept, 0.02, 1)
    pairs = asked.members[: asked.n_pairs]
    expected = _leaning(first, known, pairs, np.full(len(pairs), LEAN[0])) @ in_group
    noise = asked.sigma / sqrt(look.part) / look.worth[: asked.n_pairs]
    doubt = DOUBT * noise[:, None] * float((1 / kept).mean())
    of_pairs = _shares((np.maximum(asked.cells / kept, 0) + doubt * expected) * (whole > 0))
    of_pairs = np.maximum(of_pairs, LEAST_OF_GROUP)
    # Of triples it follows as if it were of each two what it is of these two alone.
    of_one = np.maximum(_shares(first.holders[known] @ in_group), LEAST)
    is_triple = members[:, 2] >= 0
    found = np.zeros((len(members), in_group.shape[1]))
    found[~is_triple] = of_pairs[asked.pair_at[members[~is_triple, 0], members[~is_triple, 1]]]
    triples = members[is_triple]
    of_two = of_pairs[asked.pairs_of(triples)].prod(1)
    found[is_triple] = _shares(of_two / of_one[triples].prod(1) * whole)
    return np.asarray(share * ((found / np.maximum(share @ in_group, 1e-12)) @ in_group.T))


def _leaning(first: _First, known: Ints, members: Ints, lean: Floats) -> Floats:
    """Return shares by class as if attributes came independently, but for how they lean."""
    logs = np.append(np.log(first.holders[known] / first.whole), [np.zeros(len(first.whole))], 0)
    share = np.exp(lean[:, None] * logs[members].sum(1)) * first.whole
    # Nobody holds more attributes than the row has.
    most = np.append(np.array(rounds.CLASSES) - 1, [np.iinfo(np.int64).max])
    share[most < (members >= 0).sum(1)[:, None]] = 0
    return _shares(share)


def _shares(numbers: Floats) -> Floats:
    return np.asarray(numbers / np.maximum(numbers.sum(1, keepdims=True), 1e-12), np.float64)


def _whole(noisy: Floats) -> Ints:
    return np.round(noisy).astype(np.int64)


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
