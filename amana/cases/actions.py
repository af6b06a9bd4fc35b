"""Opening a case, writing into its sealed parts, recording consent."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access.actions.locks import require_two_locks
from amana.access.documents import seal_document
from amana.access.keys import issue_key
from amana.access.queries import access_key
from amana.access.rules import CARE, DESK, Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.models import Case, Compartment, Consent, Milestone
from amana.identification.queries import access_screening
from amana.standards import codes
from amana.standards.references import new_reference


def mark(case: Case, kind: str, *, at: datetime, by: str = "", reference: str = "") -> Milestone:
    """Leave a milestone on the case's timeline; later rooms, clocks and figures read it."""
    return Milestone.objects.create(case=case, kind=kind, at=at, by=by, reference=reference)


@transaction.atomic
def open_case(*, screening_code: str, country: str, actor: Actor, now: datetime) -> Case:
    """Open a case from a screening that was decided; its content moves into sealed parts."""
    require_two_locks(actor)
    screening = access_screening(actor, screening_code)
    decision = screening.decision or {}
    against = rules.objections_to_opening(
        is_decided=screening.decision is not None,
        has_case=queries.has_case(screening_code),
        decided_class=decision.get("class", ""),
    )
    if against:
        raise Refused(against)
    row, content = screening.row, screening.content
    case = Case.objects.create(
        code=new_reference(country),
        opened_at=now,
        origin="historical" if row.is_historical else "screening",
        screening=row,
        age_band=row.age_band,
        sex=row.sex,
        tier=row.tier,
        citizenship=content.get("citizenship", ""),
    )
    for name, document in _parts(content, decision, is_historical=row.is_historical).items():
        _write_new(case, name, document, actor, now)
    mark(case, "screened", at=row.received_at, by=row.account_id or "")
    mark(case, "decided", at=row.decided_at or now, by=row.decided_by)
    mark(case, "opened", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.open_case", subject=case.code)
    return case


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
        opened_at=now,
        origin="referral",
        age_band=profile["age_band"],
        sex=profile["sex"],
        tier=profile["tier"],
        citizenship=profile.get("citizenship", ""),
    )
    _write_new(case, rules.ACCOUNT, account, actor, now)
    mark(case, "opened", at=now, by=actor.account_id, reference=reference)
    record(at=now, actor=actor.account_id, verb="cases.open_received_case", subject=case.code)
    return case


@transaction.atomic
def add_received(
    *, case_code: str, parts: Mapping[str, Mapping[str, Any]], actor: Actor, now: datetime
) -> Case:
    """Put what arrived with the dossier into sealed parts that the care team opens."""
    case = Case.objects.get(pk=case_code)
    for name, document in parts.items():
        _write_new(case, name, document, actor, now)
    mark(case, "dossier_received", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.add_received", subject=case_code)
    return case


def _write_new(
    case: Case, name: str, document: Mapping[str, Any], actor: Actor, now: datetime
) -> Compartment:
    key_id, key = issue_key(CARE, actor=actor)
    sealed = seal_document(key, document, queries.compartment_place(case.code, name, key_id))
    return Compartment.objects.create(
        case=case,
        name=name,
        key_id=key_id,
        sealed=sealed,
        written_at=now,
        written_by=actor.account_id,
    )


@transaction.atomic
def write_compartment(
    *,
    case: Case,
    name: str,
    changes: Mapping[str, Any],
    version: int,
    actor: Actor,
    now: datetime,
) -> Compartment:
    """Change fields of one sealed part; refuses when a colleague changed it in between."""
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    row, document = queries.access_compartment(actor, case, name)
    row = Compartment.objects.select_for_update().get(pk=row.pk)
    if row.version != version:
        raise Refused(["CHANGED_MEANWHILE"])
    if set(changes) - set(rules.FIELDS[name]):
        raise NotFound
    key = access_key(actor, row.key_id)
    place = queries.compartment_place(case.code, name, row.key_id)
    row.sealed = seal_document(key, {**document, **changes}, place)
    row.version, row.written_at, row.written_by = version + 1, now, actor.account_id
    row.save()
    record(
        at=now, actor=actor.account_id, verb="cases.write_compartment", subject=case.code, part=name
    )
    return row


@transaction.atomic
def open_compartment(
    *, case: Case, name: str, reason: str, actor: Actor, now: datetime
) -> tuple[Compartment, dict[str, Any]]:
    """Open one sealed part of a case for a stated reason; the opening is on record."""
    codes.check("OPEN_REASON", reason)
    row, document = queries.access_compartment(actor, case, name)
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.open_compartment",
        subject=case.code,
        part=name,
        reason=reason,
    )
    return row, document


