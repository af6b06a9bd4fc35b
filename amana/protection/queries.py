"""The course of a case for those who may read it, and the cases in the order of what is owed."""

import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils.timezone import localdate, localtime

from amana.access import policy
from amana.access.queries import account_names, held_keys, members
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.queries import Told, acts_on
from amana.cases.models import Case, Compartment
from amana.cases.queries import no_conflict, opened_with, timeline, visible_to
from amana.crypto.secrets import same
from amana.protection import papers, rules, sheets
from amana.protection.models import Due, IssuedPaper, SavedFilter
from amana.standards import caseload, codes, paper_texts
from amana.standards import journey as table
from amana.standards import sheets as sheet_table
from amana.standards.calendars import calendar_of
from amana.standards.sheets import Sheet

# Facts lie with the course; a track lies in the part that the table names.
COURSE, HEADLINE = "course", "headline"
PARTS = frozenset({COURSE, *(track.part for track in table.load().tracks.values())})


@dataclass(frozen=True)
class Line:
    """One entry of a case's course, opened."""

    number: int
    track: str
    kind: str
    at: datetime
    by: str
    strikes: int
    role: str = ""
    reason: str = ""
    place: str = ""
    noted_at: datetime | None = None
    # The sheet from which it follows, if it was not entered by itself.
    sheet: str = ""


def course(actor: Actor, case: Case) -> list[Line]:
    """Return what this person may read of a case's course, as it was written down."""
    parts = PARTS & policy.opens(actor.role)
    rows = list(Compartment.objects.filter(case=case, name__in=parts).order_by("pk"))
    keys = held_keys(actor, {row.key_id for row in rows})
    opened = [(row, opened_with(keys[row.key_id], row)) for row in rows if row.key_id in keys]
    return [*_begun(case), *(_line(row, said) for row, said in opened)]


def _begun(case: Case) -> list[Line]:
    """Return what the case's own milestones say of its tracks, before all that is entered."""
    begins = table.load().begins
    said = [(m, *begins[m.kind]) for m in timeline(case) if m.kind in begins]
    return [Line(n - len(said), track, to, m.at, m.by, 0) for n, (m, track, to) in enumerate(said)]


def _line(row: Compartment, said: Mapping[str, Any]) -> Line:
    return Line(
        number=row.pk,
        track=str(said["track"]),
        kind=str(said["kind"]),
        at=datetime.fromisoformat(said["at"]),
        by=row.written_by,
        strikes=int(said["strikes"]),
        role=str(said["role"]),
        reason=str(said["reason"]),
        place=str(said["place"]),
        noted_at=row.written_at,
        sheet=str(said.get("sheet", "")),
    )


@dataclass(frozen=True)
class Kept:
    """One kept version of a sheet, opened. `over` is the number of the one it was written over."""

    number: int
    sheet: str
    values: Mapping[str, Any] = field(repr=False)
    over: int
    by: str
    role: str
    at: datetime


# By which every contact with a person or the family is made.
SAFE_CONTACT = "SAFE_CONTACT_SHEET"
NEEDS = "NEEDS_SHEET"


def safe_contact(actor: Actor, case: Case) -> Kept | None:
    """Return how a person may be reached, as was agreed last, for who reads it."""
    found = sheets.standing(kept_sheets(actor, case), SAFE_CONTACT)
    return found if isinstance(found, Kept) else None


def kept_sheets(actor: Actor, case: Case) -> list[Kept]:
    """Return every version of every sheet that this person may read, the oldest first."""
    parts = sheet_table.parts() & policy.opens(actor.role)
    rows = list(Compartment.objects.filter(case=case, name__in=parts).order_by("pk"))
    keys = held_keys(actor, {row.key_id for row in rows})
    return [_kept(row, opened_with(keys[row.key_id], row)) for row in rows if row.key_id in keys]


def _kept(row: Compartment, said: Mapping[str, Any]) -> Kept:
    return Kept(
        number=row.pk,
        sheet=str(said["sheet"]),
        values=said["values"],
        over=int(said["over"]),
        by=row.written_by,
        role=str(said["role"]),
        at=row.written_at,
    )


def reads(actor: Actor, sheet: Sheet) -> bool:
    """Say whether a role reads what lies in the part of a sheet."""
    return sheet.part in policy.opens(actor.role)


