"""Opening a case, and who works on it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access import policy
from amana.access.actions import tell
from amana.access.actions.keys import withdraw_keys
from amana.access.actions.locks import require_two_locks
from amana.access.queries import held_keys, members, team
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.actions.parts import count, edit_part, give_out, mark, write_new
from amana.cases.models import Case, Compartment, Conflict, Involved
from amana.identification.queries import access_screening, chain_of
from amana.standards import codes
from amana.standards.references import new_reference

# What a later room does with a case in the transaction that opens it; who does: node.apps.
Begin = Callable[[Case, Actor, datetime], None]
_BEGINNING: list[Begin] = []


def begin_too(begin: Begin) -> None:
    """Let a later room begin its part of every case that is opened for somebody who is here."""
    if begin not in _BEGINNING:
        _BEGINNING.append(begin)


# Says whether a further case would be more than a worker can carry; who knows: node.apps.
TooMuch = Callable[[str, Case, Actor], bool]
_TOO_MUCH: list[TooMuch] = []


def weigh_too(too_much: TooMuch) -> None:
    """Let a later room weigh what somebody carries before she is given a further case."""
    if too_much not in _TOO_MUCH:
        _TOO_MUCH.append(too_much)


@transaction.atomic
def open_case(
    *,
    screening_code: str,
    country: str,
    actor: Actor,
    now: datetime,
    before_decision: bool = False,
) -> Case:
    """Open a case from a screening that was decided; its content moves into sealed parts.

    With `before_decision` also from one that was not: a bed for the night waits for no decision.
    The class is that of the reading then, until the supervisor decides (`follow_decision`).
    """
    require_two_locks(actor)
    screening = access_screening(actor, screening_code)
    decision = screening.decision or {"class": screening.content["reading"]["class"]}
    against = rules.objections_to_opening(
        is_decided=screening.decision is not None,
        has_case=queries.has_case(screening_code),
        decided_class=decision["class"],
        before_decision=before_decision,
        is_historical=screening.row.is_historical,
    )
    if against:
        raise Refused(against)
    row, content = screening.row, screening.content
    unit = actor.team_of(CARE)
    if unit is None:
        raise NotFound
    case = Case.objects.create(
        code=new_reference(country),
        team=unit,
        worker=actor.account_id if actor.role is Role.CASE_WORKER else "",
        opened_at=now,
        origin="historical" if row.is_historical else "screening",
        screening=row,
        age_band=row.age_band,
        sex=row.sex,
        tier=row.tier,
        citizenship=content.get("citizenship", ""),
    )
    _involve(case, unit, actor, now)
    for name, document in _parts(content, decision, is_historical=row.is_historical).items():
        write_new(case, name, document, actor, now)
    mark(case, "screened", at=row.received_at, by=row.account_id or "")
    if row.decided_at is not None:
        # Counted is a case from its decision on.
        count(case, content, decision, actor, now)
        mark(case, "decided", at=row.decided_at, by=row.decided_by)
    mark(case, "opened", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.open_case", subject=case.code)
    if not case.is_historical:
        _begin(case, actor, now)
    return case


@transaction.atomic
def follow_decision(screening_code: str, actor: Actor, now: datetime) -> None:
    """Let the class of a case that was opened before the decision be the decided one.

    Nobody loses a service by it: where nothing was found, the worker is told and decides with the
    person how to end. What more her phone brought may stand in a later screening of the chain. Of a
    case of another unit nothing is known here: it stays as it is read, and goes nowhere.
    """
    chain = chain_of(screening_code)
    case = Case.objects.select_for_update(of=("self",)).filter(screening_id__in=chain).first()
    if case is None or not queries.is_before_decision(case, ignoring=screening_code):
        return
    part = Compartment.objects.filter(case=case, name=rules.ACCOUNT).first()
    if part is None or part.key_id not in held_keys(actor, {part.key_id}):
        return
    screening = access_screening(actor, screening_code)
    decision = screening.decision or {}
    edit_part(case, rules.ACCOUNT, {"class": decision["class"]}, actor, now)
    count(case, screening.content, decision, actor, now)
    mark(case, "decided", at=now, by=actor.account_id)
    told = {case.worker} if case.worker else {a.pk for a in members(case.team, Role.SUPERVISOR)}
    kind = "DECIDED_NOTHING" if decision["class"] == rules.NO_CASE_FOR else "DECIDED"
    tell(told - {actor.account_id}, kind, reference=case.pk, now=now)


def _begin(case: Case, actor: Actor, now: datetime) -> None:
    for begin in _BEGINNING:
        begin(case, actor, now)


def _parts(
    content: Mapping[str, Any], decision: Mapping[str, Any], *, is_historical: bool
) -> dict[str, dict[str, Any]]:
    account = {
        "class": decision["class"],
        "indicators": list(content["indicators"]),
        "minor": content["minor"],
        "situation": content["situation"],
        "language": content.get("language", ""),
        "citizenship": content.get("citizenship", ""),
    }
    if is_historical:
        return {rules.ACCOUNT: {**account, "coded": content.get("coded", {})}}
    return {
        rules.IDENTITY: {"first_name": content.get("alias", "")},
        rules.LOCATION: {"place": content.get("place", "")},
        rules.ACCOUNT: {**account, "narrative": content.get("observation", "")},
    }


@transaction.atomic
def open_received_case(
    *,
    profile: Mapping[str, str],
    account: Mapping[str, Any],
    reference: str,
    country: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Open a case for a person whom the other country offered and this one accepted.

    The desk can write into it and cannot read it afterwards: its keys go to the care team alone.
    """
    case = Case.objects.create(
        code=new_reference(country),
        team=CARE,
        opened_at=now,
        origin="referral",
        age_band=profile["age_band"],
        sex=profile["sex"],
        tier=profile["tier"],
        citizenship=profile.get("citizenship", ""),
    )
    _involve(case, CARE, actor, now)
    write_new(case, rules.ACCOUNT, account, actor, now)
    # A file here; the person is counted by the country that sent it.
    count(case, account, {"class": account["class"]}, actor, now)
    mark(case, "opened", at=now, by=actor.account_id, reference=reference)
    record(at=now, actor=actor.account_id, verb="cases.open_received_case", subject=case.code)
    _begin(case, actor, now)
    return case


