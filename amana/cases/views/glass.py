"""Breaking glass on a page: ask, approve, open."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.cases import actions, queries
from amana.cases.forms import GlassForm
from amana.cases.views.files import rows_of
from amana.look import coded


@require_http_methods(["GET", "POST"])
def glass_list(request: Request) -> HttpResponse:
    """List what was asked in the last day, and let a supervisor ask."""
    form = GlassForm(request.POST or None)
    if form.is_valid():
        actions.ask_glass(**form.cleaned_data, actor=request.actor, now=request.now)
        return redirect(reverse("cases:glass") + "?said=glass")
    names = account_names()
    rows = [
        {
            "id": g.pk,
            "code": g.part.case_id,
            "part": coded.label("PART", g.part.name),
            "reason": coded.label("GLASS_REASON", g.reason),
            "asked_by": names.get(g.asked_by, ""),
            "asked_at": g.asked_at,
            "approved_by": names.get(g.approved_by, ""),
            "is_mine": request.actor.account_id in (g.asked_by, g.approved_by),
        }
        for g in queries.glass_for(request.actor, request.now)
    ]
    status = 422 if form.errors else 200
    return render(request, "cases/glass.html", {"form": form, "rows": rows}, status=status)


@require_POST
def glass_approve(request: Request, glass: str) -> HttpResponse:
    """Give the second word."""
    actions.approve(glass_id=glass, actor=request.actor, now=request.now)
    return redirect(reverse("cases:glass") + "?said=glass_open")


@require_POST
def glass_open(request: Request, glass: str) -> HttpResponse:
    """Show the part that two supervisors opened."""
    row, document = actions.open_glass(glass_id=glass, actor=request.actor, now=request.now)
    context = {"case": row.case, "part": row.name, "rows": rows_of(document), "is_glass": True}
    return render(request, "cases/compartment.html", context)
