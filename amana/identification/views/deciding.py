"""What waits for a supervisor, one screening with its reasons, and what an authority decided."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import Refused, Role
from amana.identification import actions, queries, rules
from amana.identification.explained import explained
from amana.identification.forms import DecisionForm, FormalForm
from amana.identification.queries import Opened
from amana.identification.views.asking import answered, first_page
from amana.look.coded import language
from amana.standards import authorities, laws


@require_GET
def waiting(request: Request) -> HttpResponse:
    """List what waits for a decision, danger first; whom to see again; what was decided."""
    country, today = settings.NODE.country, queries.today(request.now)
    rows = [
        {
            "screening": o.row,
            "is_urgent": queries.is_urgent(o.content),
            "proposed": o.content["reading"]["class"],
            "due": queries.review_due(o.row, country),
            "is_late": queries.review_due(o.row, country) < request.now,
        }
        for o in queries.waiting(request.actor)
    ]
    context = {
        "rows": rows,
        "again": [
            {"screening": row, "on": on, "is_late": on < today}
            for row, on in queries.to_rescreen(request.actor)
        ],
        "decided": queries.decided(request.actor),
        "agreement": queries.agreement() if request.actor.role is Role.SUPERVISOR else None,
    }
    return render(request, "identification/waiting.html", context)


@require_GET
def screening(request: Request, code: str) -> HttpResponse:
    """Show one screening: the rule that fired, the signs behind it, the law, the next steps."""
    opened = queries.access_screening(request.actor, code)
    return _screening(request, opened)


@require_POST
def decide(request: Request, code: str) -> HttpResponse:
    """Confirm or change the class."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        opened = queries.access_screening(request.actor, code)
        return _screening(request, opened, form=form, status=422)
    try:
        actions.decide(code=code, actor=request.actor, now=request.now, **form.cleaned_data)
    except Refused as refused:
        opened = queries.access_screening(request.actor, code)
        return _screening(request, opened, form=form, refused=refused)
    return redirect(reverse("identification:screening", args=[code]) + "?said=decided")


@require_POST
def interview(request: Request, code: str) -> HttpResponse:
    """Begin the full interview of a person who was screened; what was told is not asked again."""
    return _follow(request, code, rules.INTERVIEW)


@require_POST
def again(request: Request, code: str) -> HttpResponse:
    """See the person again: a new screening that follows this one."""
    return _follow(request, code, rules.RAPID)


def _follow(request: Request, code: str, name: str) -> HttpResponse:
    draft = actions.start_draft(actor=request.actor, now=request.now, name=name, follows=code)
    return redirect("identification:page", draft.pk, first_page(request, draft.pk))


@require_POST
def formal(request: Request, code: str) -> HttpResponse:
    """Record what an authority was asked or decided, or that it is contested."""
    opened = queries.access_screening(request.actor, code)
    form = _formal_form(request.POST, rules.FORMAL_STATES)
    if not form.is_valid():
        return _screening(request, opened, formal_form=form, status=422)
    step = rules.Formal(**form.cleaned_data)
    try:
        actions.record_formal(code=code, step=step, actor=request.actor, now=request.now)
    except Refused as refused:
        return _screening(request, opened, formal_form=form, refused=refused)
    return redirect(reverse("identification:screening", args=[code]) + "?said=formal#formal")


def _formal_form(data: Any, kinds: Any) -> FormalForm:  # noqa: ANN401
    country, spoken = settings.NODE.country, language()
    in_force = [
        (law.id, law.title.said_in(spoken))
        for law in laws.load().laws
        if law.matter == "trafficking" and law.country in ("", country)
    ]
    return FormalForm(
        data, kinds=list(kinds), authorities=authorities.deciding_in(country), laws=in_force
    )


def _screening(
    request: Request,
    opened: Opened,
    *,
    form: DecisionForm | None = None,
    formal_form: FormalForm | None = None,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a screening; a form that was refused stays filled in, so that no word is lost."""
    content = opened.content
    instrument, given = queries.find_instrument(content), queries.given_of(content)
    may_decide = request.actor.role is Role.SUPERVISOR and opened.decision is None
    if may_decide and form is None:
        form = DecisionForm(initial={"decided_class": content["reading"]["class"]})
    steps = queries.formal_steps(opened)
    names = account_names()
    state = rules.formal_state([s.step for s in steps])
    context = {
        "screening": opened.row,
        "content": content,
        "decision": _dated(opened.decision, "rescreen_on"),
        "decided_by": names.get(opened.row.decided_by, ""),
        "person": _person(instrument, given),
        "sections": _sections(instrument, given),
        "skipped": _skipped(instrument, given),
        "form": form,
        "objections": refused.objections if refused else [],
        "due": queries.review_due(opened.row, settings.NODE.country),
        "related": queries.related(opened),
        "instrument": instrument.title.said_in(language()) if instrument else "",
        "mark": instrument.mark if instrument else "",
        "formal": [
            {
                "step": s.step,
                "at": s.at,
                "by": names.get(s.by, ""),
                "law": _law_title(s.step.law),
            }
            for s in steps
        ],
        "formal_state": state,
        "formal_form": formal_form or _formal_form(None, rules.FORMAL_NEXT[state]),
        **explained(content["reading"], instrument, given),
    }
    return render(
        request, "identification/screening.html", context, status=422 if refused else status
    )


def _dated(held: Any, key: str) -> Any:  # noqa: ANN401
    """Return a sealed document with its day as a day that a page can write in words."""
    if not held or not held.get(key):
        return held
    return {**held, key: date.fromisoformat(held[key])}


def _law_title(law_id: str) -> str:
    found = next((law for law in laws.load().laws if law.id == law_id), None)
    return found.title.said_in(language()) if found else law_id


def _person(instrument: Any, given: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    section = instrument.find_section(rules.PERSON) if instrument else None
    if section is not None:
        return answered(section.questions, given.answers)
    return []


def _sections(instrument: Any, given: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return what was answered, section by section, with the person's own words."""
    found: list[dict[str, Any]] = []
    if instrument is None:
        return found
    for section in instrument.sections:
        if section.id == rules.PERSON:
            continue
        entries = given.answers.get(section.id, []) if section.repeats else [given.answers]
        told = [answered(section.questions, entry) for entry in entries]
        words = [
            (q.ask.said_in(language()), given.words[q.id])
            for q in section.questions
            if q.id in given.words
        ]
        if any(told) or words:
            title = section.title.said_in(language())
            found.append({"title": title, "told": told, "words": words})
    return found


def _skipped(instrument: Any, given: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    if instrument is None:
        return []
    return [
        (section.title.said_in(language()), given.skipped[section.id])
        for section in instrument.sections
        if section.id in given.skipped
    ]
