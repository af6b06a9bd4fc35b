"""From the request to the bed: ask several houses, hold, accept; or note that nothing fitted.

Whoever changes a request and a house locks the request first, then the house, so that two who
cross never wait for each other. The house's row decides who was first: while it is locked, nobody
else is put into one of its rooms. The constraints of `Stay` say the same of every other way in.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from amana.access.actions import tell
from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.queries import members, of_role
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases import queries as known_cases
from amana.cases.actions import involve, mark
from amana.cases.models import Case
from amana.crypto.secrets import new_id
from amana.shelters import matching, queries, rules
from amana.shelters.actions.staying import take_back_ways
from amana.shelters.actions.turns import taking_turns
from amana.shelters.models import Ask, Incompatible, Member, Note, Request, Shelter, Stay, Unmet
from amana.standards import codes
from amana.standards.shelters import load

WORKER = "worker"
# What a house is told of a person: what it needs for a yes or a no, and not what she flees from.
TOLD = ("child_of", "is_mother", "wish", "needs", "languages", "risk")
Said = Mapping[str, Mapping[str, Any]]


@transaction.atomic
def request_bed(*, people: Said, actor: Actor, now: datetime, operation: str = "") -> Request:
    """Ask for a bed for people who belong together: `people` says what each needs, by case.

    Raises NotFound for a case that is not there for this person; refuses a second open request.
    """
    team = actor.team_of(CARE)
    found = known_cases.cases_among(actor, list(people))
    if actor.role not in queries.ASKING or team is None or len(found) != len(people) or not people:
        raise NotFound
    against = _against_requesting(found) + _against_mothers(found, people)
    if against:
        raise Refused(against)
    key_id, key = issue_key(team, actor=actor)
    row = Request(
        id=new_id(),
        team=team,
        operation=operation,
        opened_at=now,
        opened_by=actor.account_id,
        key_id=key_id,
    )
    mothers = {said.get("child_of", "") for said in people.values()}
    document = {
        "people": {
            code: {**said, "is_mother": bool(said.get("is_mother")) or code in mothers}
            for code, said in people.items()
        }
    }
    row.sealed = seal_document(key, document, queries.request_place(row.pk, key_id))
    row.save(force_insert=True)
    Member.objects.bulk_create(Member(request=row, case=case) for case in found)
    record(at=now, actor=actor.account_id, verb="shelters.request_bed", subject=row.pk)
    return row


def _against_requesting(found: Sequence[Case]) -> list[str]:
    # The rows of the cases are the lock: of two colleagues in one second, the second meets the
    # first.
    codes_ = sorted(case.pk for case in found)
    list(Case.objects.select_for_update().filter(pk__in=codes_).order_by("pk"))
    against = []
    if any(case.is_historical for case in found):
        against.append("HISTORICAL_IS_CLOSED")
    if Member.objects.filter(case__in=codes_, request__state="OPEN").exists():
        against.append("BED_WAS_ASKED")
    return against


def _against_mothers(found: Sequence[Case], people: Said) -> list[str]:
    said = {case.pk: (case.age_band, people[case.pk].get("child_of", "")) for case in found}
    return rules.against_mothers(said, load())


def _locked(request_id: str) -> Request:
    return Request.objects.select_for_update().get(pk=request_id)


def _locked_house(code: str) -> Shelter:
    return Shelter.objects.select_for_update().get(pk=code)


@transaction.atomic
def ask(
    *,
    request_id: str,
    shelters: Sequence[str],
    actor: Actor,
    now: datetime,
    plan: Mapping[str, str] | None = None,
) -> list[Ask]:
    """Put a request to several houses at once, each with a time to answer.

    `plan` names the room that a placement of many found for each, by case: a wish, judged anew.
    Refuses where a hard rule stands against one of them; a house that is unsure may be asked.
    """
    opened = queries.access_request(actor, request_id)
    row = _locked(request_id)
    if row.state != "OPEN":
        raise Refused(["REQUEST_IS_CLOSED"])
    houses = queries.houses(shelters, uses_surge=row.uses_surge)
    if not shelters or len(houses) != len(set(shelters)):
        raise NotFound
    found = matching.search(opened.people, houses, now, load())
    if found.refused:
        raise Refused(["PLACE_DOES_NOT_FIT"])
    asked = set(row.asks.filter(state__in=("OPEN", "HELD")).values_list("shelter_id", flat=True))
    new = [one.house.code for one in found.offers if one.house.code not in asked]
    if not new:
        raise Refused(["HOUSE_WAS_ASKED"])
    return [_ask_one(opened, code, plan or {}, actor, now) for code in sorted(new)]


def _ask_one(
    opened: queries.OpenedRequest,
    code: str,
    plan: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> Ask:
    house = queries.shelter(code)
    key_id, key = issue_key(opened.row.team, house.team, actor=actor)
    people = {p.code: told(p) for p in opened.people}
    place = queries.ask_place(opened.row.pk, code, key_id)
    row = Ask.objects.create(
        request=opened.row,
        shelter=house,
        asked_at=now,
        asked_by=actor.account_id,
        answer_due=now + load().answer_time,
        plan=dict(plan),
        key_id=key_id,
        sealed=seal_document(key, {"people": people}, place),
    )
    tell({a.pk for a in members(house.team)}, "BED_ASKED", reference=code, now=now)
    record(at=now, actor=actor.account_id, verb="shelters.ask", subject=opened.row.pk, house=code)
    return row


def told(person: rules.Person) -> dict[str, Any]:
    """Return what a house is told of somebody."""
    said = {name: getattr(person, name) for name in TOLD}
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in said.items()}


# The house answers.


@taking_turns
def hold(*, ask_id: int, actor: Actor, now: datetime) -> list[Stay]:
    """Say yes, as the house: a bed for each of them is held until the unit accepts.

    What stands against it now is asked anew under the lock: of two hundred who ask for the last
    bed, one has it and the others are told. Who would find no bed is told before she waits for it.
    """
    _look_first(ask_id, actor, now)
    return _hold(ask_id=ask_id, actor=actor, now=now)


def _look_first(ask_id: int, actor: Actor, now: datetime) -> None:
    row = queries.access_ask(actor, ask_id)
    if row.state != "OPEN" or queries.has_lapsed_holds(row.shelter_id, now):
        return
    house = queries.houses([row.shelter_id], uses_surge=row.request.uses_surge)[0]
    if not any(rules.claimed_free(unit) for unit in house.units):
        raise Refused(["NO_BED_LEFT"])


@transaction.atomic
def _hold(*, ask_id: int, actor: Actor, now: datetime) -> list[Stay]:
    row = _access_open(actor, ask_id, now)
    _release_lapsed(row.shelter_id, now)
    people = queries.asked_people(actor, row)
    house = queries.houses([row.shelter_id], uses_surge=row.request.uses_surge)[0]
    against, rooms = _room_now(people, house, row.plan, now)
    if against:
        raise Refused(against)
    stays = [_hold_one(row, person, rooms[person.code], now) for person in people]
    row.state, row.answered_at, row.answered_by = "HELD", now, actor.account_id
    row.hold_until = now + load().hours("operation_hold" if row.request.operation else "hold")
    row.save(update_fields=["state", "answered_at", "answered_by", "hold_until"])
    tell({row.asked_by}, "BED_HELD", reference=row.shelter_id, now=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.hold",
        subject=row.request_id,
        house=row.shelter_id,
    )
    return stays


def _access_open(actor: Actor, ask_id: int, now: datetime) -> Ask:
    """Return an ask of this person's house that waits for an answer, locked; or refuse."""
    found = queries.access_ask(actor, ask_id)
    if actor.role not in queries.STAFF:
        raise NotFound
    _locked(found.request_id)
    _locked_house(found.shelter_id)
    row = Ask.objects.select_related("request", "shelter").get(pk=ask_id)
    if row.state != "OPEN":
        raise Refused(["ASK_IS_OVER"])
    if row.answer_due <= now:
        raise Refused(["ANSWER_TOO_LATE"])
    return row


