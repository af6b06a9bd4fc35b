"""Entering what happened and what is so. Nothing is changed, nothing is taken away."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from amana.access import policy
from amana.access.actions import count_failure, subject_of
from amana.access.documents import seal_document
from amana.access.queries import access_key, must_wait
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases.actions import assign
from amana.cases.actions.parts import count_more, give_out, note_opening, write_new
from amana.cases.models import Case, Compartment
from amana.cases.queries import compartment_place
from amana.crypto.secrets import token
from amana.protection import papers, queries, rules, sheets
from amana.protection.models import Due, IssuedPaper, SavedFilter
from amana.protection.rules import Against, Wanted
from amana.protection.sheets import Fault, SheetRefused
from amana.standards import codes
from amana.standards import journey as table
from amana.standards import sheets as sheet_table
from amana.standards.datafile import LANGUAGES


@transaction.atomic
def enter(
    *,
    case: Case,
    wanted: Wanted,
    reason: str = "",
    place: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Enter a move or a fact into a case's course, or refuse with all that stands against it.

    The case's row is the lock: of two colleagues in one second, the second meets the first.
    """
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    Case.objects.select_for_update().get(pk=case.pk)
    lines = queries.course(actor, case)
    against = objections(lines, wanted, case=case, actor=actor, now=now)
    if not wanted.track and sheets.by_its_sheet(
        wanted.kind, sheet_table.load(), queries.kept_sheets(actor, case)
    ):
        against = [*against, Against("CONTACT_BY_ITS_SHEET", wanted.kind)]
    if against:
        # Each once, in its order: what is lacking is named on the page.
        raise Refused(list(dict.fromkeys(one.code for one in against)))
    _write(case, wanted, {"reason": reason, "place": place}, actor, now)
    if rules.is_new_episode(lines, wanted, table.load(), now):
        count_more(case, {"episode": True}, actor, now)
    give_out(case, actor)
    if queries.reads_all(actor):
        _put_in_order(case, actor, now)
    # That something was entered is on record; what, only the case says.
    record(at=now, actor=actor.account_id, verb="protection.enter", subject=case.code)


def begin(case: Case, actor: Actor, now: datetime) -> None:
    """Put a case that was just opened where it belongs in the list: something is owed at once.

    Whoever opens it may be of the desk and read nothing of it: its milestones alone are enough.
    """
    _put_in_order(case, actor, now)


def _write(
    case: Case, wanted: Wanted, beside: Mapping[str, str], actor: Actor, now: datetime
) -> None:
    """Seal one entry into the part in which its track lies."""
    name = table.load().tracks[wanted.track].part if wanted.track else queries.COURSE
    document = {
        "track": wanted.track,
        "kind": wanted.kind,
        "at": wanted.at.isoformat(),
        "role": actor.role.value,
        "reason": "",
        "place": "",
        "strikes": wanted.strikes,
        **beside,
    }
    write_new(case, name, document, actor, now)


