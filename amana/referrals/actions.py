"""Preparing, offering, answering, releasing: what one desk says, what the other's words do."""

import base64
import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from amana.access.actions import tell
from amana.access.actions.keys import (
    backups_until,
    erase_keys,
    issue_key,
    leave_no_trace,
    share_key,
)
from amana.access.documents import seal_document
from amana.access.queries import access_key, members
from amana.access.rules import CARE, DESK, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases.actions import (
    add_received,
    erase_case,
    erase_fields,
    mark,
    note_opening,
    open_received_case,
)
from amana.cases.models import Case, Erasure
from amana.cases.queries import (
    OpenedConsent,
    access_compartment,
    consents,
    erasure_of,
    erasures_due,
    visible_to,
)
from amana.cases.rules import IDENTITY, LOCATION, RECEIVED, carrying, objections_to_sharing
from amana.crypto import age
from amana.crypto.secrets import Key, new_id
from amana.exchange import actions as exchange
from amana.exchange import evidence
from amana.exchange.actions import Letter
from amana.exchange.queries import lines as messages_of
from amana.exchange.queries import may_send, own, peer_directory
from amana.exchange.rules import Opened, Rank, Reason, Unacceptable
from amana.referrals import bodies, dossier, queries, rules, scan
from amana.referrals.models import Referral
from amana.standards import codes
from amana.standards.references import new_reference

# What stands in the place of a band and a sex that are no longer known here.
UNSAID = "UNK"


@transaction.atomic
def prepare(
    *,
    case: Case,
    country: str,
    wanted: Mapping[str, Any],
    fields: list[str],
    actor: Actor,
    now: datetime,
) -> Referral:
    """Prepare a referral and hand it to the desk. Nothing leaves yet.

    `wanted` holds purpose, urgency, needs, risk; `fields` the fields of the file that may leave.
    What only the receiving unit may read is sealed to it here and now, in the worker's session.
    """
    values = _values(actor, case, wanted, fields)
    against = queries.objections(
        actor=actor,
        case=case,
        country=country,
        groups=dossier.groups(values),
        needs=values["needs"],
        now=now,
    )
    against += _already(actor, case, country, values)
    against += _objections_to_telling(actor, case, values, str(wanted.get("look_reason", "")))
    if against:
        raise Refused(against)
    consent = _carrying(actor, case, country, values, now)
    _may_leave(values, wanted, consent.ground, country, now)
    key_id, key = issue_key(CARE, DESK, actor=actor)
    referral = Referral(
        id=new_id(),
        code=new_reference("R"),
        is_ours=True,
        country=country,
        case=case,
        tier="emergency" if wanted["urgency"] == "emergency" else case.tier,
        age_band=case.age_band,
        sex=case.sex,
        prepared_at=now,
        prepared_by=actor.account_id,
        key_id=key_id,
    )
    draft = _draft(values, wanted, consent, country, actor, now)
    referral.sealed = seal_document(key, draft, queries.draft_place(referral.pk, key_id))
    referral.save(force_insert=True)
    mark(case, "referral_prepared", at=now, by=actor.account_id, reference=referral.code)
    record(
        at=now, actor=actor.account_id, verb="referrals.prepare", subject=referral.code, to=country
    )
    return referral


def _already(actor: Actor, case: Case, country: str, values: Mapping[str, Any]) -> list[str]:
    """Say when the same person would be offered to the same country twice.

    What was declined may be asked once more, with something new; then people meet over it.
    """
    # The case's row is the lock: two colleagues may prepare in the same second.
    Case.objects.select_for_update().get(pk=case.pk)
    against, declined = set(), []
    for told in queries.told_all(queries.of_case(actor, case)):
        referral, state = told.referral, told.story.state
        if referral.returned_at or referral.country != country or not referral.is_ours:
            continue
        if state is rules.State.NOT_OFFERED:
            against.add("ONE_IS_WITH_THE_DESK")
        elif state is rules.State.DECLINED:
            declined.append(queries.prepared(actor, referral))
        elif state is not rules.State.RECALL_ANSWERED:
            against.add("ALREADY_REFERRED")
    new = dossier.digests(values)
    said_before = [set(draft.get("digests", ())) for draft in declined]
    return sorted(against | set(rules.objections_to_asking_again(said_before, new)))


