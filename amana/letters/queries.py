"""Letters that this person may read: in referrals and in threads of their own; and what is owed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amana.access.documents import open_document
from amana.access.queries import access_key, holds_key
from amana.access.rules import CARE, DESK, Actor, NotFound, Role
from amana.cases.models import Case
from amana.cases.queries import (
    OpenedConsent,
    access_compartment,
    compartments,
    consents,
    objections_to,
    unit_part,
)
from amana.cases.rules import ACCOUNT, IDENTITY, LOCATION, carrying, objections_to_sharing
from amana.crypto.boxes import Place
from amana.exchange import queries as exchange
from amana.exchange.rules import Line
from amana.letters import rules
from amana.letters.models import Draft, Thread
from amana.letters.rules import Letter, Owed, Setting
from amana.referrals import queries as referrals
from amana.referrals.models import Referral
from amana.referrals.rules import ACCEPT, State, Terms, Watch
from amana.referrals.scan import Guard
from amana.standards import codes
from amana.standards.messages import Family

# Who writes as the unit that cares, and who as the national desk.
SIDES = {Role.CASE_WORKER: CARE, Role.SUPERVISOR: CARE, Role.DESK: DESK}
NAMED = (State.DOSSIER_SENT, State.DOSSIER_RECEIVED)


@dataclass(frozen=True)
class Conversation:
    """Where letters are exchanged: a referral, or a thread of its own, with all that was said."""

    referral: Referral | None
    thread: Thread | None
    lines: list[Line]
    setting: Setting
    terms: Terms

    @property
    def row(self) -> Referral | Thread:
        """Return the row that the letters belong to."""
        row = self.referral or self.thread
        if row is None:
            raise NotFound
        return row

    @property
    def code(self) -> str:
        """Return what people call it."""
        return self.row.code

    @property
    def case(self) -> Case | None:
        """Return the case here that it is about, if it is about one."""
        return self.row.case

    @property
    def letters(self) -> list[Letter]:
        """Return its letters."""
        return rules.letters(self.lines)

    def owed(self) -> list[Owed]:
        """Return what its letters wait for, or waited for."""
        return rules.owed(self.lines, self.setting, self.terms)


def draft_place(draft_id: str, key_id: str) -> Place:
    """Return where a prepared letter lies."""
    return Place("letters_draft", draft_id, "sealed", key_id)


def conversation(actor: Actor, code: str) -> Conversation:
    """Return a conversation whose key a team of this person holds, or NotFound."""
    thread = Thread.objects.select_related("case").filter(holds_key(actor), code=code).first()
    if thread is not None:
        return of_threads([thread])[0]
    return of_referrals([referrals.access_referral(actor, code)])[0]


def of_threads(found: Sequence[Thread]) -> list[Conversation]:
    """Return threads with their letters, in one query."""
    own, said = exchange.own().country, exchange.lines_of([t.pk for t in found])
    between = referrals.Between()
    return [
        Conversation(
            None,
            thread,
            said[thread.pk],
            setting_of_thread(thread, own),
            between.terms(thread.country, thread.begun_at),
        )
        for thread in found
    ]


def setting_of_thread(thread: Thread, own: str) -> Setting:
    """Return between whom a thread runs."""
    sides = (own, thread.country) if thread.is_ours else (thread.country, own)
    return Setting(*sides, thread.tier, is_thread=True)


def of_referrals(found: Sequence[Referral]) -> list[Conversation]:
    """Return referrals with their letters, in one query."""
    return [
        Conversation(told.referral, None, told.lines, _setting(told), told.terms)
        for told in referrals.told_all(found)
    ]


def _setting(told: referrals.Told) -> Setting:
    story = told.story
    return Setting(
        asking=referrals.origin_of(told.referral),
        host=referrals.host_of(told.referral),
        tier=told.referral.tier,
        is_offered=story.offer is not None,
        is_accepted=story.decision is not None and story.decision.kind == ACCEPT,
        is_recalled=story.recall is not None or bool(told.referral.erased_case),
        is_named_there=story.state in NAMED,
    )


def tray(actor: Actor) -> list[Conversation]:
    """Return this person's threads, and the referrals in which a letter was said; newest first."""
    threads = list(Thread.objects.filter(holds_key(actor)).order_by("-begun_at")[:200])
    told = of_referrals(referrals.referrals(actor))
    return of_threads(threads) + [found for found in told if found.letters]