@transaction.atomic
def keep_sheet(
    *,
    case: Case,
    sheet: str,
    values: Mapping[str, Any],
    replaces: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep a version of a sheet and enter what follows from it; return the version's number.

    `replaces` is the number of the version it was written over, 0 for none. Raises SheetRefused
    with all that stands against it, and with a colleague's version that was kept meanwhile: a
    person chooses, and whichever she keeps, the other stays. Raises NotFound where the sheet is not
    this role's to write, or not meant for this person.
    """
    known = sheet_table.load().get(sheet)
    if known is None or actor.role.value not in known.by or not known.is_for(case.tier):
        raise NotFound
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    Case.objects.select_for_update().get(pk=case.pk)
    lines, kept = queries.course(actor, case), queries.kept_sheets(actor, case)
    last = sheets.standing(kept, sheet)
    theirs = last if last is not None and last.number != replaces else None
    base = next((one for one in kept if one.number == replaces and one.sheet == sheet), None)
    said = sheets.cleaned(values)
    whole = sheets.together(known, said, base.values if base else {}, actor.role.value)
    beside = queries.beside(lines, kept, now)
    faults = sheets.objections(known, said, whole, actor.role.value, beside)
    follows = [
        Wanted(one.track, one.kind, now, actor.account_id, actor.role.value)
        for one in sheets.follows(known, whole, said, case.tier)
    ]
    faults += _against_what_follows(lines, follows, case, actor, now)
    if theirs is not None:
        faults.insert(0, Fault("KEPT_MEANWHILE"))
    if faults:
        raise SheetRefused(faults, theirs)
    document = {"sheet": sheet, "values": whole, "over": replaces, "role": actor.role.value}
    row = write_new(case, known.part, document, actor, now)
    for wanted in follows:
        _write(case, wanted, {"sheet": sheet}, actor, now)
    if sheet == queries.NEEDS:
        count_more(case, {"needs": sheets.needed(whole)}, actor, now)
    give_out(case, actor)
    if queries.reads_all(actor):
        _put_in_order(case, actor, now)
    record(at=now, actor=actor.account_id, verb="protection.keep_sheet", subject=case.code)
    return row.pk


def _against_what_follows(
    lines: list[queries.Line], follows: list[Wanted], case: Case, actor: Actor, now: datetime
) -> list[Fault]:
    """Return what stands against all that would be entered, each after the ones before it."""
    lines, found = list(lines), []
    for wanted in follows:
        against = objections(lines, wanted, case=case, actor=actor, now=now)
        found += [Fault(one.code, about=one.about) for one in against]
        number = max((line.number for line in lines), default=0) + 1
        lines.append(
            queries.Line(number, wanted.track, wanted.kind, wanted.at, wanted.by, wanted.strikes)
        )
    return list(dict.fromkeys(found))


@transaction.atomic
def read_sheet(*, case: Case, sheet: str, actor: Actor, now: datetime) -> list[queries.Kept]:
    """Return the versions of a sheet, the newest first; that they were opened is on record.

    Raises NotFound where this role neither reads nor writes the sheet.
    """
    if not queries.may_open(actor, case, sheet):
        raise NotFound
    known = sheet_table.load()[sheet]
    if not queries.reads(actor, known):
        return []
    found = [one for one in queries.kept_sheets(actor, case) if one.sheet == sheet]
    if found:
        note_opening(case, known.part, OPENED_TO_WORK, actor, now)
    return found[::-1]


# Why a sheet is opened: whoever leads a case or was involved in it works with it.
OPENED_TO_WORK = "ARRANGE_CARE"


def objections(
    lines: list[queries.Line], wanted: Wanted, *, case: Case, actor: Actor, now: datetime
) -> list[Against]:
    """Return what stands against an entry for this person."""
    if wanted.role != actor.role.value or wanted.by != actor.account_id:
        raise NotFound
    against = rules.objections(lines, wanted, tier=case.tier, journey=table.load(), now=now)
    if queries.reads_all(actor):
        return against
    unseen = UNSEEN if queries.reads_track(actor, wanted.track) else UNSEEN | {"MOVE_NOT_FROM_HERE"}
    return [one for one in against if one.code not in unseen]


# What is judged by the whole course. Who reads a part of it is asked only for her own right to say
# it; where the rest does not carry it, the page of the case worker calls the state uncovered. From
# where a track moves is not asked of one who does not see where it stands: a panel decides.
UNSEEN = frozenset({"MOVE_NEEDS", "MOVE_BARRED", "MOVE_WAITS_FOR"})


def _put_in_order(case: Case, actor: Actor, now: datetime) -> None:
    """Keep when the next duty falls due, and sealed, which."""
    lines = queries.course(actor, case)
    found = queries.owed(case, lines, now)
    open_ = [one for one in found if one.met_at is None]
    here = rules.standing(lines, table.load(), now)
    said = {
        "status": rules.status(here, found, now=now),
        "duty": open_[0].duty.key if open_ else "",
        "risk": rules.level_of(here),
        "flags": queries.raised(queries.notes(actor, case)),
    }
    row = Compartment.objects.filter(case=case, name=queries.HEADLINE).first()
    if row is None:
        write_new(case, queries.HEADLINE, said, actor, now)
    else:
        key = access_key(actor, row.key_id)
        row.sealed = seal_document(key, said, compartment_place(case.pk, row.name, row.key_id))
        row.version, row.written_at, row.written_by = row.version + 1, now, actor.account_id
        row.save()
    due_at = open_[0].due_at if open_ else None
    Due.objects.update_or_create(case=case, defaults={"team": case.team, "due_at": due_at})


# Notes and lists.


@transaction.atomic
def add_note(*, case: Case, flag: str, text: str, actor: Actor, now: datetime) -> None:
    """Add a note to a case, sealed; with a flag of CASE_FLAG it stands out until it is lowered."""
    if flag:
        codes.check("CASE_FLAG", flag)
    if not text.strip():
        raise Refused(["NOTE_EMPTY"])
    _write_note(case, {"flag": flag, "text": text.strip(), "lowers": 0}, actor, now)


@transaction.atomic
def lower_flag(*, case: Case, number: int, actor: Actor, now: datetime) -> None:
    """Lower a flag that is up; the note stays to be read, with who lowered it."""
    found = next((note for note in queries.notes(actor, case) if note.number == number), None)
    if found is None or not found.flag:
        raise NotFound
    if found.lowered_at is not None:
        return
    _write_note(case, {"flag": "", "text": "", "lowers": number}, actor, now)


def _write_note(case: Case, said: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    if queries.NOTES not in policy.opens(actor.role):
        raise NotFound
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    Case.objects.select_for_update().get(pk=case.pk)
    write_new(case, queries.NOTES, {**said, "role": actor.role.value}, actor, now)
    give_out(case, actor)
    _put_in_order(case, actor, now)
    # That somebody noted something is on record, and never what or with which flag.
    record(at=now, actor=actor.account_id, verb="protection.note", subject=case.code)


def assign_many(
    *, cases: Sequence[Case], account_id: str, reasons: str, actor: Actor, now: datetime
) -> dict[str, list[str]]:
    """Give several cases to one worker; return what stood against each that was not given.

    Each is weighed after the one before it: the ceiling is not passed by giving many at once.
    """
    if not cases:
        raise Refused(["CASES_NONE_TICKED"])
    refused: dict[str, list[str]] = {}
    for case in cases:
        try:
            assign(
                case=case,
                account_id=account_id,
                overload_reason=reasons,
                actor=actor,
                now=now,
            )
        except Refused as found:
            refused[case.pk] = found.objections
    return refused


def save_filter(*, tier: str, whose: str, due: str, actor: Actor) -> None:
    """Keep how a list is narrowed, for this person; the same one is kept once."""
    if len(queries.saved_filters(actor)) >= queries.MOST_FILTERS:
        raise Refused(["FILTERS_ENOUGH"])
    if tier or whose or due:
        SavedFilter.objects.get_or_create(account=actor.account_id, tier=tier, whose=whose, due=due)


def drop_filter(*, number: int, actor: Actor) -> None:
    """Drop one of this person's filters."""
    SavedFilter.objects.filter(account=actor.account_id, pk=number).delete()


# Papers.


@transaction.atomic
def issue_paper(
    *,
    case: Case,
    kind: str,
    sections: papers.Sections,
    language: str,
    actor: Actor,
    now: datetime,
) -> queries.Issued:
    """Give a paper its number and seal its words; what stands already keeps the number it has.

    A paper replaces the one of its kind and language that stood before. One that no printer could
    set gets no number. Of a kind in another language the translation stands beside it.
    """
    if kind not in table.load().documents or language not in LANGUAGES:
        raise NotFound
    if queries.PAPERS not in policy.opens(actor.role):
        raise NotFound
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    Case.objects.select_for_update().get(pk=case.pk)
    said = tuple((label, tuple(lines)) for label, lines in sections)
    standing = [
        one
        for one in queries.issued(actor, case)
        if (one.kind, one.language) == (kind, language)
        and one.row.replaced_on is None
        and one.row.withdrawn_on is None
    ]
    for one in standing:
        if one.sections == said:
            return one
    return _issue_new(case, kind, said, language, standing, actor, now)


def _issue_new(
    case: Case,
    kind: str,
    sections: papers.Sections,
    language: str,
    replaced: list[queries.Issued],
    actor: Actor,
    now: datetime,
) -> queries.Issued:
    salt, day = token(), timezone.localdate(now)
    document = {
        "kind": kind,
        "language": language,
        "sections": sections,
        "salt": base64.b64encode(salt).decode(),
    }
    part = write_new(case, queries.PAPERS, document, actor, now)
    digest = papers.fingerprint(
        salt=salt,
        title=table.load().documents[kind].said_in(language),
        code=case.code,
        sections=sections,
        signs=queries.signs(kind, language),
        language=language,
    )
    row = IssuedPaper.objects.create(
        number=papers.new_number(),
        case=case,
        sealed_in=part,
        day=day,
        digest=digest,
        account=actor.account_id,
    )
    made = queries.Issued(row, kind, language, sections, salt)
    against = papers.objections(queries.printable(made, ""))
    if against:
        raise Refused(against)
    older = [one.row.pk for one in replaced]
    IssuedPaper.objects.filter(pk__in=older).update(replaced_on=day)
    give_out(case, actor)
    # Which paper it is lies sealed; the record knows the number and who issued it.
    record(
        at=now,
        actor=actor.account_id,
        verb="protection.issue_paper",
        subject=case.code,
        paper=row.pk,
    )
    return made


def print_paper(
    *, case: Case, number: str, checked_at: str, actor: Actor, now: datetime
) -> papers.Paper:
    """Give out a paper for the printer; every printing is on record, what it says never."""
    found = queries.access_paper(actor, case, number)
    if found.row.withdrawn_on is not None:
        raise Refused(["PAPER_IS_WITHDRAWN"])
    record(
        at=now,
        actor=actor.account_id,
        verb="protection.print_paper",
        subject=case.code,
        paper=number,
    )
    return queries.printable(found, checked_at)


@transaction.atomic
def withdraw_paper(*, case: Case, number: str, reason: str, actor: Actor, now: datetime) -> None:
    """Take a paper back: from today on whoever asks of it is told so, and nobody prints it again.

    Whoever issued it does it, or a supervisor. Why (a code of PAPER_WITHDRAWN) is sealed with the
    papers of the case; a stranger learns the day alone.
    """
    codes.check("PAPER_WITHDRAWN", reason)
    Case.objects.select_for_update().get(pk=case.pk)
    found = queries.access_paper(actor, case, number)
    if found.row.withdrawn_on is not None:
        raise Refused(["PAPER_IS_WITHDRAWN"])
    if not queries.may_withdraw(actor, found):
        raise Refused(["PAPER_OF_ANOTHER"])
    write_new(case, queries.PAPERS, {"withdraws": number, "reason": reason}, actor, now)
    IssuedPaper.objects.filter(pk=number).update(withdrawn_on=timezone.localdate(now))
    give_out(case, actor)
    record(
        at=now,
        actor=actor.account_id,
        verb="protection.withdraw_paper",
        subject=case.code,
        paper=number,
    )


def check_paper(*, said: str, address: str, now: datetime) -> queries.Checked:
    """Tell anybody whether a number or a code is ours, and never about whom or what.

    What is not ours is refused and counted, so that nobody finds numbers by trying; a guess here
    never locks the door at which people sign in.
    """
    subject = subject_of("paper", address)
    if must_wait({"address": subject}, now):
        raise Refused(["TRY_LATER"])
    found = queries.check_paper(said)
    if found is None:
        count_failure(subject, now)
        raise Refused(["PAPER_NOT_OURS"])
    return found
