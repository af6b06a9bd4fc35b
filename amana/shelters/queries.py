"""What is known of the network: its houses, who asked, who has a bed, what is raised."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from amana.access.documents import open_document
from amana.access.queries import access_key, held_keys, teams_of_kind, wrap_info
from amana.access.rules import CARE, Actor, NotFound, Role
from amana.cases import queries as cases
from amana.cases.models import Case
from amana.crypto.boxes import Place
from amana.crypto.hybrid import unwrap
from amana.crypto.layers import remove_layers
from amana.crypto.secrets import CannotOpen, Key
from amana.shelters import rules
from amana.shelters.models import (
    Ask,
    Capacity,
    Count,
    ForEscort,
    Incompatible,
    Member,
    Note,
    Request,
    Shelter,
    Stay,
    Transport,
    Unit,
    Unmet,
)
from amana.shelters.rules import Claim, House, Inside, Person, Sleeper
from amana.standards.shelters import load

STAFF = frozenset({Role.SHELTER_MANAGER, Role.SHELTER_WORKER})
ASKING = frozenset({Role.CASE_WORKER, Role.SUPERVISOR})
SHELTER = "shelter"
ABUSE = "ABUSE_BY_STAFF"


def address_place(shelter: str, key_id: str) -> Place:
    """Return where the address of a house lies."""
    return Place("shelters_shelter", shelter, "sealed", key_id)


def request_place(request: str, key_id: str) -> Place:
    """Return where what a request says of people lies."""
    return Place("shelters_request", request, "sealed", key_id)


def ask_place(request: str, shelter: str, key_id: str) -> Place:
    """Return where what one house was told of a request lies."""
    return Place("shelters_ask", f"{request}/{shelter}", "sealed", key_id)


def escort_place(transport: str, key_id: str) -> Place:
    """Return where the copy of an address for one transport lies."""
    return Place("shelters_forescort", transport, "sealed", key_id)


def note_place(note: str, key_id: str) -> Place:
    """Return where the words of a note lie."""
    return Place("shelters_note", note, "sealed", key_id)


# Houses.


def own_teams(actor: Actor) -> list[str]:
    """Return the shelter teams in which a person stands."""
    return [code for code, keys in actor.teams.items() if keys.kind == SHELTER]


def shelters() -> list[Shelter]:
    """Return the registry, in the order of aliases."""
    return list(Shelter.objects.order_by("alias", "code"))


def own_shelters(actor: Actor) -> list[Shelter]:
    """Return the houses in which a person works."""
    if actor.role not in STAFF:
        return []
    return list(Shelter.objects.filter(team__in=own_teams(actor)).order_by("alias"))


def shelter(code: str) -> Shelter:
    """Return a house of the registry, or NotFound."""
    found = Shelter.objects.filter(pk=code).first()
    if found is None:
        raise NotFound
    return found


def access_own(actor: Actor, code: str) -> Shelter:
    """Return a house in which this person works, or NotFound: missing and forbidden are one."""
    found = next((one for one in own_shelters(actor) if one.pk == code), None)
    if found is None:
        raise NotFound
    return found


def access_registered(actor: Actor, code: str) -> Shelter:
    """Return a house for who enters it in the registry or runs it, or NotFound."""
    if actor.role is Role.COORDINATOR:
        return shelter(code)
    if actor.role is not Role.SHELTER_MANAGER:
        raise NotFound
    return access_own(actor, code)


def shelter_teams() -> list[tuple[str, str]]:
    """Return the teams that can run a house: their codes and institutions."""
    return [(team.pk, team.institution) for team in teams_of_kind(SHELTER)]


def access_unit(actor: Actor, unit_id: int) -> Unit:
    """Return a room of a house in which this person works, or NotFound."""
    row = Unit.objects.select_related("shelter").filter(pk=unit_id).first()
    if row is None:
        raise NotFound
    access_own(actor, row.shelter_id)
    return row


def n_inside(unit: Unit) -> int:
    """Return how many beds of a room are given: to who sleeps there, comes, or may come."""
    return Stay.objects.filter(unit=unit, ended_at=None).count()


def houses(codes: Iterable[str] | None = None, *, uses_surge: bool = False) -> list[House]:
    """Return houses as the search sees them: four statements, however many they are."""
    rows = Shelter.objects.all() if codes is None else Shelter.objects.filter(pk__in=list(codes))
    newest = Count.objects.filter(unit=OuterRef("pk")).order_by("-at", "-pk")
    units = Unit.objects.filter(shelter__in=rows).annotate(
        said_free=Subquery(newest.values("free")[:1]), said_at=Subquery(newest.values("at")[:1])
    )
    stays = Stay.objects.filter(ended_at=None, unit__shelter__in=rows).select_related("ask", "case")
    inside: dict[int, list[Stay]] = defaultdict(list)
    for stay in stays:
        inside[stay.unit_id].append(stay)
    by_house: dict[str, list[rules.Unit]] = defaultdict(list)
    for unit in units.order_by("pk"):
        by_house[unit.shelter_id].append(_unit(unit, inside[unit.pk], uses_surge=uses_surge))
    return [_house(row, tuple(by_house[row.pk])) for row in rows.order_by("pk")]


def _unit(row: Any, stays: list[Stay], *, uses_surge: bool) -> rules.Unit:  # noqa: ANN401
    more = row.surge if uses_surge else 0
    claim = None if row.said_at is None else Claim(row.said_free + more, row.said_at)
    return rules.Unit(
        code=str(row.pk),
        beds=row.beds + more,
        sex=row.sex,
        ages=frozenset(row.ages),
        is_one_party=row.is_one_party,
        is_step_free=row.is_step_free,
        sleepers=tuple(Sleeper(s.case_id, s.ask.request_id, s.sex, s.case.age_band) for s in stays),
        claim=claim,
        since_claim=sum(1 for s in stays if claim and s.held_at > claim.at),
    )


def _house(row: Shelter, units: tuple[rules.Unit, ...]) -> House:
    return House(
        code=row.pk,
        kind=row.kind,
        status=row.status,
        licence_valid_to=row.licence_valid_to,
        security=row.security,
        profiles=frozenset(row.profiles),
        area=row.area,
        units=units,
        minutes=dict(row.minutes),
        languages=frozenset(row.languages),
        night_languages=frozenset(row.night_languages),
        services=frozenset(row.services),
    )


def claims(row: Shelter) -> dict[int, list[Capacity]]:
    """Return who said how many beds each room of a house has, the newest word first."""
    found: dict[int, list[Capacity]] = defaultdict(list)
    for one in Capacity.objects.filter(unit__shelter=row).order_by("-at", "-pk"):
        found[one.unit_id].append(one)
    return dict(found)


# Requests.


@dataclass(frozen=True)
class OpenedRequest:
    """A request with what it says of people, for those who may read it."""

    row: Request
    people: tuple[Person, ...] = field(repr=False)


def requests(actor: Actor) -> QuerySet[Request]:
    """Return the requests of this person's care teams, of cases that are there for her."""
    if actor.role not in ASKING:
        return Request.objects.none()
    teams = [code for code, keys in actor.teams.items() if keys.kind == CARE]
    hidden = Member.objects.exclude(case__in=cases.visible_to(actor)).values("request")
    return Request.objects.filter(team__in=teams).exclude(pk__in=hidden)