def may_open(actor: Actor, case: Case, name: str) -> bool:
    """Say whether a document of a case is one that this person reads or writes."""
    sheet = sheet_table.load().get(name)
    if sheet is None or not sheet.is_for(case.tier):
        return False
    return reads(actor, sheet) or actor.role.value in sheet.by


def beside(lines: list[Line], kept: list[Kept], now: datetime) -> sheets.Known:
    """Return what this person can see beside a sheet that she fills."""
    names = account_names()
    authors: dict[str, set[str]] = {}
    for one in kept:
        authors.setdefault(one.sheet, set()).add(names.get(one.by, ""))
    newest = {one.sheet: one.values for one in kept}
    return sheets.Known(
        today=localdate(now),
        facts=frozenset(rules.standing(lines, table.load(), now).facts),
        standing=newest,
        authors={name: frozenset(found) for name, found in authors.items()},
    )


def reads_all(actor: Actor) -> bool:
    """Say whether a role reads the whole course; else she is judged by what she sees."""
    return policy.opens(actor.role) >= PARTS


def reads_track(actor: Actor, track: str) -> bool:
    """Say whether a role sees where a track stands; of a fact, which has none, whether any."""
    part = table.load().tracks[track].part if track else COURSE
    return part in policy.opens(actor.role)


def owed(case: Case, lines: list[Line], now: datetime) -> list[rules.Owed]:
    """Return the duties of a case, with what its own milestones started or met."""
    milestones = [Line(0, "CASE", m.kind, m.at, m.by, 0) for m in timeline(case)]
    return rules.owed(
        [*milestones, *lines],
        table.duties(),
        tier=case.tier,
        journey=table.load(),
        calendar=calendar_of(settings.NODE.country),
        now=now,
    )


# Notes are added and sealed like the course; who reads the sheets reads them.
NOTES = "notes"


@dataclass(frozen=True)
class Note:
    """One note on a case, opened; a `flag` stays up until somebody lowers it."""

    number: int
    flag: str
    text: str
    by: str
    role: str
    at: datetime
    lowered_by: str = ""
    lowered_at: datetime | None = None


def notes(actor: Actor, case: Case) -> list[Note]:
    """Return the notes of a case that this person may read, the newest first."""
    if NOTES not in policy.opens(actor.role):
        return []
    rows = list(Compartment.objects.filter(case=case, name=NOTES).order_by("-pk"))
    keys = held_keys(actor, {row.key_id for row in rows})
    opened = [(row, opened_with(keys[row.key_id], row)) for row in rows if row.key_id in keys]
    lowered = {int(said["lowers"]): row for row, said in opened if said["lowers"]}
    return [
        Note(
            number=row.pk,
            flag=str(said["flag"]),
            text=str(said["text"]),
            by=row.written_by,
            role=str(said["role"]),
            at=row.written_at,
            lowered_by=lowered[row.pk].written_by if row.pk in lowered else "",
            lowered_at=lowered[row.pk].written_at if row.pk in lowered else None,
        )
        for row, said in opened
        if not said["lowers"]
    ]


def raised(found: list[Note]) -> list[str]:
    """Return the flags that are up, each once, in the order of the list of flags."""
    up = {note.flag for note in found if note.flag and note.lowered_at is None}
    return [flag for flag in codes.values("CASE_FLAG") if flag in up]


@dataclass(frozen=True)
class Waiting:
    """A case in a list: when something is owed, and what, where this person may read it."""

    case: Case
    due_at: datetime | None
    status: str
    duty: str
    risk: str = ""
    flags: tuple[str, ...] = ()


# Who keeps the time of a whole country sees whose moments come next, and nothing of why: what
# stands in clear of a case is theirs by the matrix (pseudonymous).
SEES_MOMENTS = frozenset({Role.FOCAL_POINT, Role.DESK})

# Which cases a list is narrowed to; whose is "nobody" or an account.
LATE, DAY, WEEK, NOBODY = "late", "day", "week", "nobody"
# What is owed after that week.
LATER = "later"
WITHIN = {LATE: timedelta(), DAY: timedelta(days=1), WEEK: timedelta(days=7)}


@dataclass(frozen=True)
class Only:
    """What a list is narrowed to; all of it by what stands in clear of a case."""

    tier: str = ""
    whose: str = ""
    until: datetime | None = None


ALL = Only()


def _narrowed(rows: QuerySet[Due], only: Only) -> QuerySet[Due]:
    if only.tier:
        rows = rows.filter(case__tier=only.tier)
    if only.whose:
        rows = rows.filter(case__worker="" if only.whose == NOBODY else only.whose)
    if only.until:
        rows = rows.filter(due_at__lt=only.until)
    return rows