def _room_now(
    people: Sequence[rules.Person],
    house: rules.House,
    plan: Mapping[str, str],
    now: datetime,
) -> tuple[list[str], dict[str, str]]:
    """Return what stands against a yes now, and the room of each where nothing does.

    The house sees its own rooms, so an old count is no hindrance to its own word. The rooms of a
    placement of many are kept where they still can be: else one party takes another's.
    """
    table = load()
    is_planned = matching.fits(people, house, plan, table)
    rooms = dict(plan) if is_planned else matching.arrange(people, house, table)
    if rooms is None:
        return ["NO_BED_LEFT"], {}
    against = set[str]()
    for person in people:
        against |= rules.against_house(person, house, now, table)
    # The basis of a child's placement and an adult's yes were shown to who asked, and not told.
    against -= {"CHILD_WITHOUT_BASIS", "ADULT_HAS_NOT_AGREED"}
    return (["PLACE_DOES_NOT_FIT"] if against else []), rooms


def _hold_one(row: Ask, person: rules.Person, unit: str, now: datetime) -> Stay:
    taken = set(Stay.objects.filter(unit=int(unit), ended_at=None).values_list("bed", flat=True))
    bed = next(n for n in range(1, len(taken) + 2) if n not in taken)
    try:
        with transaction.atomic():
            return Stay.objects.create(
                id=new_id(),
                ask=row,
                case_id=person.code,
                unit_id=int(unit),
                bed=bed,
                sex=person.wish or person.sex,
                held_at=now,
            )
    except IntegrityError:
        raise Refused(["BED_JUST_TAKEN"]) from None


