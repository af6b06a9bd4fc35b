"""Screening, page by page, and the supervisor's table."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound, Role
from amana.identification import actions, queries, rules
from amana.identification.forms import (
    DangerForm,
    DecisionForm,
    PersonForm,
    QuestionForm,
    SendForm,
)
from amana.look.coded import language
from amana.standards import catalogue, next_steps, questions

both = require_http_methods(["GET", "POST"])


@both
def start(request: Request) -> HttpResponse:
    """Say what to say first, begin a screening, or go on with one."""
    if request.method == "POST":
        draft = actions.start_draft(actor=request.actor, now=request.now)
        return redirect("identification:danger", draft.pk)
    context = {
        "drafts": queries.drafts(request.actor),
        "receipts": queries.receipts(request.actor),
    }
    return render(request, "identification/start.html", context)


@both
def danger(request: Request, draft: str) -> HttpResponse:
    """Look before you speak."""
    _, content = queries.access_draft(request.actor, draft)
    form = DangerForm(request.POST or None, initial=content["answers"])
    if form.is_valid():
        changes = {"answers": form.cleaned_data, "danger_seen": True}
        actions.save_draft(draft_id=draft, changes=changes, actor=request.actor, now=request.now)
        return redirect("identification:person", draft)
    return _page(request, "danger", form, draft)


@both
def person(request: Request, draft: str) -> HttpResponse:
    """Who is it, as little as possible; what was seen of danger stands on top."""
    _, content = queries.access_draft(request.actor, draft)
    form = PersonForm(request.POST or None, initial=content)
    if form.is_valid():
        actions.save_draft(
            draft_id=draft, changes=form.cleaned_data, actor=request.actor, now=request.now
        )
        return redirect("identification:question", draft, 1)
    seen = questions.load().indicators(_danger_answers(content), minor="doubtful")
    return _page(request, "person", form, draft, urgent=_labels(seen))


def _danger_answers(content: dict[str, Any]) -> dict[str, list[str]]:
    asked = {question.id for question in questions.load().danger}
    return {key: ticked for key, ticked in content["answers"].items() if key in asked}


@both
def question(request: Request, draft: str, number: int) -> HttpResponse:
    """Ask one question; every answer is kept before the next is asked."""
    asked = questions.load().questions
    if not 1 <= number <= len(asked):
        raise NotFound
    _, content = queries.access_draft(request.actor, draft)
    now_asked = asked[number - 1]
    form = QuestionForm(
        request.POST or None,
        question=now_asked,
        minor=content.get("minor", "doubtful"),
        initial={"answers": content["answers"].get(now_asked.id, [])},
    )
    if form.is_valid():
        changes = {"answers": {now_asked.id: form.cleaned_data["answers"]}}
        actions.save_draft(draft_id=draft, changes=changes, actor=request.actor, now=request.now)
        return redirect(_after(request, draft, number, len(asked)))
    return _page(request, "question", form, draft, current=number, total=len(asked))


def _after(request: Request, draft: str, number: int, total: int) -> str:
    if "stop" in request.POST or number == total:
        return reverse("identification:review", args=[draft])
    return reverse("identification:question", args=[draft, number + 1])


@both
def review(request: Request, draft: str) -> HttpResponse:
    """Show what the rules read and why, then seal and send."""
    _, content = queries.access_draft(request.actor, draft)
    if rules.objections_to_sending(content):
        step = "person" if "danger_seen" in content else "danger"
        return redirect(f"identification:{step}", draft)
    instrument, minor = questions.load(), content["minor"]
    # A sign of children that was ticked before the age was known better is no longer one.
    answers = instrument.still_offered(content["answers"], minor=minor)
    found = instrument.indicators(answers, minor=minor)
    form = SendForm(request.POST or None)
    if form.is_valid():
        now, actor = request.now, request.actor
        changes = {"indicators": list(found), "answers": answers}
        actions.save_draft(draft_id=draft, changes=changes, actor=actor, now=now)
        screening = actions.send_screening(
            draft_id=draft, observation=form.cleaned_data["observation"], actor=actor, now=now
        )
        return redirect("identification:sent", screening.code)
    facts = rules.facts_from({**_facts(content), "indicators": list(found)})
    read = rules.as_json(rules.reading(facts, catalogue.load()))
    context = {"content": content, "summary": _summary(content), **_explained(read)}
    return _page(request, "review", form, draft, **context)


def _facts(content: dict[str, Any]) -> dict[str, Any]:
    return {"minor": content["minor"], "situation": content["situation"]}


@require_POST
def discard(request: Request, draft: str) -> HttpResponse:
    """Throw the draft away."""
    actions.discard_draft(draft_id=draft, actor=request.actor, now=request.now)
    return redirect("identification:start")


@require_GET
def sent(request: Request, code: str) -> HttpResponse:
    """Give the receipt: the code and what happens next, nothing of what was said."""
    mine = [s for s in queries.receipts(request.actor) if s.pk == code]
    if not mine:
        raise NotFound
    context = {"screening": mine[0], "due": queries.review_due(mine[0], settings.NODE.country)}
    return render(request, "identification/sent.html", context)


@require_GET
def waiting(request: Request) -> HttpResponse:
    """List what waits for a decision, danger first; then what was decided."""
    country = settings.NODE.country
    rows = [
        {
            "screening": o.row,
            "is_urgent": queries.is_urgent(o.content),
            "proposed": o.content["reading"]["primary"],
            "due": queries.review_due(o.row, country),
            "is_late": queries.review_due(o.row, country) < request.now,
        }
        for o in queries.waiting(request.actor)
    ]
    context = {"rows": rows, "decided": queries.decided(request.actor)}
    return render(request, "identification/waiting.html", context)


@require_GET
def screening(request: Request, code: str) -> HttpResponse:
    """Show one screening: the rule that fired, the indicators behind it, the next steps."""
    return _screening(request, code, None)


@require_POST
def decide(request: Request, code: str) -> HttpResponse:
    """Confirm or change the class."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _screening(request, code, form, status=422)
    actions.decide(code=code, actor=request.actor, now=request.now, **form.cleaned_data)
    return redirect(reverse("identification:screening", args=[code]) + "?said=decided")


