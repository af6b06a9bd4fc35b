"""What a person answers, takes back and is told of; and what is erased at her word."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access.actions import tell
from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import open_document, seal_document
from amana.access.queries import access_key, members, of_role
from amana.access.rules import DESK, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.actions.parts import mark
from amana.cases.models import Attachment, Case, Compartment, Consent
from amana.cases.queries import OpenedConsent, attachment_place, consent_place
from amana.standards import codes


@transaction.atomic
def record_consent(
    *,
    case: Case,
    country: str,
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    purpose: str = rules.CROSS_BORDER,
    answer: str = rules.YES,
    service: str = "",
) -> Consent:
    """Record what the person answered to one question, or the ground that stands in its place.

    `details` hold ground, given_by, mode, language, explained_by, interpreter, content, and what
    there is of witness, recipient (a body in words) and limits_said. A no ends every earlier yes
    to the same question; a "not now" changes nothing.
    """
    ground, content = str(details["ground"]), _groups(details["content"])
    for name, code in (("CONSENT_PURPOSE", purpose), ("CONSENT_ANSWER", answer)):
        codes.check(name, code)
    against = _objections(case, country, service, details, content, purpose, answer)
    if against:
        raise Refused(against)
    if answer == rules.NO:
        _end_earlier(case, purpose, country, service, actor, now)
    # The desk asks it again at every release; of the case itself it holds no key.
    desk = (DESK,) if purpose == rules.CROSS_BORDER else ()
    key_id, key = issue_key(case.team, *desk, actor=actor)
    place = consent_place(case.code, key_id)
    consent = Consent.objects.create(
        case=case,
        purpose=purpose,
        answer=answer,
        country=country,
        service=service,
        is_ground=ground != rules.CONSENT,
        recorded_at=now,
        recorded_by=actor.account_id,
        expires_at=rules.consent_expires_at(
            ground=ground, tier=case.tier, now=now, purpose=purpose
        ),
        key_id=key_id,
        sealed=seal_document(key, {**details, "content": content}, place),
    )
    if purpose == rules.STATISTICS and answer == rules.NO:
        _uncount(case, actor, now)
    if answer == rules.YES:
        mark(case, "consent_recorded", at=now, by=actor.account_id, reference=country)
    elif answer == rules.NO:
        mark(case, "consent_refused", at=now, by=actor.account_id, reference=country)
    verb = "cases.record_consent"
    record(at=now, actor=actor.account_id, verb=verb, subject=case.code, to=country or service)
    return consent


def _objections(
    case: Case,
    country: str,
    service: str,
    details: Mapping[str, Any],
    content: list[str],
    purpose: str,
    answer: str,
) -> list[str]:
    ground = str(details["ground"])
    against = rules.objections_to_answer(
        purpose=purpose,
        ground=ground,
        mode=str(details["mode"]) if answer == rules.YES else "",
        witness=str(details.get("witness", "")),
        recipient=country or service or str(details.get("recipient", "")),
    )
    if answer == rules.YES:
        against += rules.objections_to_consent(
            ground=ground,
            given_by=str(details["given_by"]),
            tier=case.tier,
            content=content,
            is_historical=case.is_historical,
            age_band=case.age_band,
            purpose=purpose,
        )
    return against


def _groups(content: Collection[str]) -> list[str]:
    for group in content:
        codes.check("CONSENT_CONTENT", group)
    return sorted(content)


def _end_earlier(
    case: Case, purpose: str, country: str, service: str, actor: Actor, now: datetime
) -> None:
    """Take back every yes that a no answers; a ground is the law's, and no answer of hers."""
    asked = Consent.objects.select_for_update().filter(
        case=case, purpose=purpose, country=country, service=service, answer=rules.YES
    )
    for row in asked.filter(withdrawn_at=None, is_ground=False):
        withdraw_consent(consent_id=row.pk, actor=actor, now=now)


def _uncount(case: Case, actor: Actor, now: datetime) -> None:
    """Erase what lies with the statisticians of somebody who does not want to be counted."""
    rows = Compartment.objects.filter(case=case, name=rules.STATS)
    erase_keys(key_ids=rows.values_list("key_id", flat=True), now=now, by=actor.account_id)
    rows.delete()


@transaction.atomic
def confirm_ground(*, consent_id: int, actor: Actor, now: datetime) -> Consent:
    """Confirm, as the second person, a ground that stands where consent would.

    The data protection officers are told; the worker is to tell the person, once it is safe.
    """
    opened = queries.access_consent(actor, consent_id)
    consent = Consent.objects.select_for_update().get(pk=opened.row.pk)
    if consent.recorded_by == actor.account_id:
        raise Refused(["SECOND_PERSON_IS_THE_FIRST"])
    if consent.confirmed_at is not None or not consent.is_ground:
        raise Refused(["NOTHING_TO_CONFIRM"])
    consent.confirmed_at, consent.confirmed_by = now, actor.account_id
    consent.save(update_fields=["confirmed_at", "confirmed_by"])
    if not consent.case.is_historical:
        officers = {a.pk for a in of_role(Role.DATA_PROTECTION)}
        tell(officers, "GROUND_USED", reference=consent.case_id, now=now)
        tell({consent.recorded_by}, "INFORM_THE_PERSON", reference=consent.case_id, now=now)
    mark(consent.case, "ground_confirmed", at=now, by=actor.account_id, reference=consent.country)
    record(at=now, actor=actor.account_id, verb="cases.confirm_ground", subject=consent.case_id)
    return consent


