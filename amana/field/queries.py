"""Phones, sealed items that wait, and what was read of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from amana.access import queries as access
from amana.access.documents import open_document
from amana.access.models import Account
from amana.access.rules import CARE, Actor, NotFound, Role
from amana.crypto.boxes import Place
from amana.crypto.secrets import Key, digest, keyed
from amana.field import rules
from amana.field.models import Device, Item, Operation, Record, Resumable, Wristband
from amana.standards.calendars import calendar_of, due
from amana.standards.clocks import clock

CARRYING = (Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR, Role.HOTLINE)


def may_carry() -> list[Account]:
    """Return the people who may be given a phone, by name."""
    return list(Account.objects.filter(is_open=True, role__in=CARRYING).order_by("name"))


def is_resumable(team: str) -> bool:
    """Say whether an administrator lets this team's phones keep drafts that can be read again."""
    return Resumable.objects.filter(team_id=team).exists()


def devices() -> list[Device]:
    """Return every phone, those in use first, last seen first."""
    rows = Device.objects.select_related("account", "team").order_by("-seen_at")
    return sorted(rows, key=lambda d: d.withdrawn_at is not None)


def device(device_id: str) -> Device:
    """Return an enrolled phone. Raises UnknownDevice."""
    found = Device.objects.select_related("team").filter(pk=device_id).first()
    if found is None:
        raise rules.UnknownDevice
    return found


def enrolled(row: Device, node_key: bytes, now: datetime) -> dict[str, Any]:
    """Return what a phone is told when it is enrolled."""
    node = settings.NODE
    return {
        "v": 1,
        "device": row.pk,
        "team": row.team_id,
        "recipient": rules.base64_of(bytes(row.team.recipient)),
        "node_key": rules.base64_of(node_key),
        "mode": row.mode,
        "country": node.country,
        "numbers": [{"label": dict.fromkeys(("fr", "ar", "en"), node.name), "number": node.phone}],
        "now": now.isoformat(),
    }


# Places: where what lies, so that no sealed bytes open in another row.


def item_place(row: Item) -> Place:
    """Return where an item's sealed bytes lie, under the key of their arrival."""
    return Place("field_item", f"{row.device_id}/{row.record}", "sealed", row.key_id)


def item_info(row: Item) -> bytes:
    """Return what the phone bound its sealed bytes to."""
    return rules.info_of(row.device.team_id, row.record, row.seq)


def record_place(record_id: str, key_id: str) -> Place:
    """Return where the parts of a record lie."""
    return Place("field_record", record_id, "sealed", key_id)


def operation_place(code: str, key_id: str) -> Place:
    """Return where an operation's name lies."""
    return Place("field_operation", code, "sealed", key_id)


def place_of(actor: Actor, record: str, band: str) -> tuple[str, Operation | None]:
    """Return under which place a person's record stands, and of which operation she is.

    A wristband's place is an index under the operation's key: only who opens it can find it.
    """
    worn = Wristband.objects.select_related("operation").filter(pk=band).first() if band else None
    if worn is None or not actor.holds(worn.operation.team_id):
        return digest(f"amana/field/record/v1/{record}".encode()).hex(), None
    key = access.access_key(actor, worn.operation.key_id)
    return band_place(key, band), worn.operation


def band_place(key: Key, band: str) -> str:
    """Return the place of a wristband under its operation's key."""
    return keyed(key, f"amana/field/band/v1/{band}".encode()).hex()


def waiting(actor: Actor, *, quarantined: bool = False) -> list[Item]:
    """Return the sealed items of this person's teams: danger first, then the oldest."""
    rows = Item.objects.select_related("device__account").filter(
        device__team_id__in=actor.teams, is_quarantined=quarantined, sealed__isnull=False
    )
    rank = {urgency: at for at, urgency in enumerate(rules.BY_URGENCY)}
    return sorted(rows.defer("sealed"), key=lambda i: (rank[rules.Urgency(i.urgency)], i.first_at))


def n_waiting(actor: Actor) -> int:
    """Return how many sealed items and clashes wait for somebody of this person's teams."""
    items = Item.objects.filter(device__team_id__in=actor.teams, sealed__isnull=False).count()
    return items + Record.objects.filter(team_id__in=actor.teams, has_clash=True).count()


def item_due(row: Item) -> datetime:
    """Return by when a supervisor must have decided on what nobody has opened yet.

    Whether it is a child is not known before; until then the child's clock runs.
    """
    return due(row.first_at, clock("screening_review", "child"), calendar_of(settings.NODE.country))


def duty_officers(team: str) -> list[str]:
    """Return who is rung when danger comes in for a team: its supervisors, else its members."""
    members = [
        (a.pk, a.role)
        for a in Account.objects.filter(is_open=True, membership__team_id=team).distinct()
    ]
    supervisors = [pk for pk, role in members if role == Role.SUPERVISOR]
    return supervisors or [pk for pk, _ in members]


@dataclass(frozen=True)
class OpenedRecord:
    """A record as a member of its team reads it: the newest part of every phone, side by side."""

    row: Record
    key: Key
    held: Mapping[str, Any]

    @property
    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """What each phone wrote, by the number of the phone and its own of the person."""
        found: Mapping[str, Mapping[str, Any]] = self.held["parts"]
        return found

    @property
    def content(self) -> Mapping[str, Any]:
        """The parts of all phones as one: what was agreed or chosen, and what both brought."""
        found: Mapping[str, Any] = self.held["content"]
        return found


def open_record(actor: Actor, row: Record) -> OpenedRecord:
    """Return what a record holds, or NotFound."""
    key = access.access_key(actor, row.key_id)
    place = record_place(row.pk, row.key_id)
    return OpenedRecord(row, key, open_document(key, bytes(row.sealed), place))


def access_record(actor: Actor, record_id: str) -> OpenedRecord:
    """Return a record that this person's team holds, or NotFound."""
    rows = Record.objects.filter(access.holds_key(actor), pk=record_id)
    row = rows.select_related("screening", "operation").first()
    if row is None:
        raise NotFound
    return open_record(actor, row)


def records_of(actor: Actor, operation: str) -> list[OpenedRecord]:
    """Return every opened record of an operation, in the order in which they came."""
    rows = Record.objects.filter(access.holds_key(actor), operation_id=operation)
    rows = rows.select_related("screening").order_by("first_at", "pk")
    return [open_record(actor, row) for row in rows]


def to_choose(actor: Actor) -> list[Record]:
    """Return the records in which two phones differ, or which a person must look at."""
    rows = Record.objects.filter(access.holds_key(actor))
    return list((rows.filter(has_clash=True) | rows.exclude(fault="")).order_by("first_at"))


def read_lately(actor: Actor) -> list[Record]:
    """Return what was read last, newest first."""
    rows = Record.objects.filter(access.holds_key(actor)).select_related("screening", "operation")
    return list(rows.order_by("-changed_at")[:50])


def care_teams() -> list[tuple[str, str, bool]]:
    """Return the units whose phones may be enrolled: code, institution, may work be resumed."""
    allowed = set(Resumable.objects.values_list("team_id", flat=True))
    return [(t.pk, t.institution, t.pk in allowed) for t in access.teams_of_kind(CARE)]


def count_operations(since: datetime, until: datetime) -> int:
    """Return how many operations began between two moments."""
    return Operation.objects.filter(begins_at__gte=since, begins_at__lt=until).count()
