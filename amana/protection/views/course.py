"""The course of a case on a page: what is owed, what may follow, what happened."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access import policy
from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import Role
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries, rules
from amana.protection.forms import EnterForm, StrikeForm
from amana.protection.rules import STRUCK, Wanted
from amana.protection.views import duties
from amana.protection.views.words import lack
from amana.standards import journey as table


@require_http_methods(["GET", "POST"])
def course(request: Request, code: str) -> HttpResponse:
    """Show the course of a case; enter what happened."""
    case = access_case(request.actor, code, request.purpose)
    if request.method != "POST":
        return _course(request, case)
    form = EnterForm(request.POST, entries=_entries(request, case))
    if not form.is_valid():
        return _course(request, case, form=form)
    track, _sign, kind = form.cleaned_data["entry"].rpartition(":")
    wanted = Wanted(
        track=track,
        kind=kind,
        at=form.cleaned_data["at"] or request.now,
        by=request.actor.account_id,
        role=request.actor.role.value,
    )
    actions.enter(
        case=case,
        wanted=wanted,
        reason=form.cleaned_data["reason"],
        place=form.cleaned_data["place"],
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("protection:course", args=[code]) + "?said=kept")


@require_POST
def strike(request: Request, code: str, number: int) -> HttpResponse:
    """Strike what was wrong; it stays to be read."""
    case = access_case(request.actor, code, request.purpose)
    form = StrikeForm(request.POST)
    if not form.is_valid():
        return _course(request, case, form=form)
    wanted = Wanted(
        track="",
        kind=STRUCK,
        at=request.now,
        by=request.actor.account_id,
        role=request.actor.role.value,
        strikes=number,
    )
    actions.enter(
        case=case,
        wanted=wanted,
        reason=form.cleaned_data["reason"],
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("protection:course", args=[code]) + "?said=kept")


# What stands in the open; the rest unfolds, so that nobody scrolls to what is next.
FIRST, LATEST = 3, 3


def _entries(request: Request, case: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return all that this role could enter, each as `TRACK:STATE` or a fact, in words."""
    journey, language, role = table.load(), coded.language(), request.actor.role.value
    moves = {
        (m.track, m.to) for m in journey.moves if role in m.by and m.tier in (case.tier, table.ANY)
    }
    found = [(f"{t}:{to}", _state(t, to)) for t, to in sorted(moves)]
    facts = [(f.id, f.title.said_in(language)) for f in journey.facts.values() if role in f.by]
    return found + facts


def _state(track: str, state: str) -> str:
    held, language = table.load().tracks[track], coded.language()
    return f"{held.title.said_in(language)} – {held.states[state].title.said_in(language)}"


def _course(request: Request, case: Any, *, form: Any = None) -> HttpResponse:  # noqa: ANN401
    lines = queries.course(request.actor, case)
    journey, now, role = table.load(), request.now, request.actor.role
    steps = rules.next_steps(lines, tier=case.tier, role=role.value, journey=journey, now=now)
    here = rules.standing(lines, journey, now)
    facts = [(f.id, f.title.said_in(coded.language())) for f in journey.facts.values()]
    mine = [(code, words) for code, words in facts if role.value in journey.facts[code].by]
    owes = [
        duties.shown(request.actor, case, one.duty, one.due_at, now)
        for one in queries.owed(case, lines, now)
        if one.met_at is None
    ]
    happened = _lines(request, case, lines)
    uncovered = rules.uncovered(lines, tier=case.tier, journey=journey, now=now)
    context = {
        "case": case,
        "owed": owes[:FIRST],
        "owed_later": owes[FIRST:],
        "uncovered": [lack(one) for one in uncovered] if queries.reads_all(request.actor) else [],
        "tracks": [
            {
                "id": track.id,
                "is_open": track.id == request.GET.get("track"),
                "title": track.title.said_in(coded.language()),
                "state": track.states[here.states[track.id]].title.said_in(coded.language()),
                "since": here.reached[track.id].at if track.id in here.reached else None,
                "steps": [_step(request, case, s) for s in steps if s.move.track == track.id],
            }
            for track in journey.tracks.values()
            if track.part in policy.opens(request.actor.role)
        ],
        "holds": [words for code, words in facts if code in here.facts],
        "form": form or EnterForm(entries=mine, initial={"entry": request.GET.get("say", "")}),
        "says": form is not None or "say" in request.GET,
        "lines": happened[:LATEST],
        "earlier": happened[LATEST:],
        "may_strike": role is Role.SUPERVISOR,
    }
    return render(request, "protection/course.html", context, status=422 if form else 200)


def _step(request: Request, case: Any, step: rules.Step) -> dict[str, Any]:  # noqa: ANN401
    journey = table.load()
    state = journey.tracks[step.move.track].states[step.move.to]
    return {
        "entry": f"{step.move.track}:{step.move.to}",
        "title": state.title.said_in(coded.language()),
        "lacks": [lack(one) for one in step.against],
        "documents": [
            {
                "title": journey.documents[name].said_in(coded.language()),
                "url": _sheet_url(request, case, name),
            }
            for name in step.move.documents
        ],
    }


def _sheet_url(request: Request, case: Any, name: str) -> str:  # noqa: ANN401
    """Return where a document is filled or read; "" where it is not this person's."""
    if not queries.may_open(request.actor, case, name):
        return ""
    return reverse("protection:sheet", args=[case.code, name])


def _lines(
    request: Request,
    case: Any,  # noqa: ANN401
    lines: list[queries.Line],
) -> list[dict[str, Any]]:
    names, journey, language = account_names(), table.load(), coded.language()
    struck = {line.strikes for line in lines if line.kind == STRUCK}
    shown = []
    for line in lines:
        if line.kind == STRUCK:
            title = coded.label("OBJECTION", STRUCK)
        elif line.track:
            title = _state(line.track, line.kind)
        else:
            title = journey.facts[line.kind].title.said_in(language)
        shown.append(
            {
                "number": line.number,
                "title": title,
                "at": line.at,
                "who": names.get(line.by, ""),
                "reason": line.reason,
                "place": line.place,
                "sheet": journey.documents[line.sheet].said_in(language) if line.sheet else "",
                "sheet_url": _sheet_url(request, case, line.sheet) if line.sheet else "",
                "is_struck": line.number in struck,
                "may_be_struck": line.number > 0 and line.kind != STRUCK,
            }
        )
    return shown[::-1]