# More than one person looks through in a morning.
MOST_FILTERS = 12


def saved_filters(actor: Actor) -> list[SavedFilter]:
    """Return this person's own filters, in the order in which she kept them."""
    return list(SavedFilter.objects.filter(account=actor.account_id).order_by("pk"))


# As many as a person can take up in a day; who is further down is asked for page by page.
SHOWN, MOST_PAGES = 25, 400


def worklist(actor: Actor, *, only: Only = ALL, page: int = 1) -> tuple[list[Waiting], bool]:
    """Return the cases that are there for this person in the order of what is owed, and whether
    a further page follows.

    Ordered in the database by the moment alone; what is owed is opened for what is shown.
    """
    begin = (min(max(page, 1), MOST_PAGES) - 1) * SHOWN
    rows = list(
        _narrowed(_listed(actor), only)
        .filter(due_at__isnull=False)
        .select_related("case")
        .order_by("due_at", "case_id")[begin : begin + SHOWN + 1]
    )
    said = headlines(actor, [row.case_id for row in rows[:SHOWN]])
    found = [_waiting(row, said[row.case_id]) for row in rows[:SHOWN] if row.case_id in said]
    return found, len(rows) > SHOWN


def _waiting(row: Due, said: Mapping[str, Any]) -> Waiting:
    flags = tuple(said.get("flags", ()))
    return Waiting(row.case, row.due_at, said["status"], said["duty"], said["risk"], flags)


def next_of(actor: Actor, case: Case) -> Waiting | None:
    """Return what is owed first in one case, where this person may read it; three queries."""
    row = Due.objects.filter(case=case).select_related("case").first()
    said = headlines(actor, [case.pk]).get(case.pk) if row else None
    return _waiting(row, said) if row and said else None


def n_late(actor: Actor, now: datetime) -> int:
    """Return in how many of this person's cases something is late, counted up to a thousand.

    Whoever keeps the time of the whole country counts those of every unit.
    """
    rows = Due.objects.all() if actor.role in SEES_MOMENTS else _listed(actor)
    return int(rows.filter(due_at__lt=now)[:1000].count())


def n_due(actor: Actor, now: datetime) -> dict[str, int]:
    """Return how many of this person's cases owe something when: late, in a day, in a week, later.

    Each case is counted once, by its next moment; of whoever keeps the country's time, all units'.
    One statement.
    """
    rows = Due.objects.all() if actor.role in SEES_MOMENTS else _listed(actor)
    until = {name: Count("pk", filter=Q(due_at__lt=now + span)) for name, span in WITHIN.items()}
    found = rows.filter(due_at__isnull=False).aggregate(**until, **{LATER: Count("pk")})
    names = (*WITHIN, LATER)
    before = (0, *(found[name] for name in names))
    return {name: found[name] - less for name, less in zip(names, before, strict=False)}


# More cases than a unit looks after; whoever has more sees the states of those that owe first.
MOST_COUNTED = 1000


def n_in_states(actor: Actor) -> dict[str, int]:
    """Return how many of this person's cases stand in which status, in the order of the list.

    The status lies sealed: the headlines are opened, of the first thousand by what is owed.
    """
    rows = _listed(actor).order_by(F("due_at").asc(nulls_last=True), "case_id")
    listed = list(rows.values_list("case_id", flat=True)[:MOST_COUNTED])
    found = Counter(str(said["status"]) for said in headlines(actor, listed).values())
    return {one: found[one] for one in codes.values("CASE_STATUS") if found[one]}


@dataclass(frozen=True)
class Load:
    """What one worker carries: how many cases in which something runs, and what they weigh."""

    account: str
    name: str
    count: int
    weight: int
    late: int
    ceiling: int

    @property
    def is_too_much(self) -> bool:
        """Say whether it is above the ceiling."""
        return self.weight > self.ceiling


def moments(*, page: int = 1) -> tuple[list[Due], bool]:
    """Return the moments of every unit's cases, the first due first, and whether more follow."""
    begin = (min(max(page, 1), MOST_PAGES) - 1) * SHOWN
    rows = Due.objects.filter(due_at__isnull=False).select_related("case")
    found = list(rows.order_by("due_at", "case_id")[begin : begin + SHOWN + 1])
    return found[:SHOWN], len(found) > SHOWN


