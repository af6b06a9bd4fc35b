"""Erasing a case on a page: asked by one, approved by another."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.cases import actions, queries
from amana.cases.forms import ErasureForm
from amana.look import coded


@require_http_methods(["GET", "POST"])
def erase(request: Request, code: str) -> HttpResponse:
    """Ask that a case be erased."""
    row = queries.access_case(request.actor, code, request.purpose)
    form = ErasureForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        actions.ask_erasure(case=row, reason=reason, actor=request.actor, now=request.now)
        return redirect(reverse("cases:erasures") + "?said=erasure")
    status = 422 if form.errors else 200
    return render(request, "cases/erase.html", {"form": form, "case": row}, status=status)


@require_GET
def erasures(request: Request) -> HttpResponse:
    """List what was asked to be erased and what was."""
    names = account_names()
    rows = [
        {
            "code": e.pk,
            "reason": coded.label("ERASURE_REASON", e.reason),
            "asked_by": names.get(e.asked_by, ""),
            "asked_at": e.asked_at,
            "is_approved": bool(e.approved_by),
            "live_at": e.live_at,
            "is_mine": e.asked_by == request.actor.account_id,
        }
        for e in queries.erasures(request.actor)
    ]
    return render(request, "cases/erasures.html", {"rows": rows})


@require_POST
def erasure_approve(request: Request, code: str) -> HttpResponse:
    """Give the second word."""
    actions.approve_erasure(code=code, actor=request.actor, now=request.now)
    return redirect(reverse("cases:erasures") + "?said=erasing")


@require_POST
def erasure_decline(request: Request, code: str) -> HttpResponse:
    """Let the case stand."""
    actions.decline_erasure(code=code, actor=request.actor, now=request.now)
    return redirect(reverse("cases:erasures") + "?said=stands")
