"""What phones sealed: taken in unread, rung, opened by the team, made one, given to screening."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from amana.access.actions import tell
from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.queries import access_key, team_seeds
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.crypto.boxes import seal, unseal
from amana.crypto.phones import open_from_phone, seal_on_phone, sign
from amana.crypto.secrets import CannotOpen, Key, digest, new_id
from amana.field import queries, rules
from amana.field.models import Device, Invitation, Item, Record
from amana.field.parts import whole
from amana.field.rules import Answer, Urgency
from amana.identification.actions import Origin, erase_screening, receive_from_phone
from amana.identification.answers import Fault, Given, faults_in, without
from amana.identification.models import Screening
from amana.identification.queries import access_instrument, today
from amana.standards.instrument import Instrument

# So many are opened at one press, so that a page never hangs; the next press goes on.
AT_ONCE = 60

# Taken in.


def take_in(*, parcel: bytes, now: datetime, most: int = rules.MOST_ITEMS) -> dict[str, Any]:
    """Take what a phone sends, each item for itself; return what the phone is told.

    What is bad never stops what is good. Raises BadRequest and UnknownDevice; then nothing is kept.
    """
    device_id, raw = rules.read_parcel(parcel, most)
    device = queries.device(device_id)
    receipts = [_receipt(device, one, _take(device.pk, one, now)) for one in raw]
    Device.objects.filter(pk=device_id).update(seen_at=now)
    return {
        "v": 1,
        "now": now.isoformat(),
        "state": "WITHDRAWN" if device.withdrawn_at else "OPEN",
        "key": rules.key_of(bytes(device.team.recipient)),
        "receipts": receipts,
    }


def _receipt(device: Device, raw: object, answer: Answer) -> dict[str, Any]:
    record_id, seq = rules.name_of(raw)
    told: dict[str, Any] = {"record": record_id, "seq": seq, "state": answer}
    if answer in rules.FINAL:
        signed = rules.receipt(device.pk, record_id, seq, answer)
        told["sig"] = rules.base64_of(sign(settings.OWN.seed, signed))
    return told


@transaction.atomic
def _take(device_id: str, raw: object, now: datetime) -> Answer:
    """Store one item whole or not at all. The signature is checked before anything is looked up."""
    # Locked, so that two tabs of one phone are answered one after the other.
    device = Device.objects.select_for_update().get(pk=device_id)
    item = rules.read_item(raw)
    if isinstance(item, Answer):
        return item
    public = bytes(device.public)
    against = rules.judge(item, device=device.pk, public=public, team=device.team_id)
    if against is not None:
        return against
    known = Item.objects.filter(device=device, record=item.record).first()
    if known is not None and item.seq <= known.seq:
        return Answer.KNOWN if item.seq == known.seq else Answer.LATE
    if known is None and _is_full(device):
        return Answer.TOO_LARGE
    _store(device, item, known, now)
    return Answer.TAKEN


def _is_full(device: Device) -> bool:
    most = rules.MOST_QUARANTINED if device.withdrawn_at else rules.MOST_WAITING
    return Item.objects.filter(device=device, sealed__isnull=False).count() >= most


def _store(device: Device, item: rules.Item, known: Item | None, now: datetime) -> None:
    """Keep the sealed bytes under a key of their own, so that erasing it erases them everywhere."""
    rung = Urgency(known.urgency) if known is not None else None
    if known is not None and known.sealed is not None:
        erase_keys(key_ids=[known.key_id], now=now, by="field")
    row = known or Item(device=device, record=item.record, first_at=now)
    row.seq, row.urgency, row.arrived_at = item.seq, item.urgency, now
    row.is_quarantined, row.fault = device.withdrawn_at is not None, ""
    row.key_id, key = issue_key(device.team_id)
    row.sealed = seal(key, item.body, queries.item_place(row))
    row.save()
    record(at=now, actor=device.pk, verb="field.take_in", subject=item.record)
    if item.urgency in rules.RINGS and item.urgency != rung and not row.is_quarantined:
        officers = queries.duty_officers(device.team_id)
        tell(officers, f"FIELD_{item.urgency}", reference=str(row.pk), now=now)


def bring(*, parcel: bytes, actor: Actor, now: datetime) -> dict[str, int]:
    """Take in the file of a phone that had no line; return how many of each answer there were."""
    told = take_in(parcel=parcel, now=now, most=rules.MOST_IN_FILE)
    counts: dict[str, int] = {}
    for one in told["receipts"]:
        counts[one["state"]] = counts.get(one["state"], 0) + 1
    record(at=now, actor=actor.account_id, verb="field.bring", subject=str(len(told["receipts"])))
    return counts


# Opened.


@dataclass
class Told:
    """What came of opening: screenings made, clashes for a person, items that could not be read."""

    n_read: int = 0
    n_clashes: int = 0
    n_faults: int = 0
    n_left: int = 0


def open_items(*, actor: Actor, now: datetime) -> Told:
    """Open what waits for this person's teams, danger first, each item for itself."""
    waiting, told = queries.waiting(actor), Told()
    for row in waiting[:AT_ONCE]:
        _count(open_item(item_id=row.pk, actor=actor, now=now), told)
    told.n_left = len(waiting[AT_ONCE:])
    return told