@transaction.atomic
def record_consent(
    *,
    case: Case,
    country: str,
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Consent:
    """Record what the person agreed to, or the ground that stands in its place.

    `details` hold ground, given_by, mode, language, explained_by, interpreter and content.
    """
    ground, content = str(details["ground"]), _groups(details["content"])
    against = rules.objections_to_consent(
        ground=ground,
        given_by=str(details["given_by"]),
        tier=case.tier,
        content=content,
        is_historical=case.is_historical,
    )
    if against:
        raise Refused(against)
    # The desk asks it again at every release; of the case itself it holds no key.
    key_id, key = issue_key(CARE, DESK, actor=actor)
    consent = Consent.objects.create(
        case=case,
        purpose=rules.CROSS_BORDER,
        country=country,
        is_ground=ground != rules.CONSENT,
        recorded_at=now,
        recorded_by=actor.account_id,
        expires_at=rules.consent_expires_at(ground=ground, tier=case.tier, now=now),
        key_id=key_id,
        sealed=seal_document(
            key, {**details, "content": content}, queries.consent_place(case.code, key_id)
        ),
    )
    mark(case, "consent_recorded", at=now, by=actor.account_id, reference=country)
    record(
        at=now, actor=actor.account_id, verb="cases.record_consent", subject=case.code, to=country
    )
    return consent


def _groups(content: Collection[str]) -> list[str]:
    for group in content:
        codes.check("CONSENT_CONTENT", group)
    return sorted(content)


@transaction.atomic
def confirm_ground(*, consent_id: int, actor: Actor, now: datetime) -> Consent:
    """Confirm, as the second person, a ground that stands where consent would."""
    opened = queries.access_consent(actor, consent_id)
    consent = Consent.objects.select_for_update().get(pk=opened.row.pk)
    if consent.recorded_by == actor.account_id:
        raise Refused(["SECOND_PERSON_IS_THE_FIRST"])
    if consent.confirmed_at is not None or not consent.is_ground:
        raise Refused(["NOTHING_TO_CONFIRM"])
    consent.confirmed_at, consent.confirmed_by = now, actor.account_id
    consent.save(update_fields=["confirmed_at", "confirmed_by"])
    mark(consent.case, "ground_confirmed", at=now, by=actor.account_id, reference=consent.country)
    record(at=now, actor=actor.account_id, verb="cases.confirm_ground", subject=consent.case_id)
    return consent


@transaction.atomic
def withdraw_consent(*, consent_id: int, actor: Actor, now: datetime) -> Consent:
    """Take a consent back, at once and for everything not yet sent. The care goes on."""
    opened = queries.access_consent(actor, consent_id)
    if opened.is_withdrawn:
        raise Refused(["CONSENT_WITHDRAWN"])
    consent = opened.row
    consent.withdrawn_at = now
    consent.save(update_fields=["withdrawn_at"])
    mark(consent.case, "consent_withdrawn", at=now, by=actor.account_id, reference=consent.country)
    record(at=now, actor=actor.account_id, verb="cases.withdraw_consent", subject=consent.case_id)
    return consent
