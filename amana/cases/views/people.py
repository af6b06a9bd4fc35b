"""Who works on a case, who opened it, and what the police are told."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import policy
from amana.access.queries import account_names, members
from amana.access.request import Request
from amana.access.rules import NotFound, Role
from amana.cases import actions, queries
from amana.cases.forms import ReportForm, TeamForm, WorkerForm
from amana.look import coded


def _case(request: Request, code: str) -> Any:  # noqa: ANN401 - a case; views hold no tables
    """Return a case that this person decides for."""
    row = queries.access_case(request.actor, code, request.purpose)
    if not policy.leads(request.actor.role):
        raise NotFound
    return row


@require_GET
def people(request: Request, code: str) -> HttpResponse:
    """Show who works on a case, and let somebody else be asked."""
    row = _case(request, code)
    role = request.actor.role
    teams = [(t.pk, coded.label("TEAM_KIND", t.kind)) for t in queries.teams_to_involve(row)]
    workers = [(a.pk, a.name) for a in members(row.team, Role.CASE_WORKER) if a.pk != row.worker]
    context = {
        "case": row,
        "worker": account_names().get(row.worker, ""),
        "teams": [
            {"code": t.pk, "title": coded.label("TEAM_KIND", t.kind), "is_own": t.pk == row.team}
            for t in queries.involved(row)
        ],
        "team_form": TeamForm(teams=teams) if teams else None,
        "worker_form": WorkerForm(workers=workers) if role is Role.SUPERVISOR and workers else None,
        "may_take": role is Role.CASE_WORKER and not row.worker,
    }
    return render(request, "cases/people.html", context)


@require_POST
def involve(request: Request, code: str) -> HttpResponse:
    """Ask a team to work on a case."""
    row = _case(request, code)
    team = request.POST.get("team", "")
    actions.involve(case=row, team_code=team, actor=request.actor, now=request.now)
    return redirect(reverse("cases:people", args=[code]) + "?said=involved")


@require_POST
def release(request: Request, code: str, team: str) -> HttpResponse:
    """End a team's work on a case."""
    row = _case(request, code)
    actions.release_team(case=row, team_code=team, actor=request.actor, now=request.now)
    return redirect(reverse("cases:people", args=[code]) + "?said=team_released")


@require_POST
def assign(request: Request, code: str) -> HttpResponse:
    """Give a case to a worker, or take one that nobody has."""
    row = _case(request, code)
    actions.assign(
        case=row,
        account_id=request.POST.get("account") or request.actor.account_id,
        overload_reason=request.POST.get("overload_reason", ""),
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("cases:people", args=[code]) + "?said=assigned")


@require_http_methods(["GET", "POST"])
def conflict(request: Request, code: str) -> HttpResponse:
    """Let somebody say that she knows the person; the case is then not there for her."""
    row = queries.access_case(request.actor, code, request.purpose)
    if request.method == "POST":
        actions.declare_conflict(case=row, actor=request.actor, now=request.now)
        return redirect(reverse("cases:list") + "?said=conflict")
    return render(request, "cases/conflict.html", {"case": row})


@require_GET
def openings(request: Request, code: str) -> HttpResponse:
    """List who opened which part and why: for the worker, and to be given to the person."""
    row = queries.access_case(request.actor, code, request.purpose)
    names = account_names()
    rows = [
        {
            "at": o.at,
            "who": names.get(o.account, ""),
            "part": coded.opened(o.part),
            "reason": coded.label("GLASS_REASON", coded.label("OPEN_REASON", o.reason)),
        }
        for o in queries.openings(row)
    ]
    return render(request, "cases/openings.html", {"case": row, "rows": rows})


@require_http_methods(["GET", "POST"])
def report(request: Request, code: str) -> HttpResponse:
    """Hand facts to the police; a receipt stays here, the rest is another file."""
    row = _case(request, code)
    form = ReportForm(request.POST or None)
    if form.is_valid():
        facts = dict(form.cleaned_data)
        ground = facts.pop("ground")
        actions.report(case=row, facts=facts, ground=ground, actor=request.actor, now=request.now)
        return redirect(reverse("cases:case", args=[code]) + "?said=reported")
    status = 422 if form.errors else 200
    return render(request, "cases/report.html", {"form": form, "case": row}, status=status)
