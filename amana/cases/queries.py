"""The gate to a case, and what may be read behind it."""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum

from amana.access import policy
from amana.access.documents import open_document
from amana.access.models import KeyWrap, Team
from amana.access.queries import (
    access_key,
    all_teams,
    erased_key_ids,
    held_keys,
    holds_key,
    teams_of_kind,
)
from amana.access.rules import CARE, DESK, GLASS, Actor, NotFound, Refused, Role
from amana.cases.models import (
    Attachment,
    Card,
    Case,
    Compartment,
    Conflict,
    Consent,
    Erasure,
    Glass,
    Involved,
    MatchToken,
    Milestone,
    Opening,
)
from amana.cases.rules import (
    CROSS_BORDER,
    RECEIVED,
    SAID_NO,
    STATS,
    YES,
    objections_to_purpose,
)
from amana.crypto import age
from amana.crypto.boxes import Place, unseal_rows
from amana.crypto.hybrid import public_of
from amana.crypto.layers import remove_layers
from amana.crypto.secrets import CannotOpen, Key, derive
from amana.files import store
from amana.files.sealed import whole_file
from amana.identification.queries import chain_of
from amana.keeper.rules import GLASS_LIFE
from amana.standards import need_to_know
from amana.standards.need_to_know import CARE_FILE

# What a page may be opened for; the access table names one for each page.
PURPOSES = frozenset({"care", "review", "referral"})


def visible_to(actor: Actor) -> QuerySet[Case]:
    """Return the cases that are there for this person: keys, role, assignment and conflict agree.

    A worker sees her own and what nobody has taken yet; a supervisor sees the team's; others see
    the cases in which their team was involved. Nobody sees one that she declared a conflict with.
    """
    found = Case.objects.filter(*seen_by(actor, "pk"))
    if actor.role is Role.CASE_WORKER:
        found = found.filter(worker__in=("", actor.account_id))
    return found


def seen_by(actor: Actor, case: str) -> tuple[Any, ...]:
    """Return what lets a row be there for this person; `case` is its column with the case's code.

    Asked row by row, so that a list of any length may stop at its first page. Whose case it is, a
    worker is asked besides.
    """
    held = Compartment.objects.filter(
        holds_key(actor), case=OuterRef(case), name__in=policy.opens(actor.role)
    )
    involved = Involved.objects.filter(case=OuterRef(case), team__in=list(actor.teams))
    return (Exists(held) | Exists(involved), no_conflict(actor, case))


def no_conflict(actor: Actor, case: str) -> Any:  # noqa: ANN401 - a filter of Django
    """Return what keeps a row from who knows the person; `case` is its column with the code."""
    return ~Exists(Conflict.objects.filter(case=OuterRef(case), account=actor.account_id))


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


def cases_among(actor: Actor, codes: list[str]) -> list[Case]:
    """Return those of the named cases that are there for this person, in the order named."""
    found = {c.pk: c for c in visible_to(actor).filter(pk__in=codes)}
    return [found[code] for code in codes if code in found]


def compartment_place(case_code: str, name: str, key_id: str) -> Place:
    """Return where a compartment lies."""
    return Place("cases_compartment", case_code, name, key_id)


def consent_place(case_code: str, key_id: str) -> Place:
    """Return where a consent's details lie."""
    return Place("cases_consent", case_code, "sealed", key_id)


def file_of(part: str) -> str:
    """Return to which file a part belongs, the social one or the police's; "" for no part."""
    known = need_to_know.load().parts.get(part)
    return known.file if known else ""


def readers(case: Case, part: str) -> list[str]:
    """Return the teams to which a part of this case is sealed: involved, and of a kind that may.

    In a social file the supervisors' glass is always one of them.
    """
    kinds = policy.kinds_for(part)
    codes = Involved.objects.filter(case=case).values_list("team", flat=True)
    found = [t.pk for t in all_teams() if t.kind in kinds and t.pk in set(codes)]
    glass = [t.pk for t in teams_of_kind(GLASS)] if case.file == CARE_FILE else []
    return found + glass


def involved(case: Case) -> list[Team]:
    """Return the teams that work on a case."""
    codes = set(Involved.objects.filter(case=case).values_list("team", flat=True))
    return [t for t in all_teams() if t.pk in codes]


