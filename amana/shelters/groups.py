"""Beds for everybody of an operation: who has one, who waits and why, what is proposed.

Codes only: wristbands, cases, age bands. What the first questions said of needs is opened here for
the unit that asked them, and goes into requests that are sealed to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from amana.access.rules import Actor, NotFound
from amana.cases import queries as cases
from amana.cases.models import Case
from amana.field import operations
from amana.field.operations import Line
from amana.field.queries import records_of
from amana.shelters import batch, matching, queries, rules
from amana.shelters.models import Ask, Member, Request, Stay, Unit
from amana.shelters.rules import Claim, House, Person, Sleeper
from amana.standards.shelters import Shelters, load

# Where somebody of an operation stands, from the beginning to a bed.
UNREAD, NO_FILE, NO_REQUEST, WAITS, ASKED, HELD = (
    "UNREAD", "NO_FILE", "NO_REQUEST", "WAITS", "ASKED", "HELD",
)  # fmt: skip
# For so long the solver may look, while somebody waits for the page.
SECONDS = 5.0


@dataclass(frozen=True)
class Guest:
    """Somebody of an operation: her wristband, her case, where she stands with a bed."""

    line: Line
    case: str = ""
    worker: str = ""
    request: str = ""
    stage: str = UNREAD
    house: str = ""
    stay: str = ""

    @property
    def has_bed(self) -> bool:
        """Say whether a bed is taken for her, or she sleeps in it."""
        return self.stage in (rules.ACCEPTED, rules.TRAVELLING, rules.ADMITTED)


def guests(actor: Actor, code: str) -> list[Guest]:
    """Return everybody registered in an operation of this person's unit, or NotFound."""
    access(actor, code)
    lines = operations.overview(actor, code).lines
    rows = Case.objects.filter(screening_id__in=[one.screening for one in lines if one.screening])
    by_screening = {str(row.screening_id): row for row in rows}
    # A case that was opened from a later screening of hers is found by the chain.
    for line in lines:
        if line.screening and line.screening not in by_screening:
            found = cases.find_case_of(actor, line.screening)
            if found is not None:
                by_screening[line.screening] = found
    standing = _standing([row.pk for row in by_screening.values()])
    return [_guest(line, by_screening.get(line.screening), standing) for line in lines]


def access(actor: Actor, code: str) -> operations.Listed:
    """Return an operation of this person's own unit, for which she may ask beds, or NotFound."""
    found = operations.access_operation(actor, code)
    if actor.role not in queries.ASKING or not actor.holds(found.row.team_id):
        raise NotFound
    return found


def _standing(codes: list[str]) -> dict[str, dict[str, str]]:
    """Return where each case stands with a bed: the furthest of her stays, asks and requests."""
    found: dict[str, dict[str, str]] = {}
    members = Member.objects.filter(case__in=codes, request__state="OPEN")
    for case, request in members.values_list("case_id", "request_id"):
        found[case] = {"request": request, "stage": WAITS}
    asks = Ask.objects.filter(request__members__case__in=codes, state__in=("OPEN", "HELD"))
    for ask in asks.select_related("shelter").prefetch_related("request__members"):
        for member in ask.request.members.all():
            stage = HELD if ask.state == "HELD" else ASKED
            mine = found.setdefault(member.case_id, {"request": ask.request_id})
            if mine.get("stage") != HELD:
                mine |= {"stage": stage, "house": ask.shelter.alias}
    stays = Stay.objects.filter(case__in=codes, ended_at=None).exclude(state=rules.HELD)
    for stay in stays.select_related("unit__shelter", "ask"):
        found[stay.case_id] = {
            "request": stay.ask.request_id,
            "stage": stay.state,
            "house": stay.unit.shelter.alias,
            "stay": stay.pk,
        }
    return found


