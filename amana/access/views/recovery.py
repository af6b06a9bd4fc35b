"""When every way in is lost: the public pages of who asks, and the officers' page."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import queries, rules
from amana.access.actions import recovery as actions
from amana.access.forms import AskRecoveryForm, LettersForm, RestoreForm
from amana.access.request import Request
from amana.access.rules import NotFound, Refused
from amana.access.views.door import add_refusal, address_of
from amana.crypto import totp
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def ask(request: Request) -> HttpResponse:
    """Take the name of who lost every way in; show once the letters that open the answer."""
    form = AskRecoveryForm(request.POST or None)
    if form.is_valid():
        try:
            one_time = actions.ask(
                **form.cleaned_data, address=address_of(request), now=request.now
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            context = {
                "letters": rules.letters_of(one_time),
                "ticket": rules.ticket_of(public_of(one_time)),
            }
            return render(request, "access/recover_letters.html", context)
    return render(
        request, "access/recover.html", {"form": form}, status=422 if form.errors else 200
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def finish(request: Request) -> HttpResponse:
    """Take the letters back; when officers and time allow it, take a new password and phone."""
    if "password" in request.POST:
        return _finish(request)
    form = LettersForm(request.POST or None)
    if form.is_valid():
        one_time = rules.seed_of(form.cleaned_data["letters"])
        try:
            _restore(request, form.cleaned_data["sign_in_name"], one_time)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _new_ways(request, RestoreForm(initial=form.cleaned_data), one_time)
    return render(
        request, "access/recover_finish.html", {"form": form}, status=422 if form.errors else 200
    )


def _restore(request: Request, sign_in_name: str, one_time: Seed | None) -> None:
    if one_time is None:
        raise Refused(["LETTERS_WRONG"])
    actions.restore(
        sign_in_name=sign_in_name, one_time=one_time, address=address_of(request), now=request.now
    )


def _finish(request: Request) -> HttpResponse:
    form = RestoreForm(request.POST)
    one_time = rules.seed_of(request.POST.get("letters", ""))
    if one_time is None:
        return redirect("access:recover-finish")
    if form.is_valid():
        given = dict(form.cleaned_data)
        given.pop("letters")
        try:
            actions.finish(**given, one_time=one_time, address=address_of(request), now=request.now)
            return redirect(reverse("access:sign-in") + "?said=recovered")
        except Refused as refused:
            add_refusal(form, refused)
    return _new_ways(request, form, one_time)


def _new_ways(request: Request, form: RestoreForm, one_time: Seed | None) -> HttpResponse:
    if one_time is None:
        raise NotFound
    secret = rules.phone_after_recovery(one_time)
    context = {
        "form": form,
        "address": totp.address(secret, issuer=settings.NODE.host),
        "typed": totp.typed_form(secret),
    }
    return render(request, "access/recover_new.html", context, status=422 if form.errors else 200)


@require_GET
def recoveries(request: Request) -> HttpResponse:
    """List to an officer who asks for a seed, who could become an officer, whose shares are old."""
    if not queries.account(request.actor.account_id).is_recovery_officer:
        raise NotFound
    rows = []
    for recovery in queries.recoveries(request.now):
        given = queries.approvals(recovery)
        rows.append(
            {
                "recovery": recovery,
                "ticket": rules.ticket_of(bytes(recovery.one_time_recipient)),
                "by": [approval.officer.name for approval in given],
                "has_mine": any(a.officer_id == request.actor.account_id for a in given),
                "is_mine": recovery.account_id == request.actor.account_id,
                "from": recovery.asked_at + rules.RECOVERY_WAITS,
            }
        )
    context = {
        "rows": rows,
        "officers": queries.recovery_officers(),
        "may_be_officers": queries.may_be_officers(),
        "not_shared": queries.accounts_not_shared(request.now),
    }
    return render(request, "access/recoveries.html", context)


@require_POST
def approve(request: Request, recovery: str) -> HttpResponse:
    """Give one's own share."""
    actions.approve(recovery_id=recovery, actor=request.actor, now=request.now)
    return redirect(reverse("access:recoveries") + "?said=recovery_approved")


@require_POST
def stop(request: Request, recovery: str) -> HttpResponse:
    """End a recovery, as an officer or as the person herself."""
    actions.stop(recovery_id=recovery, actor=request.actor, now=request.now)
    is_officer = queries.account(request.actor.account_id).is_recovery_officer
    page = "access:recoveries" if is_officer else "access:locks"
    return redirect(reverse(page) + "?said=recovery_stopped")


@require_POST
def make_officer(request: Request, account: str) -> HttpResponse:
    """Name a further recovery officer."""
    actions.make_officer(account_id=account, actor=request.actor, now=request.now)
    return redirect(reverse("access:recoveries") + "?said=officer_named")
