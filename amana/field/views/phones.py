"""Which phones there are; one more is invited, one that is lost is withdrawn."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import Role, require_step_up
from amana.field import queries
from amana.field.actions import phones as acts
from amana.field.forms import InviteForm
from amana.field.views.line import address


@require_http_methods(["GET", "POST"])
def phones(request: Request) -> HttpResponse:
    """List the phones; make an invitation and show its code, once."""
    may_invite = request.actor.role in acts.INVITING
    form = InviteForm(request.POST or None) if may_invite else None
    if form is not None and form.is_valid():
        require_step_up(request.actor, request.now)
        code = acts.invite(
            account_id=form.cleaned_data["account"],
            team=form.cleaned_data["team"],
            mode=form.cleaned_data["mode"],
            actor=request.actor,
            now=request.now,
        )
        carrier = dict(form.fields["account"].choices)[form.cleaned_data["account"]]  # type: ignore[attr-defined]
        context = {"address": f"{address(request)}#enrol={code}", "code": code, "carrier": carrier}
        return render(request, "field/invited.html", context)
    context = {
        "form": form,
        "devices": queries.devices(),
        "teams": queries.care_teams() if request.actor.role is Role.ADMINISTRATOR else [],
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "field/phones.html", context, status=status)


@require_POST
def withdraw(request: Request, device: str) -> HttpResponse:
    """Withdraw a phone."""
    acts.withdraw(device_id=device, actor=request.actor, now=request.now)
    return redirect(reverse("field:phones") + "?said=phone_withdrawn")


@require_POST
def resuming(request: Request, team: str) -> HttpResponse:
    """Allow or forbid a unit's phones to keep work that can be read again."""
    acts.allow_resuming(
        team=team, is_allowed="allow" in request.POST, actor=request.actor, now=request.now
    )
    return redirect("field:phones")