def _guest(line: Line, case: Case | None, standing: Mapping[str, Mapping[str, str]]) -> Guest:
    if case is None:
        return Guest(line, stage=NO_FILE if line.screening else UNREAD)
    return Guest(
        line, case=case.pk, worker=case.worker,
        **{"stage": NO_REQUEST, **standing.get(case.pk, {})},
    )  # fmt: skip


def parties(found: Iterable[Guest]) -> list[list[Guest]]:
    """Return who belongs together, by the wristbands that named each other."""
    by_group: dict[object, list[Guest]] = defaultdict(list)
    for one in found:
        by_group[one.line.siblings or one.line.record].append(one)
    return list(by_group.values())


# What the first questions say of a bed.


def answers_of(actor: Actor, code: str) -> dict[str, dict[str, Any]]:
    """Return by screening what each said to the first questions, with whichever instrument."""
    answers: dict[str, dict[str, Any]] = {}
    by_place: dict[str, list[Any]] = defaultdict(list)
    for opened in records_of(actor, code):
        by_place[opened.row.place].append(opened)
    for found in by_place.values():
        said = {q: a for opened in found for q, a in opened.content["answers"].items()}
        for opened in found:
            if opened.row.screening_id:
                answers[opened.row.screening_id] = said
    return answers


def said_of(
    party: Sequence[Guest],
    answers: Mapping[str, Mapping[str, Any]],
    agreed: Iterable[str],
    table: Shelters,
) -> dict[str, dict[str, Any]]:
    """Return what a request says of each of a party: needs, danger, who is whose mother.

    A child that was found is an emergency; an adult must have said yes. A mother is named only
    where nobody else of her family could be meant.
    """
    women = [g for g in party if g.line.sex == "F" and rules.is_adult(g.line.age_band, table)]
    mother = women[0].case if len(women) == 1 and not _other_adults(party, table) else ""
    found = {}
    for guest in party:
        said = answers.get(guest.line.screening, {})
        ticks = {f"{q}.{a}" for q, held in said.items() if isinstance(held, list) for a in held}
        # On whose age two phones differ is a child until shown otherwise.
        is_child = rules.may_be_child(guest.line.age_band or "UNK", table)
        basis = "EMERGENCY" if is_child else "ADULT_AGREES" if guest.case in agreed else ""
        language = str(said.get("language", ""))
        needs = {need for tick in ticks for need in table.first_pass.needs.get(tick, ())}
        has_mother = is_child and table.first_pass.with_parent in ticks
        found[guest.case] = {
            "basis": basis,
            "risk": table.first_pass.risk[guest.line.urgency.value],
            "needs": sorted(needs),
            "languages": [language] if language else [],
            "child_of": mother if has_mother else "",
        }
    return found


def _other_adults(party: Sequence[Guest], table: Shelters) -> bool:
    return sum(rules.may_be_adult(g.line.age_band, table) for g in party) > 1


# What is proposed.


@dataclass(frozen=True)
class Asked:
    """A party, the house that is to be asked for it, and the room found for each: codes only."""

    request: str
    house: str
    rooms: Mapping[str, str]

    @property
    def written(self) -> str:
        """Return it as a page sends it back."""
        rooms = ",".join(f"{case}:{unit}" for case, unit in sorted(self.rooms.items()))
        return f"{self.request}={self.house}={rooms}"


def read_asked(sent: str) -> Asked:
    """Return what a page sent back; what is not its shape names nobody and fits nowhere."""
    request, _, rest = sent.partition("=")
    house, _, rooms = rest.partition("=")
    pairs = (one.partition(":") for one in rooms.split(",") if one)
    return Asked(request, house, {case: unit for case, _, unit in pairs})