def drafts(actor: Actor) -> list[Draft]:
    """Return the letters that wait for the desk or for a second person, oldest first."""
    rows = Draft.objects.filter(holds_key(actor), released_at=None, returned_at=None)
    return list(rows.select_related("referral", "thread").order_by("written_at"))


def drafts_of(actor: Actor, found: Conversation) -> list[Draft]:
    """Return the letters of one conversation that have not left."""
    return [d for d in drafts(actor) if (d.referral or d.thread) == found.row]


def access_draft(actor: Actor, draft_id: str) -> Draft:
    """Return a prepared letter, or NotFound."""
    rows = Draft.objects.select_related("referral", "thread").filter(holds_key(actor))
    row = rows.filter(pk=draft_id).first()
    if row is None:
        raise NotFound
    return row


def of_draft(actor: Actor, draft: Draft) -> Conversation:
    """Return the conversation that a prepared letter belongs to."""
    row = draft.referral or draft.thread
    if row is None:
        raise NotFound
    return conversation(actor, row.code)


def prepared(actor: Actor, draft: Draft) -> dict[str, Any]:
    """Return what was prepared; of what left already nothing is kept here."""
    if draft.sealed is None:
        return {}
    key = access_key(actor, draft.key_id)
    return open_document(key, bytes(draft.sealed), draft_place(draft.pk, draft.key_id))


def contents(actor: Actor, found: Conversation) -> Mapping[str, dict[str, Any]]:
    """Return the message contents that this person can open, by message number."""
    return exchange.bodies(actor, found.row.pk)