@transaction.atomic
def note_informed(*, consent_id: int, actor: Actor, now: datetime) -> Consent:
    """Note that the person, or the guardian, was told of what left without being asked."""
    opened = queries.access_consent(actor, consent_id)
    queries.access_case(actor, opened.row.case_id, "care")
    consent = Consent.objects.select_for_update().get(pk=opened.row.pk)
    if not consent.is_ground or consent.confirmed_at is None or consent.informed_at is not None:
        raise Refused(["ONLY_A_GROUND"])
    consent.informed_at, consent.informed_by = now, actor.account_id
    consent.save(update_fields=["informed_at", "informed_by"])
    mark(consent.case, "person_informed", at=now, by=actor.account_id, reference=consent.country)
    record(at=now, actor=actor.account_id, verb="cases.note_informed", subject=consent.case_id)
    return consent


@transaction.atomic
def withdraw_consent(
    *, consent_id: int, actor: Actor, now: datetime, content: Collection[str] = ()
) -> Consent:
    """Take a consent back, whole or the named groups, for everything not yet sent. Care goes on.

    What has left under it is another country's to erase: its desk here is told at once.
    """
    # The row is the lock: of two who take back different groups, the second sees the first's.
    Consent.objects.select_for_update().filter(pk=consent_id).first()
    opened = queries.access_consent(actor, consent_id)
    if opened.is_withdrawn or opened.row.answer != rules.YES:
        raise Refused(["CONSENT_WITHDRAWN"])
    groups = _groups(set(content))
    if set(groups) - set(opened.content):
        raise Refused(["NO_SUCH_CONTENT"])
    consent = opened.row
    if groups and set(groups) != set(opened.content):
        _take_back(opened, groups, actor, now)
    else:
        consent.withdrawn_at = now
        consent.save(update_fields=["withdrawn_at"])
    if consent.purpose == rules.STATISTICS:
        _uncount(consent.case, actor, now)
    if consent.purpose == rules.CROSS_BORDER:
        desk = {a.pk for a in members(DESK, Role.DESK)}
        tell(desk - {actor.account_id}, "TAKEN_BACK", reference=consent.case_id, now=now)
    mark(consent.case, "consent_withdrawn", at=now, by=actor.account_id, reference=consent.country)
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.withdraw_consent",
        subject=consent.case_id,
        groups=" ".join(groups) or "all",
    )
    return consent


def _take_back(opened: OpenedConsent, groups: list[str], actor: Actor, now: datetime) -> None:
    row = opened.row
    back = {**opened.details.get("taken_back", {}), **dict.fromkeys(groups, now.isoformat())}
    key, place = access_key(actor, row.key_id), consent_place(row.case_id, row.key_id)
    row.sealed = seal_document(key, {**opened.details, "taken_back": back}, place)
    row.save(update_fields=["sealed"])


@transaction.atomic
def erase_fields(*, case: Case, fields: Collection[str], actor: Actor, now: datetime) -> list[str]:
    """Erase named fields of a person whom another country no longer lets us know so well.

    The part that held them is sealed anew under a new key, without them; its old key goes into the
    ledger, so that no backup brings them back. Only a supervisor of the case does it. Returns the
    fields that were there.
    """
    if actor.role is not Role.SUPERVISOR:
        raise NotFound
    gone: list[str] = []
    for name in (rules.IDENTITY, rules.RECEIVED):
        row = Compartment.objects.select_for_update().filter(case=case, name=name).first()
        if row is None:
            continue
        _, held = queries.access_compartment(actor, case, name, row.serial)
        there = [field for field in fields if field in held]
        if there:
            left = {field: value for field, value in held.items() if field not in there}
            _seal_anew(row, queries.as_kept(actor, name, left), actor, now)
            gone += there
    mark(case, "fields_erased", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.erase_fields", subject=case.code)
    return sorted(gone)


def _seal_anew(row: Compartment, document: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    old = row.key_id
    row.key_id, key = issue_key(*queries.readers(row.case, row.name), actor=actor)
    row.sealed = seal_document(
        key, document, queries.compartment_place(row.case_id, row.name, row.key_id)
    )
    row.version, row.written_at, row.written_by = row.version + 1, now, actor.account_id
    row.save()
    # The files of the part are the unit's own: they follow under the new key.
    for file in Attachment.objects.select_for_update().filter(key_id=old):
        details = open_document(
            access_key(actor, old), bytes(file.sealed), attachment_place(file.pk, old)
        )
        file.key_id = row.key_id
        file.sealed = seal_document(key, details, attachment_place(file.pk, row.key_id))
        file.save(update_fields=["key_id", "sealed"])
    erase_keys(key_ids=[old], now=now, by=actor.account_id)
