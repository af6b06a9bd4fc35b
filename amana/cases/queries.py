"""The gate to a case, and what may be read behind it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from amana.access.documents import open_document
from amana.access.queries import access_key, held_keys, holds_key
from amana.access.rules import CARE, Actor, NotFound, Refused
from amana.cases.models import Case, Compartment, Consent, Milestone
from amana.cases.rules import RECEIVED
from amana.crypto import age
from amana.crypto.boxes import Place
from amana.crypto.secrets import CannotOpen

# What a page may be opened for; the access table names one for each page.
PURPOSES = frozenset({"care", "review", "referral"})


def visible_to(actor: Actor) -> QuerySet[Case]:
    """Return the cases of which this person's team holds at least one key."""
    held = Compartment.objects.filter(holds_key(actor), case=OuterRef("pk"))
    return Case.objects.filter(Exists(held))


def access_case(actor: Actor, code: str, purpose: str) -> Case:
    """Return a case for a purpose, or NotFound: missing and forbidden are one answer."""
    if purpose not in PURPOSES:
        raise NotFound
    case = visible_to(actor).filter(pk=code).first()
    if case is None:
        raise NotFound
    return case


def cases(actor: Actor) -> list[Case]:
    """Return this person's cases, newest first, pseudonymous."""
    return list(visible_to(actor).order_by("-opened_at")[:500])


def compartment_place(case_code: str, name: str, key_id: str) -> Place:
    """Return where a compartment lies."""
    return Place("cases_compartment", case_code, name, key_id)


def consent_place(case_code: str, key_id: str) -> Place:
    """Return where a consent's details lie."""
    return Place("cases_consent", case_code, "sealed", key_id)


def compartments(actor: Actor, case: Case) -> list[Compartment]:
    """Return the sealed parts of a case that this person could open; nothing is opened."""
    return list(Compartment.objects.filter(holds_key(actor), case=case).order_by("pk"))


def access_compartment(actor: Actor, case: Case, name: str) -> tuple[Compartment, dict[str, Any]]:
    """Return one part of a case, opened, or NotFound."""
    row = Compartment.objects.filter(case=case, name=name).first()
    if row is None:
        raise NotFound
    key = access_key(actor, row.key_id)
    place = compartment_place(case.code, name, row.key_id)
    document = open_document(key, bytes(row.sealed), place)
    return row, _unit_part(actor, document) if name == RECEIVED else document


def _unit_part(actor: Actor, document: dict[str, Any]) -> dict[str, Any]:
    """Open what the other country's case worker sealed to this unit; no desk on the way read it."""
    sealed = document["unit_sealed"]
    if not sealed:
        return {}
    try:
        part = json.loads(age.decrypt(actor.teams[CARE].seed, base64.b64decode(sealed)))
        return dict(part)
    except (CannotOpen, ValueError, TypeError):
        # Only the other country can mend it: its worker sealed it to another key, or not at all.
        raise Refused(["UNIT_PART_UNREADABLE"]) from None


def timeline(case: Case) -> list[Milestone]:
    """Return what happened in a case, in order."""
    return list(Milestone.objects.filter(case=case).order_by("at", "pk"))


@dataclass(frozen=True)
class OpenedConsent:
    """A consent with its details, for those who hold its key."""

    row: Consent
    details: Mapping[str, Any]

    @property
    def country(self) -> str:
        """Return the country it is for."""
        return self.row.country

    @property
    def ground(self) -> str:
        """Return CONSENT, or the ground that stands in its place."""
        return str(self.details["ground"])

    @property
    def given_by(self) -> str:
        """Return who gave it."""
        return str(self.details["given_by"])

    @property
    def content(self) -> list[str]:
        """Return the groups of content that it covers."""
        return list(self.details["content"])

    @property
    def is_confirmed(self) -> bool:
        """Say whether a second person confirmed it."""
        return self.row.confirmed_at is not None

    @property
    def expires_at(self) -> datetime:
        """Return until when it carries a step."""
        return self.row.expires_at

    @property
    def is_withdrawn(self) -> bool:
        """Say whether the person took it back."""
        return self.row.withdrawn_at is not None


def consents(actor: Actor, case: Case) -> list[OpenedConsent]:
    """Return the consents of a case that this person can open, newest first."""
    rows = list(Consent.objects.filter(case=case).order_by("-recorded_at"))
    keys = held_keys(actor, {r.key_id for r in rows})
    return [
        OpenedConsent(
            r, open_document(keys[r.key_id], bytes(r.sealed), consent_place(case.code, r.key_id))
        )
        for r in rows
        if r.key_id in keys
    ]


def access_consent(actor: Actor, consent_id: int) -> OpenedConsent:
    """Return one consent, or NotFound."""
    row = Consent.objects.select_related("case").filter(holds_key(actor), pk=consent_id).first()
    if row is None:
        raise NotFound
    place = consent_place(row.case_id, row.key_id)
    key = access_key(actor, row.key_id)
    return OpenedConsent(row, open_document(key, bytes(row.sealed), place))


def grounds_to_confirm(actor: Actor) -> list[Consent]:
    """Return the grounds that wait for a second person, without those this person recorded."""
    return list(
        Consent.objects.filter(
            holds_key(actor), is_ground=True, confirmed_at=None, withdrawn_at=None
        )
        .exclude(recorded_by=actor.account_id)
        .order_by("recorded_at")
    )


def has_case(screening_code: str) -> bool:
    """Say whether a case was opened from this screening."""
    return Case.objects.filter(screening_id=screening_code).exists()


def counts(field: str) -> dict[str, int]:
    """Return how many cases there are by one clear field (age_band, sex, origin)."""
    rows = Case.objects.values_list(field).annotate(n=Count("pk")).order_by(field)
    return dict(rows)


def find_case_of(actor: Actor, screening_code: str) -> Case | None:
    """Return the case that was opened from a screening, if this person may see it."""
    return visible_to(actor).filter(screening_id=screening_code).first()