def _screening(
    request: Request, code: str, form: DecisionForm | None, status: int = 200
) -> HttpResponse:
    opened = queries.access_screening(request.actor, code)
    content = opened.content
    may_decide = request.actor.role is Role.SUPERVISOR and opened.decision is None
    context = {
        "screening": opened.row,
        "content": content,
        "decision": opened.decision,
        "decided_by": account_names().get(opened.row.decided_by, ""),
        "summary": _summary(content),
        "form": form
        or (
            DecisionForm(initial={"decided_class": content["reading"]["primary"]})
            if may_decide
            else None
        ),
        "due": queries.review_due(opened.row, settings.NODE.country),
        **_explained(content["reading"]),
    }
    return render(request, "identification/screening.html", context, status=status)


def _explained(reading: dict[str, Any]) -> dict[str, Any]:
    """Return a reading in the reader's words: rules by number, indicators with weight, steps."""
    spoken = language()
    steps = [next_steps.step(code) for code in reading["next_steps"]]
    return {
        "reading": reading,
        "fired": _indicators(reading["fired"]),
        "noted": _indicators(reading["noted"]),
        "to_do": [s.words.said_in(spoken) for s in steps if s.kind == "do"],
        "never": [s.words.said_in(spoken) for s in steps if s.kind == "never"],
    }


def _indicators(found: list[str]) -> list[dict[str, str]]:
    loaded = catalogue.load()
    indicators = [loaded.indicator(code) for code in found]
    return [
        {
            "code": i.code,
            "label": i.label.said_in(language()),
            "weight": i.weight,
            "element": i.element,
        }
        for i in indicators
    ]


def _labels(found: tuple[str, ...]) -> list[str]:
    return [i["label"] for i in _indicators(list(found))]


def _summary(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is known of the person as (list or field, code, is coded) for the template."""
    return [
        ("SEX", content.get("sex", ""), "coded"),
        ("AGE_BAND", content.get("age_band", ""), "coded"),
        ("MINOR", content.get("minor", ""), "coded"),
        ("SITUATION", content.get("situation", ""), "coded"),
        ("LANG", content.get("language", ""), "coded"),
    ]


def _page(request: Request, name: str, form: Any, draft: str, **more: Any) -> HttpResponse:  # noqa: ANN401
    status = 422 if form.errors else 200
    context = {"form": form, "draft": draft, **more}
    return render(request, f"identification/{name}.html", context, status=status)
