"""Noting what became of an agreement: one person notes it, another confirms it."""

from datetime import date, datetime

from django.db import transaction

from amana.access import rules as access
from amana.access.actions import tell
from amana.access.queries import of_role
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.agreements import queries, rules
from amana.agreements.models import Step, Word
from amana.audit.actions import record
from amana.standards import codes

# Who notes a step, and who may be the second person.
NOTES = frozenset({Role.COORDINATOR})
CONFIRMS = frozenset({Role.COORDINATOR, Role.DATA_PROTECTION})


@transaction.atomic
def note_step(*, name: str, kind: str, on: date, reason: str, actor: Actor, now: datetime) -> Step:
    """Note a step of an agreement as a coordinator, a suspension say. It does not count yet.

    Another coordinator or the data protection officer must confirm it first.
    """
    codes.check("AGREEMENT_STEP", kind)
    codes.check("AGREEMENT_REASON", reason)
    entry = _access(name, actor, NOTES, now)
    against = rules.objections_to_step(
        entry.bound, kind, on=on, is_waiting=bool(entry.waiting), now=now
    )
    if against:
        raise Refused(against)
    step = Step.objects.create(
        agreement=name,
        version=_version(entry, kind),
        kind=kind,
        on=on,
        reason=reason,
        asked_by=actor.account_id,
        asked_at=now,
    )
    others = {a.pk for role in CONFIRMS for a in of_role(role)} - {actor.account_id}
    tell(others, "AGREEMENT_STEP", reference=name, now=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="agreements.note_step",
        subject=name,
        kind=kind,
        on=on.isoformat(),
        reason=reason,
        version=step.version,
    )
    return step


def _version(entry: queries.Entry, kind: str) -> str:
    """Return the rendering that a step is about: the one that binds, or the newest there is."""
    agreement = entry.bound.agreement
    if kind == rules.RENDERED:
        return queries.newest(agreement.name)
    return agreement.version


@transaction.atomic
def confirm_step(*, name: str, number: int, actor: Actor, now: datetime) -> Word:
    """Confirm a step as the second person: it counts, a suspension from this moment on."""
    entry, step = _waiting(name, number, actor, now)
    against = rules.objections_to_confirming(
        asked_by=step.asked_by, by=actor.account_id, is_answered=not step.is_waiting
    )
    against += rules.objections_to_step(
        entry.bound, step.kind, on=step.on, is_waiting=False, now=now
    )
    if against:
        raise Refused(against)
    word = Word.objects.create(step_id=number, is_yes=True, by=actor.account_id, at=now)
    _put_on_record("agreements.confirm_step", step, actor, now)
    return word


@transaction.atomic
def decline_step(*, name: str, number: int, actor: Actor, now: datetime) -> None:
    """Set a step aside, as the one who noted it or as the one who would have had to confirm."""
    _, step = _waiting(name, number, actor, now)
    if not step.is_waiting:
        raise Refused(["NOTHING_TO_CONFIRM"])
    Word.objects.create(step_id=number, is_yes=False, by=actor.account_id, at=now)
    _put_on_record("agreements.decline_step", step, actor, now)


def _put_on_record(verb: str, step: queries.Recorded, actor: Actor, now: datetime) -> None:
    record(at=now, actor=actor.account_id, verb=verb, subject=step.agreement, kind=step.kind)


def _waiting(
    name: str, number: int, actor: Actor, now: datetime
) -> tuple[queries.Entry, queries.Recorded]:
    # Two may answer in the same second; the row decides who was first.
    Step.objects.select_for_update().filter(pk=number, agreement=name).first()
    entry = _access(name, actor, CONFIRMS, now)
    step = next((s for s in entry.recorded if s.number == number), None)
    if step is None:
        raise NotFound
    return entry, step


def _access(name: str, actor: Actor, roles: frozenset[Role], now: datetime) -> queries.Entry:
    entry = queries.entry(name)
    if entry is None or actor.role not in roles:
        raise NotFound
    access.require_step_up(actor, now)
    return entry


@transaction.atomic
def take_as_in_force(*, by: str, now: datetime) -> None:
    """Take this country's agreements as in force since their signing, in an empty register.

    For a demo's first day and for tests. A real node's register begins with two people.
    """
    if Step.objects.exists():
        raise Refused(["AGREEMENT_STEP_OUT_OF_PLACE"])
    for entry in queries.entries():
        for kind in (rules.SIGNED, rules.IN_FORCE):
            agreement = entry.bound.agreement
            step = Step.objects.create(
                agreement=agreement.name,
                version=agreement.version,
                kind=kind,
                on=agreement.signed_on,
                reason="DEMONSTRATION",
                asked_by=by,
                asked_at=now,
            )
            Word.objects.create(step=step, is_yes=True, by=by, at=now)
            verb = "agreements.take_as_in_force"
            record(at=now, actor=by, verb=verb, subject=agreement.name, kind=kind)
