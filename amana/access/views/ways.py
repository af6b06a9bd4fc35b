"""My ways in: passkeys, the password, the phone, and who holds shares for the day all are lost."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import passkeys, queries, rules
from amana.access.actions import locks as actions
from amana.access.forms import NewPasswordForm, PasskeyForm, PhoneForm
from amana.access.request import Request
from amana.access.rules import NotFound, Refused
from amana.access.views.door import add_refusal
from amana.crypto import totp


@require_GET
def locks(request: Request) -> HttpResponse:
    """Show what opens this person's keys, and whether that is enough to be given cases."""
    return _page(request)


def _page(request: Request, objections: list[str] | None = None) -> HttpResponse:
    account = queries.account(request.actor.account_id)
    options = passkeys.options_to_register(
        actions.site(),
        account_id=account.pk,
        sign_in_name=account.sign_in_name,
        known=queries.passkey_ids(account.pk),
        now=request.now,
    )
    context = {
        "objections": objections,
        "locks": queries.locks(account.pk),
        "may_own": rules.may_own_cases(queries.kinds_of_locks(account.pk)),
        "holders": queries.share_holders(account.pk),
        "has_own_password": queries.has_own_password(account),
        "recoveries": queries.own_recoveries(account.pk, request.now),
        "passkey": PasskeyForm(options=options),
    }
    return render(request, "access/locks.html", context, status=422 if objections else 200)


@sensitive_post_parameters()
@require_POST
def add_passkey(request: Request) -> HttpResponse:
    """Add the passkey that the browser has just made."""
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return redirect("access:locks")
    try:
        actions.add_passkey(actor=request.actor, **form.cleaned_data, now=request.now)
    except Refused as refused:
        return _page(request, refused.objections)
    return _done("lock_added")


@require_http_methods(["GET", "POST"])
def lock(request: Request, lock: int) -> HttpResponse:
    """Ask before a passkey is removed, then remove it."""
    own = queries.locks(request.actor.account_id)
    found = next((k for k in own if k.pk == lock and k.kind == rules.PASSKEY), None)
    if found is None:
        raise NotFound
    if request.method == "POST":
        actions.remove_passkey(actor=request.actor, lock_id=lock, now=request.now)
        return _done("lock_removed")
    return render(request, "access/lock.html", {"lock": found})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: Request) -> HttpResponse:
    """Choose another password."""
    rules.require_step_up(request.actor, request.now)
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            actions.change_password(actor=request.actor, **form.cleaned_data, now=request.now)
            return _done("password_changed")
        except Refused as refused:
            add_refusal(form, refused, "password")
    return render(
        request, "access/password.html", {"form": form}, status=422 if form.errors else 200
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def phone(request: Request) -> HttpResponse:
    """Let another phone show the codes; it counts once it has shown one."""
    rules.require_step_up(request.actor, request.now)
    form = PhoneForm(request.POST or None)
    if form.is_valid():
        secret = actions.offered_phone(request.actor, form.cleaned_data["box"])
        try:
            code = form.cleaned_data["code"]
            actions.change_phone(actor=request.actor, totp=secret, code=code, now=request.now)
            return _done("phone_changed")
        except Refused as refused:
            add_refusal(form, refused, "code")
    box = form.data.get("box", "")
    if box:
        secret = actions.offered_phone(request.actor, box)
    else:
        secret, box = actions.offer_phone(request.actor)
        form = PhoneForm(initial={"box": box})
    context = {
        "form": form,
        "address": totp.address(secret, issuer=settings.NODE.host),
        "typed": totp.typed_form(secret),
    }
    return render(request, "access/phone.html", context, status=422 if form.errors else 200)


def _done(said: str) -> HttpResponse:
    return redirect(reverse("access:locks") + f"?said={said}")