def _count(found: Record | None, told: Told) -> None:
    if found is None or found.fault:
        told.n_faults += 1
    elif found.has_clash:
        told.n_clashes += 1
    else:
        told.n_read += 1


@transaction.atomic
def open_item(*, item_id: int, actor: Actor, now: datetime) -> Record | None:
    """Open one item: what it holds joins its person's record, the item keeps its number alone.

    Returns None, and notes why, when it is no screening of a phone. Two people at once open it
    once: the second finds it read.
    """
    row = Item.objects.select_for_update().select_related("device").filter(pk=item_id).first()
    if row is None or row.sealed is None or not actor.holds(row.device.team_id):
        raise NotFound
    try:
        content = _content_of(row, actor)
    except rules.Unreadable as problem:
        row.fault = str(problem)
        row.save(update_fields=["fault"])
        return None
    found = _join(row, content, actor, now)
    erase_keys(key_ids=[row.key_id], now=now, by=actor.account_id)
    row.sealed, row.key_id, row.fault = None, "", ""
    row.save(update_fields=["sealed", "key_id", "fault"])
    record(at=now, actor=actor.account_id, verb="field.open_item", subject=found.pk)
    return found


def _content_of(row: Item, actor: Actor) -> dict[str, Any]:
    plaintext = _plaintext_of(row, access_key(actor, row.key_id), actor)
    return rules.read_content(plaintext, row.record, row.seq)


def _plaintext_of(row: Item, key: Key, actor: Actor) -> bytes:
    body = unseal(key, bytes(row.sealed or b""), queries.item_place(row))
    for seed in team_seeds(actor, row.device.team_id):
        with suppress(CannotOpen):
            return open_from_phone(seed, body, queries.item_info(row))
    raise rules.Unreadable("OTHER_KEY")


def reseal(team: str, recipient: bytes, actor: Actor) -> None:
    """Seal what waits for a team to its new key, unread, before the old one is forgotten."""
    rows = Item.objects.select_for_update(of=("self",)).select_related("device")
    for row in rows.filter(device__team_id=team, sealed__isnull=False):
        key = access_key(actor, row.key_id)
        with suppress(rules.Unreadable):  # as unreadable with the new key as with the old
            plaintext = _plaintext_of(row, key, actor)
            body = seal_on_phone(recipient, plaintext, queries.item_info(row))
            row.sealed = seal(key, body, queries.item_place(row))
            row.save(update_fields=["sealed"])


def _join(row: Item, content: dict[str, Any], actor: Actor, now: datetime) -> Record:
    """Lay what one phone wrote beside what others wrote of the same person."""
    place, operation = queries.place_of(actor, row.record, content["wristband"])
    name = f"{row.device_id}/{row.record}"
    part = {**content, "record": row.record, "seq": row.seq, "account": row.device.account_id}
    rows = Record.objects.select_for_update()
    found = rows.filter(place=place, instrument=content["instrument"]).first()
    if found is not None:
        opened = queries.open_record(actor, found)
        if name in opened.held["apart"]:  # somebody saw that these are two people
            found = rows.get(pk=opened.held["apart"][name])
            opened = queries.open_record(actor, found)
        found.first_at = min(found.first_at, row.first_at)
        held = {**opened.held, "parts": {**opened.parts, name: part}}
        return _settle(found, opened.key, held, actor, now)
    key_id, key = issue_key(row.device.team_id, actor=actor)
    found = Record(
        id=new_id(),
        place=place,
        instrument=content["instrument"],
        team_id=row.device.team_id,
        operation=operation,
        first_at=row.first_at,
        key_id=key_id,
    )
    held = {"parts": {name: part}, "choices": {}, "apart": {}, "read": ""}
    return _settle(found, key, held, actor, now)


