"""Keeping a draft, sending a screening, deciding on it, recording what an authority decided."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.crypto.secrets import new_id
from amana.identification import answers, queries, reading, rules
from amana.identification.answers import Change, Given, without
from amana.identification.models import Draft, FormalStep, Screening
from amana.standards import authorities, codes
from amana.standards.instrument import Instrument
from amana.standards.references import new_reference

DRAFT_LIFE = timedelta(hours=72)
# What a phone may not have asked yet when its work broke off. Silence about age protects a child.
NOT_ASKED = {"minor": "doubtful", "age_band": "UNK"}


@dataclass(frozen=True)
class Origin:
    """Where answers come from: their number, who gave them, whose they are, since when they wait.

    A care team keeps what it screened itself; everybody else writes to the first unit.
    """

    submission: str
    account_id: str | None
    team: str
    received_at: datetime
    follows: Screening | None = None
    is_historical: bool = False
    is_unfinished: bool = False


def _origin(
    submission: str, actor: Actor | None, now: datetime, follows: Screening | None = None
) -> Origin:
    team = (actor and actor.team_of(CARE)) or CARE
    return Origin(submission, actor.account_id if actor else None, team, now, follows)


@transaction.atomic
def start_draft(
    *, actor: Actor, now: datetime, name: str = rules.RAPID, follows: str = ""
) -> Draft:
    """Begin an instrument; what a screening already told of the person is not asked again.

    `follows` is the screening that this one goes on from: an interview, or the person seen again.
    """
    if not rules.may_begin(actor.role, name):
        raise NotFound
    instrument = queries.access_instrument(name)
    draft_id = new_id()
    draft = Draft(id=draft_id, account_id=actor.account_id, started_at=now, updated_at=now)
    content: dict[str, Any] = {
        "instrument": instrument.name,
        "version": instrument.version,
        "answers": {},
        "words": {},
        "skipped": {},
        "known": [],
        "follows": follows,
    }
    if follows:
        content |= _told_before(instrument, queries.access_screening(actor, follows))
    _seal_draft(draft, content, actor)
    draft.save(force_insert=True)
    record(at=now, actor=actor.account_id, verb="identification.start_draft", subject=draft_id)
    return draft


def _told_before(instrument: Instrument, before: queries.Opened) -> dict[str, Any]:
    """Return what an earlier screening told: who it is, and for an interview the signs found."""
    person = instrument.find_section(rules.PERSON)
    asked = {q.id for q in person.questions} if person else set()
    told = {k: v for k, v in queries.given_of(before.content).answers.items() if k in asked and v}
    is_interview = instrument.name == rules.INTERVIEW
    known = set(before.content["indicators"]) & set(instrument.reader.alphabet.codes)
    return {"answers": told, "known": sorted(known) if is_interview else []}


@transaction.atomic
def save_draft(*, draft_id: str, change: Change, actor: Actor, now: datetime) -> None:
    """Keep what was just said; the answers to other questions stay."""
    draft, content = queries.access_draft(actor, draft_id)
    given = change.applied(queries.given_of(content))
    content = {
        **content,
        "answers": given.answers,
        "words": given.words,
        "skipped": given.skipped,
    }
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
    if known := Screening.objects.filter(submission=draft_id, account=actor.account_id).first():
        return known
    draft, content = queries.access_draft(actor, draft_id)
    instrument = queries.find_instrument(content)
    if instrument is None:
        raise Refused(["INSTRUMENT_NOT_LOADED"])
    given = answers.kept(instrument, queries.given_of(content), content["known"])
    against = rules.objections_to_sending(instrument, given)
    if answers.faults_in(instrument, given, queries.today(now), content["known"]):
        against.append("ANSWERS_CANNOT_BE")
    if against:
        raise Refused(against)
    follows = content.get("follows", "")
    before = queries.access_screening(actor, follows).row if follows else None

    def keep() -> Screening:
        return _keep_answers(
            origin=_origin(draft_id, actor, now, before),
            instrument=instrument,
            given=given,
            known=content["known"],
            observation=observation,
            actor=actor,
        )

    screening, is_new = _kept_once(draft_id, actor.account_id, keep)
    if screening.account_id != actor.account_id:
        # Brought by nobody under this number: other answers, which must not swallow these.
        raise Refused(["SUBMISSION_ALREADY_TAKEN"])
    draft.delete()
    if is_new:
        record(
            at=now,
            actor=actor.account_id,
            verb="identification.send_screening",
            subject=screening.code,
        )
    return screening


@transaction.atomic
def receive_submission(
    *,
    submission: str,
    instrument: Instrument,
    given: Given,
    now: datetime,
    actor: Actor | None = None,
    observation: str = "",
) -> tuple[Screening, bool]:
    """Seal answers that came whole: typed from paper, or from another program.

    The same submission twice is one screening, also when one of the two came without an account;
    says whether it is new. Raises BadAnswers with every fault, Refused with every objection; then
    nothing is stored.
    """
    account_id = actor.account_id if actor else None
    if known := _known(submission, account_id):
        return known, False
    given = answers.checked(instrument, given, queries.today(now))
    against = rules.objections_to_sending(instrument, given)
    if against:
        raise Refused(against)

    def keep() -> Screening:
        return _keep_answers(
            origin=_origin(submission, actor, now),
            instrument=instrument,
            given=given,
            known=(),
            observation=observation,
            actor=actor,
        )

    screening, is_new = _kept_once(submission, account_id, keep)
    if is_new:
        record(
            at=now,
            actor=account_id or "import",
            verb="identification.receive_submission",
            subject=screening.code,
        )
    return screening, is_new


def _known(submission: str, account_id: str | None) -> Screening | None:
    """Return the screening that a submission became; refuse what another account brought.

    What came without an account, by the command line, is the same whoever brings it again.
    """
    row = Screening.objects.filter(submission=submission).first()
    if row and row.account_id and account_id and row.account_id != account_id:
        raise Refused(["SUBMISSION_ALREADY_TAKEN"])
    return row


def _kept_once(
    submission: str, account_id: str | None, keep: Callable[[], Screening]
) -> tuple[Screening, bool]:
    """Keep a submission; when the same one was kept between look and write, it is that one."""
    try:
        with transaction.atomic():
            return keep(), True
    except IntegrityError:
        known = _known(submission, account_id)
        if known is None:
            raise
        return known, False


@transaction.atomic
def receive_from_phone(
    *,
    origin: Origin,
    instrument: Instrument,
    given: Given,
    observation: str,
    actor: Actor,
    now: datetime,
) -> Screening:
    """Seal what a member of the team opened of a phone's work, finished or broken off.

    What was not asked is left open, and an age that nobody asked for is a child's. The clock of the
    decision runs from the moment when it came, not from its opening. Raises BadAnswers.
    """
    known = Screening.objects.filter(submission=origin.submission).first()
    if known:
        return known
    given = answers.checked(instrument, given, queries.today(now))
    screening = _keep_answers(
        origin=origin,
        instrument=instrument,
        given=given,
        known=(),
        observation=observation,
        actor=actor,
    )
    record(
        at=now,
        actor=actor.account_id,
        verb="identification.receive_from_phone",
        subject=screening.code,
    )
    return screening


def _keep_answers(
    *,
    origin: Origin,
    instrument: Instrument,
    given: Given,
    known: Iterable[str],
    observation: str,
    actor: Actor | None,
) -> Screening:
    read = reading.read_answers(instrument, given, tuple(known))
    section = instrument.find_section(rules.PERSON)
    person = [q.id for q in section.questions if q.id in given.answers] if section else []
    content = {
        "instrument": instrument.name,
        "version": instrument.version,
        "reader": [instrument.reader.name, instrument.reader.version],
        "person": person,
        "situation": "unknown",
        **NOT_ASKED,
        **{key: given.answers[key] for key in person},
        "answers": without(given.answers, set(person)),
        "words": dict(given.words),
        "skipped": dict(given.skipped),
        "known": list(known),
        "indicators": [*read.fired, *read.noted],
        "observation": observation,
    }
    return _keep(origin=origin, content=content, read=read, actor=actor)


@transaction.atomic
def register_historical(
    *, submission: str, coded: Mapping[str, Any], now: datetime
) -> tuple[Screening, bool]:
    """Register a de-identified row of the past as a screening; return it and whether it is new.

    Holds coded values only. The same row of the same file twice is one screening.
    """
    if known := _known(submission, None):
        return known, False
    reader = reading.reader_of_facts()
    facts = {key: coded[key] for key in ("minor", "situation", "indicators")}

    def keep() -> Screening:
        return _keep(
            origin=Origin(submission, None, CARE, now, is_historical=True),
            content={
                **coded,
                "reader": [reader.name, reader.version],
                "answers": {},
                "observation": "",
            },
            read=reading.read_facts(reading.facts_from(facts, reader), reader),
            actor=None,
        )

    screening, is_new = _kept_once(submission, None, keep)
    if is_new:
        record(
            at=now,
            actor="import",
            verb="identification.register_historical",
            subject=screening.code,
        )
    return screening, is_new


def _keep(
    *, origin: Origin, content: Mapping[str, Any], read: reading.Reading, actor: Actor | None
) -> Screening:
    key_id, key = issue_key(origin.team, actor=actor)
    code = new_reference("S")
    document = {**content, "reading": reading.as_json(read)}
    return Screening.objects.create(
        code=code,
        submission=origin.submission,
        account_id=origin.account_id,
        follows=origin.follows,
        received_at=origin.received_at,
        age_band=content["age_band"],
        sex=content.get("sex", "UNK"),
        tier="adult" if content["minor"] == "no" else "child",
        is_historical=origin.is_historical,
        is_unfinished=origin.is_unfinished,
        key_id=key_id,
        sealed=seal_document(key, document, queries.screening_place(code, "sealed", key_id)),
    )


@transaction.atomic
def decide(*, code: str, decided_class: str, reason: str, actor: Actor, now: datetime) -> Screening:
    """Confirm the proposed class or change it; a change needs a reason in words, and is counted."""
    if actor.role is not Role.SUPERVISOR:
        raise NotFound
    opened = queries.access_screening(actor, code)
    codes.check("CLASS", decided_class)
    proposed = opened.content["reading"]["class"]
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
        {
            "class": decided_class,
            "proposed": proposed,
            "reason": reason,
            "by": actor.name,
            "rescreen_on": _rescreen_on(opened.content, decided_class, now),
        },
        queries.screening_place(code, "sealed_decision", row.key_id),
    )
    row.decided_at, row.decided_by = now, actor.account_id
    row.differs = decided_class != proposed
    row.save(update_fields=["sealed_decision", "decided_at", "decided_by", "differs"])
    record(at=now, actor=actor.account_id, verb="identification.decide", subject=code)
    for follow in _DECIDED:
        follow(code, actor, now)
    return row


# What a later room does with a decision in its transaction; who does: node.apps.
Follow = Callable[[str, Actor, datetime], None]
_DECIDED: list[Follow] = []


def decided_too(follow: Follow) -> None:
    """Let a later room follow every decision: a case may have been opened before it."""
    if follow not in _DECIDED:
        _DECIDED.append(follow)


def _rescreen_on(content: Mapping[str, Any], decided: str, now: datetime) -> str:
    instrument = queries.find_instrument(dict(content))
    days = rules.rescreen_days(
        instrument.reader if instrument else reading.reader_of_facts(),
        proposed=content["reading"]["class"],
        decided=decided,
        proposed_days=content["reading"]["rescreen_in_days"],
        again_in_days=instrument.again_in_days if instrument else 0,
    )
    return (queries.today(now) + timedelta(days=days)).isoformat() if days else ""


@transaction.atomic
def record_formal(*, code: str, step: rules.Formal, actor: Actor, now: datetime) -> FormalStep:
    """Record what an authority was asked or decided, or that the person contests it.

    No service waits for it: nothing in Amana asks where the formal identification stands before it
    helps, and a refusal switches nothing off. Refuses with every objection at once.
    """
    opened = queries.access_screening(actor, code)
    row = Screening.objects.select_for_update().get(pk=code)
    before = queries.formal_steps(opened)
    against = rules.objections_to_formal(
        step,
        before=[s.step for s in before],
        is_decided=opened.decision is not None,
        may_decide=authorities.deciding_in(settings.NODE.country),
        today=queries.today(now),
    )
    if against:
        raise Refused(against)
    step_id = new_id()
    kept = FormalStep.objects.create(
        id=step_id,
        screening=row,
        number=len(before) + 1,
        recorded_at=now,
        recorded_by=actor.account_id,
        sealed=seal_document(
            opened.key,
            {**asdict(step), "on": step.on.isoformat()},
            queries.formal_place(step_id, row.key_id),
        ),
    )
    record(at=now, actor=actor.account_id, verb="identification.record_formal", subject=code)
    return kept


@transaction.atomic
def erase_screening(*, code: str, now: datetime, by: str) -> int:
    """Erase a screening with its decision: its key first, then its row. Returns how many went."""
    row = Screening.objects.select_for_update().filter(pk=code).first()
    if row is None:
        return 0
    erase_keys(key_ids=[row.key_id], now=now, by=by)
    row.delete()
    record(at=now, actor=by, verb="identification.erase_screening", subject=code)
    return 1