def involved_of_kind(case: Case, kind: str) -> list[str]:
    """Return the codes of the teams of one kind that work on a case."""
    return [t.pk for t in involved(case) if t.kind == kind]


# Other units have cases of their own; glass and figures are no work on a person.
NOT_ASKED_TO_A_CASE = frozenset({CARE, DESK, GLASS, "statistics", "police"})


def teams_to_involve(case: Case) -> list[Team]:
    """Return the teams that could still be asked to work on a case."""
    there = {t.pk for t in involved(case)}
    return [t for t in all_teams() if t.kind not in NOT_ASKED_TO_A_CASE and t.pk not in there]


def card_key(actor: Actor, team: str) -> Key:
    """Return the key under which a team keeps its search cards, all of them in one pass."""
    return derive(actor.teams[team].founding, "searchcard")


def card_place(case_code: str, team: str) -> Place:
    """Return where a search card lies."""
    return Place("cases_card", case_code, "wrapped", team)


def tokens_among(outputs: list[bytes], *, but: str) -> list[MatchToken]:
    """Return the kept tokens of other teams' cases that are among these; `but` is one's own."""
    rows = MatchToken.objects.select_related("card").filter(output__in=outputs)
    return list(rows.exclude(card__team=but))


@dataclass(frozen=True)
class Cards:
    """Opened search cards, and the number of the newest among them."""

    newest: int
    packed: list[bytes]


def newest_card(actor: Actor) -> int:
    """Return the number of this person's newest card: a higher one is a new card."""
    return searchable(actor).order_by("-pk").values_list("pk", flat=True).first() or 0


def count_cards(actor: Actor) -> int:
    """Return how many cards this person may search."""
    return searchable(actor).count()


def searchable(actor: Actor) -> QuerySet[Card]:
    """Return the cards of the cases that are there for this person, of her own teams."""
    teams = [c for c, keys in actor.teams.items() if keys.kind == CARE]
    cards = Card.objects.filter(team__in=teams)
    hidden = Conflict.objects.filter(account=actor.account_id).values_list("case_id", flat=True)
    if codes := list(hidden):
        cards = cards.exclude(case_id__in=codes)
    if actor.role is Role.CASE_WORKER:
        cards = cards.filter(case__worker__in=("", actor.account_id))
    return cards


def cards(actor: Actor, since: int = 0) -> Cards:
    """Return this person's cards with a number above `since`, opened in memory.

    One read for each team and week, layers off in one pass, each card one decryption.
    """
    if actor.role not in policy.MAY_SEARCH:
        raise NotFound
    here = searchable(actor).filter(pk__gt=since)
    newest, packed = since, []
    for team, epoch, last in here.values_list("team", "epoch").annotate(last=Max("pk")):
        newest = max(newest, last)
        outer = actor.epochs.get(epoch)
        if outer is None:
            continue
        rows = list(here.filter(team=team, epoch=epoch).values_list("case_id", "wrapped"))
        boxes = remove_layers(outer, [bytes(wrapped) for _, wrapped in rows])
        opened = zip((code for code, _ in rows), boxes, strict=True)
        packed += unseal_rows(card_key(actor, team), card_place("", team), opened)
    return Cards(newest, packed)


def has_card(case: Case) -> bool:
    """Say whether a case can be found by name."""
    return Card.objects.filter(case=case).exists()


def part_keys(case: Case) -> list[str]:
    """Return the keys of all parts of a case."""
    return list(Compartment.objects.filter(case=case).values_list("key_id", flat=True))


def has_conflict(case: Case, account_id: str) -> bool:
    """Say whether a person declared that she knows the person of the case."""
    return Conflict.objects.filter(case=case, account=account_id).exists()


def openings(case: Case) -> list[Opening]:
    """Return who opened which part when and why, newest first."""
    return list(Opening.objects.filter(case=case).order_by("-at", "-pk"))


def glass_for(actor: Actor, now: datetime) -> list[Glass]:
    """Return the requests to break glass of the last day, for a supervisor of the institution."""
    if not actor.holds(GLASS):
        return []
    rows = Glass.objects.select_related("part__case").filter(asked_at__gt=now - GLASS_LIFE)
    return [
        g for g in rows.order_by("-asked_at") if not has_conflict(g.part.case, actor.account_id)
    ]


def glass_wraps(key_id: str) -> list[KeyWrap]:
    """Return the supervisors' wrap of a key."""
    return list(KeyWrap.objects.filter(key_id=key_id, team__kind=GLASS))


