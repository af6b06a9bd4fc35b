"""Entering what happened and what is so. Nothing is changed, nothing is taken away."""

from datetime import datetime

from django.db import transaction

from amana.access.documents import seal_document
from amana.access.queries import access_key
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases.actions.parts import give_out, write_new
from amana.cases.models import Case, Compartment
from amana.cases.queries import compartment_place
from amana.protection import queries, rules
from amana.protection.models import Due
from amana.protection.rules import Against, Wanted
from amana.standards import journey as table


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
    if against:
        # Each once, in its order: what is lacking is named on the page.
        raise Refused(list(dict.fromkeys(one.code for one in against)))
    journey = table.load()
    name = journey.tracks[wanted.track].part if wanted.track else queries.COURSE
    document = {
        "track": wanted.track,
        "kind": wanted.kind,
        "at": wanted.at.isoformat(),
        "role": actor.role.value,
        "reason": reason,
        "place": place,
        "strikes": wanted.strikes,
    }
    write_new(case, name, document, actor, now)
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


def objections(
    lines: list[queries.Line], wanted: Wanted, *, case: Case, actor: Actor, now: datetime
) -> list[Against]:
    """Return what stands against an entry for this person."""
    if wanted.role != actor.role.value or wanted.by != actor.account_id:
        raise NotFound
    against = rules.objections(lines, wanted, tier=case.tier, journey=table.load(), now=now)
    if queries.reads_all(actor):
        return against
    return [one for one in against if one.code not in UNSEEN]


# What is judged by the whole course. Who reads a part of it is asked only for her own right to say
# it; where the rest does not carry it, the page of the case worker calls the state uncovered.
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