# Acts of the record in which nothing was changed.
READING = frozenset(
    {
        "cases.open_compartment",
        "protection.print_paper",
        "referrals.make_statement",
    }
)


def history(actor: Actor, case: Case) -> list[Told]:
    """Return who did what in a case, the newest first, for who leads it: from the record of acts.

    A police file knows nothing of the social one, and so neither does its history.
    """
    if not policy.leads(actor.role):
        raise NotFound
    return acts_on(case.pk)


def loads(actor: Actor, now: datetime) -> list[Load]:
    """Return what each worker of a supervisor's unit carries, the heaviest first.

    Weighed by the level of risk, which lies sealed: it is opened for the cases of one unit.
    """
    unit = actor.team_of(CARE)
    if unit is None or actor.role is not Role.SUPERVISOR:
        raise NotFound
    table_ = caseload.load()
    rows = Due.objects.filter(team=unit, due_at__isnull=False).exclude(case__worker="")
    carried: dict[str, list[Due]] = {}
    for row in rows.select_related("case"):
        carried.setdefault(row.case.worker, []).append(row)
    said = headlines(actor, [row.case_id for held in carried.values() for row in held])
    found = [
        Load(
            account=account.pk,
            name=account.name,
            count=len(held := carried.get(account.pk, [])),
            weight=table_.weigh(said.get(row.case_id, {}).get("risk", "") for row in held),
            late=sum(1 for row in held if row.due_at is not None and row.due_at < now),
            ceiling=table_.ceiling,
        )
        for account in members(unit, Role.CASE_WORKER)
    ]
    return sorted(found, key=lambda load: (-load.weight, load.name))


def is_too_much(account: str, case: Case, actor: Actor) -> bool:
    """Say whether a further case would be more than this worker can carry.

    Whoever cannot read how much the others weigh counts them as not assessed.
    """
    table_ = caseload.load()
    held = Due.objects.filter(case__worker=account, due_at__isnull=False).exclude(case=case)
    codes_ = [*held.values_list("case_id", flat=True), case.pk]
    said = headlines(actor, codes_)
    return table_.weigh(said.get(code, {}).get("risk", "") for code in codes_) > table_.ceiling


def _listed(actor: Actor) -> QuerySet[Due]:
    """Return the moments of this person's cases: of her unit, and of a worker only her own.

    The unit's come out of the index in their order; a worker's few are found by her first. Which
    of them her key opens, the headlines say: asked here too, one of the two databases would look
    through every case of the country before it shows the first.
    """
    rows = Due.objects.filter(no_conflict(actor, "case_id"), team=actor.team_of(CARE))
    if actor.role is Role.CASE_WORKER:
        rows = rows.filter(case__in=Case.objects.filter(worker__in=("", actor.account_id)))
    return rows


def headlines(actor: Actor, codes: list[str]) -> dict[str, dict[str, Any]]:
    """Return how cases stand and which duty is next, for those who may read it; two queries."""
    rows = list(Compartment.objects.filter(case__in=codes, name=HEADLINE))
    keys = held_keys(actor, {row.key_id for row in rows})
    return {r.case_id: opened_with(keys[r.key_id], r) for r in rows if r.key_id in keys}


# Papers.

# The part in which the words of every paper lie: who reads it prints it.
PAPERS = "papers"
# A certificate says what is so: not before somebody presumed it, nor after an authority said no.
PRESUMED = frozenset({"PRESUMED", "UNDER_FORMAL_REVIEW", "FORMALLY_IDENTIFIED", "REVIEW_REQUESTED"})
HANDOVER, CERTIFICATE = "HANDOVER_SHEET", "PRESUMED_CERTIFICATE"
# How far back a handover tells.
LINES_HANDED_OVER = 30


@dataclass(frozen=True)
class Issued:
    """A paper of a case, opened: which kind it is, in which language, and its words."""

    row: IssuedPaper
    kind: str
    language: str
    sections: papers.Sections
    salt: bytes
    # Why it was taken back, where it was.
    withdrawn_why: str = ""

    @property
    def title(self) -> str:
        """Return the paper's name, in its own language."""
        return table.load().documents[self.kind].said_in(self.language)

    @property
    def signs(self) -> tuple[str, ...]:
        """Return who signs it, in its own language."""
        return signs(self.kind, self.language)


