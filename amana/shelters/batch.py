"""Beds for many people at once, by an optimisation library, with a bound on what could be better.

Pure. HiGHS does it, through this module alone: what it returns is rooms by person, as `matching`
gives them for one party. Every hard rule is asked of `rules`; none is written anew here. People who
are alike for a bed are counted together, so that the solver chooses numbers, and a thousand people
are a few hundred counts. What is left out on purpose, because nobody's safety needs it: a family is
not split over a room of its own and a dormitory, and of a room whose count is old nothing is given.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from time import monotonic
from typing import Any

import highspy

from amana.shelters import matching, rules
from amana.shelters.rules import House, Person, Sleeper, Unit
from amana.standards.shelters import Shelters

# One point of preference weighs this little beside a person's bed.
BED = 10
# A solution so near the bound is as good as the best one.
GAP = 0.0005
# So many columns are solved whole; of more, those that are worth nearly as much as the best use.
SMALL, CORE = 6_000, 5.0
# How HiGHS says that a solution keeps every row.
FEASIBLE = 2
NOBODY = Person("", "", "F", "25_34", is_agreed=True, has_basis=True)


@dataclass(frozen=True)
class Waiting:
    """People who belong together and got no bed, and every reason that may be told."""

    party: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """Who sleeps where, who waits and why, and how far from the best this can be at most.

    `gap` is the share of `bound` by which a better placement could at most be better.
    """

    rooms: Mapping[str, str]
    waiting: tuple[Waiting, ...]
    value: float
    bound: float
    lp_bound: float

    @property
    def gap(self) -> float:
        """Return the share by which the best placement could at most be better."""
        return max(0.0, (self.bound - self.value) / self.bound) if self.bound > 0 else 0.0


def place(
    people: Sequence[Person],
    houses: Sequence[House],
    now: datetime,
    table: Shelters,
    *,
    seconds: float = 10.0,
    stays: Mapping[str, str] | None = None,
) -> Placed:
    """Place as many as the rules allow, whom danger presses first, in at most so many seconds.

    `stays` names the house that a party has already: when a house drops out, the others stay where
    they are as far as that costs nobody a bed.
    """
    made = _Model(people, houses, now, table, stays or {})
    return made.solved(seconds)


def worth(party: Sequence[Person], table: Shelters) -> int:
    """Return how much a bed for these people weighs: each person counts, danger counts more."""
    weigh = table.priority
    total = 0
    for one in party:
        total += weigh["BASE"].value
        if rules.may_be_child(one.age_band, table):
            total += weigh["CHILD_ALONE" if len(party) == 1 else "CHILD"].value
        if one.is_mother:
            total += weigh["MOTHER_WITH_CHILD"].value
        if one.risk in ("CRITICAL", "HIGH"):
            total += weigh[f"RISK_{one.risk}"].value
    return total


def value_of(
    party: Sequence[Person], house: House, table: Shelters, *, is_kept: bool = False
) -> int:
    """Return what this house is worth for these people: their beds first, then what they prefer."""
    score = sum(table.soft[r].value for r in matching.preferences(party, house, table)[0])
    return worth(party, table) * BED + score + (table.soft["SAME_PLACE"].value if is_kept else 0)


# People who are alike.


@dataclass(frozen=True)
class _Kind:
    """What a shared room must know of a person: whoever is alike in this is alike to it."""

    sex: str
    wish: str
    age_band: str
    is_step_free: bool

    @cached_property
    def person(self) -> Person:
        needs = frozenset({"STEP_FREE"}) if self.is_step_free else frozenset[str]()
        return replace(NOBODY, sex=self.sex, wish=self.wish, age_band=self.age_band, needs=needs)


def _kind(one: Person) -> _Kind:
    return _Kind(one.sex, one.wish, one.age_band, "STEP_FREE" in one.needs)


@dataclass
class _Class:
    """Parties that are alike: any of them may have the bed of any other."""

    parties: list[tuple[Person, ...]] = field(default_factory=list)

    @property
    def like(self) -> tuple[Person, ...]:
        return self.parties[0]

    @property
    def needs_own_room(self) -> bool:
        return any(one.child_of for one in self.like)


def _classes(people: Sequence[Person], kept: Mapping[str, str]) -> list[_Class]:
    """Sort parties that nothing tells apart; who must not meet somebody is always alone."""
    by_party: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        by_party[one.party].append(one)
    named = {code for one in people for code in (*one.incompatible, *one.wants_near)}
    found: dict[Any, _Class] = defaultdict(_Class)
    for name, party in sorted(by_party.items()):
        mothers = {one.code: n for n, one in enumerate(party)}
        like = tuple(
            replace(one, code="", party="", child_of=str(mothers.get(one.child_of, "")))
            for one in party
        )
        alone = any(one.incompatible or one.wants_near or one.code in named for one in party)
        found[like, name if alone else "", kept.get(name, "")].parties.append(tuple(party))
    return list(found.values())


class _Model:
    """The choice as HiGHS takes it: columns are counts of parties, rows are what must hold."""

    def __init__(
        self,
        people: Sequence[Person],
        houses: Sequence[House],
        now: datetime,
        table: Shelters,
        kept: Mapping[str, str],
    ) -> None:
        self.houses, self.now, self.table, self.kept = list(houses), now, table, kept
        self.classes = _classes(people, kept)
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.rows: list[tuple[float, float, dict[int, float]]] = []
        self.own: dict[int, tuple[int, int, str]] = {}
        self.shared: dict[int, tuple[int, int]] = {}
        self.flow: dict[tuple[_Kind, str], int] = {}
        self._masks: dict[tuple[str, Person], int] = {}
        self._free = {
            u.code: rules.claimed_free(u) if rules.is_sure(u, now, table) else 0
            for h in self.houses
            for u in h.units
        }
        self._build()

    # Which houses a party may be asked for: one bit a house, so that four hundred are one number.

    def _mask(self, reason: str, probe: Person) -> int:
        key = (reason, probe)
        if key not in self._masks:
            self._masks[key] = sum(
                1 << n
                for n, house in enumerate(self.houses)
                if reason not in rules.against_house(probe, house, self.now, self.table)
            )
        return self._masks[key]

    def _may_house(self, party: Sequence[Person]) -> int:
        """Return the houses against which nothing stands for any of them, feature by feature."""
        mask = (1 << len(self.houses)) - 1
        for one in party:
            if one.incompatible:
                bare = replace(NOBODY, incompatible=one.incompatible)
                mask &= self._mask("INCOMPATIBLE", bare)
            law = replace(
                NOBODY, age_band=one.age_band, is_agreed=one.is_agreed, has_basis=one.has_basis
            )
            for reason in ("CHILD_WITHOUT_BASIS", "ADULT_HAS_NOT_AGREED"):
                mask &= self._mask(reason, law)
            mask &= self._mask("SECURITY_TOO_LOW", replace(NOBODY, risk=one.risk))
            for need in one.needs & self.table.binding_needs:
                mask &= self._mask("NEED_NOT_MET", replace(NOBODY, needs=frozenset({need})))
            for reason in ("WITHIN_REACH", "DISTANCE_UNKNOWN"):
                mask &= self._mask(reason, replace(NOBODY, avoids=one.avoids))
            who = replace(
                NOBODY, sex=one.sex, wish=one.wish, age_band=one.age_band,
                child_of="m" if one.child_of else "", is_mother=one.is_mother,
            )  # fmt: skip
            mask &= self._mask("PROFILE_NOT_TAKEN", who)
        for reason in ("NOT_A_SHELTER", "NOT_OPEN", "LICENCE_NOT_VALID"):
            mask &= self._mask(reason, NOBODY)
        return mask

    # Columns and rows.

    def _column(self, cost: float, upper: float) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def _build(self) -> None:
        rooms: dict[str, dict[int, float]] = defaultdict(dict)
        balance: dict[tuple[int, _Kind], dict[int, float]] = defaultdict(dict)
        given: list[dict[int, float]] = []
        at: dict[tuple[int, int], list[int]] = defaultdict(list)
        for c, group in enumerate(self.classes):
            mine: dict[int, float] = {}
            mask = self._may_house(group.like)
            for h, house in enumerate(self.houses):
                if not mask >> h & 1:
                    continue
                name = group.like[0].party
                worth_ = value_of(
                    group.like, house, self.table, is_kept=self.kept.get(name) == house.code
                )
                for column in self._ways_in(c, h, worth_, rooms, balance):
                    mine[column] = 1
                    at[c, h].append(column)
            given.append(mine)
        for c, mine in enumerate(given):
            if mine:
                self.rows.append((-highspy.kHighsInf, float(len(self.classes[c].parties)), mine))
        self._beds(rooms, balance)
        self._apart(at)

    def _ways_in(
        self,
        c: int,
        h: int,
        worth_: int,
        rooms: dict[str, dict[int, float]],
        balance: dict[tuple[int, _Kind], dict[int, float]],
    ) -> Iterable[int]:
        """Make the columns by which a class may come into a house: an own room, or shared ones."""
        group, house = self.classes[c], self.houses[h]
        seen: dict[Any, int] = {}
        for unit in house.units:
            if not self._fits_own(group.like, unit):
                continue
            # Two rooms that are alike are one column with two places.
            like = (unit.sex, unit.ages, unit.is_step_free)
            if len(group.like) > 1 or not self._may_share(group.like[0], house):
                column = self._column(worth_, 1)
                self.own[column] = (c, h, unit.code)
                rooms[unit.code][column] = 1
                seen[like] = column
                yield column
        if group.needs_own_room or not all(self._may_share(one, house) for one in group.like):
            return
        column = self._column(worth_, float(len(group.parties)))
        self.shared[column] = (c, h)
        for one in group.like:
            row = balance[h, _kind(one)]
            row[column] = row.get(column, 0) - 1
        yield column

    def _fits_own(self, party: Sequence[Person], unit: Unit) -> bool:
        if not unit.is_one_party or unit.sleepers or len(party) > self._free[unit.code]:
            return False
        return not any(rules.against_unit(one, unit, self.table) for one in party)

    def _may_share(self, one: Person, house: House) -> bool:
        return any(self._fits_shared(_kind(one), unit) for unit in house.units)

    def _fits_shared(self, kind: _Kind, unit: Unit) -> bool:
        """Say whether somebody of this kind may have a bed here beside others of her age."""
        key = (kind, unit.code)
        if key not in self._shares:
            self._shares[key] = self._asked_shared(kind, unit)
        return self._shares[key]

    @cached_property
    def _shares(self) -> dict[tuple[_Kind, str], bool]:
        return {}

    def _asked_shared(self, kind: _Kind, unit: Unit) -> bool:
        one = kind.person
        if not self._free[unit.code] or rules.against_unit(one, unit, self.table):
            return False
        if unit.is_one_party:
            return not unit.sleepers
        # Whose sex or age nobody knows shares with nobody: two of them are asked of the rule.
        twin = replace(one.sleeper, party="twin")
        if rules.against_sharing(one.sleeper, twin, unit, self.table):
            return False
        return not any(
            rules.against_sharing(one.sleeper, there, unit, self.table) for there in unit.sleepers
        )

    def _beds(
        self,
        rooms: dict[str, dict[int, float]],
        balance: dict[tuple[int, _Kind], dict[int, float]],
    ) -> None:
        """Join the people of a house to its rooms, and fill no room beyond its beds."""
        inside: dict[str, dict[_Kind, int]] = defaultdict(dict)
        for (h, kind), row in balance.items():
            for unit in self.houses[h].units:
                if self._fits_shared(kind, unit):
                    column = self._column(0, float(self._free[unit.code]))
                    self.flow[kind, unit.code] = column
                    row[column] = 1
                    inside[unit.code][kind] = column
            self.rows.append((0, 0, row))
        for house in self.houses:
            for unit in house.units:
                self._room(unit, rooms.get(unit.code, {}), inside.get(unit.code, {}))

    def _room(self, unit: Unit, own: dict[int, float], kinds: dict[_Kind, int]) -> None:
        free = float(self._free[unit.code])
        if unit.is_one_party:
            row = own | dict.fromkeys(kinds.values(), 1.0)
            if row:
                self.rows.append((-highspy.kHighsInf, 1, row))
            return
        if kinds:
            self.rows.append((-highspy.kHighsInf, free, dict.fromkeys(kinds.values(), 1.0)))
        # A room that could be the children's or the adults' is the one or the other.
        sides = _sides(kinds, unit, self.table)
        if len(sides) > 1:
            switches = [self._column(0, 1) for _ in sides]
            self.rows.append((-highspy.kHighsInf, 1, dict.fromkeys(switches, 1.0)))
            for side, switch in zip(sides, switches, strict=True):
                row = {kinds[kind]: 1.0 for kind in side} | {switch: -free}
                self.rows.append((-highspy.kHighsInf, 0, row))

    def _apart(self, at: Mapping[tuple[int, int], Sequence[int]]) -> None:
        """Keep people who must not meet out of one house."""
        where = {one.code: c for c, g in enumerate(self.classes) for p in g.parties for one in p}
        pairs = {
            tuple(sorted((c, where[other])))
            for c, group in enumerate(self.classes)
            for one in group.like
            for other in one.incompatible
            if other in where and where[other] != c
        }
        for one, other in sorted(pairs):
            for h in range(len(self.houses)):
                row = dict.fromkeys([*at.get((one, h), ()), *at.get((other, h), ())], 1.0)
                if len(row) > 1:
                    self.rows.append((-highspy.kHighsInf, 1, row))

    # Solving and reading.

    def solved(self, seconds: float) -> Placed:
        """Solve it, and read rooms, bound and reasons."""
        if not self.cost:
            return Placed({}, tuple(self._waiting({})), 0, 0, 0)
        begun = monotonic()
        # The bound is worth waiting for: a relaxation that was broken off bounds nothing.
        lp = self._run(highspy.kHighsInf, is_whole=False)
        bound = lp.getInfo().objective_function_value
        core = self._core(lp)
        whole = self._run(max(0.2, seconds - (monotonic() - begun)), is_whole=True, upper=core)
        info, counts = whole.getInfo(), list(whole.getSolution().col_value)
        if info.primal_solution_status != FEASIBLE:
            return self._by_hand(bound)
        # What was left out of the core could have been better: then the relaxation is the bound.
        best = min(bound, info.mip_dual_bound) if core is self.upper else bound
        rooms = self._read([round(n) for n in counts])
        return Placed(
            rooms=rooms,
            waiting=tuple(self._waiting(rooms)),
            value=info.objective_function_value,
            bound=best,
            lp_bound=bound,
        )

    def _by_hand(self, bound: float) -> Placed:
        """Return what a worker would choose, where the time was over before the first solution."""
        people = [one for g in self.classes for party in g.parties for one in party]
        rooms = by_hand(people, self.houses, self.now, self.table)
        of = {u.code: h for h in self.houses for u in h.units}
        value = sum(
            value_of(
                party,
                of[rooms[party[0].code]],
                self.table,
                is_kept=self.kept.get(party[0].party) == of[rooms[party[0].code]].code,
            )
            for g in self.classes
            for party in g.parties
            if party[0].code in rooms
        )
        return Placed(rooms, tuple(self._waiting(rooms)), value, bound, bound)

    def _core(self, lp: highspy.Highs) -> list[float]:
        """Return the columns' limits with those shut that the relaxation says are far from used."""
        if len(self.cost) <= SMALL:
            return self.upper
        found = lp.getSolution()
        pairs = zip(found.col_value, found.col_dual, self.upper, strict=True)
        return [high if value > 0 or abs(dual) <= CORE else 0.0 for value, dual, high in pairs]

    def _run(self, seconds: float, *, is_whole: bool, upper: Sequence[float] = ()) -> highspy.Highs:
        model = highspy.Highs()  # type: ignore[no-untyped-call]
        model.silent()
        for name, value in (
            ("threads", 1), ("random_seed", 1),
            ("time_limit", float(seconds)), ("mip_rel_gap", GAP),
        ):  # fmt: skip
            model.setOptionValue(name, value)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.rows)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_, lp.col_lower_ = self.cost, [0.0] * len(self.cost)
        lp.col_upper_ = list(upper or self.upper)
        lp.row_lower_ = [float(low) for low, _, _ in self.rows]
        lp.row_upper_ = [float(high) for _, high, _ in self.rows]
        starts, index, value_ = [0], list[int](), list[float]()
        for _, _, row in self.rows:
            index += row.keys()
            value_ += row.values()
            starts.append(len(index))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value_
        if is_whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * len(self.cost)
        model.passModel(lp)
        model.run()
        return model

    def _read(self, counts: Sequence[int]) -> dict[str, str]:
        """Give the counted beds to people by name, in the order of their parties."""
        left = [list(group.parties) for group in self.classes]
        rooms: dict[str, str] = {}
        for column, (c, _h, unit) in self.own.items():
            for _ in range(counts[column]):
                rooms |= {one.code: unit for one in left[c].pop(0)}
        beds: dict[tuple[str, _Kind], list[str]] = defaultdict(list)
        of_unit = {u.code: h.code for h in self.houses for u in h.units}
        for (kind, unit), column in self.flow.items():
            beds[of_unit[unit], kind] += [unit] * counts[column]
        for column, (c, h) in self.shared.items():
            for _ in range(counts[column]):
                for one in left[c].pop(0):
                    rooms[one.code] = beds[self.houses[h].code, _kind(one)].pop()
        return rooms

    def _waiting(self, rooms: Mapping[str, str]) -> Iterable[Waiting]:
        """Say of everybody without a bed why: what stands against every house, or that all is full.

        Of an incompatibility nothing is told here at all: it is one of many houses.
        """
        for group in self.classes:
            waits = [party for party in group.parties if party[0].code not in rooms]
            if not waits:
                continue
            reasons = self._why(group.like)
            for party in waits:
                yield Waiting(tuple(one.code for one in party), reasons)

    def _why(self, party: Sequence[Person]) -> tuple[str, ...]:
        found = [matching.look_at(party, house, self.now, self.table) for house in self.houses]
        refused = [one.reasons for one in found if isinstance(one, matching.Refusal)]
        if len(refused) < len(found) or not refused:
            return ("NO_FREE_BED",)
        return min(refused, key=lambda one: (len(one), one))


