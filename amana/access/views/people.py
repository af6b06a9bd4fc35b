"""Who works here: the administrator makes accounts, members of a team admit to it."""

from datetime import datetime, time

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import actions, queries, rules
from amana.access.actions import FirstLock
from amana.access.forms import AccountForm
from amana.access.request import Request
from amana.access.rules import Refused, Role
from amana.access.views.door import add_refusal
from amana.crypto import totp
from amana.crypto.passwords import new_password


@require_GET
def team(request: Request) -> HttpResponse:
    """Show who stands in this person's teams, and whom she could admit."""
    fit = queries.may_be_admitted(request.actor)
    teams = [
        {
            "team": queries.team(code),
            "members": queries.members(code),
            "fit": [{"account": a, "is_ready": queries.has_own_password(a)} for a in found],
        }
        for code, found in fit.items()
    ]
    return render(request, "access/team.html", {"teams": teams})


@require_POST
def admit(request: Request, team: str, account: str) -> HttpResponse:
    """Give a colleague a team's keys."""
    actions.admit_colleague(
        team_code=team, account_id=account, actor=request.actor, now=request.now
    )
    return redirect(reverse("access:team") + "?said=admitted")


@sensitive_variables("first")
@require_http_methods(["GET", "POST"])
def new_account(request: Request) -> HttpResponse:
    """Make an account, and show once what its owner is handed on paper."""
    rules.require_step_up(request.actor, request.now)
    form = AccountForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        first = FirstLock(new_password())
        try:
            account = actions.make_account(
                sign_in_name=given["sign_in_name"],
                name=given["name"],
                role=Role(given["role"]),
                first=first,
                ends_at=timezone.make_aware(datetime.combine(given["ends_on"], time.max)),
                now=request.now,
                by=request.actor.account_id,
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            actions.tell([account.pk], "FIRST_PASSWORD", reference="", now=request.now)
            context = {
                "account": account,
                "password": first.password,
                "address": totp.address(first.totp, issuer=settings.NODE.host),
                "typed": totp.typed_form(first.totp),
            }
            return render(request, "access/account_made.html", context)
    return render(
        request, "access/new_account.html", {"form": form}, status=422 if form.errors else 200
    )
