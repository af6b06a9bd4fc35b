"""A crowd and its houses as a choice of counts: columns and rows, and the way back to rooms. Pure.

Every hard rule is asked of `rules`, feature by feature, so that four hundred houses and some
thousand people are asked some thousand times and not a million.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain, combinations, product
from typing import Any, NamedTuple

from amana.shelters import matching, rules
from amana.shelters.batch.program import CHOICE, INF, Program
from amana.shelters.rules import House, Person, Sleeper, Unit
from amana.standards.shelters import Shelters

# A party of more people is not parted over rooms of its own: there would be too many ways.
LARGEST = 6
NOBODY = Person("", "", "F", "25_34", is_agreed=True, has_basis=True)


@dataclass(frozen=True)
class Kind:
    """What a room must know of a person: whoever is alike in this is alike to it."""

    sex: str
    wish: str
    age_band: str
    is_step_free: bool
    has_mother: bool

    @cached_property
    def person(self) -> Person:
        """Return somebody of this kind, of whom nothing else is known."""
        return replace(
            NOBODY, sex=self.sex, wish=self.wish, age_band=self.age_band,
            child_of="m" if self.has_mother else "",
            needs=frozenset({"STEP_FREE"}) if self.is_step_free else frozenset(),
        )  # fmt: skip


def kind_of(one: Person) -> Kind:
    """Return what a room must know of somebody."""
    return Kind(one.sex, one.wish, one.age_band, "STEP_FREE" in one.needs, bool(one.child_of))


@dataclass
class Alike:
    """Parties that nothing tells apart: any of them may have the bed of any other."""

    parties: list[tuple[Person, ...]] = field(default_factory=list)

    @property
    def like(self) -> tuple[Person, ...]:
        """Return one of them."""
        return self.parties[0]


def alike(people: Sequence[Person], kept: Mapping[str, str]) -> list[Alike]:
    """Sort people into parties that are alike; who must not meet somebody is always alone."""
    by_party: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        by_party[one.party].append(one)
    named = {code for one in people for code in (*one.incompatible, *one.wants_near)}
    found: dict[Any, Alike] = defaultdict(Alike)
    for name, party in sorted(by_party.items()):
        mothers = {one.code: n for n, one in enumerate(party)}
        like = tuple(
            replace(one, code="", party="", child_of=str(mothers.get(one.child_of, "")))
            for one in party
        )
        alone = any(one.incompatible or one.wants_near or one.code in named for one in party)
        found[like, name if alone else "", kept.get(name, "")].parties.append(tuple(party))
    return list(found.values())


# Of a party, by their places in it, who has a room together that is theirs alone.
Blocks = tuple[tuple[int, ...], ...]


def parted(party: Sequence[Person]) -> list[Blocks]:
    """Return every way to part people over one or two rooms of their own and shared ones.

    A mother and her children are not parted, and always in such a room. People who are alike are
    not told apart. Of a party of more than six no way is returned: they would be too many.
    """
    if len(party) > LARGEST:
        return []
    together: dict[int, list[int]] = defaultdict(list)
    number = {one.code: n for n, one in enumerate(party)}
    for n, one in enumerate(party):
        together[number.get(one.child_of, n)].append(n)
    bound = list(together.values())
    found: dict[object, Blocks] = {}
    for first in _some(bound):
        if sum(map(len, first)) == len(party):
            continue
        others = [one for one in bound if one not in first]
        for second in ([], *_some(others)):
            left = [one for one in others if one not in second]
            if all(len(one) == 1 for one in left):
                blocks = tuple(tuple(sorted(chain(*one))) for one in (first, second) if one)
                kinds = [sorted(_by_kind(kind_of(party[n])) for n in block) for block in blocks]
                found.setdefault(str(sorted(kinds)), blocks)
    return list(found.values())


def _some(bound: Sequence[list[int]]) -> Iterable[list[list[int]]]:
    """Yield every choice of those who are not parted that is two people or more."""
    for size in range(1, len(bound) + 1):
        for some in combinations(bound, size):
            if sum(map(len, some)) > 1:
                yield list(some)


@dataclass
class _Own:
    """Empty rooms that are alike and may be one party's: their row, beds, which kinds fit, codes.

    A room is `weight` of the row: one of so many rooms, or all beds of a shared one.
    """

    row: int
    beds: int
    fitting: set[int]
    codes: list[str]
    weight: float = 1.0


class _Way(NamedTuple):
    """A room in which somebody may sleep: its row, its code (or empty rooms that are alike), how
    many may, and the row of the choice that it must be theirs, if it could be others'.
    """

    row: int
    room: str | _Own
    most: int
    switch: int | None = None


class _Taken(NamedTuple):
    """A party in a house, and which of its people have which room of their own there."""

    party: int
    house: int
    own: tuple[tuple[_Own, tuple[int, ...]], ...]


@dataclass
class _Inside:
    """The rows of one house, for whoever comes in.

    `own` holds the rooms for one party, `whole` the shared ones where nobody sleeps yet: one party
    may have all of such a room. `ways` holds of each kind its rooms; `balance` of each that may
    share one the row of its beds.
    """

    own: list[_Own] = field(default_factory=list)
    whole: list[_Own] = field(default_factory=list)
    ways: dict[int, list[_Way]] = field(default_factory=lambda: defaultdict(list))
    balance: dict[int, int] = field(default_factory=dict)


class Crowd:
    """The choice for one crowd: which columns there are, and what each of them stands for.

    A column of `way` is a party in a house: who of it has which room of its own, and the others
    beds in shared rooms; `flow` says in which room the people of a kind sleep, where a house takes
    them in. Rooms for one party that are alike are one row with as many places.
    """

    def __init__(
        self,
        people: Sequence[Person],
        houses: Sequence[House],
        now: datetime,
        table: Shelters,
        kept: Mapping[str, str],
        worth: Callable[[Sequence[Person]], int],
    ) -> None:
        self.houses, self.now, self.table, self.kept = list(houses), now, table, kept
        self.alike = alike(people, kept)
        self.program = Program()
        self.way: dict[int, _Taken] = {}
        # The row of who sleeps there, and a shared room by its code, or empty ones that are alike.
        self.flow: dict[int, tuple[int, str | _Own]] = {}
        self.rooms = [self._rooms(house) for house in self.houses]
        # In which houses each party could be.
        self.ways: list[list[int]] = [[] for _ in self.alike]
        found = {kind_of(one) for group in self.alike for one in group.like}
        self.kinds = sorted(found, key=_by_kind)
        self._worth = worth
        self._masks: dict[tuple[str, Person], int] = {}
        self._points: dict[tuple[Person, ...], list[int]] = {}
        self._fitting: dict[tuple[Kind, Any], bool] = {}
        self._parts: dict[int, list[Blocks]] = {}
        self.inside = [self._opened(h) for h in range(len(self.houses))]
        self._build()

    def _rooms(self, house: House) -> tuple[list[Unit], list[list[Unit]]]:
        """Return the shared rooms of a house with beds, and its empty ones for one party, alike."""
        sure = [u for u in house.units if rules.is_sure(u, self.now, self.table)]
        units = [u for u in sure if rules.claimed_free(u)]
        alone: dict[Any, list[Unit]] = defaultdict(list)
        for unit in units:
            if unit.is_one_party and not unit.sleepers:
                alone[_shape(unit), rules.claimed_free(unit)].append(unit)
        return [u for u in units if not u.is_one_party], list(alone.values())

    # Which houses a party may be asked for: one bit a house.

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
                mask &= self._mask("INCOMPATIBLE", replace(NOBODY, incompatible=one.incompatible))
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

    # What a house is worth: what a party prefers, one wish after the other.

    def _values(self, group: Alike) -> list[int]:
        """Return what each house is worth for a party: its beds first, then what it prefers."""
        bare = self._preferred((NOBODY,))
        probes = [bare, *(self._preferred(p) for p in _wishes(group.like, self.table))]
        base = self._worth(group.like)
        # What every party prefers was counted with each of its wishes.
        often = len(probes) - 1
        found = [base + sum(points) - often * points[0] for points in zip(*probes, strict=True)]
        stays = self.kept.get(group.like[0].party)
        return [
            value + (self.table.soft["SAME_PLACE"].value if house.code == stays else 0)
            for value, house in zip(found, self.houses, strict=True)
        ]

    def _preferred(self, party: tuple[Person, ...]) -> list[int]:
        if party not in self._points:
            self._points[party] = [
                sum(
                    self.table.soft[reason].value
                    for reason in matching.preferences(party, house, self.table)[0]
                )
                for house in self.houses
            ]
        return self._points[party]

    # Columns and rows.

    def _build(self) -> None:
        at: dict[tuple[int, int], list[int]] = defaultdict(list)
        number = {kind: n for n, kind in enumerate(self.kinds)}
        barred = self._barred()
        apart = {c for pair in barred for c in pair}
        for c, group in enumerate(self.alike):
            mask = self._may_house(group.like)
            values, row = self._values(group), self.program.row(-INF, float(len(group.parties)))
            kinds = [number[kind_of(one)] for one in group.like]
            for h in range(len(self.houses)):
                if mask >> h & 1:
                    made = self._ways_in(c, h, values[h], row, kinds)
                    if made:
                        self.ways[c].append(h)
                    if c in apart:
                        at[c, h] += made
        self._apart(barred, at)

    def _ways_in(self, c: int, h: int, value: int, row: int, kinds: Sequence[int]) -> list[int]:
        """Make the columns by which a party may come into a house.

        All in a room of their own, or all in shared rooms; only where neither can be, all of a
        shared room is theirs, or they are parted over rooms of their own and shared ones.
        """
        inside, everybody = self.inside[h], (tuple(range(len(kinds))),)
        may_share = all(kind in inside.balance for kind in kinds)
        made = self._way(c, h, value, row, kinds, (), inside.own) if may_share else []
        if len(kinds) > 1 or not may_share:
            made += self._way(c, h, value, row, kinds, everybody, inside.own)
        if not made and len(kinds) > 1:
            rooms = inside.own + inside.whole
            for blocks in (everybody, *self._parted(c)):
                made += self._way(c, h, value, row, kinds, blocks, rooms)
        return made

    def _way(
        self,
        c: int,
        h: int,
        value: int,
        row: int,
        kinds: Sequence[int],
        blocks: Blocks,
        own: Sequence[_Own],
    ) -> list[int]:
        """Make a column for each choice of rooms of their own for these blocks of a party."""
        balance, made = self.inside[h].balance, []
        shared = [k for n, k in enumerate(kinds) if not any(n in block for block in blocks)]
        if any(kind not in balance for kind in shared):
            return []
        fitting = [
            [
                room
                for room in own
                if len(block) <= room.beds and all(kinds[one] in room.fitting for one in block)
            ]
            for block in blocks
        ]
        for rooms in product(*fitting):
            weights = {row: 1.0}
            for room in rooms:
                weights[room.row] = weights.get(room.row, 0) + room.weight
            for kind in shared:
                weights[balance[kind]] = weights.get(balance[kind], 0) - 1
            limit = float(len(self.alike[c].parties))
            column = self.program.column(value, limit, weights, place=h, group=row)
            self.way[column] = _Taken(c, h, tuple(zip(rooms, blocks, strict=True)))
            made.append(column)
        return made

    def _parted(self, c: int) -> list[Blocks]:
        """Return how a party may be parted over rooms of its own: mother and children as one."""
        if c not in self._parts:
            self._parts[c] = parted(self.alike[c].like)
        return self._parts[c]

    def _fits(self, kind: Kind, unit: Unit) -> bool:
        """Say whether somebody of this kind may have a bed here, beside those who sleep in it."""
        key = (kind, (_shape(unit), unit.sleepers))
        if key not in self._fitting:
            self._fitting[key] = self._asked(kind, unit)
        return self._fitting[key]

    def _fits_alone(self, kind: Kind, unit: Unit) -> bool:
        return not rules.against_unit(kind.person, unit, self.table)

    def _asked(self, kind: Kind, unit: Unit) -> bool:
        one = kind.person
        if not self._fits_alone(kind, unit):
            return False
        if unit.is_one_party:
            return True
        # Whose sex or age nobody knows shares with nobody: two of them are asked of the rule.
        others = (replace(one.sleeper, party="twin"), *unit.sleepers)
        return not any(
            rules.against_sharing(one.sleeper, other, unit, self.table) for other in others
        )

    def _opened(self, h: int) -> _Inside:
        """Make the rows of a house: no room beyond its beds, and everybody taken in has one.

        A child with its mother sleeps where she does, and is nobody's to share with.
        """
        inside = _Inside()
        shared, alone = self.rooms[h]
        for units in alone:
            row = self.program.row(-INF, float(len(units)))
            fitting = {k for k, kind in enumerate(self.kinds) if self._fits(kind, units[0])}
            free = rules.claimed_free(units[0])
            inside.own.append(_Own(row, free, fitting, [unit.code for unit in units]))
            for k in fitting:
                inside.ways[k].append(_Way(row, inside.own[-1], len(units)))
        for unit in shared:
            self._shared(h, unit, inside)
        self._balanced(h, inside)
        return inside

    def _shared(self, h: int, unit: Unit, inside: _Inside) -> None:
        """Make the row of a shared room; one for the children's or the adults' is one or other."""
        free = rules.claimed_free(unit)
        fits = [k for k, kind in enumerate(self.kinds) if self._fits(kind, unit)]
        sides = _sides([self.kinds[k] for k in fits], unit, self.table)
        row, switches = self.program.row(-INF, float(free)), dict[int, int]()
        if len(set(sides)) > 1:
            one = self.program.row(-INF, 1)
            for side in set(sides):
                switches[side] = self.program.row(-INF, 0)
                weights = {one: 1.0, switches[side]: -float(free)}
                self.program.column(0, 1, weights, place=h, group=CHOICE)
        for k, side in zip(fits, sides, strict=True):
            inside.ways[k].append(_Way(row, unit.code, free, switches.get(side)))
        if not unit.sleepers:
            alone = {k for k, kind in enumerate(self.kinds) if self._fits_alone(kind, unit)}
            inside.whole.append(_Own(row, free, alone, [unit.code], weight=float(free)))

    def _balanced(self, h: int, inside: _Inside) -> None:
        """Join who is taken in to the rooms: those who may sleep in the same are one row."""
        alike: dict[tuple[int, ...], int] = {}
        for k, found in sorted(inside.ways.items()):
            # Rooms are told apart by their rows, sides of a room by those of their choices.
            ways = tuple(way.row if way.switch is None else way.switch for way in found)
            if self.kinds[k].has_mother:
                continue
            if ways not in alike:
                balance = alike[ways] = self.program.row(0, 0)
                for way in found:
                    weights = {balance: 1.0, way.row: 1.0}
                    if way.switch is not None:
                        weights[way.switch] = 1.0
                    column = self.program.column(0, float(way.most), weights, place=h)
                    self.flow[column] = (balance, way.room)
            inside.balance[k] = alike[ways]

    def _barred(self) -> list[tuple[int, int]]:
        """Return which parties must not be in one house with which."""
        where = {one.code: c for c, g in enumerate(self.alike) for p in g.parties for one in p}
        return sorted(
            {
                (min(c, where[other]), max(c, where[other]))
                for c, group in enumerate(self.alike)
                for one in group.like
                for other in one.incompatible
                if other in where and where[other] != c
            }
        )

    def _apart(
        self, pairs: Iterable[tuple[int, int]], at: Mapping[tuple[int, int], Sequence[int]]
    ) -> None:
        """Keep people who must not meet out of one house."""
        program = self.program
        for one, other in pairs:
            for h in range(len(self.houses)):
                columns = [*at.get((one, h), ()), *at.get((other, h), ())]
                if len(columns) > 1:
                    row = program.row(-INF, 1)
                    for column in columns:
                        program.rows[column] += (row,)
                        program.weights[column] += (1.0,)

    # The way back.

    def read(self, counts: Mapping[int, int]) -> dict[str, str]:
        """Give the counted beds to people by name, in the order of their parties."""
        left = [list(group.parties) for group in self.alike]
        empty = {id(own): list(own.codes) for one in self.inside for own in one.own + one.whole}
        rooms: dict[str, str] = {}
        shared: list[tuple[Person, int]] = []
        for column, taken in self.way.items():
            for _ in range(counts.get(column, 0)):
                party = left[taken.party].pop(0)
                for own, block in taken.own:
                    unit = empty[id(own)].pop()
                    rooms |= {party[one].code: unit for one in block}
                shared += [(one, taken.house) for one in party if one.code not in rooms]
        beds: dict[int, list[str]] = defaultdict(list)
        for column, (balance, room) in self.flow.items():
            for _ in range(counts.get(column, 0)):
                beds[balance].append(room if isinstance(room, str) else empty[id(room)].pop())
        number = {kind: n for n, kind in enumerate(self.kinds)}
        for one, h in shared:
            rooms[one.code] = beds[self.inside[h].balance[number[kind_of(one)]]].pop()
        return rooms


def _shape(unit: Unit) -> tuple[object, ...]:
    return (unit.sex, unit.ages, unit.is_one_party, unit.is_step_free)


def _by_kind(kind: Kind) -> tuple[str, str, str, bool, bool]:
    return (kind.age_band, kind.sex, kind.wish, kind.is_step_free, kind.has_mother)


def _wishes(party: Sequence[Person], table: Shelters) -> Iterable[tuple[Person, ...]]:
    """Yield a party once for each of its wishes, as if it had no other."""
    for name in ("languages", "stays_in", "area", "wants_near"):
        if any(getattr(one, name) for one in party):
            yield tuple(replace(NOBODY, **{name: getattr(one, name)}) for one in party)
    small = [one for one in party if one.age_band in table.ages["small"] and not one.child_of]
    if small:
        yield (replace(NOBODY, age_band=small[0].age_band),)
    for need in sorted({need for one in party for need in one.needs}):
        yield (replace(NOBODY, needs=frozenset({need})),)


def _sides(kinds: Sequence[Kind], unit: Unit, table: Shelters) -> list[int]:
    """Return for each of those who may share this room its side: on one, all may sleep together."""
    sides: list[list[Sleeper]] = []
    found = []
    for kind in kinds:
        sleeper = kind.person.sleeper
        other = Sleeper("", "other", sleeper.sex, sleeper.age_band)
        for number, side in enumerate(sides):
            if not any(rules.against_sharing(sleeper, one, unit, table) for one in side):
                side.append(other)
                found.append(number)
                break
        else:
            sides.append([other])
            found.append(len(sides) - 1)
    return found