def signs(kind: str, language: str) -> tuple[str, ...]:
    """Return who signs a kind of paper: as its fixed text says, or its sheet."""
    texts = paper_texts.load()
    if kind in texts.papers:
        return tuple(texts.signers[n].said_in(language) for n in texts.papers[kind].signs)
    sheet = sheet_table.load().get(kind)
    names = sheet.signs if sheet and sheet.signs else ("PERSON", "WORKER")
    return tuple(codes.label("SIGNER", name, language) for name in names)


def issued(actor: Actor, case: Case) -> list[Issued]:
    """Return the papers of a case that this person may read, the newest first."""
    if PAPERS not in policy.opens(actor.role):
        return []
    rows = IssuedPaper.objects.filter(case=case).select_related("sealed_in")
    held = list(rows.order_by("-sealed_in__serial"))
    beside = _taken_back(case) if any(row.withdrawn_on for row in held) else []
    keys = held_keys(actor, {*(row.sealed_in.key_id for row in held), *(r.key_id for r in beside)})
    opened = [opened_with(keys[row.key_id], row) for row in beside if row.key_id in keys]
    why = {str(said["withdraws"]): str(said["reason"]) for said in opened}
    return [
        _issued(row, keys[k], why.get(row.pk, ""))
        for row in held
        if (k := row.sealed_in.key_id) in keys
    ]


def _taken_back(case: Case) -> list[Compartment]:
    """Return the sealed words of why papers of a case were taken back."""
    rows = Compartment.objects.filter(case=case, name=PAPERS, issuedpaper=None)
    return list(rows.order_by("pk"))


def _issued(row: IssuedPaper, key: Any, why: str) -> Issued:  # noqa: ANN401 - a key is of crypto
    said = opened_with(key, row.sealed_in)
    sections = tuple((str(label), tuple(map(str, lines))) for label, lines in said["sections"])
    salt = base64.b64decode(said["salt"])
    return Issued(row, str(said["kind"]), str(said["language"]), sections, salt, why)


def may_issue(actor: Actor, case: Case) -> bool:
    """Say whether this person may issue papers of a case."""
    return PAPERS in policy.opens(actor.role) and reads_all(actor) and not case.is_historical


def access_paper(actor: Actor, case: Case, number: str) -> Issued:
    """Return one paper of a case, or NotFound: missing, of another case, not hers to read."""
    found = next((one for one in issued(actor, case) if one.row.pk == number), None)
    if found is None:
        raise NotFound
    return found


def may_withdraw(actor: Actor, found: Issued) -> bool:
    """Say whether this person may take a paper back: whoever issued it, or a supervisor."""
    is_hers = actor.role is Role.SUPERVISOR or actor.account_id == found.row.account
    return is_hers and PAPERS in policy.opens(actor.role) and found.row.withdrawn_on is None


def printable(found: Issued, checked_at: str) -> papers.Paper:
    """Return a paper as it goes to the printer, with its code signed by this node."""
    claim = papers.Claim(found.row.pk, found.row.day, bytes(found.row.digest))
    return papers.Paper(
        title=found.title,
        number=found.row.pk,
        code=found.row.case_id,
        day=found.row.day,
        sections=found.sections,
        signs=found.signs,
        language=found.language,
        qr=papers.qr_text(settings.OWN.seed, claim),
        checked_at=checked_at,
    )


@dataclass(frozen=True)
class Checked:
    """What anybody may be told of a paper: when it was issued, and since when it stands no more."""

    number: str
    day: date
    replaced_on: date | None
    # A number alone shows that such a paper exists, not that this sheet is it.
    by_code: bool
    withdrawn_on: date | None = None


def check_paper(said: str) -> Checked | None:
    """Return what may be told to whoever says a number or a code; None where it is not ours."""
    row, by_code = _said(said)
    if row is None:
        return None
    return Checked(row.pk, row.day, row.replaced_on, by_code, row.withdrawn_on)


def find_paper(actor: Actor, said: str) -> Issued:
    """Return the paper behind a number or a code, or NotFound: also for a case not hers."""
    row, _ = _said(said)
    case = visible_to(actor).filter(pk=row.case_id).first() if row else None
    if row is None or case is None:
        raise NotFound
    return access_paper(actor, case, row.pk)


def _said(said: str) -> tuple[IssuedPaper | None, bool]:
    """Return the row that a number or a code names; a code must stand to its last letter."""
    if ":" not in said:
        return IssuedPaper.objects.filter(pk=papers.read_number(said)).first(), False
    claim = papers.read_qr(settings.OWN.seed, said)
    row = IssuedPaper.objects.filter(pk=claim.number).first() if claim else None
    if row is None or claim is None:
        return None, True
    stands = row.day == claim.day and same(bytes(row.digest), claim.digest)
    return (row if stands else None), True


