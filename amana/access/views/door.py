"""The door."""

from contextlib import suppress

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from amana.access import actions, passkeys, queries
from amana.access.actions import locks
from amana.access.forms import PasskeyForm, ProofForm, SignInForm
from amana.access.request import Request
from amana.access.rules import Refused
from amana.look import coded


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """Ask for a passkey, or name, password and code; a failure never tells which was wrong."""
    if request.found_actor is not None and request.method == "GET":
        return redirect("desk:home")
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            cookie = actions.sign_in(
                **form.cleaned_data, address=address_of(request), now=request.now
            )
            return _signed_in(cookie)
        except Refused as refused:
            add_refusal(form, refused)
    return _sign_in_page(request, form, 422 if form.errors else 200)


def _sign_in_page(
    request: Request, form: SignInForm, status: int, objections: list[str] | None = None
) -> HttpResponse:
    options = passkeys.options_to_prove(locks.site(), passkeys.SIGN_IN, known=[], now=request.now)
    context = {
        "form": form,
        "objections": objections,
        "passkey": PasskeyForm(options=options),
        "people": queries.accounts() if settings.NODE.is_demo else [],
        "demo_password": settings.DEMO_PASSWORD,
        "demo_code": settings.DEMO_CODE,
        "said": request.GET.get("said", ""),
    }
    return render(request, "access/sign_in.html", context, status=status)


@sensitive_post_parameters()
@require_POST
def sign_in_by_passkey(request: Request) -> HttpResponse:
    """Let in whoever holds a passkey of this node."""
    form = PasskeyForm(request.POST)
    objections = ["PASSKEY_NOT_KNOWN"]
    if form.is_valid():
        try:
            cookie = locks.sign_in_by_passkey(
                **form.cleaned_data, address=address_of(request), now=request.now
            )
            return _signed_in(cookie)
        except Refused as refused:
            objections = refused.objections
    return _sign_in_page(request, SignInForm(), 422, objections)


def add_refusal(form: forms.Form, refused: Refused, field: str | None = None) -> None:
    """Show on a form what stands against it."""
    for objection in refused.objections:
        form.add_error(field, coded.label("OBJECTION", objection))


def address_of(request: Request) -> str:
    """Return who knocks: with TLS a node stands behind a proxy, which names the caller."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.IS_HTTPS else ""
    # The last entry is the proxy's own word; everything before it is the caller's.
    return forwarded.rsplit(",", 1)[-1].strip() or direct


def _signed_in(cookie: bytes) -> HttpResponse:
    response = redirect("desk:home")
    response.set_cookie(
        settings.SESSION_COOKIE,
        cookie.hex(),
        httponly=True,
        secure=settings.IS_HTTPS,
        samesite="Strict",
        path="/",
    )
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def step_up(request: Request) -> HttpResponse:
    """Ask once more who sits there, before something that cannot be taken back."""
    form = ProofForm(request.POST or None)
    if form.is_valid():
        try:
            actions.step_up(actor=request.actor, **form.cleaned_data, now=request.now)
            return redirect(_back(request))
        except Refused as refused:
            add_refusal(form, refused)
    return _step_up_page(request, form, 422 if form.errors else 200)


def _step_up_page(
    request: Request, form: ProofForm, status: int, objections: list[str] | None = None
) -> HttpResponse:
    account_id = request.actor.account_id
    known = queries.passkey_ids(account_id)
    options = passkeys.options_to_prove(locks.site(), account_id, known=known, now=request.now)
    context = {
        "form": form,
        "objections": objections,
        "passkey": PasskeyForm(options=options) if known else None,
        "back": _back(request),
    }
    return render(request, "access/step_up.html", context, status=status)


@sensitive_post_parameters()
@require_POST
def step_up_by_passkey(request: Request) -> HttpResponse:
    """Take a passkey's word that it is still she."""
    form = PasskeyForm(request.POST)
    objections = ["PASSKEY_NOT_KNOWN"]
    if form.is_valid():
        try:
            locks.step_up_by_passkey(actor=request.actor, **form.cleaned_data, now=request.now)
            return redirect(_back(request))
        except Refused as refused:
            objections = refused.objections
    elif not request.POST:
        return redirect("access:step-up")
    return _step_up_page(request, ProofForm(), 422, objections)


def _back(request: Request) -> str:
    """Return the page of this node that the person came from, or her first page."""
    asked = request.POST.get("back") or request.GET.get("back") or "/"
    # A second slash would make it another site's address.
    return asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else "/"


@require_POST
def notice(request: Request, notice: int) -> HttpResponse:
    """Take away a notice that was read."""
    actions.mark_seen(notice_id=notice, actor=request.actor, now=request.now)
    return redirect("desk:home")


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """Lock: the keys are gone from this session, also while the keeper is away."""
    _leave(request)
    return _signed_out(redirect("access:sign-in"))


@csrf_exempt  # a beacon carries no token; the cookie is SameSite=Strict, and leaving harms nobody
@require_POST
def quick_exit(request: Request) -> HttpResponse:
    """Sign out behind a page that was left in haste."""
    _leave(request)
    return _signed_out(HttpResponse(status=204))


def _leave(request: Request) -> None:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE, "")
    if request.found_actor is not None:
        actions.sign_out(actor=request.found_actor, now=request.now)
    elif cookie:
        with suppress(ValueError):
            actions.end_session(cookie=bytes.fromhex(cookie), now=request.now)


def _signed_out(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(settings.SESSION_COOKIE, samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
