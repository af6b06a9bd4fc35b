"""Referrals that this person may see, and the story of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from amana.access.documents import open_document
from amana.access.queries import access_key, holds_key
from amana.access.rules import Actor, NotFound
from amana.agreements import queries as agreements
from amana.agreements.queries import Entry
from amana.cases.models import Case
from amana.cases.queries import access_compartment, consents, is_before_decision
from amana.cases.rules import ACCOUNT, IDENTITY, LOCATION, objections_to_sharing, taken_back
from amana.crypto.boxes import Place
from amana.exchange import evidence
from amana.exchange import queries as exchange
from amana.exchange.evidence import Proven
from amana.exchange.rules import Line
from amana.referrals import dossier, rules
from amana.referrals.models import Referral
from amana.referrals.rules import Story, Terms, Watch
from amana.standards.calendars import Calendar


def draft_place(referral_id: str, key_id: str) -> Place:
    """Return where a prepared referral lies."""
    return Place("referrals_referral", referral_id, "sealed", key_id)


def access_referral(actor: Actor, code: str) -> Referral:
    """Return a referral whose key a team of this person holds, or NotFound."""
    referral = Referral.objects.select_related("case").filter(holds_key(actor), code=code).first()
    if referral is None:
        raise NotFound
    return referral


def referrals(actor: Actor) -> list[Referral]:
    """Return this person's referrals, newest first, pseudonymous."""
    return list(Referral.objects.filter(holds_key(actor)).order_by("-prepared_at")[:300])


def of_case(actor: Actor, case: Case) -> list[Referral]:
    """Return the referrals of a case."""
    return list(Referral.objects.filter(holds_key(actor), case=case).order_by("prepared_at"))


def prepared(actor: Actor, referral: Referral) -> dict[str, Any]:
    """Return what the case worker prepared; nothing for a referral that came from abroad."""
    if referral.sealed is None:
        return {}
    key = access_key(actor, referral.key_id)
    return open_document(key, bytes(referral.sealed), draft_place(referral.pk, referral.key_id))


@dataclass(frozen=True)
class Recall:
    """What the other country is now to be asked to erase: all of it, or named groups; and why."""

    why: str
    content: list[str]


def must_recall(actor: Actor, told: "Told") -> Recall | None:
    """Return what the other country is now to be asked to erase, or None where nothing is.

    Either the case was erased here, or the person took back what nothing else still covers.
    """
    referral, story_ = told.referral, told.story
    if not referral.is_ours or story_.offer is None or story_.recall is not None:
        return None
    if referral.erased_case:
        return Recall("ERASED_HERE", [])
    if referral.case is None:
        return None
    shared = shared_by(actor, told)
    held = consents(actor, referral.case)
    back = taken_back(held, country=referral.country, shared=shared)
    if rules.is_whole_recall(shared=shared, back=back, basis=dossier.BASIS):
        return Recall("CONSENT_WITHDRAWN", [])
    due = rules.to_recall(shared=shared, back=back, asked=_asked_for(actor, told))
    return Recall("CONSENT_WITHDRAWN", sorted(due)) if due else None


def shared_by(actor: Actor, told: "Told") -> set[str]:
    """Return the groups of content that have left with a referral of ours, by its messages."""
    draft = prepared(actor, told.referral)
    if not draft or told.story.offer is None:
        return set()
    left = dict(draft["offer"])
    if told.story.dossier is not None:
        left |= {**draft["identity"], **{f["name"]: True for f in draft["unit_fields"]}}
    return dossier.groups(left)


def part_to_erase(actor: Actor, told: "Told") -> list[str]:
    """Return the groups that the other country asks back and that nobody here has decided on."""
    row, open_parts = told.referral, told.story.open_parts
    mid = next((p.asked.mid for p in open_parts if p.asked.mid not in row.parts), "")
    if row.is_ours or row.case is None or not mid:
        return []
    return list(contents(actor, row).get(mid, {}).get("content", []))


def _asked_for(actor: Actor, told: "Told") -> set[str]:
    """Return the groups that the other country was already asked to erase."""
    if not told.story.part_recalls:
        return set()
    said = contents(actor, told.referral)
    asked = [said.get(part.asked.mid, {}) for part in told.story.part_recalls]
    return {group for body in asked for group in body.get("content", [])}


def erased_with(code: str) -> list[Referral]:
    """Return the conversations whose content went with a case, those of one case by date."""
    return list(Referral.objects.filter(erased_case=code).order_by("prepared_at"))