@transaction.atomic
def add_received(
    *, case_code: str, parts: Mapping[str, Mapping[str, Any]], actor: Actor, now: datetime
) -> Case:
    """Put what arrived with the dossier into sealed parts that the care team opens."""
    case = Case.objects.get(pk=case_code)
    for name, document in parts.items():
        write_new(case, name, document, actor, now)
    mark(case, "dossier_received", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.add_received", subject=case_code)
    return case


def _involve(case: Case, team: str, actor: Actor, now: datetime) -> None:
    Involved.objects.create(case=case, team=team, since=now, by=actor.account_id)


@transaction.atomic
def involve(*, case: Case, team_code: str, actor: Actor, now: datetime) -> None:
    """Let a further team work on a case; it gets the parts that its kind may open, and no other.

    What this person holds is given at once. What somebody else keeps follows when that person next
    opens or writes it.
    """
    found = next((t for t in queries.teams_to_involve(case) if t.pk == team_code), None)
    if found is None or not policy.leads(actor.role):
        raise NotFound
    against = queries.said_no_to(case, rules.NATIONAL, now=now, service=found.kind)
    if against:
        raise Refused(against)
    _involve(case, team_code, actor, now)
    give_out(case, actor)
    mark(case, "team_involved", at=now, by=actor.account_id, reference=found.kind)
    record(at=now, actor=actor.account_id, verb="cases.involve", subject=case.code, team=team_code)


@transaction.atomic
def release_team(*, case: Case, team_code: str, actor: Actor, now: datetime) -> None:
    """End a team's work on a case: its wraps are deleted, and it opens nothing of it again."""
    if not policy.leads(actor.role) or team_code == case.team:
        raise NotFound
    gone, _ = Involved.objects.filter(case=case, team=team_code).delete()
    if not gone:
        raise NotFound
    withdraw_keys(team_code, queries.part_keys(case))
    mark(case, "team_released", at=now, by=actor.account_id, reference=team(team_code).kind)
    record(
        at=now, actor=actor.account_id, verb="cases.release_team", subject=case.code, team=team_code
    )


@transaction.atomic
def assign(
    *, case: Case, account_id: str, actor: Actor, now: datetime, overload_reason: str = ""
) -> None:
    """Give a case to a worker of its team. A supervisor does it; nobody takes an assigned case.

    Above the ceiling of what one person can carry, a supervisor says why: it is on record.
    """
    workers = {a.pk for a in members(case.team, Role.CASE_WORKER)}
    takes_it = actor.account_id == account_id and not case.worker
    if account_id not in workers or not (actor.role is Role.SUPERVISOR or takes_it):
        raise NotFound
    if Conflict.objects.filter(case=case, account=account_id).exists():
        raise Refused(["HAS_A_CONFLICT"])
    beyond = any(too_much(account_id, case, actor) for too_much in _TOO_MUCH)
    if beyond:
        if actor.role is not Role.SUPERVISOR or not overload_reason:
            raise Refused(["ABOVE_THE_CEILING"])
        codes.check("OVERLOAD_REASON", overload_reason)
    Case.objects.filter(pk=case.pk).update(worker=account_id)
    mark(case, "assigned", at=now, by=actor.account_id)
    why = {"overload": overload_reason} if beyond else {}
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.assign",
        subject=case.code,
        to=account_id,
        **why,
    )


@transaction.atomic
def declare_conflict(*, case: Case, actor: Actor, now: datetime) -> None:
    """Note that this person knows the person of the case: from now on it is not there for her.

    Supervisors are told, so that somebody else takes it.
    """
    Conflict.objects.create(case=case, account=actor.account_id, at=now)
    if case.worker == actor.account_id:
        Case.objects.filter(pk=case.pk).update(worker="")
    others = {a.pk for a in members(case.team, Role.SUPERVISOR)} - {actor.account_id}
    tell(others, "CONFLICT_DECLARED", reference=case.code, now=now)
    record(at=now, actor=actor.account_id, verb="cases.declare_conflict", subject=case.code)
