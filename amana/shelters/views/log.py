"""The log of a house and its incidents on a page; what is reported of staff, past the house."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.request import Request
from amana.access.rules import Role
from amana.shelters import actions, queries, rules
from amana.shelters.forms import NoteForm


@require_http_methods(["GET", "POST"])
def log(request: Request, code: str) -> HttpResponse:
    """Show what the staff of a house wrote; take a line, an incident, or that one is closed.

    A report against staff is answered like any note, so that nobody beside the screen can tell.
    """
    row = queries.access_own(request.actor, code)
    if closing := request.POST.get("close", ""):
        actions.close_note(note_id=closing, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:log", args=[code]) + "?said=kept")
    people = [s.case_id for s in queries.inside(row) if s.state == rules.ADMITTED]
    form = NoteForm(request.POST or None, people=people, logs=True)
    if form.is_bound and form.is_valid():
        _written(request, code, form)
        return redirect(reverse("shelters:log", args=[code]) + "?said=kept")
    context = {
        "house": row,
        "form": form,
        "notes": queries.notes(request.actor, row),
        "runs": request.actor.role is Role.SHELTER_MANAGER,
    }
    return render(request, "shelters/log.html", context, status=422 if form.is_bound else 200)


def _written(request: Request, code: str, form: NoteForm) -> None:
    said = form.cleaned_data
    actions.write_note(
        code=code,
        kind=said["kind"],
        words=said["words"],
        case_code=said["case"],
        actor=request.actor,
        now=request.now,
    )


@require_GET
def complaint(request: Request) -> HttpResponse:
    """Show what to hang in a house: whom somebody who lives there may tell, past the house."""
    return render(request, "shelters/complaint.html")


@require_http_methods(["GET", "POST"])
def reports(request: Request) -> HttpResponse:
    """Show what was reported of staff: in words to the units, by house to the coordination."""
    coordinates = request.actor.role is Role.COORDINATOR
    if closing := request.POST.get("close", ""):
        actions.close_note(note_id=closing, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:reports") + "?said=kept")
    form = None if coordinates else NoteForm(request.POST or None, people=[], logs=False)
    if form is not None and form.is_bound and form.is_valid():
        house = queries.shelter(request.POST.get("house", ""))
        _written(request, house.pk, form)
        return redirect(reverse("shelters:reports") + "?said=kept")
    context = {
        "coordinates": coordinates,
        "rows": queries.reported() if coordinates else queries.abuses(request.actor),
        "form": form,
        "houses": queries.shelters(),
    }
    is_wrong = form is not None and form.is_bound
    return render(request, "shelters/reports.html", context, status=422 if is_wrong else 200)