def sealed_to_unit(actor: Actor, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the other country's worker sealed to this unit; NotFound for who is not of it."""
    if not actor.holds(CARE) or not body.get("unit_sealed"):
        raise NotFound
    return unit_part(actor, {"unit_sealed": body["unit_sealed"]})


def offered_on(actor: Actor, found: Conversation) -> tuple[str, str]:
    """Return ground and purpose of the referral around a letter; nothing for a thread."""
    if found.referral is None:
        return "", ""
    said = referrals.prepared(actor, found.referral)
    if not said:
        offer = next((m for m in found.lines if m.kind == "referral.offer"), None)
        said = contents(actor, found).get(offer.mid, {}) if offer else {}
    return str(said.get("ground", "")), str(said.get("purpose", ""))


# What stands against telling the other country something of a person.


def is_about_own_case(found: Conversation) -> bool:
    """Say whether it tells of a person whose file is here because she was found here."""
    is_ours = found.thread is not None or (found.referral is not None and found.referral.is_ours)
    return found.case is not None and is_ours


def objections_to_telling(
    actor: Actor, found: Conversation, *, held: Iterable[str], always: bool, now: datetime
) -> list[str]:
    """Ask consent, and the fear of return, for the categories that a letter holds.

    Whoever fears persecution is not spoken of to the country of origin, whatever the consent.
    """
    case = found.case
    if case is None:
        return []
    content = set(held) & set(codes.values("CONSENT_CONTENT"))
    against = []
    if content or (always and is_about_own_case(found)):
        given = consents(actor, case)
        country = found.row.country
        against += objections_to_sharing(given, country=country, content=content, now=now)
    return against + _fears(actor, found, case)


# What is said where the yes to a purpose is lacking; a purpose that a letter asks stands here.
NO_YES = {
    "TRACE_FAMILY": "NO_YES_TO_TRACE_FAMILY",
    "AFTERCARE_CONTACT": "NO_YES_TO_AFTERCARE_CONTACT",
}


def objections_to_asking(
    found: Conversation, family: Family, body: Mapping[str, Any], now: datetime
) -> list[str]:
    """Ask the person's yes to what a letter sets going beside the sharing: a search, a visit.

    Who was never asked has not said yes: a family that is looked for against a person's will may be
    the one who sold her (domain §3.7).
    """
    asks, case = family.asks, found.case
    if asks is None or case is None or not asks.are_put(body):
        return []
    return [NO_YES[asks.purpose]] if objections_to(case, asks.purpose, now=now) else []


def _fears(actor: Actor, found: Conversation, case: Case) -> list[str]:
    """The account says it; who cannot open that is not the one who writes of a person."""
    if not is_about_own_case(found) or SIDES.get(actor.role) != CARE:
        return []
    account = access_compartment(actor, case, ACCOUNT)[1]
    origin = account["citizenship"] in ("", found.row.country)
    return ["FEAR_OF_RETURN"] if origin and "P4" in account["indicators"] else []


def carried_by(
    actor: Actor, found: Conversation, held: Iterable[str], now: datetime
) -> OpenedConsent | None:
    """Return the consent or ground that carries a letter, where there is one."""
    if found.case is None:
        return None
    content = set(held) & set(codes.values("CONSENT_CONTENT"))
    given = carrying(
        consents(actor, found.case), country=found.row.country, content=content, now=now
    )
    return given if isinstance(given, OpenedConsent) else None


def guard(actor: Actor, found: Conversation) -> Guard:
    """Return what must stay out of the words, as far as this session may read it."""
    names: list[str] = []
    places: list[str] = []
    never: list[str] = []
    if found.referral is not None:
        draft = referrals.prepared(actor, found.referral)
        names += _said(draft.get("identity", {}), *NAMING)
    if found.case is not None and SIDES.get(actor.role) == CARE:
        there = {row.name for row in compartments(actor, found.case)}
        if IDENTITY in there:
            names += _said(access_compartment(actor, found.case, IDENTITY)[1], *NAMING)
        if LOCATION in there:
            location = access_compartment(actor, found.case, LOCATION)[1]
            places += _said(location, "place")
            never += _said(location, "do_not_contact")
    return Guard(" ".join(names), " ".join(places), " ".join(never))


NAMING = ("first_name", "full_name", "known_as")


def _said(document: Mapping[str, Any], *names: str) -> list[str]:
    return [str(document[name]) for name in names if document.get(name)]


# What waits for an answer.


@dataclass(frozen=True)
class Waiting:
    """A letter that waits for a word: where, since when, from whom, and the answer that met it."""

    conversation: str
    reference: str
    mid: str
    kind: str
    answer_kind: str
    tier: str
    watch: Watch
    answer: str

    @property
    def country(self) -> str:
        """Return the country that owes it."""
        return self.watch.country

    @property
    def clock(self) -> str:
        """Return the key of the clock that runs."""
        return self.watch.key

    @property
    def started_at(self) -> datetime:
        """Return since when it runs."""
        return self.watch.started_at


def owed(now: datetime) -> list[Waiting]:
    """Return what letters wait for on this node, met or not, from all that began before `now`.

    It opens nothing, so that the node itself can count. What referrals wait for is told by
    `referrals.queries`.
    """
    return [
        Waiting(
            conversation=one.row.pk,
            reference=one.code,
            mid=said.letter.mid,
            kind=said.letter.kind,
            answer_kind=said.answer_kind,
            tier=said.tier,
            watch=said.watch,
            answer=said.met_by.mid if said.met_by else "",
        )
        for one in everything()
        for said in one.owed()
        if said.watch.started_at <= now
    ]


def everything() -> list[Conversation]:
    """Return every conversation whose letters still wait for something: codes only."""
    found = of_threads(list(Thread.objects.order_by("begun_at", "code")))
    found += of_referrals(list(Referral.objects.order_by("prepared_at", "code")))
    return [one for one in found if not one.setting.is_recalled]
