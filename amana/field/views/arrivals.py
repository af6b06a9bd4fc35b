"""What phones sealed: what waits, opening it, and what a person settles where phones differ."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import NotFound
from amana.field import queries
from amana.field.actions import arrivals as acts
from amana.field.forms import BringPhoneForm
from amana.field.merge import Choice
from amana.field.parts import whole
from amana.field.rules import BadRequest, UnknownDevice
from amana.identification.answers import Fault, given_answers
from amana.identification.forms import fault_text, written
from amana.identification.queries import access_instrument
from amana.look.coded import language
from amana.standards.instrument import Instrument


@require_GET
def arrivals(request: Request) -> HttpResponse:
    """Show what waits sealed, what a person must settle, what was read last."""
    context = {
        "waiting": [_line(request, row) for row in queries.waiting(request.actor)],
        "apart": queries.waiting(request.actor, quarantined=True),
        "to_choose": queries.to_choose(request.actor),
        "read": queries.read_lately(request.actor),
        "form": BringPhoneForm(),
        "told": {name: request.GET.get(name, "") for name in ("read", "clashes", "faults", "left")},
    }
    return render(request, "field/arrivals.html", context)


def _line(request: Request, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row, not named here
    due = queries.item_due(row)
    return {"item": row, "due": due, "is_late": due < request.now}


@require_POST
def open_waiting(request: Request) -> HttpResponse:
    """Open what waits, danger first."""
    told = acts.open_items(actor=request.actor, now=request.now)
    found = f"read={told.n_read}&clashes={told.n_clashes}&faults={told.n_faults}&left={told.n_left}"
    return redirect(f"{reverse('field:arrivals')}?{found}")


@require_POST
def open_apart(request: Request, item: int) -> HttpResponse:
    """Open one item of a phone that was withdrawn, on a person's own decision."""
    acts.open_item(item_id=item, actor=request.actor, now=request.now)
    return redirect("field:arrivals")


@require_http_methods(["GET", "POST"])
def bring(request: Request) -> HttpResponse:
    """Bring in the file of a phone that had no line, and say what became of each item."""
    form = BringPhoneForm(request.POST or None, request.FILES or None)
    counts: dict[str, int] = {}
    problem = ""
    if form.is_valid():
        try:
            parcel = form.cleaned_data["file"]
            counts = acts.bring(parcel=parcel, actor=request.actor, now=request.now)
        except BadRequest:
            problem = "NO_PHONE_FILE"
        except UnknownDevice:
            problem = "UNKNOWN_PHONE"
    context = {
        "form": form,
        "counts": sorted(counts.items()),
        "objections": [problem] if problem else [],
        "is_done": bool(counts),
    }
    status = 422 if form.errors or problem else 200
    return render(request, "field/bring.html", context, status=status)


@require_GET
def record(request: Request, record: str) -> HttpResponse:
    """Show one record: where phones differ, in columns; what could not be; what was chosen."""
    opened = queries.access_record(request.actor, record)
    joined = whole(opened.parts, opened.held["choices"])
    try:
        content = opened.content
        instrument = access_instrument(content["instrument"], content["version"])
    except NotFound:
        instrument = None
    context = {
        "row": opened.row,
        "content": opened.content,
        "instrument": instrument.title.said_in(language()) if instrument else "",
        "clashes": [_clash(instrument, q, values) for q, values in joined.clashes.items()],
        "chosen": [_chosen(instrument, q, c) for q, c in opened.held["choices"].items()],
        "faults": [_fault(instrument, *fault) for fault in opened.held["faults"]],
        "parts": [
            {"name": name, "number": n, "said": _who(instrument, part)}
            for n, (name, part) in enumerate(opened.parts.items(), 1)
        ],
    }
    return render(request, "field/record.html", context)


# By what a person is told from another on the page that may take two apart.
TOLD_BY = ("alias", "sex", "age", "age_band", "language", "place")


def _who(instrument: Instrument | None, part: Mapping[str, Any]) -> str:
    """Return of whom one phone wrote, in words: somebody decides by it whether it is one person."""
    given = part["answers"]
    return " · ".join(_said(instrument, q, given[q]) for q in TOLD_BY if q in given)


def _asked(instrument: Instrument | None, question_id: str) -> str:
    question = instrument.find_question(question_id) if instrument else None
    return question.ask.said_in(language()) if question else question_id


def _said(instrument: Instrument | None, question_id: str, value: object) -> str:
    """Return an answer in words, "" for one that was taken away."""
    question = instrument.find_question(question_id) if instrument else None
    if value is None:
        return ""
    if question is None:
        return str(value)
    labels = [a.label.said_in(language()) for a in given_answers(question, value)]
    return " · ".join(labels) if question.is_coded else str(written(question, value))


def _clash(
    instrument: Instrument | None, question: str, values: tuple[Choice, ...]
) -> dict[str, Any]:
    return {
        "id": question,
        "asked": _asked(instrument, question),
        "values": [
            {"at": at, "words": _said(instrument, question, v.value), "n_phones": len(v.devices)}
            for at, v in enumerate(values)
        ],
    }


def _chosen(instrument: Instrument | None, question: str, choice: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "asked": _asked(instrument, question),
        "words": _said(instrument, question, choice["value"]),
        "others": [_said(instrument, question, v) for v in choice["of"] if v != choice["value"]],
        "by": choice["by"],
    }


def _fault(
    instrument: Instrument | None, field: str, code: str, values: dict[str, str]
) -> dict[str, str]:
    fault = Fault(field, code, values)
    words = fault_text(instrument, fault, language()) if instrument else code
    return {"asked": _asked(instrument, field), "words": words}


@require_POST
def choose(request: Request, record: str) -> HttpResponse:
    """Keep what was chosen where phones differ."""
    acts.choose(record_id=record, chosen=request.POST.dict(), actor=request.actor, now=request.now)
    return redirect(reverse("field:record", args=[record]) + "?said=kept")


@require_POST
def take_apart(request: Request, record: str) -> HttpResponse:
    """Say that one phone's part is of another person."""
    part = request.POST.get("part", "")
    other = acts.take_apart(record_id=record, part=part, actor=request.actor, now=request.now)
    return redirect("field:record", other.pk)
