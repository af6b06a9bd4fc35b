"""On the way with an escort, admitted, reviewed, gone: what happens after a bed was accepted."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from amana.access.actions import tell
from amana.access.actions.keys import erase_keys, issue_key, withdraw_keys
from amana.access.documents import seal_document
from amana.access.queries import account, accounts, layered, members, of_role, wrap_info
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases.actions import mark, release_team
from amana.cases.queries import involved
from amana.crypto.hybrid import wrap
from amana.crypto.secrets import new_id, new_key
from amana.shelters import people, queries, rules
from amana.shelters.models import Ask, ForEscort, Request, Shelter, Stay, Transport
from amana.standards import codes
from amana.standards.shelters import load

# Who may bring somebody to a house.
ESCORTS = frozenset(
    {
        Role.FIRST_RESPONDER,
        Role.CASE_WORKER,
        Role.SUPERVISOR,
        Role.SHELTER_MANAGER,
        Role.SHELTER_WORKER,
    }
)


def escorts() -> list[tuple[str, str]]:
    """Return who may be named as an escort: account and name."""
    return [(a.pk, a.name) for a in accounts() if Role(a.role) in ESCORTS and a.is_open]


def _locked(ask_id: int) -> Ask:
    """Return an ask with its request and its house locked, in the order of all who change one."""
    found = Ask.objects.get(pk=ask_id)
    Request.objects.select_for_update().get(pk=found.request_id)
    Shelter.objects.select_for_update().get(pk=found.shelter_id)
    return Ask.objects.select_related("shelter", "request").get(pk=ask_id)


def _access_own(actor: Actor, ask_id: int) -> Ask:
    found = queries.access_ask(actor, ask_id)
    if actor.role not in queries.STAFF or found.shelter.team not in queries.own_teams(actor):
        raise NotFound
    return _locked(ask_id)


@transaction.atomic
def begin_transport(*, ask_id: int, actor: Actor, now: datetime) -> Transport:
    """Tell the escort the way, for this transport and no longer: only the house can.

    The address is sealed once more, under a key of its own, to the escort alone. It goes when they
    arrive, or when the time of a transport is over.
    """
    row = _access_own(actor, ask_id)
    escort = account(row.escort) if row.escort else None
    against = _against_leaving(row, escort)
    if against or escort is None:
        raise Refused(against)
    made = Transport.objects.create(
        id=new_id(),
        ask=row,
        escort=escort.pk,
        begun_at=now,
        begun_by=actor.account_id,
        until=now + load().hours("transport"),
    )
    key_id, key = new_id(), new_key()
    box = wrap(bytes(escort.recipient), key.reveal(), wrap_info(key_id))
    epoch, wrapped = layered(box, actor)
    words = queries.address(actor, row.shelter)
    ForEscort.objects.create(
        key_id=key_id,
        transport=made,
        epoch=epoch,
        wrapped=wrapped,
        sealed=seal_document(key, words, queries.escort_place(made.pk, key_id)),
    )
    row.stays.filter(state=rules.ACCEPTED).update(state=rules.TRAVELLING)
    tell({escort.pk}, "WAY_OPEN", reference=row.shelter_id, now=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.begin_transport",
        subject=made.pk,
        house=row.shelter_id,
        escort=escort.pk,
    )
    return made


def _against_leaving(row: Ask, escort: Any) -> list[str]:  # noqa: ANN401 - an account of access
    against = []
    if row.state != "CHOSEN" or not row.stays.filter(state=rules.ACCEPTED).exists():
        against.append("NOBODY_IS_EXPECTED")
    if escort is None or not escort.is_open or Role(escort.role) not in ESCORTS:
        against.append("ESCORT_MISSING")
    if row.shelter.sealed is None:
        against.append("ADDRESS_MISSING")
    return against


@transaction.atomic
def open_way(*, transport_id: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Show the escort where the transport goes; every look is on record, and the house is told."""
    found, words = queries.way_for(actor, transport_id, now)
    team = found.ask.shelter.team
    tell({a.pk for a in members(team)}, "WAY_SEEN", reference=found.ask.shelter_id, now=now)
    record(at=now, actor=actor.account_id, verb="shelters.open_way", subject=transport_id)
    return words