def compartments(actor: Actor, case: Case) -> list[Compartment]:
    """Return the sealed parts of a case that this person could open; nothing is opened."""
    rows = Compartment.objects.filter(
        holds_key(actor), case=case, name__in=policy.opens(actor.role)
    )
    return list(rows.order_by("pk"))


def access_compartment(
    actor: Actor, case: Case, name: str, serial: int | None = None
) -> tuple[Compartment, dict[str, Any]]:
    """Return one part of a case, opened, or NotFound; of an added-to part the last or a named one.

    Asked first is the matrix, then the key: both must agree.
    """
    rows = Compartment.objects.filter(case=case, name=name).order_by("-serial")
    row = (rows.filter(serial=serial) if serial else rows).first()
    key = held_keys(actor, {row.key_id if row else ""}).get(row.key_id if row else "")
    if row is None or key is None or name not in policy.opens(actor.role):
        raise NotFound
    document = opened_with(key, row)
    return row, unit_part(actor, document) if name == RECEIVED else document


def opened_with(key: Key, row: Compartment) -> dict[str, Any]:
    """Return what a part holds."""
    place = compartment_place(row.case_id, row.name, row.key_id)
    return open_document(key, bytes(row.sealed), place)


def unit_part(actor: Actor, document: dict[str, Any]) -> dict[str, Any]:
    """Open what the other country's case worker sealed to this unit; no desk on the way read it."""
    sealed = document["unit_sealed"]
    if not sealed:
        return {}
    try:
        part = json.loads(age.decrypt(actor.teams[CARE].founding, base64.b64decode(sealed)))
        return dict(part)
    except (CannotOpen, ValueError, TypeError):
        # Only the other country can mend it: its worker sealed it to another key, or not at all.
        raise Refused(["UNIT_PART_UNREADABLE"]) from None


