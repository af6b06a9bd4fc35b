"""Keeping a draft, sending a screening, deciding on it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from amana.access.actions.keys import issue_key
from amana.access.documents import seal_document
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.crypto.secrets import new_id
from amana.identification import queries, rules
from amana.identification.models import Draft, Screening
from amana.standards import catalogue, codes
from amana.standards.references import new_reference

DRAFT_LIFE = timedelta(hours=72)


@transaction.atomic
def start_draft(*, actor: Actor, now: datetime) -> Draft:
    """Begin a screening; nothing is known of the person yet."""
    draft_id = new_id()
    draft = Draft(id=draft_id, account_id=actor.account_id, started_at=now, updated_at=now)
    _seal_draft(draft, {"answers": {}}, actor)
    draft.save(force_insert=True)
    record(at=now, actor=actor.account_id, verb="identification.start_draft", subject=draft_id)
    return draft


@transaction.atomic
def save_draft(*, draft_id: str, changes: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Keep what was just said; the answers to other questions stay."""
    draft, content = queries.access_draft(actor, draft_id)
    answers = {**content["answers"], **changes.get("answers", {})}
    content = {**content, **changes, "answers": answers}
    _seal_draft(draft, content, actor)
    draft.updated_at = now
    draft.save(update_fields=["sealed", "epoch", "updated_at"])
    record(at=now, actor=actor.account_id, verb="identification.save_draft", subject=draft_id)


def _seal_draft(draft: Draft, content: Mapping[str, Any], actor: Actor) -> None:
    draft.epoch = actor.epoch
    place = queries.draft_place(draft.pk)
    draft.sealed = seal_document(queries.draft_key(actor, draft), content, place)


@transaction.atomic
def discard_draft(*, draft_id: str, actor: Actor, now: datetime) -> None:
    """Throw a draft away."""
    draft, _ = queries.access_draft(actor, draft_id)
    draft.delete()
    record(at=now, actor=actor.account_id, verb="identification.discard_draft", subject=draft_id)


def drop_old_drafts(now: datetime) -> int:
    """Delete drafts that nobody touched for 72 hours."""
    with transaction.atomic():
        n, _ = Draft.objects.filter(updated_at__lt=now - DRAFT_LIFE).delete()
        if n:
            record(at=now, actor="worker", verb="identification.drop_drafts", subject=str(n))
    return n


@transaction.atomic
def send_screening(*, draft_id: str, observation: str, actor: Actor, now: datetime) -> Screening:
    """Seal a finished screening to the care team; its author keeps a receipt and no more.

    Sending the same draft twice gives the same screening.
    """
    known = Screening.objects.filter(submission=draft_id, account_id=actor.account_id).first()
    if known:
        return known
    draft, content = queries.access_draft(actor, draft_id)
    against = rules.objections_to_sending(content)
    if against:
        raise Refused(against)
    screening = _keep(
        submission=draft_id,
        account_id=actor.account_id,
        content={**content, "observation": observation},
        is_historical=False,
        actor=actor,
        now=now,
    )
    draft.delete()
    record(
        at=now, actor=actor.account_id, verb="identification.send_screening", subject=screening.code
    )
    return screening


@transaction.atomic
def register_historical(
    *, submission: str, coded: Mapping[str, Any], now: datetime
) -> tuple[Screening, bool]:
    """Register a de-identified row of the past as a screening; return it and whether it is new.

    Holds coded values only. The same row of the same file twice is one screening.
    """
    known = Screening.objects.filter(submission=submission).first()
    if known:
        return known, False
    content = {**coded, "answers": {}, "observation": ""}
    screening = _keep(
        submission=submission,
        account_id=None,
        content=content,
        is_historical=True,
        actor=None,
        now=now,
    )
    record(
        at=now, actor="import", verb="identification.register_historical", subject=screening.code
    )
    return screening, True


def _keep(
    *,
    submission: str,
    account_id: str | None,
    content: Mapping[str, Any],
    is_historical: bool,
    actor: Actor | None,
    now: datetime,
) -> Screening:
    loaded = catalogue.load()
    reading = rules.reading(rules.facts_from(_facts(content)), loaded)
    # A care team keeps what it screened itself; everybody else writes to the first unit.
    team = (actor and actor.team_of(CARE)) or CARE
    key_id, key = issue_key(team, actor=actor)
    code = new_reference("S")
    document = {**content, "catalogue": loaded.version, "reading": rules.as_json(reading)}
    return Screening.objects.create(
        code=code,
        submission=submission,
        account_id=account_id,
        received_at=now,
        age_band=content["age_band"],
        sex=content["sex"],
        tier="adult" if content["minor"] == "no" else "child",
        is_historical=is_historical,
        key_id=key_id,
        sealed=seal_document(key, document, queries.screening_place(code, "sealed", key_id)),
    )


def _facts(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: content[key] for key in ("minor", "situation", "indicators")}


@transaction.atomic
def decide(*, code: str, decided_class: str, reason: str, actor: Actor, now: datetime) -> Screening:
    """Confirm the proposed class or change it; a change needs a reason in words."""
    if actor.role is not Role.SUPERVISOR:
        raise NotFound
    opened = queries.access_screening(actor, code)
    codes.check("CLASS", decided_class)
    proposed = opened.content["reading"]["primary"]
    row = Screening.objects.select_for_update().get(pk=code)
    against = rules.objections_to_decision(
        is_decided=row.decided_at is not None,
        proposed=proposed,
        decided=decided_class,
        reason=reason,
    )
    if against:
        raise Refused(against)
    row.sealed_decision = seal_document(
        opened.key,
        {"class": decided_class, "proposed": proposed, "reason": reason, "by": actor.name},
        queries.screening_place(code, "sealed_decision", row.key_id),
    )
    row.decided_at, row.decided_by = now, actor.account_id
    row.save(update_fields=["sealed_decision", "decided_at", "decided_by"])
    record(at=now, actor=actor.account_id, verb="identification.decide", subject=code)
    return row