def _objections_to_telling(
    actor: Actor, case: Case, values: Mapping[str, Any], reason: str
) -> list[str]:
    """Look a second time at the words for the unit; what the person is called goes as a field."""
    texts = {n: str(values[n]) for n in dossier.TOLD if values.get(n)}
    if not texts:
        return []
    location = access_compartment(actor, case, LOCATION)[1]
    guard = scan.Guard(places=location.get("place", ""), never=location.get("do_not_contact", ""))
    return scan.objections(scan.finds(texts, guard), is_named_there=True, reason=reason)


def _values(
    actor: Actor, case: Case, wanted: Mapping[str, Any], fields: list[str]
) -> dict[str, Any]:
    """Collect exactly what was chosen from the file, and what every offer needs."""
    file = queries.available(actor, case)
    chosen = [] if case.is_historical else [f for f in fields if f in dossier.CHOSEN]
    values = {
        "age_band": case.age_band,
        "sex": case.sex,
        "is_child": case.tier == "child",
        "language": file.get("language", ""),
        "class": file["class"],
        "needs": [str(need) for need in wanted["needs"]],
        "risk": wanted["risk"],
        **{name: file.get(name, "") for name in chosen},
    }
    for need in values["needs"]:
        codes.check("NEEDS", need)
    return {**values, "coded": file["coded"]} if case.is_historical else values


def _carrying(
    actor: Actor, case: Case, country: str, values: Mapping[str, Any], now: datetime
) -> OpenedConsent:
    found = carrying(
        consents(actor, case), country=country, content=dossier.groups(values), now=now
    )
    if not isinstance(found, OpenedConsent):
        raise Refused(["NO_CONSENT_FOR_THIS_COUNTRY"])
    return found


def _may_leave(
    values: Mapping[str, Any],
    wanted: Mapping[str, Any],
    ground: str,
    country: str,
    now: datetime,
) -> None:
    """Refuse here already what the agreement would stop at the desk, in the offer or after it."""
    parts = {
        rules.OFFER: {"STATUS", *dossier.categories(dossier.offered(values))},
        rules.CASE: {
            *("STATUS", "CONSENT_RECORD"),
            *dossier.categories(dossier.identity(values)),
            *dossier.categories(dossier.for_unit(values)),
        },
    }
    against: dict[str, str] = {}
    for kind, held in parts.items():
        purpose = str(wanted["purpose"])
        verdict = may_send(
            country, kind=kind, purpose=purpose, categories=held, ground=ground, now=now
        )
        against |= verdict.under
    if against:
        raise Refused(list(against), against)