def _settle(row: Record, key: Key, held: Mapping[str, Any], actor: Actor, now: datetime) -> Record:
    """Make one of all parts, or leave the question to a person; then the screening follows."""
    joined = whole(held["parts"], held["choices"])
    row.has_clash, row.changed_at, row.fault = bool(joined.clashes), now, ""
    faults: list[list[Any]] = []
    read = held["read"]
    if not row.has_clash:
        faults, read = _screen(row, joined.content, read, actor, now)
    document = {**held, "content": joined.content, "faults": faults, "read": read}
    place = queries.record_place(row.pk, row.key_id)
    row.sealed = seal_document(key, document, place)
    row.save()
    return row


def _screen(
    row: Record, content: Mapping[str, Any], read: str, actor: Actor, now: datetime
) -> tuple[list[list[Any]], str]:
    """Make the screening of a record, or make it anew when more came; nothing when nothing changed.

    Returns which answers cannot be, left out and shown to a person, and what was read.
    """
    try:
        instrument = access_instrument(content["instrument"], content["version"])
    except NotFound:
        row.fault = "NOT_LOADED"
        return [], read
    given, faults = _possible(instrument, content, now)
    row.fault = "CANNOT_BE" if faults else ""
    told = [[f.field, f.code, dict(f.values)] for f in faults]
    now_read = digest_of(given, content)
    if now_read == read:
        return told, read
    row.times += 1
    origin = Origin(
        submission=f"{row.pk}/{row.times}",
        account_id=content["account"],
        team=row.team_id,
        received_at=row.first_at,
        follows=_followed(row, now, actor),
        is_unfinished=content["is_unfinished"],
    )
    row.screening = receive_from_phone(
        origin=origin,
        instrument=instrument,
        given=given,
        observation=content["observation"],
        actor=actor,
        now=now,
    )
    return told, now_read


def digest_of(given: Given, content: Mapping[str, Any]) -> str:
    """Return by what it is seen that a record changed since its screening was made."""
    parts = [given.answers, given.words, given.skipped]
    said = json.dumps([*parts, content["observation"], content["is_unfinished"]], sort_keys=True)
    return digest(said.encode()).hex()


def _possible(
    instrument: Instrument, content: Mapping[str, Any], now: datetime
) -> tuple[Given, list[Fault]]:
    """Return the answers that can be, and what stands against the others.

    A phone checks what is typed; what comes otherwise all the same is left out and told, since one
    impossible age must not keep a person waiting.
    """
    given = Given(content["answers"], content["words"], content["skipped"])
    told: list[Fault] = []
    for _ in range(len(given.answers) + 2):
        faults = faults_in(instrument, given, today(now))
        if not faults:
            break
        told += [f for f in faults if f.code != "NOT_ASKED"]
        gone = {f.field.partition(".")[0] for f in faults}
        given = Given(
            *(without(held, gone) for held in (given.answers, given.words, given.skipped))
        )
    return given, told


# Says whether a later room built on a screening, which then stays; who knows: node.apps.
BuiltOn = Callable[[str], bool]
_BUILT_ON: list[BuiltOn] = []


def keep_too(built_on: BuiltOn) -> None:
    """Let a later room say on which screenings it built."""
    if built_on not in _BUILT_ON:
        _BUILT_ON.append(built_on)