def kinds_made_here(actor: Actor, case: Case) -> tuple[str, ...]:
    """Return the kinds of paper that can be issued now: of fixed or computed words, or a sheet."""
    kept = {one.sheet for one in kept_sheets(actor, case)}
    fixed = paper_texts.load().papers
    return (*fixed, *(name for name in sheet_table.load() if name in kept and name not in fixed))


def sections_of(
    actor: Actor, case: Case, kind: str, language: str, now: datetime
) -> papers.Sections:
    """Return the words of a paper: what is fixed, what is computed, what stands in its sheet.

    NotFound where there is none of it. Refuses a certificate where nothing is presumed.
    """
    known, said = paper_texts.load().papers.get(kind), _of_sheet(actor, case, kind, language)
    if not reads_all(actor) or not (known or said):
        raise NotFound
    if known is None:
        return said
    if kind == HANDOVER:
        return (*_handover(actor, case, language, now), *said)
    filled = _presumed(actor, case, now) if kind == CERTIFICATE else {}
    fixed = [
        (p.label.said_in(language), tuple(w.said_in(language).format(**filled) for w in p.lines))
        for p in known.passages
    ]
    # What a certificate says to strangers is fixed: nothing that was written comes onto it.
    return tuple(fixed) if kind == CERTIFICATE else (*fixed, *said)


def _of_sheet(actor: Actor, case: Case, kind: str, language: str) -> papers.Sections:
    """Return what stands in a sheet, a heading for each of its sections."""
    kept = sheets.standing(kept_sheets(actor, case), kind)
    if kept is None:
        return ()
    found = sheets.laid_out(sheet_table.load()[kind], kept.values, language)
    return tuple(
        (heading, tuple(sheets.in_a_line(label, lines, language) for label, lines in rows))
        for heading, rows in found
    )


def _presumed(actor: Actor, case: Case, now: datetime) -> dict[str, str]:
    lines, track = course(actor, case), "IDENTIFICATION"
    state = rules.standing(lines, table.load(), now).states[track]
    begun = [e for e in rules.counted(lines) if (e.track, e.kind) == (track, "PRESUMED")]
    if state not in PRESUMED or not begun:
        raise Refused(["NOT_PRESUMED"])
    return {"opened": _day(case.opened_at), "presumed": _day(begun[0].at)}


def _handover(actor: Actor, case: Case, language: str, now: datetime) -> papers.Sections:
    """Tell whoever takes over where each track stands, what holds, what is owed, what happened.

    In coded words alone: why something was so, and where, is told by mouth or read in the case.
    """
    journey, words = table.load(), paper_texts.load().words
    lines = course(actor, case)
    here = rules.standing(lines, journey, now)
    since, until = words["since_day"].said_in(language), words["due_by"].said_in(language)
    nothing = (words["nothing"].said_in(language),)
    tracks = [
        f"{t.title.said_in(language)} – {t.states[here.states[t.id]].title.said_in(language)}"
        + (f" – {since} {_day(here.reached[t.id].at)}" if t.id in here.reached else "")
        for t in journey.tracks.values()
    ]
    owes = [
        f"{codes.label('DUTY', one.duty.key, language)} – {until} {_moment(one.due_at)}"
        for one in owed(case, lines, now)
        if one.met_at is None
    ]
    found = {
        "tracks": tracks,
        "holds": [journey.facts[fact].title.said_in(language) for fact in here.facts],
        "owed": owes,
        "happened": _happened(lines, language),
    }
    return tuple(
        (words[label].said_in(language), tuple(said) or nothing) for label, said in found.items()
    )


def _happened(lines: list[Line], language: str) -> list[str]:
    journey = table.load()
    last = rules.counted(lines)[-LINES_HANDED_OVER:][::-1]
    return [f"{_day(e.at)} – {_event(e, journey, language)}" for e in last]


def _event(entry: rules.Entry, journey: table.Journey, language: str) -> str:
    if not entry.track:
        return journey.facts[entry.kind].title.said_in(language)
    track = journey.tracks[entry.track]
    state = track.states[entry.kind].title
    return f"{track.title.said_in(language)} – {state.said_in(language)}"


def _day(at: datetime) -> str:
    return localdate(at).isoformat()


def _moment(at: datetime) -> str:
    return localtime(at).strftime("%Y-%m-%d %H:%M")
