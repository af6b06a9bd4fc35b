"""Writing a letter, agreeing to it, releasing it, answering one, taking one in."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access.actions import tell
from amana.access.actions.keys import erase_keys, issue_key, share_key
from amana.access.documents import seal_document
from amana.access.queries import access_key, members, of_role
from amana.access.rules import CARE, DESK, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases.actions import mark
from amana.cases.models import Case
from amana.cases.queries import visible_to
from amana.crypto import age
from amana.crypto.secrets import Key, new_id
from amana.exchange import actions as exchange
from amana.exchange.queries import digest_of, may_send, own, peer_directory
from amana.exchange.rules import Opened, Reason, Unacceptable
from amana.letters import bodies, queries, rules
from amana.letters.models import Draft, Thread
from amana.letters.queries import SIDES, Conversation
from amana.referrals import scan
from amana.referrals.models import Referral
from amana.standards import codes, messages
from amana.standards.messages import Family
from amana.standards.references import new_reference

# What the desk may tell of a person without the file that it cannot open: states and dates.
WITHOUT_THE_FILE = frozenset({"STATUS"})


@dataclass(frozen=True)
class Written:
    """What somebody wants to say: its fields, the letter it speaks of, why a find stays."""

    kind: str
    values: Mapping[str, Any]
    to: str = ""
    look_reason: str = ""

    @property
    def family(self) -> Family:
        """Return the row of its kind; NotFound for one that is no letter."""
        family = messages.families().get(self.kind)
        if family is None or family.room != messages.LETTERS:
            raise NotFound
        return family

    @property
    def open_part(self) -> dict[str, Any]:
        """Return what both desks read."""
        return {n: v for n, v in self._said().items() if not messages.field(n).is_for_unit}

    @property
    def unit_part(self) -> dict[str, Any]:
        """Return what only the receiving unit reads."""
        return {n: v for n, v in self._said().items() if messages.field(n).is_for_unit}

    def _said(self) -> dict[str, Any]:
        """Take exactly the fields of the family's row; what stands in no row cannot leave."""
        named = {name: self.values.get(name) for name in self.family.fields}
        return {name: value for name, value in named.items() if value not in (None, "", [])}

    @property
    def categories(self) -> frozenset[str]:
        """Return what it holds, sealed or not."""
        sealed = bodies.categories_of(self.unit_part)
        return bodies.categories(self.kind, self.open_part) | sealed


@transaction.atomic
def begin(
    *, country: str, written: Written, case: Case | None, tier: str, actor: Actor, now: datetime
) -> Draft:
    """Begin a thread with another country by its first letter, which waits for the desk."""
    family = written.family
    if family.where == messages.REFERRAL or SIDES.get(actor.role) not in family.who:
        raise NotFound
    if case is not None and not visible_to(actor).filter(pk=case.pk).exists():
        raise NotFound
    # The desk reads everything that leaves; the care team what it wrote or must agree to.
    by_care = SIDES[actor.role] == CARE or family.second is not None
    teams = [CARE, DESK] if by_care else [DESK]
    key_id, _key = issue_key(*teams, actor=actor)
    thread = Thread.objects.create(
        id=new_id(),
        code=new_reference("L"),
        is_ours=True,
        country=country,
        topic=written.kind,
        tier=family.tier or (case.tier if case else tier),
        case=case,
        begun_at=now,
        key_id=key_id,
    )
    return write(found=queries.of_threads([thread])[0], written=written, actor=actor, now=now)


@transaction.atomic
def write(*, found: Conversation, written: Written, actor: Actor, now: datetime) -> Draft:
    """Write a letter and hand it to the desk. Nothing leaves yet.

    What only the receiving unit may read is sealed to it here and now, in the writer's session.
    """
    family = written.family
    if SIDES.get(actor.role) not in family.who or written.kind in rules.BY_HAND:
        raise NotFound
    written = _addressed(found, written)
    against, under = _objections(found, written, actor, now)
    found_words = _scanned(found, written, actor)
    against += _objections_to_words(found, written, found_words)
    if against:
        raise Refused(list(dict.fromkeys(against)), under)
    row = found.row
    draft = Draft(
        id=new_id(),
        kind=written.kind,
        referral=found.referral,
        thread=found.thread,
        in_reply_to=written.to,
        key_id=row.key_id,
        needs_second=rules.needs_second(family, written.open_part),
        written_at=now,
        written_by=actor.account_id,
    )
    key = access_key(actor, row.key_id)
    content = _content(found, written, found_words, actor, now)
    draft.sealed = seal_document(key, content, queries.draft_place(draft.pk, row.key_id))
    draft.save(force_insert=True)
    record(
        at=now, actor=actor.account_id, verb="letters.write", subject=row.code, kind=written.kind
    )
    return draft


