"""A duty of a case in words: what it is, by when, since what it is owed, and where it is done."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from amana.access.rules import Actor
from amana.look import coded
from amana.protection import queries
from amana.standards import codes
from amana.standards import journey as table
from amana.standards import sheets as data
from amana.standards.journey import Duty


def shown(actor: Actor, case: Any, duty: Duty, due_at: datetime, now: datetime) -> dict[str, Any]:  # noqa: ANN401 - views hold no tables
    """Return a duty as a page shows it."""
    return {
        "label": coded.label("DUTY", duty.key),
        "due_at": due_at,
        "clock": duty.clock,
        "escalates": duty.escalates,
        "is_late": now > due_at,
        "because": [event(name) for name in duty.starts],
        "done_at": _done_at(actor, case, duty),
    }


def event(name: str) -> str:
    """Say an event of the table in words: a fact, a state of a track, a milestone of the case."""
    journey, language = table.load(), coded.language()
    track, _sign, state = name.rpartition(":")
    if track == "CASE":
        return coded.label("MILESTONE", state)
    if track:
        return journey.tracks[track].states[state].title.said_in(language)
    if name in journey.kinds_of:
        return coded.label("DUTY", "initial_risk")
    return journey.facts[name].title.said_in(language)


def _done_at(actor: Actor, case: Any, duty: Duty) -> dict[str, str] | None:  # noqa: ANN401
    """Return the place where this person does it: a sheet to fill, a step, or a thing to say.

    None where another role does it: then the page names what is awaited, and no button.
    """
    journey, role = table.load(), actor.role.value
    course = reverse("protection:course", args=[case.code])
    events = [one for name in duty.met_by for one in journey.kinds_of.get(name, (name,))]
    # A move is made from where the track stands: the page of the course knows that. Of several
    # sheets that say it the one that says least else is meant.
    found = [
        (len(sheet.says), sheet)
        for sheet in data.load().values()
        if role in sheet.by
        and {said.kind for said in sheet.says if not said.track} & set(events)
        and queries.may_open(actor, case, sheet.id)
    ]
    if found:
        sheet = min(found, key=lambda one: one[0])[1]
        url = reverse("protection:sheet", args=[case.code, sheet.id])
        return {"title": sheet.title.said_in(coded.language()), "url": f"{url}?write=1"}
    for name in events:
        track, _sign, state = name.rpartition(":")
        if track in journey.tracks and any(
            role in move.by for move in journey.moves_to(track, state, case.tier)
        ):
            return {"title": event(name), "url": f"{course}?track={track}#track-{track}"}
        if name in journey.facts and role in journey.facts[name].by:
            return {"title": event(name), "url": f"{course}?say={name}#say"}
    return None


def next_of(actor: Actor, case: Any, now: datetime) -> dict[str, Any] | None:  # noqa: ANN401
    """Return what is owed first in a case, for who reads its course; from its headline alone."""
    row = queries.next_of(actor, case)
    if row is None or row.due_at is None:
        return None
    mine = [d for d in table.duties() if d.key == row.duty and d.clock.tier == case.tier]
    found = shown(actor, case, mine[0], row.due_at, now) if mine else {}
    risk = coded.label("RISK_LEVEL", row.risk) if row.risk in codes.values("RISK_LEVEL") else ""
    flags = [coded.label("CASE_FLAG", flag) for flag in row.flags]
    return {**found, "status": row.status, "risk": risk, "flags": flags} if found else None