def host_of(referral: Referral) -> str:
    """Return the country that must answer."""
    return referral.country if referral.is_ours else exchange.own().country


def origin_of(referral: Referral) -> str:
    """Return the country that asks."""
    return exchange.own().country if referral.is_ours else referral.country


@dataclass(frozen=True)
class Told:
    """A referral with its messages, its story and its clocks."""

    referral: Referral
    lines: list[Line]
    story: Story
    watches: list[Watch]
    terms: Terms

    def silences(self, now: datetime) -> list[Watch]:
        """Return the steps whose time has passed without a word."""
        return [w for w in self.watches if w.is_silent(now)]


def told(referral: Referral) -> Told:
    """Return the story of a referral from its message log."""
    return told_all([referral])[0]


def told_all(found: Sequence[Referral]) -> list[Told]:
    """Return the stories of many referrals, in one query."""
    said = exchange.lines_of([referral.pk for referral in found])
    between = Between()
    return [_told(referral, said[referral.pk], between) for referral in found]


def _told(referral: Referral, said: list[Line], between: "Between") -> Told:
    story = rules.story(said)
    # By the agreement of the day of the offer: both countries know that day, whatever came later.
    began = story.offer.written_at if story.offer else referral.prepared_at
    terms = between.terms(referral.country, began)
    watches = rules.watches(said, tier=referral.tier, host=host_of(referral), terms=terms)
    return Told(referral, said, story, watches, terms)


class Between:
    """What holds between this country and others, read once for many conversations."""

    def __init__(self) -> None:
        self._calendars: dict[str, Calendar] = {}

    @cached_property
    def _entries(self) -> Sequence[Entry]:
        return agreements.entries()

    def terms(self, country: str, at: datetime) -> Terms:
        """Return the clocks and calendars that hold with a country for what began at a moment."""
        clocks = agreements.clocks_with(country, at, self._entries)
        return Terms(clocks, lambda owing: self._calendar(owing, at))

    def _calendar(self, country: str, at: datetime) -> Calendar:
        # By the bytes that the country itself signed, so that both nodes count the same days.
        if country not in self._calendars:
            self._calendars[country] = exchange.calendar(country, at)
        return self._calendars[country]


def everything() -> list[Told]:
    """Return every referral of this node with its story, for clocks and figures: codes only."""
    return told_all(list(Referral.objects.order_by("prepared_at", "code")))


def contents(actor: Actor, referral: Referral) -> Mapping[str, dict[str, Any]]:
    """Return the message contents that this person can open, by message number."""
    return exchange.bodies(actor, referral.pk)


def proven(referral: Referral) -> list[Proven]:
    """Return what receipts prove of each message of a referral."""
    return evidence.proven(referral.pk)


def by_code(code: str) -> Referral | None:
    """Return a referral by its code, for the node's own commands; of a page nobody asks here."""
    return Referral.objects.filter(code=code).first()


def states() -> list[dict[str, Any]]:
    """Return where every referral stands, for the node's own status: codes, states and counts."""
    return [
        {
            "code": found.referral.code,
            "conversation": found.referral.pk,
            "case": found.referral.case_id or "",
            "state": found.story.state.value,
            "messages": [
                [line.sender, line.seq, line.kind, int(line.rank)]
                for line in sorted(found.lines, key=lambda m: (m.sender, m.inc, m.seq))
            ],
        }
        for found in everything()
    ]


def available(actor: Actor, case: Case) -> dict[str, Any]:
    """Return the values of a case that could go into a referral, for the case worker's session."""
    account = access_compartment(actor, case, ACCOUNT)[1]
    if case.is_historical:
        return {"class": account["class"], "coded": account["coded"]}
    identity = access_compartment(actor, case, IDENTITY)[1]
    location = access_compartment(actor, case, LOCATION)[1]
    return {**location, **identity, **account}


def objections(
    *, actor: Actor, case: Case, country: str, groups: set[str], needs: list[str], now: datetime
) -> list[str]:
    """Return everything that stands against offering this case to this country now."""
    account = access_compartment(actor, case, ACCOUNT)[1]
    undecided = ["CLASS_NOT_DECIDED"] if is_before_decision(case) else []
    sharing = objections_to_sharing(consents(actor, case), country=country, content=groups, now=now)
    return undecided + rules.objections_to_offering(
        sharing=sharing,
        indicators=account["indicators"],
        citizenship=account["citizenship"],
        country=country,
        own_country=exchange.own().country,
        needs=needs,
    )