def _addressed(found: Conversation, written: Written) -> Written:
    """Find the letter that an answer answers, where the writer named none."""
    if written.to or written.kind not in rules.ANSWERS:
        return written
    to = rules.open_to(found.lines, written.kind, sender=own().country, setting=found.setting)
    return Written(written.kind, written.values, to.mid if to else "", written.look_reason)


def _objections(
    found: Conversation, written: Written, actor: Actor, now: datetime
) -> tuple[list[str], dict[str, str]]:
    """Return everything that stands against a letter but its words, with the articles."""
    family, held = written.family, written.categories
    against = rules.objections_to_writing(
        found.lines, written.kind, sender=own().country, setting=found.setting, to=written.to
    )
    if _faults(written):
        against.append("LETTER_INCOMPLETE")
        return against, {}
    if rules.is_too_soon(
        family, written.open_part, setting=found.setting, terms=found.terms, now=now
    ):
        against.append("DEPARTURE_TOO_SOON")
    if actor.role is Role.DESK and queries.is_about_own_case(found) and held - WITHOUT_THE_FILE:
        against.append("CASE_WORKER_WRITES")
    against += queries.objections_to_telling(
        actor, found, held=held, always=family.needs_consent, now=now
    )
    against += queries.objections_to_asking(found, family, written.open_part, now)
    ground, purpose, _ref = _ground(found, held, actor, now)
    verdict = may_send(
        found.row.country,
        kind=written.kind,
        purpose=purpose,
        categories=held,
        ground=ground,
        now=now,
    )
    return against + verdict.codes, verdict.under


def _faults(written: Written) -> list[str]:
    """Say which fields are missing or misshapen: writer and receiver ask the same function."""
    faults = bodies.faults(written.kind, {**written.open_part, "by": "-"})
    faults = [name for name in faults if name not in written.unit_part]
    for name, value in written.unit_part.items():
        if not bodies.fits(messages.field(name), value):
            faults.append(name)
    return faults


def _ground(
    found: Conversation, held: frozenset[str], actor: Actor, now: datetime
) -> tuple[str, str, str]:
    """Return ground, purpose and consent: of the consent that carries it, or of the offer."""
    ground, purpose = queries.offered_on(actor, found)
    carried = queries.carried_by(actor, found, held, now)
    if carried is None:
        return ground, purpose, ""
    return carried.ground, purpose, str(carried.row.pk)


def _scanned(found: Conversation, written: Written, actor: Actor) -> tuple[scan.Find, ...]:
    texts = bodies.texts({**written.open_part, **written.unit_part})
    return scan.finds(texts, queries.guard(actor, found), contacts=bodies.CONTACTS)


def _objections_to_words(
    found: Conversation, written: Written, found_words: tuple[scan.Find, ...]
) -> list[str]:
    if written.look_reason:
        codes.check("LOOK_REASON", written.look_reason)
    return scan.objections(
        found_words,
        is_named_there=found.setting.is_named_there,
        reason=written.look_reason,
        is_strict=written.family.is_strict,
    )


def looked_at(found: Conversation, written: Written, actor: Actor) -> list[scan.Find]:
    """Return what a second look finds, for the page that asks about it."""
    return list(_scanned(found, written, actor))