def as_kept(actor: Actor, part: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part as it lies: what came sealed to this unit is sealed to it again."""
    if part != RECEIVED or not document:
        return {"unit_sealed": ""} if part == RECEIVED else dict(document)
    packed = json.dumps(document, ensure_ascii=False).encode()
    sealed = age.encrypt([public_of(actor.teams[CARE].founding)], packed)
    return {"unit_sealed": base64.b64encode(sealed).decode()}


# What is kept of an attachment: the copy that may be shown, and what was handed in, as evidence.
COPY, ORIGINAL = "copy", "original"


def media() -> Path:
    """Return the folder of this node in which sealed files lie."""
    return Path(settings.MEDIA_ROOT)


def attachment_place(attachment_id: str, key_id: str) -> Place:
    """Return where an attachment's own key lies, with its name and caption."""
    return Place("cases_attachment", attachment_id, "sealed", key_id)


@dataclass(frozen=True)
class OpenedAttachment:
    """An attachment for those who hold its part's key: its name, its caption, its own key."""

    row: Attachment
    name: str = field(repr=False)
    caption: str = field(repr=False)
    digest: str = field(repr=False)
    key: Key = field(repr=False)


def attachments(actor: Actor, case: Case, part: str) -> list[OpenedAttachment]:
    """Return the files of a part that this person can open, oldest first."""
    if part not in policy.opens(actor.role):
        return []
    rows = Attachment.objects.filter(holds_key(actor), case=case, part=part)
    return _opened_attachments(actor, list(rows.order_by("attached_at", "pk")))


def access_attachment(actor: Actor, case: Case, attachment_id: str) -> OpenedAttachment:
    """Return one file of a case, or NotFound. The matrix and the key must agree."""
    rows = Attachment.objects.filter(
        holds_key(actor), pk=attachment_id, case=case, part__in=policy.opens(actor.role)
    )
    found = _opened_attachments(actor, list(rows))
    if not found:
        raise NotFound
    return found[0]


def _opened_attachments(actor: Actor, rows: list[Attachment]) -> list[OpenedAttachment]:
    keys = held_keys(actor, {r.key_id for r in rows})
    return [_opened_attachment(keys[r.key_id], r) for r in rows if r.key_id in keys]


def _opened_attachment(key: Key, row: Attachment) -> OpenedAttachment:
    held = open_document(key, bytes(row.sealed), attachment_place(row.pk, row.key_id))
    own = Key(base64.b64decode(held["key"]))
    return OpenedAttachment(row, held["name"], held["caption"], held["digest"], own)


def file_name(attachment_id: str, what: str) -> str:
    """Return the name under which a sealed file lies on the disk; it says nothing of anybody."""
    return f"{attachment_id}-{what}"


def file_key(own: Key, what: str) -> Key:
    """Return the key of one sealed file: each is sealed under a key of its own."""
    return derive(own, f"attachment/{what}")


def content_of(opened: OpenedAttachment, what: str) -> bytes:
    """Return what one sealed file holds; raises CannotOpen, FileNotFoundError."""
    name = file_name(opened.row.pk, what)
    kept = store.pieces(media(), name)
    return whole_file(key=file_key(opened.key, what), file=name, kept=kept)


def held_files(case: Case) -> tuple[int, int]:
    """Return how many files a case holds, and their bytes."""
    rows = Attachment.objects.filter(case=case)
    sums = rows.aggregate(copies=Sum("size"), originals=Sum("original_size"))
    return rows.count(), (sums["copies"] or 0) + (sums["originals"] or 0)


def known_files() -> set[str]:
    """Return the names of all files that an attachment names."""
    ids = Attachment.objects.values_list("pk", flat=True)
    return {file_name(pk, what) for pk in ids for what in (COPY, ORIGINAL)}


def erasures(actor: Actor) -> list[Erasure]:
    """Return the erasures that concern this person, newest first: her teams', or all of them."""
    rows = Erasure.objects.order_by("-asked_at")
    if actor.role is Role.DATA_PROTECTION:
        return list(rows)
    if actor.role is not Role.SUPERVISOR:
        return []
    return [e for e in rows.filter(team__in=list(actor.teams)) if _is_there_for(actor, e)]


def _is_there_for(actor: Actor, erasure: Erasure) -> bool:
    """Say whether a supervisor may know of an erasure: while the case stands, she must see it."""
    return erasure.live_at is not None or visible_to(actor).filter(pk=erasure.pk).exists()


def access_erasure(actor: Actor, code: str) -> Erasure:
    """Return one erasure that concerns this person, or NotFound."""
    found = next((e for e in erasures(actor) if e.pk == code), None)
    if found is None:
        raise NotFound
    return found


def erasures_to_approve(actor: Actor) -> list[Erasure]:
    """Return the erasures that wait for this person's word: another must have asked."""
    return [e for e in erasures(actor) if not e.approved_by and e.asked_by != actor.account_id]


def erasure_of(code: str) -> Erasure | None:
    """Return the erasure of a case, asked for or carried out."""
    return Erasure.objects.filter(pk=code).first()


def erasures_due() -> list[str]:
    """Return the codes of cases that two people gave up and that still stand."""
    rows = Erasure.objects.filter(live_at=None).exclude(approved_by="")
    return list(rows.order_by("approved_at").values_list("pk", flat=True))


def erased_parts() -> QuerySet[Compartment]:
    """Return the parts whose key was erased: only a restored backup has any."""
    return Compartment.objects.filter(key_id__in=erased_key_ids())


def erased_and_back() -> list[Case]:
    """Return the cases that were erased and that a restored backup brought back."""
    dead = erased_parts().filter(case=OuterRef("pk"))
    living = Compartment.objects.filter(case=OuterRef("pk")).exclude(key_id__in=erased_key_ids())
    return list(Case.objects.filter(Exists(dead), ~Exists(living)))


def key_ids_of(case: Case) -> set[str]:
    """Return every key under which something of a case is sealed in this room."""
    consents_ = Consent.objects.filter(case=case).values_list("key_id", flat=True)
    cards_ = Card.objects.filter(case=case).values_list("key_id", flat=True)
    return {*part_keys(case), *consents_, *cards_}


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
    def purpose(self) -> str:
        """Return what was asked."""
        return self.row.purpose

    @property
    def content(self) -> list[str]:
        """Return the groups of content that it still covers."""
        back = self.details.get("taken_back", {})
        return [group for group in self.details["content"] if group not in back]

    @property
    def taken_back(self) -> set[str]:
        """Return the groups that the person took back: all, or those that she named."""
        if self.is_withdrawn:
            return set(self.details["content"])
        return set(self.details.get("taken_back", {}))

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
    """Return what may carry something over the border: yes and grounds, newest first."""
    return [c for c in answers(actor, case) if c.purpose == CROSS_BORDER and c.row.answer == YES]


def answers(actor: Actor, case: Case) -> list[OpenedConsent]:
    """Return every answer of a case that this person can open, a no as well, newest first."""
    rows = list(Consent.objects.filter(case=case).order_by("-recorded_at", "-pk"))
    keys = held_keys(actor, {r.key_id for r in rows})
    return [
        OpenedConsent(
            r, open_document(keys[r.key_id], bytes(r.sealed), consent_place(case.code, r.key_id))
        )
        for r in rows
        if r.key_id in keys
    ]


def objections_to(
    case: Case, purpose: str, *, now: datetime, country: str = "", service: str = ""
) -> list[str]:
    """Return what stands against an act for a purpose, by the person's last answer to it."""
    rows = Consent.objects.filter(case=case, purpose=purpose, country=country, service=service)
    return objections_to_purpose(list(rows.order_by("-recorded_at", "-pk")), now=now)


def said_no_to(case: Case, purpose: str, *, now: datetime, service: str = "") -> list[str]:
    """Return the person's no to a purpose, where she said one; silence is none."""
    return [o for o in objections_to(case, purpose, now=now, service=service) if o in SAID_NO]


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
    """Say whether a case was opened from this screening, or from one of the same person."""
    return Case.objects.filter(screening_id__in=chain_of(screening_code)).exists()


@dataclass(frozen=True)
class Coded:
    """What may be counted of one case: how it came, when it was decided, and its codes in order."""

    origin: str
    decided_at: datetime
    rows: tuple[Mapping[str, Any], ...]


def coded(actor: Actor, since: datetime, until: datetime) -> list[Coded]:
    """Return what a statistician's own keys open of the cases decided between two moments.

    Codes without who: the case's own code is not among them. Nothing of another part is touched.
    """
    parts = list(
        Compartment.objects.filter(name=STATS)
        .exclude(case__origin="historical")
        .select_related("case")
        .order_by("case_id", "serial")
    )
    keys = held_keys(actor, {part.key_id for part in parts})
    opened: dict[str, list[Compartment]] = {}
    for part in parts:
        if part.key_id in keys:
            opened.setdefault(part.case_id, []).append(part)
    decided = dict(
        Milestone.objects.filter(kind="decided", case_id__in=opened)
        .order_by("-at")
        .values_list("case_id", "at")
    )
    found = []
    for code, mine in opened.items():
        # Of a file that came from the other country, the day on which it was opened.
        at = decided.get(code, mine[0].written_at)
        if not since <= at < until:
            continue
        rows = tuple(
            open_document(
                keys[p.key_id], bytes(p.sealed), compartment_place(code, STATS, p.key_id)
            )["coded"]
            for p in mine
        )
        found.append(Coded(mine[0].case.origin, at, rows))
    return found


def counts(field: str) -> dict[str, int]:
    """Return how many cases there are by one clear field (age_band, sex, origin)."""
    rows = Case.objects.values_list(field).annotate(n=Count("pk")).order_by(field)
    return dict(rows)


def n_by_tier(actor: Actor) -> dict[str, int]:
    """Return how many cases of each tier are there for this person."""
    rows = visible_to(actor).order_by("tier").values_list("tier").annotate(n=Count("pk"))
    return dict(rows)


def looked_after(screenings: Collection[str]) -> set[str]:
    """Return those of these screenings whose person has a case that a worker has taken."""
    taken = Case.objects.exclude(worker="")
    found = set(taken.filter(screening_id__in=screenings).values_list("screening_id", flat=True))
    others = set(screenings) - found
    return found | {c for c in others if taken.filter(screening_id__in=chain_of(c)).exists()}


def is_before_decision(case: Case, *, ignoring: str = "") -> bool:
    """Say whether a case stands for which no supervisor has decided yet: its class is a reading.

    `ignoring` names a screening that is being decided in this moment.
    """
    if case.screening is None or case.is_historical:
        return False
    if case.screening.decided_at is not None and case.screening_id != ignoring:
        return False
    return not Milestone.objects.filter(case=case, kind="decided").exists()


def find_case_of(actor: Actor, screening_code: str) -> Case | None:
    """Return the case that was opened from a screening or its chain, if this person may see it."""
    return visible_to(actor).filter(screening_id__in=chain_of(screening_code)).first()