def _draft(
    values: Mapping[str, Any],
    wanted: Mapping[str, Any],
    consent: OpenedConsent,
    country: str,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Split what was chosen into the parts that leave, and seal the unit's part to the unit."""
    unit_part = dossier.for_unit(values)
    unit = peer_directory(country, now).unit
    sealed = age.encrypt([unit.public], json.dumps(unit_part, ensure_ascii=False).encode())
    return {
        "offer": dossier.offered(values),
        "identity": dossier.identity(values),
        "unit_sealed": base64.b64encode(sealed).decode() if unit_part else "",
        "unit_fields": [
            {"name": name, "size": len(str(value).encode()), "author": actor.name}
            for name, value in unit_part.items()
        ],
        "by": actor.name,
        "digests": sorted(dossier.digests(values)),
        "purpose": wanted["purpose"],
        "urgency": wanted["urgency"],
        **_cited(consent),
    }


def _cited(consent: OpenedConsent) -> dict[str, Any]:
    """Return how a message names the consent or ground that it stands on."""
    return {
        "consent_id": consent.row.pk,
        "ground": consent.ground,
        "consent": {
            "mode": consent.details["mode"],
            "given_by": consent.given_by,
            "recorded_at": consent.row.recorded_at.isoformat(),
            "expires_at": consent.row.expires_at.isoformat(),
            "content": consent.content,
        },
    }


@transaction.atomic
def return_to_worker(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Give a prepared referral back; nothing has left."""
    _only(actor, Role.DESK)
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    if row.released_at or row.returned_at or not row.is_ours:
        raise Refused(["ALREADY_OFFERED"])
    row.returned_at = now
    row.save(update_fields=["returned_at"])
    _mark(referral, "referral_returned", actor, now)
    record(at=now, actor=actor.account_id, verb="referrals.return", subject=referral.code)


@transaction.atomic
def release_offer(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Release the offer: needs and codes, no identity. The desk signs, the post office carries."""
    _only(actor, Role.DESK)
    # Two of the desk may press in the same second; the row decides who was first.
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    draft = queries.prepared(actor, row)
    against = _objections_to_release(row, draft, actor, now)
    if against:
        raise Refused(against)
    draft = _as_it_stands(row, draft, actor, now)
    offer = {
        "m": rules.NUMBER[rules.OFFER],
        "reference": row.code,
        "cover": draft["offer"],
        "purpose": draft["purpose"],
        "urgency": draft["urgency"],
        "ground": draft["ground"],
        "by": actor.name,
    }
    _say(row, rules.OFFER, offer, actor, now, draft=draft)
    row.released_at, row.released_by = now, actor.account_id
    row.save(update_fields=["released_at", "released_by"])
    _mark(row, "referral_offered", actor, now)
    record(at=now, actor=actor.account_id, verb="referrals.release_offer", subject=row.code)


def _objections_to_release(
    row: Referral, draft: Mapping[str, Any], actor: Actor, now: datetime
) -> list[str]:
    if not row.is_ours or row.case is None:
        raise NotFound
    if row.returned_at or row.released_at:
        return ["ALREADY_OFFERED"]
    against = list(_consent_objections(row, draft, actor, now))
    return against + rules.objections_to_saying([], rules.OFFER, sender=own().country)


def _consent_objections(
    row: Referral, draft: Mapping[str, Any], actor: Actor, now: datetime
) -> list[str]:
    """Ask consent again at the moment of sending: it may have been taken back, or given anew."""
    if row.case is None:
        raise NotFound
    held, needed = consents(actor, row.case), _needed(draft)
    return objections_to_sharing(held, country=row.country, content=needed, now=now)


def _needed(draft: Mapping[str, Any]) -> set[str]:
    unit_part = {f["name"]: True for f in draft["unit_fields"]}
    return dossier.groups({**draft["offer"], **draft["identity"], **unit_part})


def _as_it_stands(
    row: Referral, draft: Mapping[str, Any], actor: Actor, now: datetime
) -> dict[str, Any]:
    """Return a draft that names what carries it now: not a yes that was taken back meanwhile."""
    held = consents(actor, row.case) if row.case is not None else []
    found = carrying(held, country=row.country, content=_needed(draft), now=now)
    if not isinstance(found, OpenedConsent):
        raise Refused(["NO_CONSENT_FOR_THIS_COUNTRY"])
    return {**draft, **_cited(found)}


@transaction.atomic
def open_identity(*, referral: Referral, reason: str, actor: Actor, now: datetime) -> None:
    """Open, for a stated reason, what a referral holds of a person's identity; it is on record."""
    codes.check("OPEN_REASON", reason)
    record(
        at=now,
        actor=actor.account_id,
        verb="referrals.open_identity",
        subject=referral.code,
        reason=reason,
    )


@transaction.atomic
def make_statement(*, case: Case, language: str, actor: Actor, now: datetime) -> None:
    """Put on record, and into the case's openings, that a person's statement was made for her."""
    note_opening(case, "statement", "PERSON_ASKS", actor, now)
    verb = "referrals.make_statement"
    record(at=now, actor=actor.account_id, verb=verb, subject=case.code, language=language)


@transaction.atomic
def release_dossier(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Release the identity dossier. Only the acceptance of a named person over there allows it."""
    _only(actor, Role.DESK)
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    if not row.is_ours:
        raise NotFound
    draft = queries.prepared(actor, row)
    told = queries.told(row)
    against = rules.objections_to_saying(told.lines, rules.CASE, sender=own().country)
    against += _consent_objections(row, draft, actor, now)
    if against:
        raise Refused(against)
    draft = _as_it_stands(row, draft, actor, now)
    body = {
        "m": rules.NUMBER[rules.CASE],
        "reference": row.code,
        "identity": draft["identity"],
        "unit_sealed": draft["unit_sealed"],
        "ground": draft["ground"],
        "consent": draft["consent"],
        "by": actor.name,
    }
    _say(row, rules.CASE, body, actor, now, draft=draft)
    _mark(row, "dossier_released", actor, now)
    record(at=now, actor=actor.account_id, verb="referrals.release_dossier", subject=row.code)


@transaction.atomic
def acknowledge(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Say that a person has read the offer."""
    _answer(referral, rules.ACKNOWLEDGE, {}, actor, now)
    _mark(referral, "referral_acknowledged", actor, now)


@transaction.atomic
def ask(
    *,
    referral: Referral,
    topics: list[str],
    text: str,
    actor: Actor,
    now: datetime,
    look_reason: str = "",
) -> None:
    """Ask the other desk for what is missing."""
    _look_twice({"text": text}, look_reason)
    for topic in topics:
        codes.check("COMPLETE_TOPIC", topic)
    _answer(referral, rules.ASK, {"topics": topics, "text": text}, actor, now)
    _mark(referral, "complement_asked", actor, now)


@transaction.atomic
def reply(
    *, referral: Referral, text: str, actor: Actor, now: datetime, look_reason: str = ""
) -> None:
    """Answer the other desk's question, while consent stands and without naming the person."""
    told = queries.told(referral)
    question = told.story.open_question
    against = _objections_to_words(referral, told, text, actor, now)
    against += _second_look({"text": text}, look_reason)
    if against:
        raise Refused(against)
    _answer(referral, rules.REPLY, {"text": text}, actor, now, to=question.mid if question else "")
    _mark(referral, "complement_given", actor, now)


def _second_look(texts: Mapping[str, str], reason: str) -> list[str]:
    """Return what a second look at free words finds that no reason lets pass, or none was given.

    Whom they speak of this desk may not know; the number of who will be responsible is no find.
    """
    found = scan.finds(texts, scan.Guard(), contacts=("worker_phone",))
    return scan.objections(found, is_named_there=True, reason=reason)


def _look_twice(texts: Mapping[str, str], reason: str) -> None:
    if against := _second_look(texts, reason):
        raise Refused(against)


def _objections_to_words(
    referral: Referral, told: queries.Told, text: str, actor: Actor, now: datetime
) -> list[str]:
    """Say what stands against free words to the other desk: no consent, or a name too early."""
    draft = queries.prepared(actor, referral)
    if not draft:
        raise NotFound
    against = _consent_objections(referral, draft, actor, now)
    if told.story.decision is None and dossier.names_in(text, draft["identity"]):
        against.append("NAMES_BEFORE_ACCEPTANCE")
    return against


@transaction.atomic
def accept(
    *,
    referral: Referral,
    promise: Mapping[str, str],
    actor: Actor,
    now: datetime,
    look_reason: str = "",
) -> Case:
    """Accept in one's own name: who will be responsible, from which day, on what conditions.

    A case is opened here for the person, without identity; the identity comes with the dossier.
    """
    _look_twice({k: v for k, v in promise.items() if k != "from_on"}, look_reason)
    told = queries.told(referral)
    offer = queries.contents(actor, referral).get(told.story.offer.mid if told.story.offer else "")
    if offer is None:
        raise NotFound
    decision = "ACCEPT_CONDITIONS" if promise.get("conditions") else "ACCEPT"
    _answer(referral, rules.ACCEPT, {"decision": decision, **promise}, actor, now)
    _settle(told, Rank.ACCEPTED, actor, now)
    cover = offer["cover"]
    case = open_received_case(
        profile={
            "age_band": referral.age_band,
            "sex": referral.sex,
            "tier": bodies.tier_of(cover),
        },
        account={**_account(cover), "ground": offer["ground"], "purpose": offer["purpose"]},
        reference=referral.code,
        country=own().country,
        actor=actor,
        now=now,
    )
    share_key(
        key_id=referral.key_id, key=access_key(actor, referral.key_id), team=CARE, actor=actor
    )
    Referral.objects.filter(pk=referral.pk).update(case=case)
    referral.case = case
    _mark(referral, "referral_accepted", actor, now)
    return case


def _account(cover: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "class": cover.get("class", ""),
        "indicators": [],
        "minor": "yes" if bodies.tier_of(cover) == "child" else "no",
        "situation": "unknown",
        "language": cover.get("language", ""),
        "citizenship": "",
        "needs": cover.get("needs", []),
    }


@transaction.atomic
def decline(
    *,
    referral: Referral,
    reason: str,
    text: str,
    actor: Actor,
    now: datetime,
    look_reason: str = "",
) -> None:
    """Decline with a reason; the person's identity was never known here."""
    codes.check("DECLINE_REASON", reason)
    _look_twice({"text": text}, look_reason)
    told = queries.told(referral)
    _answer(referral, rules.DECLINE, {"reason": reason, "text": text}, actor, now)
    _settle(told, Rank.REFUSED, actor, now)
    record(at=now, actor=actor.account_id, verb="referrals.decline", subject=referral.code)


def _settle(told: queries.Told, rank: Rank, actor: Actor, now: datetime) -> None:
    if told.story.offer is not None:
        exchange.settle(told.story.offer.mid, rank, actor=actor, now=now)


def _answer(
    referral: Referral,
    kind: str,
    body: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    to: str = "",
) -> None:
    """Say something in a running conversation, when nothing stands against it."""
    _only(actor, Role.DESK)
    # The row is the lock: of two answers in the same second, the second meets the first.
    Referral.objects.select_for_update().get(pk=referral.pk)
    told = queries.told(referral)
    against = rules.objections_to_saying(told.lines, kind, sender=own().country, to=to)
    if against:
        raise Refused(against)
    offer = told.story.offer
    said = {"m": rules.NUMBER[kind], "by": actor.name, **body}
    offered = offer.mid if offer else ""
    # An answer stands on the ground of what it answers: an emergency stays one to its end.
    ground = str(queries.contents(actor, referral).get(offered, {}).get("ground", ""))
    _say(referral, kind, said, actor, now, to=to or offered, ground=ground)
    record(at=now, actor=actor.account_id, verb="referrals.say", subject=referral.code, kind=kind)


def _say(
    referral: Referral,
    kind: str,
    body: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    to: str = "",
    draft: Mapping[str, Any] | None = None,
    ground: str = "",
) -> None:
    sealed = dossier.categories({f["name"]: True for f in draft["unit_fields"]}) if draft else set()
    letter = Letter(
        kind=kind,
        country=referral.country,
        conversation=referral.pk,
        body=body,
        in_reply_to=to,
        urgency=referral.tier,
        legal_basis=ground or (str(draft["ground"]) if draft else ""),
        consent_ref=str(draft["consent_id"]) if draft else "",
        purpose=str(draft["purpose"]) if draft else "",
        minimum_dataset="identity" if kind == rules.CASE else "offer",
        sealed_categories=frozenset(sealed) if kind == rules.CASE else frozenset(),
    )
    key = access_key(actor, referral.key_id)
    exchange.post(letter, actor=actor, key_id_=referral.key_id, key=key, now=now)


# Proof.


@transaction.atomic
def export_evidence(*, referral: Referral, by: str, now: datetime) -> bytes:
    """Return the signed file that proves what was delivered, and put on record that it left."""
    record(at=now, actor=by, verb="referrals.export_evidence", subject=referral.code)
    return evidence.gather(referral.pk, reference=referral.code, now=now)


# Erasing here, and asking the other country to.


# Rooms above this one keep something of a case too: they empty it and say how many rows.
Forget = Callable[[str, str, datetime], int]
_FORGETTING: dict[str, Forget] = {}


def forget_too(row: str, forget: Forget) -> None:
    """Let a room above empty what it holds of a case that is erased; node.apps names it."""
    _FORGETTING[row] = forget


def erase_approved(now: datetime) -> list[str]:
    """Erase every case that two people gave up, within seconds; return the codes."""
    done = []
    for code in erasures_due():
        carry_out(code=code, by="worker", now=now)
        done.append(code)
    return done


def carry_out(*, code: str, by: str, now: datetime) -> Erasure:
    """Erase one case with all that was said of it to other countries. Two people must have agreed.

    What was exchanged stays proven by numbers and receipts. Nobody abroad is waited for: asking
    them needs the desk's signature, and the desk finds it on its page.
    """
    until = backups_until(now)
    with transaction.atomic():
        counts = {"Referral": 0, "Message": 0}
        for row in Referral.objects.select_for_update().filter(case=code):
            counts["Referral"] += 1
            counts["Message"] += _empty(row, code, by, now)
        counts |= {name: forget(code, by, now) for name, forget in _FORGETTING.items()}
        erasure = erase_case(code=code, more_counts=counts, backups_until=until, by=by, now=now)
    leave_no_trace()
    return erasure


def _empty(row: Referral, code: str, by: str, now: datetime) -> int:
    """Erase what a referral holds of a person; returns how many messages were emptied.

    One that was never offered goes whole. The others get a new key, under which the two desks can
    still say that the person is to be forgotten.
    """
    emptied = exchange.forget(conversation=row.pk, by=by, now=now)
    erase_keys(key_ids=[row.key_id], now=now, by=by)
    if not queries.told(row).lines:
        row.delete()
        return emptied
    row.key_id, _ = issue_key(CARE, DESK)
    row.case, row.sealed, row.erased_case = None, None, code
    row.age_band = row.sex = UNSAID
    row.save()
    return emptied


@transaction.atomic
def recall(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Ask the other country to erase what it got of a person, in the desk's own hand."""
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    told = queries.told(row)
    due = queries.must_recall(actor, told)
    if due is None:
        raise Refused(["NOTHING_TO_RECALL"])
    if due.content and told.story.dossier is not None:
        said = {"recall_for": due.why, "content": due.content}
        _answer(row, rules.ERASE, said, actor, now, to=told.story.dossier.mid)
    else:
        _answer(row, rules.ERASE, {"recall_for": due.why}, actor, now)
    _mark(row, "recall_sent", actor, now)


@transaction.atomic
def erase_part(
    *, referral: Referral, keep: Collection[str], ground: str, actor: Actor, now: datetime
) -> list[str]:
    """Erase here, as a supervisor of the case, the groups that the other country asks back.

    What is in `keep` stays, on the named ground. The message that brought them is emptied too. A
    second press finds it done. Returns the groups that went.
    """
    _only(actor, Role.SUPERVISOR)
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    if row.is_ours or row.case is None or not visible_to(actor).filter(pk=row.case_id).exists():
        raise NotFound
    told = queries.told(row)
    open_part = next((p for p in told.story.open_parts if p.asked.mid not in row.parts), None)
    if open_part is None:
        raise Refused(["NOT_RECALLED"])
    content = queries.contents(actor, row)[open_part.asked.mid]["content"]
    kept = sorted(set(content) & set(keep))
    if kept:
        codes.check("KEEP_GROUND", ground)
    gone = sorted(set(content) - set(kept))
    if gone:
        erase_fields(case=row.case, fields=dossier.fields_of(gone), actor=actor, now=now)
        if told.story.dossier is not None:
            exchange.forget_one(mid=told.story.dossier.mid, by=actor.account_id, now=now)
    row.parts = {**row.parts, open_part.asked.mid: _fate_of_part(gone, kept, ground, now)}
    row.save(update_fields=["parts"])
    leave_no_trace()
    record(
        at=now,
        actor=actor.account_id,
        verb="referrals.erase_part",
        subject=row.code,
        groups=" ".join(gone),
    )
    return gone


def _fate_of_part(gone: list[str], kept: list[str], ground: str, now: datetime) -> dict[str, Any]:
    fate: dict[str, Any] = {"erased": gone, "kept": kept}
    if gone:
        fate["erased_on"] = now.date().isoformat()
        fate["in_backups_until"] = backups_until(now).date().isoformat()
    return {**fate, "kept_for": ground} if kept else fate


@transaction.atomic
def keep_on_ground(*, referral: Referral, ground: str, actor: Actor, now: datetime) -> None:
    """State, as a supervisor of the case, the legal ground on which it is kept all the same."""
    codes.check("KEEP_GROUND", ground)
    _only(actor, Role.SUPERVISOR)
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    if row.is_ours or not visible_to(actor).filter(pk=row.case_id).exists():
        raise NotFound
    if queries.told(row).story.state is not rules.State.RECALLED:
        raise Refused(["NOT_RECALLED"])
    row.kept_for = ground
    row.save(update_fields=["kept_for"])
    verb = "referrals.keep_on_ground"
    record(at=now, actor=actor.account_id, verb=verb, subject=row.code, ground=ground)


@transaction.atomic
def answer_recall(*, referral: Referral, actor: Actor, now: datetime) -> None:
    """Tell the other desk since when what it sent is gone here, or on what ground it is kept.

    What never became a case here is erased by this answer itself.
    """
    _only(actor, Role.DESK)
    row = Referral.objects.select_for_update().get(pk=referral.pk)
    told = queries.told(row)
    if told.story.recall is None and told.story.open_parts and not row.is_ours:
        _answer_part(row, told.story.open_parts[0].asked.mid, actor, now)
        return
    against = rules.objections_to_saying(told.lines, rules.ERASED, sender=own().country)
    if row.case_id is not None and not row.kept_for:
        against.append("ERASE_THE_CASE_FIRST")
    if against:
        raise Refused(against)
    _answer(row, rules.ERASED, _fate(row, actor, now), actor, now)
    _mark(row, "recall_answered", actor, now)


def _answer_part(row: Referral, asked: str, actor: Actor, now: datetime) -> None:
    if asked not in row.parts:
        raise Refused(["ERASE_THE_FIELDS_FIRST"])
    _answer(row, rules.ERASED, row.parts[asked], actor, now, to=asked)
    _mark(row, "recall_answered", actor, now)


def _fate(row: Referral, actor: Actor, now: datetime) -> dict[str, str]:
    """Return what became of what we got, and keep it with the referral."""
    if row.kept_for:
        return {"kept_for": row.kept_for}
    erasure = erasure_of(row.erased_case)
    if erasure is not None and erasure.live_at and erasure.backups_until:
        row.erased_on, row.in_backups_until = erasure.live_at.date(), erasure.backups_until.date()
    else:
        _empty(row, "", actor.account_id, now)
        row.erased_on, row.in_backups_until = now.date(), backups_until(now).date()
    row.save(update_fields=["erased_on", "in_backups_until"])
    return {
        "erased_on": row.erased_on.isoformat(),
        "in_backups_until": row.in_backups_until.isoformat(),
    }


def _only(actor: Actor, role: Role) -> None:
    if actor.role is not role:
        raise NotFound


def _mark(referral: Referral, kind: str, actor: Actor, now: datetime) -> None:
    if referral.case is not None:
        mark(referral.case, kind, at=now, by=actor.account_id, reference=referral.code)


# What the other desk's messages do here. node.wiring names these functions.


def receive_offer(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take an offer in: a person without a name, and a country that waits for an answer."""
    header, body = opened.header, opened.body
    cover = _whole(opened)["cover"]
    code = str(body["reference"])
    known = list(Referral.objects.filter(Q(pk=header.conv) | Q(code=code)))
    row = next((r for r in known if r.pk == header.conv), None)
    if row is not None:
        return _offered_again(row, opened, actor, now)
    if known:
        # One reference is one conversation; a second would hide behind the first.
        raise Unacceptable(Reason.CONFLICT)
    key_id, key = issue_key(DESK, actor=actor)
    Referral.objects.create(
        id=header.conv,
        code=code,
        is_ours=False,
        country=opened.country,
        tier="emergency" if body.get("urgency") == "emergency" else bodies.tier_of(cover),
        age_band=_shown("AGE_BAND", cover["age_band"]),
        sex=_shown("SEX", cover["sex"]),
        prepared_at=now,
        key_id=key_id,
    )
    record(at=now, actor=actor.account_id, verb="referrals.receive_offer", subject=header.conv)
    return key_id, key


def _offered_again(row: Referral, opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take the same offer of a country that was restored and no longer knew that it had made it."""
    is_theirs = not row.is_ours and row.country == opened.country
    if not is_theirs or row.code != str(opened.body["reference"]):
        raise Unacceptable(Reason.OUT_OF_PLACE)
    if queries.told(row).story.state is not rules.State.NOT_OFFERED:
        raise Unacceptable(Reason.OUT_OF_PLACE)
    record(at=now, actor=actor.account_id, verb="referrals.receive_offer", subject=row.pk)
    return row.key_id, access_key(actor, row.key_id)


def _shown(listed: str, code: str) -> str:
    """Return a code for the list of referrals; what is unknown here is told with the offer."""
    return code if code in codes.values(listed) else UNSAID


def receive_answer(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take in what the other desk said in a running conversation."""
    referral = _running(opened)
    _mark_received(referral, opened.header.type, now)
    record(
        at=now,
        actor=actor.account_id,
        verb="referrals.receive_answer",
        subject=referral.code,
        kind=opened.header.type,
    )
    return referral.key_id, access_key(actor, referral.key_id)


def receive_dossier(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take in the identity of an accepted person; it is sealed to the care team at once."""
    referral = _running(opened)
    body = opened.body
    if referral.case is None:
        raise Unacceptable(Reason.OUT_OF_PLACE)
    unit_sealed = body.get("unit_sealed", "")
    parts = {IDENTITY: body["identity"], RECEIVED: {"unit_sealed": unit_sealed}}
    add_received(case_code=referral.case.code, parts=parts, actor=actor, now=now)
    record(at=now, actor=actor.account_id, verb="referrals.receive_dossier", subject=referral.code)
    # A key of its own: what is taken back of it must go from backups too, and the rest stay.
    return issue_key(CARE, DESK, actor=actor)


def receive_recall(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take in that a person is to be forgotten, and tell the supervisors of her case."""
    kept = receive_answer(opened, actor, now)
    referral = Referral.objects.select_related("case").get(pk=opened.header.conv)
    if referral.case is not None:
        told = {a.pk for a in members(referral.case.team, Role.SUPERVISOR)}
        tell(told, "RECALL", reference=referral.code, now=now)
    return kept


def receive_recall_answer(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take in what became over there of what we sent; both certificates show it."""
    kept, body = receive_answer(opened, actor, now), opened.body
    if "erased" in body or "kept" in body:
        # Of a part: the message itself says which groups, and the story which request.
        return kept
    rows = Referral.objects.filter(pk=opened.header.conv)
    if "kept_for" in body:
        rows.update(kept_for=body["kept_for"])
    else:
        rows.update(erased_on=body["erased_on"], in_backups_until=body["in_backups_until"])
    return kept


def _whole(opened: Opened) -> Mapping[str, Any]:
    """Take only a body that says what its kind must; an acceptance that names nobody is refused."""
    if not bodies.is_whole(opened.header.type, opened.body):
        raise Unacceptable(Reason.MALFORMED)
    return opened.body


def _running(opened: Opened) -> Referral:
    header = opened.header
    _whole(opened)
    referral = Referral.objects.select_related("case").filter(pk=header.conv).first()
    if referral is None or referral.country != opened.country:
        raise Unacceptable(Reason.OUT_OF_PLACE)
    # The story alone: by which clock who owes what is asked of a page, not of every message.
    said = messages_of(referral.pk)
    to = header.in_reply_to
    if rules.objections_to_saying(said, header.type, sender=opened.country, to=to):
        raise Unacceptable(Reason.OUT_OF_PLACE)
    return referral


_MILESTONE = {
    rules.ACKNOWLEDGE: "referral_acknowledged",
    rules.ASK: "complement_asked",
    rules.REPLY: "complement_given",
    rules.ACCEPT: "referral_accepted",
    rules.DECLINE: "referral_declined",
    rules.ERASE: "recall_received",
    rules.ERASED: "recall_answered",
}


def _mark_received(referral: Referral, kind: str, now: datetime) -> None:
    if referral.case is not None:
        mark(referral.case, _MILESTONE[kind], at=now, reference=referral.code)