def _content(
    found: Conversation,
    written: Written,
    found_words: tuple[scan.Find, ...],
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    unit_part, sealed = written.unit_part, ""
    if unit_part:
        unit = peer_directory(found.row.country, now).unit
        box = age.encrypt([unit.public], json.dumps(unit_part, ensure_ascii=False).encode())
        sealed = base64.b64encode(box).decode()
    return {
        "body": written.open_part,
        "unit_sealed": sealed,
        "unit_fields": [
            {"name": name, "size": len(str(value).encode()), "author": actor.name}
            for name, value in unit_part.items()
        ],
        "by": actor.name,
        "look_reason": written.look_reason,
        "looked_at": sorted({one.topic for one in found_words}),
    }


@transaction.atomic
def agree(*, draft: Draft, actor: Actor, now: datetime) -> None:
    """Give the second word, as another person of the desk or a supervisor."""
    if actor.role not in (Role.DESK, Role.SUPERVISOR):
        raise NotFound
    row = Draft.objects.select_for_update().get(pk=draft.pk)
    against = rules.objections_to_agreeing(
        written_by=row.written_by,
        agreed_by=row.agreed_by,
        is_over=row.is_over,
        by=actor.account_id,
    )
    if not row.needs_second:
        against = ["NOTHING_TO_CONFIRM"]
    if against:
        raise Refused(against)
    row.agreed_at, row.agreed_by = now, actor.account_id
    row.save(update_fields=["agreed_at", "agreed_by"])
    _note(row, "letters.agree", actor, now)


@transaction.atomic
def release(*, draft: Draft, actor: Actor, now: datetime) -> None:
    """Release a letter: the desk signs, after everything was asked once more."""
    if actor.role is not Role.DESK:
        raise NotFound
    # Two of the desk may press in the same second; the row decides who was first.
    row = Draft.objects.select_for_update().get(pk=draft.pk)
    against = rules.objections_to_releasing(
        needs_second=row.needs_second,
        agreed_by=row.agreed_by,
        is_over=row.is_over,
        by=actor.account_id,
    )
    if against:
        raise Refused(against)
    found = _locked(queries.of_draft(actor, row), actor)
    content = queries.prepared(actor, row)
    written = Written(row.kind, content["body"], row.in_reply_to, content["look_reason"])
    held = written.categories | bodies.categories_of({f["name"]: 1 for f in content["unit_fields"]})
    against = rules.objections_to_writing(
        found.lines, row.kind, sender=own().country, setting=found.setting, to=row.in_reply_to
    )
    if rules.is_too_soon(
        written.family,
        written.open_part,
        setting=found.setting,
        terms=found.terms,
        now=now,
    ):
        against.append("DEPARTURE_TOO_SOON")
    against += queries.objections_to_telling(
        actor, found, held=held, always=written.family.needs_consent, now=now
    )
    against += queries.objections_to_asking(found, written.family, written.open_part, now)
    against += _objections_to_words(found, written, _scanned(found, written, actor))
    if against:
        raise Refused(against)
    row.mid = _post(found, written, content, actor, now)
    row.released_at, row.released_by, row.sealed = now, actor.account_id, None
    row.save(update_fields=["mid", "released_at", "released_by", "sealed"])
    _note(row, "letters.release", actor, now)


def _locked(found: Conversation, actor: Actor) -> Conversation:
    """Lock the conversation: of two letters in the same second, the second meets the first."""
    kind: type[Referral | Thread] = Thread if found.thread else Referral
    kind.objects.select_for_update().get(pk=found.row.pk)
    return queries.conversation(actor, found.code)


@transaction.atomic
def give_back(*, draft: Draft, actor: Actor, now: datetime) -> None:
    """Give a letter back to who wrote it; nothing has left."""
    row = Draft.objects.select_for_update().get(pk=draft.pk)
    if actor.role is not Role.DESK and actor.account_id != row.written_by:
        raise NotFound
    if row.is_over:
        raise Refused(["LETTER_HAS_LEFT"])
    row.returned_at = now
    row.save(update_fields=["returned_at"])
    _note(row, "letters.return", actor, now)


def _note(row: Draft, verb: str, actor: Actor, now: datetime) -> None:
    around = row.referral or row.thread
    subject = around.code if around else row.pk
    record(at=now, actor=actor.account_id, verb=verb, subject=subject, kind=row.kind)


@transaction.atomic
def answer(*, found: Conversation, written: Written, actor: Actor, now: datetime) -> None:
    """Say on a letter that a person has read it, yes, no, or sign it too: the desk, at once."""
    if actor.role is not Role.DESK or written.kind not in rules.BY_HAND:
        raise NotFound
    found = _locked(found, actor)
    if written.kind == rules.COUNTERSIGN:
        digest = {"record_digest": digest_of(written.to)}
        written = Written(written.kind, digest, written.to)
    against = rules.objections_to_writing(
        found.lines, written.kind, sender=own().country, setting=found.setting, to=written.to
    )
    if _faults(written):
        against.append("LETTER_INCOMPLETE")
    against += _objections_to_words(found, written, _scanned(found, written, actor))
    if against:
        raise Refused(against)
    _post(found, written, {}, actor, now)
    record(
        at=now, actor=actor.account_id, verb="letters.answer", subject=found.code, kind=written.kind
    )


def _post(
    found: Conversation, written: Written, content: Mapping[str, Any], actor: Actor, now: datetime
) -> str:
    sealed = content.get("unit_sealed", "")
    sealed_categories = bodies.categories_of({f["name"]: 1 for f in content.get("unit_fields", ())})
    ground, purpose, consent = _ground(found, written.categories | sealed_categories, actor, now)
    family = written.family
    letter = exchange.Letter(
        kind=written.kind,
        country=found.row.country,
        conversation=found.row.pk,
        body={
            "m": family.number,
            "by": actor.name,
            **written.open_part,
            **({"unit_sealed": sealed} if sealed else {}),
        },
        in_reply_to=written.to,
        urgency=family.tier or found.setting.tier,
        legal_basis=ground,
        consent_ref=consent,
        purpose=purpose,
        minimum_dataset="letter",
        sealed_categories=sealed_categories,
    )
    key = access_key(actor, found.row.key_id)
    message = exchange.post(letter, actor=actor, key_id_=found.row.key_id, key=key, now=now)
    if found.case is not None:
        mark(found.case, "letter_sent", at=now, by=actor.account_id, reference=found.code)
    return message.mid


@transaction.atomic
def hand_on(*, found: Conversation, actor: Actor, now: datetime) -> None:
    """Let the care team read a thread that came to the desk."""
    if actor.role is not Role.DESK or found.thread is None:
        raise NotFound
    key = access_key(actor, found.row.key_id)
    share_key(key_id=found.row.key_id, key=key, team=CARE, actor=actor)
    record(at=now, actor=actor.account_id, verb="letters.hand_on", subject=found.code)


@transaction.atomic
def open_unit_part(*, found: Conversation, mid: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Open what was sealed to this unit in a letter; it is on record."""
    part = queries.sealed_to_unit(actor, queries.contents(actor, found).get(mid, {}))
    record(at=now, actor=actor.account_id, verb="letters.open_unit_part", subject=found.code)
    return part


def forget(code: str, by: str, now: datetime) -> int:
    """Erase the threads about a case that is erased; numbers and receipts stay as proof.

    The letters of its referrals go with their conversations. Returns how many were emptied.
    """
    rows = list(Thread.objects.select_for_update().filter(case=code))
    for row in rows:
        exchange.forget(conversation=row.pk, by=by, now=now)
        Draft.objects.filter(thread=row).delete()
    erase_keys(key_ids=[row.key_id for row in rows], now=now, by=by)
    return len(rows)


# What the other desk's letters do here. node.wiring names this function.


def receive_letter(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take a letter in: into its referral, into its thread, or as the first of a new thread."""
    header = opened.header
    if not bodies.is_whole(header.type, opened.body):
        raise Unacceptable(Reason.MALFORMED)
    referral = Referral.objects.select_related("case").filter(pk=header.conv).first()
    thread = Thread.objects.select_related("case").filter(pk=header.conv).first()
    is_new = referral is None and thread is None
    if referral is not None:
        found = queries.of_referrals([referral])[0]
    else:
        thread = thread or _new_thread(opened, now)
        found = queries.of_threads([thread])[0]
    if found.row.country != opened.country:
        raise Unacceptable(Reason.OUT_OF_PLACE)
    against = rules.objections_to_writing(
        found.lines,
        header.type,
        sender=opened.country,
        setting=found.setting,
        to=header.in_reply_to,
    )
    # An answer may cross the cancellation of what it answers: both were said.
    if set(against) - {"LETTER_WAS_CANCELLED"}:
        raise Unacceptable(Reason.OUT_OF_PLACE)
    if header.type == rules.COUNTERSIGN and opened.body["record_digest"] != digest_of(
        header.in_reply_to
    ):
        raise Unacceptable(Reason.CONFLICT)
    record(
        at=now,
        actor=actor.account_id,
        verb="letters.receive_letter",
        subject=found.code,
        kind=header.type,
    )
    _tell_of(found, header.type, now)
    if thread is not None and is_new:
        return _kept(thread, actor)
    if found.case is not None:
        mark(found.case, "letter_received", at=now, reference=found.code)
    return found.row.key_id, access_key(actor, found.row.key_id)


def _tell_of(found: Conversation, kind: str, now: datetime) -> None:
    """Tell at once whom a warning concerns: of a case who works on it, else who is named for it."""
    roles = [Role(code) for code in messages.families()[kind].tells]
    case = found.case
    if case is None:
        told = {account.pk for role in roles for account in of_role(role)}
        tell(told, "LETTER_EMERGENCY", reference="", now=now)
    elif roles:
        told = {account.pk for account in members(case.team, Role.SUPERVISOR)} | {case.worker}
        tell(told - {""}, "LETTER_URGENT", reference=found.code, now=now)


def _new_thread(opened: Opened, now: datetime) -> Thread:
    """Return the thread that a first letter begins; its code here is our own."""
    family = messages.families()[opened.header.type]
    said = opened.header.urgency
    return Thread(
        id=opened.header.conv,
        code=new_reference("L"),
        is_ours=False,
        country=opened.country,
        topic=opened.header.type,
        tier=family.tier or (said if said in ("child", "adult", "emergency") else "child"),
        begun_at=now,
    )


def _kept(thread: Thread, actor: Actor) -> tuple[str, Key]:
    thread.key_id, key = issue_key(DESK, actor=actor)
    thread.save(force_insert=True)
    return thread.key_id, key