@transaction.atomic
def answer_no(*, ask_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Say no, as the house, for a coded reason; what it was told of people is erased."""
    codes.check("ASK_REFUSAL", reason)
    row = _access_open(actor, ask_id, now)
    row.refusal = reason
    row.save(update_fields=["refusal"])
    _close(row, "REFUSED", actor.account_id, now)
    tell({row.asked_by}, "BED_REFUSED", reference=row.shelter_id, now=now)


def _close(row: Ask, state: str, by: str, now: datetime, *, exit_: str = "NEVER_CAME") -> None:
    """End an ask: the beds that were held are free, and the house reads nothing of it any more."""
    row.state, row.answered_at, row.answered_by = state, now, by
    row.save(update_fields=["state", "answered_at", "answered_by"])
    row.stays.filter(ended_at=None).update(state=rules.ENDED, ended_at=now, exit=exit_)
    erase_keys(key_ids=[row.key_id], now=now, by=by)
    record(
        at=now,
        actor=by,
        verb="shelters.close_ask",
        subject=row.request_id,
        house=row.shelter_id,
        state=state,
    )


# The unit chooses.


@taking_turns
@transaction.atomic
def accept(*, ask_id: int, escort: str, actor: Actor, now: datetime) -> None:
    """Take the bed that a house holds: a person chooses, and every other house is let go.

    `escort` is the account of who will bring them. Refuses a second bed for somebody who is on her
    way to one.
    """
    found = queries.access_ask(actor, ask_id)
    if actor.role not in queries.ASKING:
        raise NotFound
    request = _locked(found.request_id)
    row = Ask.objects.select_related("shelter").get(pk=ask_id)
    against = _against_accepting(request, row, now)
    if against:
        raise Refused(against)
    try:
        with transaction.atomic():
            row.stays.filter(state=rules.HELD).update(state=rules.ACCEPTED, accepted_at=now)
            row.state, row.escort = "CHOSEN", escort
            row.save(update_fields=["state", "escort"])
    except IntegrityError:
        raise Refused(["ALREADY_PLACED"]) from None
    for other in request.asks.filter(state__in=("OPEN", "HELD")).order_by("shelter_id"):
        _close(other, "WITHDRAWN", actor.account_id, now)
    request.state, request.placed_at = "PLACED", now
    request.save(update_fields=["state", "placed_at"])
    for stay in row.stays.select_related("case").filter(ended_at=None):
        _let_in(stay.case, row.shelter.team, actor, now)
    tell({a.pk for a in members(row.shelter.team)}, "BED_TAKEN", reference=row.shelter_id, now=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.accept",
        subject=request.pk,
        house=row.shelter_id,
    )


def _against_accepting(request: Request, row: Ask, now: datetime) -> list[str]:
    if request.state != "OPEN":
        return ["REQUEST_IS_CLOSED"]
    if row.state != "HELD":
        return ["NOTHING_IS_HELD"]
    if row.hold_until is None or row.hold_until <= now:
        return ["HOLD_RAN_OUT"]
    return []


def _let_in(case: Case, team: str, actor: Actor, now: datetime) -> None:
    """Let the house work on the case, with the parts of it that are for a shelter."""
    if team in {t.pk for t in known_cases.teams_to_involve(case)}:
        involve(case=case, team_code=team, actor=actor, now=now)
    mark(case, "bed_accepted", at=now, by=actor.account_id)


@transaction.atomic
def decline(*, ask_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Let a held bed go, for a coded reason; the request stays open."""
    codes.check("OFFER_REFUSAL", reason)
    found = queries.access_ask(actor, ask_id)
    if actor.role not in queries.ASKING:
        raise NotFound
    _locked(found.request_id)
    row = Ask.objects.get(pk=ask_id)
    if row.state not in ("OPEN", "HELD"):
        raise Refused(["ASK_IS_OVER"])
    row.declined = reason
    row.save(update_fields=["declined"])
    _close(row, "WITHDRAWN", actor.account_id, now)


@transaction.atomic
def withdraw(*, request_id: str, actor: Actor, now: datetime) -> None:
    """End a request without a bed: the person does not want one, or needs none any more."""
    queries.access_request(actor, request_id)
    row = _locked(request_id)
    if row.state != "OPEN":
        raise Refused(["REQUEST_IS_CLOSED"])
    for one in row.asks.filter(state__in=("OPEN", "HELD")).order_by("shelter_id"):
        _close(one, "WITHDRAWN", actor.account_id, now)
    row.state = "WITHDRAWN"
    row.save(update_fields=["state"])
    record(at=now, actor=actor.account_id, verb="shelters.withdraw", subject=request_id)


@transaction.atomic
def climb(*, request_id: str, step: str, actor: Actor, now: datetime) -> None:
    """Note that nothing fitted and what is tried next; each step is recorded as unmet need.

    Steps are tried in the order of the ladder. The last one tells the coordination.
    """
    codes.check("UNMET_STEP", step)
    opened = queries.access_request(actor, request_id)
    row = _locked(request_id)
    if row.state != "OPEN":
        raise Refused(["REQUEST_IS_CLOSED"])
    if step != rules.next_rung(queries.taken_steps(row), load()):
        raise Refused(["NOT_THE_NEXT_STEP"])
    first = opened.people[0]
    Unmet.objects.create(
        request=row,
        step=step,
        at=now,
        by=actor.account_id,
        age_band=first.age_band,
        sex=first.sex,
        n_people=len(opened.people),
    )
    if step == "SURGE_BEDS":
        row.uses_surge = True
        row.save(update_fields=["uses_surge"])
    if step == "COORDINATION":
        told = {a.pk for a in of_role(Role.COORDINATOR)}
        tell(told, "BED_MISSING", reference=row.pk[:8], now=now)
    record(at=now, actor=actor.account_id, verb="shelters.climb", subject=row.pk, step=step)


# Time.


def sweep(now: datetime) -> int:
    """Let go what nobody answered or took in time, and tell who asked. Returns how many asks."""
    open_ = Ask.objects.filter(state="OPEN", answer_due__lte=now)
    held = Ask.objects.filter(state="HELD", hold_until__lte=now)
    due = {*open_.values_list("pk", flat=True), *held.values_list("pk", flat=True)}
    return sum(_let_go(ask_id, now) for ask_id in sorted(due)) + take_back_ways(now)


@transaction.atomic
def _let_go(ask_id: int, now: datetime) -> bool:
    found = Ask.objects.get(pk=ask_id)
    _locked(found.request_id)
    _locked_house(found.shelter_id)
    row = Ask.objects.get(pk=ask_id)
    if row.state == "OPEN" and row.answer_due <= now:
        _close(row, "SILENT", WORKER, now)
        tell({row.asked_by}, "BED_SILENT", reference=row.shelter_id, now=now)
        return True
    return _lapse(row, now)


def _lapse(row: Ask, now: datetime) -> bool:
    if row.state != "HELD" or row.hold_until is None or row.hold_until > now:
        return False
    _close(row, "LAPSED", WORKER, now)
    tell({row.asked_by}, "HOLD_LAPSED", reference=row.shelter_id, now=now)
    return True


def _release_lapsed(code: str, now: datetime) -> None:
    """Let the holds of a house go whose time is over, so that nobody waits for the worker."""
    for row in Ask.objects.filter(shelter=code, state="HELD", hold_until__lte=now):
        _lapse(row, now)


# Erasure.


def forget(case_code: str, by: str, now: datetime) -> int:
    """Empty what requests say of a case that is erased; returns how many went.

    A request for several people goes whole: what it says of one, it says of all.
    """
    rows = list(Request.objects.filter(members__case=case_code))
    keys = [row.key_id for row in rows]
    keys += Ask.objects.filter(request__in=rows).values_list("key_id", flat=True)
    keys += Note.objects.filter(case=case_code).values_list("key_id", flat=True)
    stays = Stay.objects.filter(ask__request__in=rows).exclude(key_id="")
    keys += stays.values_list("key_id", flat=True)
    erase_keys(key_ids=keys, now=now, by=by)
    Incompatible.objects.filter(other=case_code).delete()
    for row in rows:
        row.delete()
    return len(rows)
