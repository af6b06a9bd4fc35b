"""Home, figures, the state of the node."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access import actions as access
from amana.access import queries as people
from amana.access.request import Request
from amana.access.rules import NotFound, require_step_up
from amana.desk import actions, queries
from amana.exchange import queries as exchange
from amana.look import coded
from amana.look.export import csv_of


@require_GET
def home(request: Request) -> HttpResponse:
    """Show what waits for this person."""
    tasks = [
        {
            "label": coded.label("TASK", code),
            "url": reverse(page),
            "status": str(n),
            "tone": "attention" if n else "done",
        }
        for code, page, n in queries.tasks(request.actor, request.now)
    ]
    context = {
        "tasks": tasks,
        "notices": people.notices(request.actor),
        "owed": queries.owed(request.actor, request.now),
        "has_team": bool(request.actor.teams),
        "is_officer": people.account(request.actor.account_id).is_recovery_officer,
    }
    return render(request, "desk/home.html", context)


@require_GET
def figures(request: Request) -> HttpResponse:
    """Show counts, never a person."""
    context = {"figures": queries.figures(), "smallest": queries.SMALLEST_SHOWN}
    return render(request, "desk/figures.html", context)


@require_POST
def take_out(request: Request) -> HttpResponse:
    """Give the figures as a table that computes nothing and says who took it out."""
    require_step_up(request.actor, request.now)
    rows: list[list[object]] = []
    for table in queries.figures():
        rows.append([coded.label("FIELD", table["field"]), ""])
        rows += [
            [coded.label(table["list"], code), f"< {queries.SMALLEST_SHOWN}" if n is None else n]
            for code, n in table["rows"]
        ]
    actions.note_export(actor=request.actor, what="figures", now=request.now)
    response = HttpResponse(
        csv_of(rows, by=request.actor.name, at=request.now), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="amana-figures.csv"'
    return response


@require_GET
def node(request: Request) -> HttpResponse:
    """Show the machine's state to its administrator, who opens nothing."""
    context = {
        "record": queries.record(),
        "watch": queries.watch(),
        "peers": exchange.peers(),
        "waiting": exchange.waiting(),
        "accounts": people.accounts(),
        "own": settings.NODE,
    }
    return render(request, "desk/node.html", context)


@require_GET
def account(request: Request, account: str) -> HttpResponse:
    """Ask before an account is closed."""
    found = next((a for a in people.accounts() if a.pk == account and a.is_open), None)
    if found is None:
        raise NotFound
    return render(request, "desk/account.html", {"account": found})


@require_POST
def close_account(request: Request, account: str) -> HttpResponse:
    """Close an account at once."""
    access.close_account(account_id=account, actor=request.actor, now=request.now)
    return redirect(reverse("desk:node") + "?said=closed")