def open_requests(actor: Actor) -> list[Request]:
    """Return the open requests that are there for this person, the oldest first."""
    found = requests(actor).filter(state="OPEN").order_by("opened_at", "pk")
    return list(found.prefetch_related("members"))


def access_request(actor: Actor, request_id: str) -> OpenedRequest:
    """Return a request, opened, or NotFound."""
    row = requests(actor).filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return opened_requests(actor, [row])[0]


def opened_requests(actor: Actor, rows: Sequence[Request]) -> list[OpenedRequest]:
    """Return requests with the people they speak of; one whose key is gone is NotFound."""
    keys = held_keys(actor, {row.key_id for row in rows})
    if any(row.key_id not in keys for row in rows):
        raise NotFound
    said = {row.pk: _opened(row, keys[row.key_id]) for row in rows}
    members = Member.objects.filter(request__in=rows).select_related("case").order_by("pk")
    by_request: dict[str, list[Case]] = defaultdict(list)
    for one in members:
        by_request[one.request_id].append(one.case)
    everybody = [case.pk for found in by_request.values() for case in found]
    barred, inside = incompatibilities(everybody), _stays_in(everybody)
    return [
        OpenedRequest(
            row,
            tuple(
                person_of(
                    case,
                    row.pk,
                    said[row.pk].get(case.pk, {}),
                    incompatible=barred.get(case.pk, frozenset()),
                    stays_in=inside.get(case.pk, ""),
                )
                for case in by_request[row.pk]
            ),
        )
        for row in rows
    ]