@dataclass(frozen=True)
class Row(Asked):
    """A party and the house that is proposed for it."""

    alias: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Return the cases of the party."""
        return tuple(sorted(self.rooms))


@dataclass(frozen=True)
class Unplaced:
    """A party that waits, and why."""

    request: str
    people: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Unlock:
    """What would give more people a bed: how many more, of those who wait."""

    what: str
    n_more: int


@dataclass(frozen=True)
class Proposal:
    """Who could go where, who waits and why; at most so many more could have a bed."""

    rows: tuple[Row, ...] = ()
    waiting: tuple[Unplaced, ...] = ()
    n_more: int = 0
    unlocks: tuple[Unlock, ...] = field(default=())

    @property
    def n_placed(self) -> int:
        """Return how many people the proposal gives a bed."""
        return sum(len(row.people) for row in self.rows)

    @property
    def n_waiting(self) -> int:
        """Return how many people it does not."""
        return sum(len(one.people) for one in self.waiting)

    @property
    def by_reason(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return who waits for what reasons, the most first."""
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for one in self.waiting:
            found[one.reasons] += one.people
        return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def open_requests(actor: Actor, code: str) -> list[Request]:
    """Return the open requests of an operation whose people nobody was asked for, or all said no.

    Of a request that is with a house nothing is proposed until the house has answered.
    """
    access(actor, code)
    rows = queries.requests(actor).filter(operation=code, state="OPEN").order_by("opened_at", "pk")
    asked = Ask.objects.filter(request__in=rows, state__in=("OPEN", "HELD")).values("request")
    return list(rows.exclude(pk__in=asked))