def _end_transports(row: Ask, by: str, now: datetime) -> None:
    """Take the way back: its key goes, here and in every backup with the weeks."""
    running = list(Transport.objects.filter(ask=row, ended_at=None))
    keys = ForEscort.objects.filter(transport__in=running).values_list("key_id", flat=True)
    erase_keys(key_ids=list(keys), now=now, by=by)
    for one in running:
        one.ended_at = now
        one.save(update_fields=["ended_at"])


@transaction.atomic
def admit(*, ask_id: int, arrived: list[str], actor: Actor, now: datetime) -> list[Stay]:
    """Call the roll at the door: who is here is admitted, who is not is raised at once.

    Whoever moved here from another house has left it in the same moment. `arrived` holds stays.
    """
    row = _access_own(actor, ask_id)
    coming = list(
        row.stays.filter(state__in=(rules.ACCEPTED, rules.TRAVELLING)).select_related("case")
    )
    if not coming or set(arrived) - {stay.pk for stay in coming}:
        raise Refused(["NOBODY_IS_EXPECTED"])
    for stay in coming:
        if stay.pk in arrived:
            _admit_one(stay, actor, now)
        else:
            stay.state, stay.ended_at, stay.exit = rules.ENDED, now, "NEVER_CAME"
            stay.save(update_fields=["state", "ended_at", "exit"])
            _raise_missing(row, stay, now)
    _end_transports(row, actor.account_id, now)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.admit",
        subject=row.request_id,
        house=row.shelter_id,
        arrived=str(len(arrived)),
        missing=str(len(coming) - len(arrived)),
    )
    return [stay for stay in coming if stay.pk in arrived]


def _admit_one(stay: Stay, actor: Actor, now: datetime) -> None:
    before = Stay.objects.filter(case=stay.case_id, state=rules.ADMITTED)
    for one in before.exclude(key_id="").select_related("unit__shelter"):
        withdraw_keys(one.unit.shelter.team, [one.key_id])
    before.update(state=rules.ENDED, ended_at=now, exit="MOVED")
    others = Stay.objects.filter(case=stay.case_id, admitted_at__isnull=False).exclude(pk=stay.pk)
    spans = [(s.admitted_at, s.ended_at) for s in others if s.admitted_at is not None]
    against = rules.against_dates(now, None, spans)
    if against:
        raise Refused(against)
    try:
        with transaction.atomic():
            stay.state, stay.admitted_at = rules.ADMITTED, now
            stay.save(update_fields=["state", "admitted_at"])
    except IntegrityError:
        raise Refused(["ALREADY_PLACED"]) from None
    mark(stay.case, "admitted_to_shelter", at=now, by=actor.account_id)


def _raise_missing(row: Ask, stay: Stay, now: datetime) -> None:
    """Whoever did not arrive is looked for: the unit that asked and its supervisors are told."""
    told = {row.asked_by, *(a.pk for a in members(stay.case.team, Role.SUPERVISOR))}
    tell(told, "NOT_ARRIVED", reference=stay.case_id, now=now)


@transaction.atomic
def review(*, stay_id: str, actor: Actor, now: datetime, exit_on: date | None = None) -> None:
    """Note that a stay was looked at and goes on, and until when; who leads the case does it."""
    row = queries.access_stay(actor, stay_id)
    if actor.role not in queries.ASKING or row.state != rules.ADMITTED:
        raise NotFound
    if exit_on is not None and exit_on < now.date():
        raise Refused(["EXIT_DAY_IS_PAST"])
    row.reviewed_at, row.exit_planned_on = now, exit_on
    row.save(update_fields=["reviewed_at", "exit_planned_on"])
    record(at=now, actor=actor.account_id, verb="shelters.review", subject=stay_id)


@transaction.atomic
def name_key_worker(*, stay_id: str, account_id: str, actor: Actor, now: datetime) -> None:
    """Say who of the house looks after somebody; who runs the house does it."""
    row = _access_own_stay(actor, stay_id)
    if actor.role is not Role.SHELTER_MANAGER:
        raise NotFound
    if account_id not in dict(people.key_workers(row)):
        raise Refused(["NOT_OF_THIS_HOUSE"])
    row.key_worker = account_id
    row.save(update_fields=["key_worker"])
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.name_key_worker",
        subject=stay_id,
        account=account_id,
    )


