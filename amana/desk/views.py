"""Home, the dashboard, the state of the node."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access import actions as access
from amana.access import queries as people
from amana.access.request import Request
from amana.access.rules import NotFound
from amana.desk import dashboard, queries
from amana.exchange import queries as exchange
from amana.look import coded


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
    """Show each role its own work in numbers, and what to do with them."""
    context = {"blocks": dashboard.blocks(request.actor, request.now)}
    return render(request, "desk/dashboard.html", context)


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