def _opened(row: Request, key: Key) -> dict[str, dict[str, Any]]:
    document = open_document(key, bytes(row.sealed), request_place(row.pk, row.key_id))
    return dict(document["people"])


def person_of(
    case: Case,
    party: str,
    said: Mapping[str, Any],
    *,
    incompatible: frozenset[str] = frozenset(),
    stays_in: str = "",
) -> Person:
    """Return somebody as the search sees her: the case's clear facts, and what was asked."""
    return Person(
        code=case.pk,
        party=party,
        sex=case.sex,
        age_band=case.age_band,
        child_of=said.get("child_of", ""),
        is_mother=bool(said.get("is_mother")),
        wish=said.get("wish", ""),
        needs=frozenset(said.get("needs", ())),
        languages=frozenset(said.get("languages", ())),
        risk=said.get("risk", ""),
        is_agreed=said.get("basis") == "ADULT_AGREES",
        has_basis=said.get("basis") in ("PLACEMENT_ORDER", "EMERGENCY"),
        avoids=said.get("avoids", ""),
        area=said.get("area", ""),
        wants_near=frozenset(said.get("wants_near", ())),
        incompatible=incompatible,
        stays_in=stays_in,
    )


def incompatibilities(codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return with which houses and cases each of these cases must not be: either way round."""
    wanted = set(codes)
    found: dict[str, set[str]] = defaultdict(set)
    rows = Incompatible.objects.filter(Q(case__in=wanted) | Q(other__in=wanted))
    for case, other in rows.values_list("case_id", "other"):
        found[case].add(other)
        found[other].add(case)
    return {code: frozenset(found[code]) for code in wanted if code in found}


def _stays_in(codes: Iterable[str]) -> dict[str, str]:
    rows = Stay.objects.filter(case__in=list(codes), state=rules.ADMITTED)
    return dict(rows.values_list("case_id", "unit__shelter_id"))


def current_stay(case: Case) -> Stay | None:
    """Return where a person sleeps, or where she is on her way to; None where she has no bed."""
    rows = Stay.objects.filter(case=case, ended_at=None).exclude(state=rules.HELD)
    return rows.select_related("unit__shelter", "ask").order_by("accepted_at").first()


def request_of(actor: Actor, case: Case) -> Request | None:
    """Return the open request that asks for a bed for this person, or None."""
    return requests(actor).filter(members__case=case, state="OPEN").first()


def members_of(request: Request) -> list[str]:
    """Return the codes of those for whom a request asks, in the order in which they were named."""
    rows = Member.objects.filter(request=request).order_by("pk")
    return list(rows.values_list("case_id", flat=True))


def asks(request: Request) -> list[Ask]:
    """Return whom a request was put to, the newest first."""
    rows = Ask.objects.filter(request=request).select_related("shelter")
    return list(rows.order_by("-asked_at", "-pk"))


def asks_for(actor: Actor) -> list[Ask]:
    """Return what the houses in which this person works were asked, the first due first."""
    coming = Q(state="CHOSEN", stays__state__in=(rules.ACCEPTED, rules.TRAVELLING))
    rows = Ask.objects.filter(Q(state__in=("OPEN", "HELD")) | coming)
    rows = rows.filter(shelter__in=own_shelters(actor))
    return list(rows.select_related("shelter", "request").order_by("answer_due", "pk").distinct())


def has_lapsed_holds(shelter_code: str, now: datetime) -> bool:
    """Say whether a house holds beds whose time is over: the next yes lets them go."""
    held = Ask.objects.filter(shelter=shelter_code, state="HELD", hold_until__lte=now)
    return held.exists()


def access_ask(actor: Actor, ask_id: int) -> Ask:
    """Return what a house was asked, for somebody who works there or who asked; else NotFound."""
    row = Ask.objects.select_related("shelter", "request").filter(pk=ask_id).first()
    if row is None:
        raise NotFound
    if row.shelter.team in own_teams(actor) and actor.role in STAFF:
        return row
    if not requests(actor).filter(pk=row.request_id).exists():
        raise NotFound
    return row


def asked_people(actor: Actor, ask: Ask) -> list[Person]:
    """Return of whom a house was told, with what it must know to answer, or NotFound."""
    key = access_key(actor, ask.key_id)
    place = ask_place(ask.request_id, ask.shelter_id, ask.key_id)
    said = open_document(key, bytes(ask.sealed), place)["people"]
    members = Member.objects.filter(request=ask.request_id).select_related("case").order_by("pk")
    barred = incompatibilities(one.case_id for one in members)
    return [
        person_of(
            one.case,
            ask.request_id,
            # What the law asks was shown by who asked, before the house was told of anybody.
            {**said.get(one.case_id, {}), "basis": ""},
            incompatible=barred.get(one.case_id, frozenset()),
        )
        for one in members
    ]


def stays_of(ask: Ask) -> list[Stay]:
    """Return the beds that an ask led to, with their rooms."""
    return list(ask.stays.select_related("unit", "case").order_by("pk"))


def inside(row: Shelter) -> list[Stay]:
    """Return who sleeps in a house, comes, or may come, in the order of rooms."""
    rows = Stay.objects.filter(unit__shelter=row, ended_at=None).select_related("unit", "case")
    return list(rows.order_by("unit__label", "bed"))


def access_stay(actor: Actor, stay_id: str) -> Stay:
    """Return a stay for who works in the house or leads the case, or NotFound.

    Whoever of the house declared that she knows the person finds no stay of hers.
    """
    row = Stay.objects.select_related("unit__shelter", "ask", "case").filter(pk=stay_id).first()
    if row is None:
        raise NotFound
    works_there = actor.role in STAFF and row.unit.shelter.team in own_teams(actor)
    leads = actor.role in ASKING and cases.visible_to(actor).filter(pk=row.case_id).exists()
    if not (works_there or leads) or cases.has_conflict(row.case, actor.account_id):
        raise NotFound
    return row


# Where a house stands.


def address(actor: Actor, row: Shelter) -> dict[str, Any]:
    """Return where a house stands, to somebody who works in it, or NotFound."""
    if row.team not in own_teams(actor) or row.sealed is None:
        raise NotFound
    key = access_key(actor, row.key_id)
    return open_document(key, bytes(row.sealed), address_place(row.pk, row.key_id))


def transports_for(actor: Actor, now: datetime) -> list[Transport]:
    """Return the transports on which this person is the escort now."""
    rows = Transport.objects.filter(
        escort=actor.account_id, ended_at=None, begun_at__lte=now, until__gt=now
    )
    return list(rows.select_related("ask__shelter").order_by("begun_at"))


def way_for(actor: Actor, transport_id: str, now: datetime) -> tuple[Transport, dict[str, Any]]:
    """Return a transport and where it goes, to its escort and while it lasts; else NotFound."""
    found = next((one for one in transports_for(actor, now) if one.pk == transport_id), None)
    copy = ForEscort.objects.filter(transport=found).first() if found else None
    if found is None or copy is None:
        raise NotFound
    outer = actor.epochs.get(copy.epoch)
    if outer is None:
        raise NotFound
    try:
        inner = remove_layers(outer, [bytes(copy.wrapped)])[0]
        key = Key(unwrap(actor.seed, inner, wrap_info(copy.key_id)))
    except CannotOpen:
        raise NotFound from None
    return found, open_document(key, bytes(copy.sealed), escort_place(found.pk, copy.key_id))


def transport_of(ask: Ask) -> Transport | None:
    """Return the transport that an ask is on, or None."""
    return Transport.objects.filter(ask=ask, ended_at=None).first()


# What is raised, and figures.


@dataclass(frozen=True)
class Raised:
    """Something wrong with a house that somebody must see to."""

    shelter: Shelter
    troubles: list[str]


def raised(now: datetime, codes: Iterable[str] | None = None) -> list[Raised]:
    """Return every house about which something must be raised."""
    table = load()
    rows = {row.pk: row for row in shelters()}
    stays: dict[str, list[Inside]] = defaultdict(list)
    admitted = Stay.objects.filter(state=rules.ADMITTED).annotate(house=F("unit__shelter_id"))
    for stay in admitted:
        since = stay.admitted_at or stay.held_at
        own_days = rows[stay.house].max_stay_days
        stays[stay.house].append(Inside(since, stay.reviewed_at, own_days))
    silent = _silent_in_a_row()
    found = []
    for house in houses(codes):
        wrong = rules.troubles(house, stays[house.code], silent[house.code], now, table)
        if wrong:
            found.append(Raised(rows[house.code], wrong))
    return found


def _silent_in_a_row() -> Counter[str]:
    """Return how many asks each house let pass in a row, up to now."""
    found: Counter[str] = Counter()
    answered: set[str] = set()
    rows = Ask.objects.exclude(state__in=("OPEN", "WITHDRAWN")).order_by("-asked_at", "-pk")
    for house, state in rows.values_list("shelter_id", "state")[:2000]:
        if state != "SILENT":
            answered.add(house)
        elif house not in answered:
            found[house] += 1
    return found


@dataclass(frozen=True)
class Figures:
    """What the coordination sees of the network: counts, and never a place in public."""

    beds: int
    taken: int
    held: int
    sure_free: int
    unsure: int
    n_open: int
    n_placed: int
    median_hours: float | None
    unmet: list[tuple[str, str, int, int]]
    steps: dict[str, int]

    @property
    def occupancy(self) -> int | None:
        """Return how many of a hundred beds are slept in; None without beds."""
        return round(100 * self.taken / self.beds) if self.beds else None


def figures(now: datetime, days: int = 14) -> Figures:
    """Return the figures of the last days."""
    table, since = load(), now - timedelta(days=days)
    open_ = [h for h in houses() if h.status == rules.OPEN]
    units = [unit for house in open_ for unit in house.units]
    states = Counter(Stay.objects.filter(ended_at=None).values_list("state", flat=True))
    placed = Request.objects.filter(placed_at__gte=since).values_list("opened_at", "placed_at")
    hours = [(at - opened) / timedelta(hours=1) for opened, at in placed if at is not None]
    unmet = Counter[tuple[str, str]]()
    people = Counter[tuple[str, str]]()
    steps = Counter[str]()
    for one in Unmet.objects.filter(at__gte=since):
        unmet[one.age_band, one.sex] += 1
        people[one.age_band, one.sex] += one.n_people
        steps[one.step] += 1
    known = {u: rules.claim_state(u, now, table) for u in units}
    return Figures(
        beds=sum(u.beds for u in units),
        taken=states[rules.ADMITTED],
        held=sum(states[s] for s in (rules.HELD, rules.ACCEPTED, rules.TRAVELLING)),
        sure_free=sum(rules.claimed_free(u) for u in units if known[u] == rules.FREE),
        unsure=sum(rules.claimed_free(u) for u in units if known[u] == rules.UNSURE),
        n_open=Request.objects.filter(state="OPEN").count(),
        n_placed=len(hours),
        median_hours=round(median(hours), 1) if hours else None,
        unmet=[(band, sex, n, people[band, sex]) for (band, sex), n in unmet.most_common()],
        steps=dict(steps),
    )


def taken_steps(request: Request) -> list[str]:
    """Return the rungs that were tried for a request, in their order."""
    return list(Unmet.objects.filter(request=request).order_by("at").values_list("step", flat=True))


# Notes.


def notes(actor: Actor, row: Shelter) -> list[tuple[Note, str]]:
    """Return the log and the incidents of a house that this person can open, the newest first.

    What accuses the staff is not there for anybody of the house, and no count hints at it.
    """
    rows = list(Note.objects.filter(shelter=row).exclude(kind=ABUSE).order_by("-at", "-pk")[:100])
    keys = held_keys(actor, {one.key_id for one in rows})
    return [(one, _words(one, keys[one.key_id])) for one in rows if one.key_id in keys]


def abuses(actor: Actor) -> list[tuple[Note, str]]:
    """Return what was reported of staff, to the units that hold its key."""
    rows = list(Note.objects.filter(kind=ABUSE).select_related("shelter").order_by("-at"))
    if actor.role not in ASKING:
        return []
    keys = held_keys(actor, {one.key_id for one in rows})
    return [(one, _words(one, keys[one.key_id])) for one in rows if one.key_id in keys]


def reported() -> list[tuple[Note, str]]:
    """Return that there were reports of staff, and of which house: to the coordination, no word."""
    rows = Note.objects.filter(kind=ABUSE).select_related("shelter").order_by("closed_at", "-at")
    return [(one, "") for one in rows]


def n_abuses() -> int:
    """Return how many reports of abuse by staff nobody has closed."""
    return Note.objects.filter(kind=ABUSE, closed_at=None).count()


def _words(row: Note, key: Key) -> str:
    return str(open_document(key, bytes(row.sealed), note_place(row.pk, row.key_id))["words"])