def _access_own_stay(actor: Actor, stay_id: str) -> Stay:
    """Return a stay in which somebody lives, locked, for the staff of its house; or NotFound."""
    if actor.role not in queries.STAFF:
        raise NotFound
    _locked(queries.access_stay(actor, stay_id).ask_id)
    row = queries.access_stay(actor, stay_id)
    if row.state != rules.ADMITTED:
        raise NotFound
    return row


@transaction.atomic
def write_sheet(*, stay_id: str, said: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Keep what was asked at the door, sealed to the house and to the unit that leads the case.

    A sheet that is written again takes the place of the one before, whose key is erased.
    """
    row = _access_own_stay(actor, stay_id)
    if row.key_id:
        erase_keys(key_ids=[row.key_id], now=now, by=actor.account_id)
    row.key_id, key = issue_key(row.unit.shelter.team, row.case.team, actor=actor)
    document = {**said, "at": now.isoformat(), "by": actor.account_id}
    row.sealed = seal_document(key, document, people.sheet_place(row.pk, row.key_id))
    row.save(update_fields=["key_id", "sealed"])
    record(at=now, actor=actor.account_id, verb="shelters.write_sheet", subject=stay_id)


@transaction.atomic
def settle(*, stay_id: str, how: str, actor: Actor, now: datetime) -> None:
    """Say what came of somebody who disappeared or never arrived; who leads the case does it."""
    codes.check("STAY_SETTLED", how)
    row = queries.access_stay(actor, stay_id)
    if actor.role not in queries.ASKING:
        raise NotFound
    if row.exit not in ("MISSING", "NEVER_CAME") or row.settled:
        raise Refused(["NOTHING_TO_SETTLE"])
    row.settled, row.settled_at = how, now
    row.save(update_fields=["settled", "settled_at"])
    record(at=now, actor=actor.account_id, verb="shelters.settle", subject=stay_id, how=how)


@transaction.atomic
def end_stay(*, stay_id: str, exit_: str, actor: Actor, now: datetime) -> None:
    """End a stay: the bed is free. Who disappeared is raised with unit and coordination at once.

    The house's part in the case ends where somebody who leads it ends the stay.
    """
    codes.check("STAY_EXIT", exit_)
    found = queries.access_stay(actor, stay_id)
    _locked(found.ask_id)
    row = Stay.objects.select_related("unit__shelter", "case", "ask").get(pk=stay_id)
    if row.ended_at is not None:
        raise Refused(["STAY_IS_OVER"])
    if exit_ not in rules.EXITS.get(row.state, ()):
        raise Refused(["EXIT_OUT_OF_PLACE"])
    row.state, row.ended_at, row.exit = rules.ENDED, now, exit_
    row.save(update_fields=["state", "ended_at", "exit"])
    team = row.unit.shelter.team
    # The unit keeps the sheet of the door; the house reads nothing of who has left it.
    withdraw_keys(team, [row.key_id] if row.key_id else [])
    if not row.ask.stays.filter(ended_at=None).exists():
        _end_transports(row.ask, actor.account_id, now)
        erase_keys(key_ids=[row.ask.key_id], now=now, by=actor.account_id)
    if exit_ == "MISSING":
        told = {a.pk for a in (*members(row.case.team), *of_role(Role.COORDINATOR))}
        tell(told - {actor.account_id}, "PERSON_MISSING", reference=row.case_id, now=now)
    if exit_ == "NEVER_CAME":
        _raise_missing(row.ask, row, now)
    is_theirs = team in {t.pk for t in involved(row.case)}
    if actor.role in queries.ASKING and is_theirs and queries.current_stay(row.case) is None:
        release_team(case=row.case, team_code=team, actor=actor, now=now)
    mark(row.case, "left_shelter", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="shelters.end_stay", subject=stay_id, exit=exit_)


@transaction.atomic
def take_back_ways(now: datetime) -> int:
    """End transports whose time is over: the way is taken back and the house is told."""
    late = Transport.objects.filter(ended_at=None, until__lte=now).select_related("ask__shelter")
    rows = list(late)
    for one in rows:
        _end_transports(one.ask, "worker", now)
        told = {one.escort, *(a.pk for a in members(one.ask.shelter.team))}
        tell(told, "WAY_OVER", reference=one.ask.shelter_id, now=now)
    return len(rows)