def _sides(kinds: Mapping[_Kind, int], unit: Unit, table: Shelters) -> list[list[_Kind]]:
    """Sort those who may share this room into groups that may sleep beside each other."""
    sides: list[list[_Kind]] = []
    for kind in sorted(kinds, key=lambda one: (one.age_band, one.sex, one.wish, one.is_step_free)):
        one = kind.person.sleeper
        for side in sides:
            if not any(
                rules.against_sharing(one, Sleeper("", "other", s.sex, s.age_band), unit, table)
                for s in (other.person.sleeper for other in side)
            ):
                side.append(kind)
                break
        else:
            sides.append([kind])
    return sides


# What somebody would do by hand, to be measured beside.


def by_hand(
    people: Sequence[Person], houses: Sequence[House], now: datetime, table: Shelters
) -> dict[str, str]:
    """Place one party after the other in the best house that is left, as a worker would."""
    by_party: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        by_party[one.party].append(one)
    order: Callable[[list[Person]], tuple[int, str]] = lambda p: (-worth(p, table), p[0].party)  # noqa: E731
    left, rooms = {h.code: h for h in houses}, dict[str, str]()
    for party in sorted(by_party.values(), key=order):
        offers = matching.search(party, left.values(), now, table).offers
        sure = [one for one in offers if one.is_sure]
        if not sure:
            continue
        best = sure[0]
        rooms |= best.rooms
        guests: dict[str, list[Sleeper]] = defaultdict(list)
        for one in party:
            guests[best.rooms[one.code]].append(one.sleeper)
        left[best.house.code] = matching.with_guests(best.house, guests)
    return rooms