def proposal(actor: Actor, code: str, now: datetime, *, unlocks: bool = False) -> Proposal:
    """Return a placement of all who wait, by the rules and the houses of this moment.

    Nothing is stored, and nobody is asked. With `unlocks` also what would give more of them a bed.
    """
    table = load()
    rows = open_requests(actor, code)
    people = _people(actor, rows)
    houses = _with_pending(
        actor, code, queries.houses(uses_surge=bool(rows) and all(r.uses_surge for r in rows))
    )
    found = batch.place(people, houses, now, table, seconds=SECONDS)
    of = {unit.code: house.code for house in houses for unit in house.units}
    aliases = {row.pk: row.alias for row in queries.shelters()}
    parties_: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        parties_[one.party].append(one)
    least = min((batch.worth(party, table) for party in parties_.values()), default=1)
    n_waiting = len(people) - len(found.rooms)
    left = int((found.bound - found.value) // (least * batch.BED))
    placed = [p for p in parties_.values() if p[0].code in found.rooms]
    made = Proposal(
        rows=tuple(
            Row(
                request=party[0].party,
                house=of[found.rooms[party[0].code]],
                rooms={one.code: found.rooms[one.code] for one in party},
                alias=aliases[of[found.rooms[party[0].code]]],
            )
            for party in placed
        ),
        waiting=tuple(
            Unplaced(_request_of(one.party, people), one.party, one.reasons)
            for one in found.waiting
        ),
        n_more=min(left, n_waiting),
    )
    if not unlocks or not made.waiting:
        return made
    return replace(made, unlocks=tuple(_unlocks(people, houses, made, now)))


def _request_of(codes: Sequence[str], people: Sequence[Person]) -> str:
    return next(one.party for one in people if one.code == codes[0])


def _people(actor: Actor, rows: Sequence[Request]) -> list[Person]:
    """Return who waits; a house that said no to somebody is none for her any more."""
    refused: dict[str, set[str]] = defaultdict(set)
    for ask in Ask.objects.filter(request__in=rows, state="REFUSED"):
        refused[ask.request_id].add(ask.shelter_id)
    return [
        replace(one, incompatible=one.incompatible | refused[opened.row.pk])
        for opened in queries.opened_requests(actor, rows)
        for one in opened.people
    ]


def _with_pending(actor: Actor, code: str, houses: Sequence[House]) -> list[House]:
    """Return the houses with the beds taken for which they were asked and did not answer yet."""
    asks = Ask.objects.filter(request__operation=code, state="OPEN").order_by("pk")
    rows = {row.pk: row for row in queries.requests(actor).filter(operation=code, state="OPEN")}
    by_code = {house.code: house for house in houses}
    opened = queries.opened_requests(
        actor, [rows[a.request_id] for a in asks if a.request_id in rows]
    )
    people = {one.row.pk: one.people for one in opened}
    for ask in asks:
        party, house = people.get(ask.request_id, ()), by_code[ask.shelter_id]
        is_planned = matching.fits(party, house, ask.plan, load())
        rooms = dict(ask.plan) if is_planned else matching.arrange(party, house, load())
        if rooms:
            guests_: dict[str, list[Sleeper]] = defaultdict(list)
            for one in party:
                guests_[rooms[one.code]].append(one.sleeper)
            by_code[house.code] = matching.with_guests(house, guests_)
    return list(by_code.values())


def _unlocks(
    people: Sequence[Person], houses: Sequence[House], made: Proposal, now: datetime
) -> Iterable[Unlock]:
    """Yield what would give more people a bed, tried one after the other on the same network."""
    table = load()
    surge = {str(pk): n for pk, n in Unit.objects.filter(surge__gt=0).values_list("pk", "surge")}
    tried = {
        "OLD_COUNTS": (people, [_confirmed(house, now) for house in houses]),
        "SURGE_BEDS": (people, [_with_surge(house, surge) for house in houses]),
        "LICENCES": (people, [_licensed(house, now) for house in houses]),
        "ADULTS_AGREE": ([replace(one, is_agreed=True) for one in people], houses),
    }
    for what, (some, others) in tried.items():
        if some == people and list(others) == list(houses):
            continue
        found = batch.place(some, others, now, table, seconds=SECONDS / 2)
        if len(found.rooms) > made.n_placed:
            yield Unlock(what, len(found.rooms) - made.n_placed)


def _confirmed(house: House, now: datetime) -> House:
    """Return a house as if it had just said that every bed that nobody sleeps in is free."""
    units = tuple(
        unit
        if rules.is_sure(unit, now, load())
        else replace(unit, claim=Claim(unit.beds - len(unit.sleepers), now), since_claim=0)
        for unit in house.units
    )
    return replace(house, units=units)


def _with_surge(house: House, surge: Mapping[str, int]) -> House:
    units = tuple(
        replace(
            unit,
            beds=unit.beds + surge.get(unit.code, 0),
            claim=unit.claim
            and replace(unit.claim, free=unit.claim.free + surge.get(unit.code, 0)),
        )
        for unit in house.units
    )
    return replace(house, units=units)


def _licensed(house: House, now: datetime) -> House:
    lapsed = house.licence_valid_to is None or house.licence_valid_to < now.date()
    return replace(house, licence_valid_to=now.date()) if lapsed else house


# What a house was asked.


def asks_of(actor: Actor, code: str) -> list[Ask]:
    """Return what this person’s houses were asked for an operation, or NotFound."""
    own = queries.own_shelters(actor)
    rows = Ask.objects.filter(
        shelter__in=own, request__operation=code, state__in=("OPEN", "HELD", "CHOSEN")
    )
    found = list(rows.select_related("shelter", "request").order_by("pk"))
    if not found:
        raise NotFound
    return found


def operations_asking(actor: Actor) -> list[tuple[str, int]]:
    """Return for which operations this person's houses are asked now, and how many people."""
    own = queries.own_shelters(actor)
    rows = Member.objects.filter(
        request__asks__shelter__in=own, request__asks__state="OPEN"
    ).exclude(request__operation="")
    found: dict[str, int] = defaultdict(int)
    for operation in rows.values_list("request__operation", flat=True):
        found[operation] += 1
    return sorted(found.items())


def holds(actor: Actor, code: str) -> dict[str, list[Ask]]:
    """Return the beds that houses hold for an operation, by house."""
    access(actor, code)
    rows = Ask.objects.filter(request__operation=code, state="HELD").select_related("shelter")
    found: dict[str, list[Ask]] = defaultdict(list)
    for ask in rows.order_by("shelter__alias", "pk"):
        found[ask.shelter.alias].append(ask)
    return dict(found)
