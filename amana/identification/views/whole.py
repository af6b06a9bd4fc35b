"""Whole instruments: the list, the paper form, a form typed in, a submission of another program."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.request import Request
from amana.access.rules import NotFound, Refused, Role
from amana.crypto.secrets import new_id
from amana.identification import actions, answers, queries, rules
from amana.identification.bundle import bundle
from amana.identification.forms import BringForm, TypedForm, fault_text, fault_words
from amana.look.coded import language
from amana.standards import openrosa
from amana.standards.datafile import LANGUAGES
from amana.standards.instrument import Instrument

both = require_http_methods(["GET", "POST"])
PDF = "application/pdf"


@require_GET
def instruments(request: Request) -> HttpResponse:
    """List the instruments with their paper forms, and those that are not loaded."""
    spoken, role = language(), request.actor.role
    shelf = queries.shelf()
    context = {
        "loaded": [
            {
                "instrument": i,
                "title": i.title.said_in(spoken),
                "about": i.about.said_in(spoken),
                "may_begin": rules.may_begin(role, i.name),
                "n_questions": len(list(i.questions)),
            }
            for i in sorted(shelf.newest(), key=_comes)
        ],
        "absent": [
            {"title": a.title.said_in(spoken), "why": a.why.said_in(spoken)} for a in shelf.absent
        ],
        "languages_of_forms": LANGUAGES,
        "may_bring": role is not Role.FIRST_RESPONDER,
    }
    return render(request, "identification/instruments.html", context)


def _comes(instrument: Instrument) -> int:
    """The two that the field uses every day come first."""
    first = (rules.RAPID, rules.INTERVIEW)
    return first.index(instrument.name) if instrument.name in first else len(first)


@require_GET
def instrument(request: Request, name: str, version: str, spoken: str) -> HttpResponse:
    """Give an instrument to the browser, with its rules and in one language."""
    found = _asked_for(request, name, version, spoken)
    return JsonResponse(bundle(found, spoken), json_dumps_params={"ensure_ascii": False})


@require_GET
def form(request: Request, name: str, version: str, spoken: str) -> HttpResponse:
    """Print an instrument as a form for paper. Its name says what a stranger may read."""
    from amana.identification.paper import form_pdf  # noqa: PLC0415 - typst is heavy

    found = _asked_for(request, name, version, spoken)
    answer = HttpResponse(form_pdf(found, spoken), content_type=PDF)
    answer["Content-Disposition"] = f'attachment; filename="form-{version}-{spoken}.pdf"'
    return answer


def _asked_for(request: Request, name: str, version: str, spoken: str) -> Instrument:
    """Return the instrument in the version asked for, in a language of the house."""
    if spoken not in LANGUAGES or request.method != "GET":
        raise NotFound
    return queries.access_instrument(name, version)


@both
def typed(request: Request, name: str) -> HttpResponse:
    """Type in a form that was filled in on paper: one page, the same order, every fault at once."""
    if not rules.may_begin(request.actor.role, name):
        raise NotFound
    found = queries.access_instrument(name)
    typed_form = TypedForm(request.POST or None, instrument=found, today=queries.today(request.now))
    context: dict[str, Any] = {
        "form": typed_form,
        "instrument": found,
        "title": found.title.said_in(language()),
        "submission": request.POST.get("submission") or new_id(),
    }
    if request.method == "POST" and typed_form.is_valid():
        try:
            screening, _ = actions.receive_submission(
                submission=_submission(request),
                instrument=found,
                given=typed_form.result,
                observation=typed_form.cleaned_data["observation"],
                actor=request.actor,
                now=request.now,
            )
        except Refused as refused:
            context["objections"] = refused.objections
        else:
            return redirect("identification:sent", screening.code)
    failed = typed_form.errors or context.get("objections")
    return render(request, "identification/typed.html", context, status=422 if failed else 200)


def _submission(request: Request) -> str:
    """Return the number that makes a second press harmless; nobody else's number is taken."""
    given = request.POST.get("submission", "")
    return given if given.isalnum() and len(given) <= 64 else new_id()


@both
def bring(request: Request) -> HttpResponse:
    """Take in a submission of Kobo, ODK or another OpenRosa program; the same twice is one."""
    # A file that was too large to be held is gone; what came around it is still there.
    is_sent = request.method == "POST" and bool(request.POST or request.FILES)
    sheet = BringForm(request.POST, request.FILES) if is_sent else BringForm()
    context: dict[str, Any] = {"form": sheet}
    if is_sent and sheet.is_valid():
        try:
            screening = _brought(request, sheet.cleaned_data["file"].read())
        except openrosa.BadSubmission as bad:
            context["faults"] = [_told(None, f.field, f.code, f.values) for f in bad.faults]
        except _Refusal as refusal:
            context |= refusal.shown
        else:
            return redirect("identification:sent", screening.code)
    failed = sheet.errors or len(context) > 1
    return render(request, "identification/bring.html", context, status=422 if failed else 200)


class _Refusal(Exception):
    """Why a submission that could be read was not taken in, as the page shows it."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self.shown = shown


def _brought(request: Request, data: bytes) -> Any:  # noqa: ANN401 - a view knows no rows
    submission = openrosa.read(data, queries.shelf().find)
    _, _, given = answers.parse(dict(submission.document))
    try:
        screening, _ = actions.receive_submission(
            submission=submission.instance_id,
            instrument=submission.instrument,
            given=given,
            actor=request.actor,
            now=request.now,
        )
    except answers.BadAnswers as bad:
        told = [_told(submission.instrument, f.field, f.code, f.values) for f in bad.faults]
        raise _Refusal({"faults": told}) from None
    except Refused as refused:
        raise _Refusal({"objections": refused.objections}) from None
    if screening.account_id != request.actor.account_id:
        # It came without an account: the receipt is nobody's, and no page of hers.
        raise _Refusal({"objections": ["SUBMISSION_BROUGHT_BEFORE"]})
    return screening


def _told(
    instrument: Instrument | None, field: str, code: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Return a fault in the worker's words, the question for its field where there is one."""
    question = instrument.find_question(field) if instrument else None
    spoken = language()
    if instrument and any(check.code == code for check in instrument.checks):
        words = fault_text(instrument, answers.Fault(field, code, values), spoken)
    else:
        words = fault_words(code, values, spoken)
    return {"field": question.ask.said_in(spoken) if question else field, "words": words}
