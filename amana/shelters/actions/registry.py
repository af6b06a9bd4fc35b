"""Keeping the registry: houses, rooms, what was said of their beds, and where a house stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.queries import all_teams
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.shelters import queries, rules
from amana.shelters.models import Capacity, Count, Shelter, Unit
from amana.standards import codes
from amana.standards.references import new_reference

# What the coordination may say of a house; where it stands is not among it.
FIELDS = frozenset(
    {
        *("alias", "kind", "team", "operator", "area", "licence_authority", "licence_number"),
        *("licence_valid_to", "inspected_on", "inspection_score", "has_safeguarding"),
        *("staff_checked_percent", "security", "profiles", "languages", "night_languages"),
        *("services", "minutes", "inspection_findings", "night_ratio", "max_stay_days"),
        *("cost_per_day", "intake_hours", "phone_policy"),
    }
)
LISTS = {
    "profiles": "SHELTER_PROFILE",
    "languages": "LANG",
    "night_languages": "LANG",
    "services": "SHELTER_NEED",
}


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts whose codes stand in their lists. Raises NotFound for a field that is none."""
    if set(facts) - FIELDS:
        raise NotFound
    if "kind" in facts:
        codes.check("SHELTER_TYPE", facts["kind"])
    if "area" in facts:
        codes.check("SHELTER_AREA", facts["area"])
    if facts.get("phone_policy"):
        codes.check("PHONE_POLICY", facts["phone_policy"])
    for name, listed in LISTS.items():
        for code in facts.get(name, ()):
            codes.check(listed, code)
    team = facts.get("team")
    if team is not None and team not in {t.pk for t in all_teams() if t.kind == queries.SHELTER}:
        raise Refused(["NOT_A_SHELTER_TEAM"])
    return dict(facts)


def _coordinates(actor: Actor) -> None:
    if actor.role is not Role.COORDINATOR:
        raise NotFound


@transaction.atomic
def add_shelter(*, facts: Mapping[str, Any], actor: Actor, now: datetime) -> Shelter:
    """Enter a house into the registry, as the coordination. Its address is not hers to write."""
    _coordinates(actor)
    row = Shelter.objects.create(
        code=new_reference("S"), added_at=now, added_by=actor.account_id, **_checked(facts)
    )
    record(at=now, actor=actor.account_id, verb="shelters.add_shelter", subject=row.pk)
    return row


@transaction.atomic
def change_shelter(*, code: str, facts: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Change what the registry says of a house: a licence that was renewed, an inspection."""
    _coordinates(actor)
    row = _locked(code)
    for name, value in _checked(facts).items():
        setattr(row, name, value)
    row.save(update_fields=[*facts])
    record(at=now, actor=actor.account_id, verb="shelters.change_shelter", subject=code)


@transaction.atomic
def set_status(*, code: str, status: str, actor: Actor, now: datetime) -> None:
    """Open, fill, suspend or close a house. Its own manager may say open or full, and no more.

    Whoever lives in a house that is suspended stays in the list of what is wrong until moved.
    """
    codes.check("SHELTER_STATUS", status)
    row = _locked(code)
    if actor.role is not Role.COORDINATOR:
        if actor.role is not Role.SHELTER_MANAGER or status not in ("OPEN", "FULL"):
            raise NotFound
        queries.access_own(actor, code)
        if row.status not in ("OPEN", "FULL"):
            raise Refused(["HOUSE_WAS_STOPPED"])
    row.status = status
    row.save(update_fields=["status"])
    record(at=now, actor=actor.account_id, verb="shelters.set_status", subject=code, status=status)


def _locked(code: str) -> Shelter:
    row = Shelter.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class Room:
    """A room as it is entered: its beds and mattresses, for whom, and who says how many."""

    label: str
    beds: int
    sex: str
    ages: tuple[str, ...]
    surge: int = 0
    is_one_party: bool = False
    is_step_free: bool = False
    source: str = "DIRECTOR"


@transaction.atomic
def add_unit(*, code: str, room: Room, actor: Actor, now: datetime) -> Unit:
    """Enter a room, as the coordination or as the manager of the house."""
    _may_furnish(actor, code)
    codes.check("BED_SEX", room.sex)
    for band in room.ages:
        codes.check("AGE_BAND", band)
    row = _locked(code)
    if Unit.objects.filter(shelter=row, label=room.label).exists():
        raise Refused(["UNIT_IS_THERE"])
    unit = Unit.objects.create(
        shelter=row,
        label=room.label,
        beds=room.beds,
        surge=room.surge,
        sex=room.sex,
        ages=list(room.ages),
        is_one_party=room.is_one_party,
        is_step_free=room.is_step_free,
    )
    _claim(unit, room.beds, room.source, actor, now)
    return unit


@transaction.atomic
def set_beds(*, unit_id: int, beds: int, source: str, actor: Actor, now: datetime) -> None:
    """Say how many beds a room has, and who says so. Nobody who is inside is counted away."""
    unit = Unit.objects.select_related("shelter").filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    _may_furnish(actor, unit.shelter_id)
    _locked(unit.shelter_id)
    against = rules.against_beds(beds, queries.n_inside(unit))
    if against:
        raise Refused(against)
    unit.beds = beds
    unit.save(update_fields=["beds"])
    _claim(unit, beds, source, actor, now)


def _may_furnish(actor: Actor, code: str) -> None:
    if actor.role is Role.SHELTER_MANAGER:
        queries.access_own(actor, code)
    else:
        _coordinates(actor)


def _claim(unit: Unit, beds: int, source: str, actor: Actor, now: datetime) -> None:
    codes.check("CAPACITY_SOURCE", source)
    Capacity.objects.create(unit=unit, beds=beds, source=source, at=now, by=actor.account_id)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.claim_beds",
        subject=unit.shelter_id,
        beds=str(beds),
        source=source,
    )


@transaction.atomic
def count_free(*, unit_id: int, free: int, actor: Actor, now: datetime) -> None:
    """Say how many beds of a room are free now; whoever works there says it with one tap."""
    unit = queries.access_unit(actor, unit_id)
    _locked(unit.shelter_id)
    against = rules.against_claim(free, unit.beds, queries.n_inside(unit))
    if against:
        raise Refused(against)
    Count.objects.create(unit=unit, free=free, at=now, by=actor.account_id)
    record(
        at=now,
        actor=actor.account_id,
        verb="shelters.count_free",
        subject=unit.shelter_id,
        free=str(free),
    )


@transaction.atomic
def write_address(*, code: str, words: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Write where a house stands and how one gets in, as its manager: sealed to who works there.

    Nobody else ever reads it but an escort, for one transport. A new address makes a new key.
    """
    if actor.role is not Role.SHELTER_MANAGER:
        raise NotFound
    queries.access_own(actor, code)
    row = _locked(code)
    if row.key_id:
        erase_keys(key_ids=[row.key_id], now=now, by=actor.account_id)
    row.key_id, key = issue_key(row.team, actor=actor)
    document = {name: words.get(name, "") for name in ("address", "way_in", "phone")}
    row.sealed = seal_document(key, document, queries.address_place(code, row.key_id))
    row.save(update_fields=["key_id", "sealed"])
    record(at=now, actor=actor.account_id, verb="shelters.write_address", subject=code)
