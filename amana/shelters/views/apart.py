"""Who must not meet, on a page: two codes that somebody writes, and no reason."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from amana.access.request import Request
from amana.access.rules import NotFound
from amana.cases.queries import access_case
from amana.shelters import actions, people, queries
from amana.shelters.stay_forms import ApartForm


@require_http_methods(["GET", "POST"])
def apart(request: Request, code: str) -> HttpResponse:
    """Show what this person wrote of whom a case must not meet; write one more, or take it back."""
    case = access_case(request.actor, code, request.purpose)
    if not people.writes_of_offenders(request.actor):
        raise NotFound
    here = redirect(reverse("shelters:apart", args=[code]) + "?said=kept")
    if back := request.POST.get("takes_back", ""):
        actions.let_meet(case=case, other=back, actor=request.actor, now=request.now)
        return here
    aliases = {row.pk: row.alias for row in queries.shelters()}
    is_sent = request.method == "POST"
    form = ApartForm(request.POST if is_sent else None, houses=list(aliases.items()))
    if is_sent and form.is_valid():
        other = form.cleaned_data["code"]
        actions.keep_apart(case=case, other=other, actor=request.actor, now=request.now)
        return here
    rows = [
        {"other": row.other, "alias": aliases.get(row.other, ""), "at": row.at}
        for row in people.kept_apart(request.actor, case)
    ]
    context = {"case": case, "form": form, "rows": rows}
    return render(request, "shelters/apart.html", context, status=422 if is_sent else 200)