def _followed(row: Record, now: datetime, actor: Actor) -> Screening | None:
    """Return the screening from which the new one goes on.

    One that nobody decided on yet is made anew instead, so that nobody decides on half of it;
    unless a case was opened from it already, to protect: then both stand.
    """
    before = row.screening
    is_free = before is not None and before.decided_at is None and not before.later.exists()
    if before is not None and is_free and not any(built(before.pk) for built in _BUILT_ON):
        row.screening, follows = None, before.follows
        Record.objects.filter(pk=row.pk).update(screening=None)
        erase_screening(code=before.pk, now=now, by=actor.account_id)
        return follows
    if before is not None:
        return before
    others = Record.objects.filter(place=row.place).exclude(pk=row.pk).exclude(screening=None)
    other = others.select_related("screening").order_by("-changed_at").first()
    return other.screening if other else None


# Settled by a person.


@transaction.atomic
def choose(*, record_id: str, chosen: Mapping[str, str], actor: Actor, now: datetime) -> Record:
    """Keep what a person chose where phones differ: for each question the number of a column.

    Refused unless every open question is answered. What was not chosen stays in the record.
    """
    opened, row = _locked(record_id, actor)
    joined = whole(opened.parts, opened.held["choices"])
    choices = dict(opened.held["choices"])
    for question, values in joined.clashes.items():
        at = chosen.get(question, "")
        if not at.isdecimal() or int(at) >= len(values):
            raise Refused(["CHOOSE_EVERY_ANSWER"])
        choices[question] = {
            "value": values[int(at)].value,
            "of": [v.value for v in values],
            "by": actor.name,
            "at": now.isoformat(),
        }
    record(at=now, actor=actor.account_id, verb="field.choose", subject=row.pk)
    return _settle(row, opened.key, {**opened.held, "choices": choices}, actor, now)


@transaction.atomic
def take_apart(*, record_id: str, part: str, actor: Actor, now: datetime) -> Record:
    """Say that what one phone wrote is of another person; it becomes a record of its own."""
    opened, row = _locked(record_id, actor)
    if part not in opened.parts or len(opened.parts) == 1:
        raise NotFound
    key_id, key = issue_key(row.team_id, actor=actor)
    other = Record(
        id=new_id(),
        place=digest(f"amana/field/apart/v1/{part}".encode()).hex(),
        instrument=row.instrument,
        team_id=row.team_id,
        operation=row.operation,
        first_at=row.first_at,
        key_id=key_id,
    )
    alone = {"parts": {part: opened.parts[part]}, "choices": {}, "apart": {}, "read": ""}
    _settle(other, key, alone, actor, now)
    held = {
        **opened.held,
        "parts": without(opened.parts, {part}),
        "apart": {**opened.held["apart"], part: other.pk},
    }
    record(at=now, actor=actor.account_id, verb="field.take_apart", subject=row.pk)
    _settle(row, opened.key, held, actor, now)
    return other


def _locked(record_id: str, actor: Actor) -> tuple[queries.OpenedRecord, Record]:
    row = Record.objects.select_for_update().filter(pk=record_id).first()
    if row is None:
        raise NotFound
    return queries.open_record(actor, row), row


# Gone.


@transaction.atomic
def erase_records_of(screenings: Iterable[str], *, now: datetime, by: str) -> int:
    """Erase what phones wrote of a person whose screenings go: keys first, then rows."""
    rows = list(Record.objects.filter(screening__in=list(screenings)))
    erase_keys(key_ids=[r.key_id for r in rows], now=now, by=by)
    Record.objects.filter(pk__in=[r.pk for r in rows]).delete()
    return len(rows)


@transaction.atomic
def sweep(now: datetime) -> int:
    """Delete invitations that are over, records whose other parts no longer come, old numbers."""
    Invitation.objects.filter(ends_at__lte=now).delete()
    Item.objects.filter(sealed=None, arrived_at__lte=now - rules.MEMORY).delete()
    old = Record.objects.filter(
        changed_at__lte=now - rules.RECORD_LIFE, has_clash=False, fault=""
    ).exclude(screening=None)
    # While an operation goes on, nobody may drop from the list of those who need an owner.
    old = old.filter(Q(operation=None) | Q(operation__ended_at__isnull=False))
    key_ids = [r.key_id for r in old]
    if key_ids:
        erase_keys(key_ids=key_ids, now=now, by="worker")
        old.delete()
        record(at=now, actor="worker", verb="field.sweep", subject=str(len(key_ids)))
    return len(key_ids)
