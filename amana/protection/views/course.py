"""The course of a case on a page: what is owed, what may follow, what happened."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import policy
from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import Role
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries, rules
from amana.protection.forms import EnterForm, StrikeForm
from amana.protection.rules import STRUCK, Wanted
from amana.protection.views.words import lack
from amana.standards import caseload
from amana.standards import journey as table


@require_GET
def worklist(request: Request) -> HttpResponse:
    """List the cases in the order of what is owed."""
    asked = request.GET.get("page", "1")
    page = int(asked) if asked.isdecimal() and len(asked) < 4 else 1
    found, is_more = queries.worklist(request.actor, page=page)
    rows = [
        {"row": row, "is_late": row.due_at is not None and row.due_at < request.now}
        for row in found
    ]
    # In the order of what is owed, all that is late stands before the first that is not.
    shown = sum(1 for row in rows if row["is_late"])
    is_whole = page == 1 and (shown < len(rows) or not is_more)
    context = {
        "rows": rows,
        "leads": request.actor.role is Role.SUPERVISOR,
        "n_late": shown if is_whole else queries.n_late(request.actor, request.now),
        "before": page - 1,
        "after": page + 1 if is_more else 0,
    }
    return render(request, "protection/worklist.html", context)


@require_GET
def load(request: Request) -> HttpResponse:
    """Show a supervisor what each worker of her unit carries."""
    found = queries.loads(request.actor, request.now)
    return render(request, "protection/load.html", {"loads": found, "rule": caseload.load()})


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
    uncovered = rules.uncovered(lines, tier=case.tier, journey=journey, now=now)
    context = {
        "case": case,
        "owed": _owed(queries.owed(case, lines, now), now),
        "uncovered": [lack(one) for one in uncovered] if queries.reads_all(request.actor) else [],
        "tracks": [
            {
                "title": track.title.said_in(coded.language()),
                "state": track.states[here.states[track.id]].title.said_in(coded.language()),
                "since": here.reached[track.id].at if track.id in here.reached else None,
                "steps": [_step(request, case, s) for s in steps if s.move.track == track.id],
            }
            for track in journey.tracks.values()
            if track.part in policy.opens(request.actor.role)
        ],
        "holds": [words for code, words in facts if code in here.facts],
        "form": form or EnterForm(entries=mine),
        "lines": _lines(request, case, lines),
        "may_strike": role is Role.SUPERVISOR,
    }
    return render(request, "protection/course.html", context, status=422 if form else 200)


def _owed(found: list[rules.Owed], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "label": coded.label("DUTY", one.duty.key),
            "due_at": one.due_at,
            "clock": one.duty.clock,
            "escalates": one.duty.escalates,
            "is_late": one.is_late(now),
        }
        for one in found
        if one.met_at is None
    ]


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
