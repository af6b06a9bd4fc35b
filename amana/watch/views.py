"""Who waits for whom on a page, the silence of one referral, duty, and how both answered."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from amana.access.queries import account_names, members
from amana.access.request import Request
from amana.access.rules import DESK, Refused, Role, require_step_up
from amana.look import coded
from amana.look.export import csv_of
from amana.standards import countries, ladder
from amana.standards.ladder import OWES, WAITS
from amana.watch import actions, queries, rules
from amana.watch.forms import CallForm, DutyForm, PlanForm

# So many days of duty are shown ahead.
SHOWN_AHEAD = timedelta(days=21)


@require_GET
def now(request: Request) -> HttpResponse:
    """Show who waits for whom, in both directions, the most urgent first."""
    is_desk = request.actor.role is Role.DESK
    context = {
        "rows": [queries.row(one) for one in queries.owed(request.now)],
        "partners": queries.partners(request.now),
        "is_desk": is_desk,
        "may_look": is_desk or request.actor.role is Role.COORDINATOR,
        **_on_duty(request.now),
    }
    return render(request, "watch/now.html", context)


def _on_duty(at: datetime) -> dict[str, Any]:
    names = account_names()
    first, alternates = queries.on_duty(at), queries.on_duty(at, is_alternate=True)
    return {
        "first": sorted(names[a] for a in first),
        "alternates": sorted(names[a] for a in alternates),
        "gaps": queries.gaps(at),
    }


@require_GET
def silence(request: Request, code: str) -> HttpResponse:
    """Show the ladder of one referral, who was called, and what is done meanwhile."""
    return _silence(request, code)


def _silence(
    request: Request, code: str, bound: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    referral, bound = queries.access_silence(request.actor, code), bound or {}
    may_write = request.actor.role is Role.DESK
    found, names = queries.silence(request.actor, referral), account_names()
    owed = [queries.row(one) for one in queries.owed(request.now) if one.code == code]
    filled = next(iter(bound.values()), None)
    context = {
        "referral": referral,
        "rows": owed,
        "rungs": [_rung(row) for row in found.rungs],
        "missed": found.missed,
        "calls": [(row, words, names.get(row.by, "")) for row, words in found.calls],
        "plans": [(row, words, names.get(row.by, "")) for row, words in found.plans],
        "needs_plan": any(row["owed"].is_plan_missing for row in owed),
        "needs_call": any((row["owed"].level or 0) >= rules.CALLS_FROM for row in owed),
        "needs_fallback": any((row["owed"].level or 0) >= rules.FALLBACK_FROM for row in owed),
        "may_open": may_write,
        "call_form": bound.get("call", CallForm(may_write=may_write, auto_id="call_%s")),
        "plan_form": bound.get("plan", PlanForm(may_write=may_write, auto_id="plan_%s")),
        "opened_form": next(iter(bound), ""),
        "form": filled,
    }
    return render(request, "watch/silence.html", context, status=422 if filled else 200)


def _rung(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row, which a view may not name
    step = ladder.load().steps[row.level]
    side = OWES if row.country == settings.NODE.country else WAITS
    return {"row": row, "does": step.does[side], "mark": step.mark}


@require_POST
def call(request: Request, code: str) -> HttpResponse:
    """Put a call on record."""
    referral = queries.access_silence(request.actor, code)
    form = CallForm(request.POST, may_write=request.actor.role is Role.DESK, auto_id="call_%s")
    if not form.is_valid():
        return _silence(request, code, {"call": form})
    actions.log_call(referral=referral, actor=request.actor, now=request.now, **form.said())
    return _back("watch:silence", "call_logged", code)


@require_POST
def plan(request: Request, code: str) -> HttpResponse:
    """Choose what is done for the person meanwhile."""
    referral = queries.access_silence(request.actor, code)
    form = PlanForm(request.POST, may_write=request.actor.role is Role.DESK, auto_id="plan_%s")
    if not form.is_valid():
        return _silence(request, code, {"plan": form})
    actions.choose_plan(referral=referral, actor=request.actor, now=request.now, **form.said())
    return _back("watch:silence", "plan_chosen", code)


@require_POST
def ask(request: Request) -> HttpResponse:
    """Ask every partner that was not asked this month whether somebody is there."""
    asked = actions.ask_partners(request.actor, request.now)
    return _back("watch:now", "ping_asked" if asked else "")


@require_POST
def answer(request: Request, conversation: str) -> HttpResponse:
    """Say that somebody is there."""
    actions.answer_ping(conversation=conversation, actor=request.actor, now=request.now)
    return _back("watch:now", "ping_answered")


def _back(name: str, said: str, *arguments: str) -> HttpResponse:
    return redirect(reverse(name, args=arguments) + (f"?said={said}" if said else ""))


@require_GET
def duty(request: Request) -> HttpResponse:
    """Show who is on duty now and in the coming weeks."""
    return _duty(request)


def _duty(
    request: Request, form: DutyForm | None = None, objections: list[str] | None = None
) -> HttpResponse:
    names = account_names()
    turns = queries.turns(request.now, request.now + SHOWN_AHEAD)
    may_plan = request.actor.role in actions.ACTS
    bad = bool(objections) or (form is not None and bool(form.errors))
    context = {
        "turns": [(row, names.get(row.account_id, "")) for row in turns],
        "may_plan": may_plan,
        "planning": (form or _duty_form()) if may_plan else None,
        "form": form if bad else None,
        "objections": objections or [],
        **_on_duty(request.now),
    }
    return render(request, "watch/duty.html", context, status=422 if bad else 200)


def _duty_form(*given: Any) -> DutyForm:
    people = [(a.pk, a.name) for a in members(DESK, Role.DESK)]
    return DutyForm(*given, people=people, auto_id="duty_%s")


@require_POST
def plan_duty(request: Request) -> HttpResponse:
    """Plan hours of duty."""
    form = _duty_form(request.POST or None)
    if not form.is_valid():
        return _duty(request, form)
    try:
        actions.plan_duty(**form.hours(), actor=request.actor, now=request.now)
    except Refused as refused:
        return _duty(request, form, refused.objections)
    return _back("watch:duty", "duty_planned")


@require_POST
def drop_duty(request: Request, number: int) -> HttpResponse:
    """Take planned hours back."""
    actions.drop_duty(number=number, actor=request.actor, now=request.now)
    return _back("watch:duty", "duty_dropped")


@require_GET
def report(request: Request) -> HttpResponse:
    """Show how both countries answered each other in a year, and what stands for the committee."""
    year = _year(request)
    context = {
        "year": year,
        "years": range(request.now.year, request.now.year - 3, -1),
        "directions": [_figures(one) for one in queries.reciprocity(year, request.now)],
        "unanswered": queries.unanswered(request.now),
        "made_at": request.now,
    }
    return render(request, "watch/report.html", context)


def _year(request: Request) -> int:
    asked = request.GET.get("year", request.POST.get("year", ""))
    is_year = asked.isdecimal() and len(asked) == 4 and asked > "2019"
    return int(asked) if is_year else request.now.year


def _figures(one: rules.Direction) -> dict[str, Any]:
    return {
        "direction": one,
        "clocks": [
            {
                "clock": key,
                "n": one.n_answers[key],
                "median": _span(one.medians.get(key)),
                "seconds": one.medians.get(key),
                "n_in_time": one.n_in_time[key],
                "n_over": one.n_over[key],
            }
            for key in rules.COUNTED
        ],
    }


def _span(seconds: int | None) -> str:
    """Write a length of time in days, hours, minutes and seconds: both countries write the same."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    time = f"{hours:02}:{minutes:02}:{rest:02}"
    return gettext("%(days)s d %(time)s") % {"days": days, "time": time} if days else time


@require_POST
def take_out(request: Request) -> HttpResponse:
    """Give the figures as a table that says who took it out."""
    require_step_up(request.actor, request.now)
    year = _year(request)
    rows: list[list[object]] = []
    for one in queries.reciprocity(year, request.now):
        name = f"{_country(one.origin)} → {_country(one.host)}"
        rows.append([name, year, one.n_requests, "", "", ""])
        rows += [
            [
                name,
                coded.label("CLOCK", row["clock"]),
                row["n"],
                row["seconds"],
                row["n_in_time"],
                row["n_over"],
            ]
            for row in _figures(one)["clocks"]
        ]
        rows += [
            [
                one_late.code,
                coded.label("CLOCK", one_late.clock),
                one_late.due_at.isoformat(timespec="seconds"),
                one_late.met_at.isoformat(timespec="seconds") if one_late.met_at else "",
                "",
                "",
            ]
            for one_late in one.late
        ]
    actions.note_report(actor=request.actor, year=year, now=request.now)
    content = csv_of(rows, by=request.actor.name, at=request.now)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="amana-reciprocity.csv"'
    return response


def _country(code: str) -> str:
    return countries.label(code, coded.language())
