"""Agreements on a page: what was agreed, what may flow by it, where it stands and who said so."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound
from amana.agreements import actions, queries, rules
from amana.agreements.forms import StepForm
from amana.agreements.rules import State
from amana.look import coded
from amana.standards.agreements import Agreement, Clause

TONES = {
    State.DRAFT: "waiting",
    State.SIGNED: "waiting",
    State.IN_FORCE: "done",
    State.SUSPENDED: "urgent",
    State.DENOUNCED: "attention",
    State.EXPIRED: "attention",
}


@require_GET
def agreement_list(request: Request) -> HttpResponse:
    """List the agreements of this country, with where each stands and what presses."""
    rows = [_standing(entry, request.now) for entry in queries.entries()]
    return render(request, "agreements/list.html", {"rows": rows})


@require_GET
def agreement(request: Request, name: str) -> HttpResponse:
    """Show one agreement, to be read and printed."""
    return _agreement(request, name)


@require_POST
def note(request: Request, name: str) -> HttpResponse:
    """Note a step; it waits for a second person."""
    form = StepForm(request.POST, kinds=_kinds(_entry(name), request.now))
    if not form.is_valid():
        return _agreement(request, name, form=form)
    actions.note_step(name=name, **form.cleaned_data, actor=request.actor, now=request.now)
    return _back(name, "step_asked")


@require_POST
def confirm(request: Request, name: str, number: int) -> HttpResponse:
    """Give the second word: the step counts."""
    actions.confirm_step(name=name, number=number, actor=request.actor, now=request.now)
    return _back(name, "step_confirmed")


@require_POST
def decline(request: Request, name: str, number: int) -> HttpResponse:
    """Set a step aside."""
    actions.decline_step(name=name, number=number, actor=request.actor, now=request.now)
    return _back(name, "step_declined")


def _back(name: str, said: str) -> HttpResponse:
    return redirect(reverse("agreements:agreement", args=[name]) + f"?said={said}")


def _entry(name: str) -> queries.Entry:
    entry = queries.entry(name)
    if entry is None:
        raise NotFound
    return entry


def _kinds(entry: queries.Entry, now: datetime) -> list[str]:
    """Return the steps that may follow now; a new rendering only where there is one."""
    held = entry.bound.agreement
    is_newer = queries.newest(held.name) != held.version
    state = entry.bound.state(now)
    return [k for s, k in rules.FOLLOWS if s is state and (is_newer or k != rules.RENDERED)]


def _standing(entry: queries.Entry, now: datetime) -> dict[str, Any]:
    state = entry.bound.state(now)
    found = rules.alerts(entry.bound, now)
    titles = {d.id: d.title for d in entry.bound.agreement.documents}
    return {
        "agreement": entry.bound.agreement,
        "state": state,
        "tone": TONES[state],
        "turns_on": entry.bound.turns_on(now),
        "alerts": [
            {"code": alert.code, "on": alert.on, "document": titles.get(alert.document)}
            for alert in found
        ],
        "n_waiting": len(entry.waiting),
    }


def _agreement(request: Request, name: str, *, form: StepForm | None = None) -> HttpResponse:
    entry, names = _entry(name), account_names()
    held = entry.bound.agreement
    role = request.actor.role
    kinds = [] if entry.waiting else _kinds(entry, request.now)
    may_note = role in actions.NOTES and bool(kinds)
    context = {
        **_standing(entry, request.now),
        "articles": held.articles,
        "pillars": [(p, [a for a in held.articles if a.pillar == p.id]) for p in held.pillars],
        "governing": [a for a in held.articles if not a.pillar],
        "obligations": [(o, held.article(o.article)) for o in held.obligations],
        "flows": [_row(held, clause, entry.bound.state(request.now)) for clause in held.clauses],
        "history": [
            {
                "step": step,
                "asked_by": names.get(step.asked_by, step.asked_by),
                "answered_by": names.get(step.answered_by, step.answered_by),
                "is_mine": step.asked_by == request.actor.account_id,
            }
            for step in reversed(entry.recorded)
        ],
        "may_confirm": role in actions.CONFIRMS,
        "form": (form or StepForm(kinds=kinds)) if may_note else None,
        "is_open": form is not None,
    }
    status = 422 if form is not None else 200
    return render(request, "agreements/agreement.html", context, status=status)


def _row(held: Agreement, clause: Clause, state: State) -> dict[str, Any]:
    """Return one row of what may flow, each column in one line of words."""
    return {
        "article": held.article(clause.article),
        "kinds": coded.labels("MESSAGE", sorted(clause.kinds)),
        "purposes": None
        if clause.is_for_any_purpose
        else coded.labels("REFERRAL_PURPOSE", sorted(clause.purposes)),
        "categories": coded.labels("DATA_CATEGORY", sorted(clause.categories)),
        "directions": sorted(clause.directions),
        "grounds": None
        if clause.is_on_any_ground
        else coded.labels("CONSENT_GROUND", sorted(clause.grounds)),
        "states": coded.labels("AGREEMENT_STATE", sorted(clause.states)),
        "holds": state in clause.states,
    }
