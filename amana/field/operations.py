"""What an operation's people see of it: the list of its wristbands, and what a person must look at.

Never a name: codes, age bands, who belongs together.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from amana.access import queries as access
from amana.access.documents import open_document
from amana.access.rules import Actor, NotFound, Role
from amana.field import group, queries, rules
from amana.field.group import Person
from amana.field.models import Operation, Wristband
from amana.field.queries import OpenedRecord
from amana.field.rules import Urgency
from amana.identification.answers import is_child, walk
from amana.identification.queries import access_instrument, access_screening, given_of

# Who opens an operation and prints its wristbands.
OPENING = frozenset({Role.COORDINATOR, Role.SUPERVISOR})
NOTHING_FOUND = "AUCUN_INDICATEUR"

# Which of these screenings are of somebody for whom a worker cares. Cases stand above this room:
# the node puts the two together.
Owned = Callable[[Collection[str]], Collection[str]]
_OWNED: list[Owned] = []


def install(owned: Owned) -> None:
    """Say who knows whether a worker cares for the person of a screening."""
    _OWNED[:] = [owned]


@dataclass(frozen=True)
class Listed:
    """An operation in the list; its name only for who holds its key."""

    row: Operation
    name: str
    n_wristbands: int
    n_registered: int


@dataclass(frozen=True)
class Line:
    """One person registered with a wristband: what may stand on a list that lies around."""

    band: str
    number: int
    record: str
    screening: str
    age_band: str
    sex: str
    urgency: Urgency
    # The number of her sibling group, 0 for none.
    siblings: int
    has_clash: bool
    has_owner: bool
    is_unfinished: bool


@dataclass(frozen=True)
class Overview:
    """How an operation stands, for who reads its records."""

    lines: tuple[Line, ...]
    sibling_groups: tuple[tuple[str, ...], ...]
    worn_twice: tuple[str, ...]
    possible_doubles: tuple[tuple[str, ...], ...]
    median_ms: int | None

    @property
    def n_without_owner(self) -> int:
        return sum(not line.has_owner for line in self.lines)

    @property
    def n_clashing(self) -> int:
        return sum(line.has_clash for line in self.lines)


def units_for(actor: Actor) -> list[tuple[str, str]]:
    """Return for which units this person may open an operation: code, institution."""
    return [
        (code, name)
        for code, name, _ in queries.care_teams()
        if actor.role is Role.COORDINATOR or actor.holds(code)
    ]


def operations_of(actor: Actor) -> list[Listed]:
    """Return the operations that this person may see, newest first: of her units, or all."""
    rows = Operation.objects.order_by("-begins_at", "pk")
    if actor.role is not Role.COORDINATOR:
        rows = rows.filter(team_id__in=actor.teams)
    return [_listed(actor, row) for row in rows]


def access_operation(actor: Actor, code: str) -> Listed:
    """Return one operation, or NotFound."""
    row = Operation.objects.filter(pk=code).first()
    if row is None or not (actor.role is Role.COORDINATOR or actor.holds(row.team_id)):
        raise NotFound
    return _listed(actor, row)


def _listed(actor: Actor, row: Operation) -> Listed:
    name = ""
    if actor.holds(row.team_id):
        key = access.access_key(actor, row.key_id)
        place = queries.operation_place(row.code, row.key_id)
        name = open_document(key, bytes(row.sealed), place)["name"]
    n_registered = row.record_set.values("place").distinct().count()
    return Listed(row, name, n_wristbands(row), n_registered)


def n_wristbands(row: Operation) -> int:
    """Return how many wristbands an operation has."""
    return Wristband.objects.filter(operation=row).count()


def wristbands(row: Operation, since: int = 1) -> list[tuple[int, str]]:
    """Return the wristbands of an operation to print, by number, from this one on."""
    bands = Wristband.objects.filter(operation=row, number__gte=since).order_by("number")
    return list(bands.values_list("number", "code"))


def overview(actor: Actor, code: str) -> Overview:
    """Return how an operation stands: one line for each person, the order is that of wristbands."""
    by_place: dict[str, list[OpenedRecord]] = {}
    for opened in queries.records_of(actor, code):
        by_place.setdefault(opened.row.place, []).append(opened)
    people = {place: _person(place, found) for place, found in by_place.items()}
    links: dict[str, set[str]] = {}
    for person in people.values():
        links.setdefault(person.band, set()).update(person.siblings)
    clashing = {p for p, found in by_place.items() if any(o.row.has_clash for o in found)}
    owned = _looked_after(actor, by_place)
    numbers = dict(Wristband.objects.filter(operation_id=code).values_list("code", "number"))
    groups = _by_number(group.sibling_groups(links), numbers)
    lines = [
        _line(person, by_place[place], numbers, groups, has_owner=place in owned)
        for place, person in people.items()
    ]
    return Overview(
        lines=tuple(sorted(lines, key=lambda line: (line.number, line.record))),
        sibling_groups=groups,
        worn_twice=group.worn_twice(people.values(), clashing),
        possible_doubles=group.possible_doubles(people.values()),
        median_ms=group.median_ms(people.values()),
    )


def _by_number(
    groups: tuple[tuple[str, ...], ...], numbers: dict[str, int]
) -> tuple[tuple[str, ...], ...]:
    """Return the groups in the order of the list; a band of elsewhere comes last."""
    last = group.MOST_WRISTBANDS + 1
    ordered = [tuple(sorted(one, key=lambda b: (numbers.get(b, last), b))) for one in groups]
    return tuple(sorted(ordered, key=lambda one: numbers.get(one[0], last)))


def _person(place: str, found: list[OpenedRecord]) -> Person:
    """Return one person of all that was asked of her, with whichever instrument."""
    answers = {q: a for opened in found for q, a in opened.content["answers"].items()}
    return Person(
        record=place,
        band=next((o.content["wristband"] for o in found if o.content["wristband"]), ""),
        alias=str(answers.get("alias", "")),
        age_band=str(answers.get("age_band", "")),
        sex=str(answers.get("sex", "")),
        language=str(answers.get("language", "")),
        siblings=tuple(sorted({s for o in found for s in o.content["siblings"]})),
        is_child=is_child(answers),
        ms=sum(o.content["ms"] for o in found),
    )


def _line(
    person: Person,
    found: list[OpenedRecord],
    numbers: dict[str, int],
    groups: tuple[tuple[str, ...], ...],
    *,
    has_owner: bool,
) -> Line:
    last = max(found, key=lambda o: o.row.changed_at).row
    return Line(
        band=person.band,
        number=numbers.get(person.band, 0),
        record=next((o.row.pk for o in found if o.row.has_clash), last.pk),
        screening=last.screening_id or "",
        age_band=person.age_band,
        sex=person.sex,
        urgency=min((_urgency(o) for o in found), key=rules.BY_URGENCY.index),
        siblings=next((n for n, one in enumerate(groups, 1) if person.band in one), 0),
        has_clash=any(o.row.has_clash for o in found),
        has_owner=has_owner,
        is_unfinished=all(o.content["is_unfinished"] for o in found),
    )


def _urgency(opened: OpenedRecord) -> Urgency:
    content = opened.content
    try:
        instrument = access_instrument(content["instrument"], content["version"])
    except NotFound:
        return rules.urgency_of(content["answers"], set())
    return rules.urgency_of(
        content["answers"], set(walk(instrument, given_of(dict(content))).found)
    )


def _looked_after(actor: Actor, by_place: dict[str, list[OpenedRecord]]) -> set[str]:
    """Return who has an owner, or was decided to need none.

    A decision that found something is no owner: the case must have a worker.
    """
    screened = {
        o.row.screening: place
        for place, found in by_place.items()
        for o in found
        if o.row.screening
    }
    owned = {code for ask in _OWNED for code in ask([s.pk for s in screened])}
    return {
        place
        for screening, place in screened.items()
        if screening.pk in owned or (screening.decided_at and _needs_nobody(actor, screening.pk))
    }


def _needs_nobody(actor: Actor, code: str) -> bool:
    decision = access_screening(actor, code).decision
    return decision is not None and decision["class"] == NOTHING_FOUND
