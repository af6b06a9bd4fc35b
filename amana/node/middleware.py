"""What every request passes: headers, the moment, the person, the access table, the refusals."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse

from amana.access.actions import find_actor, keep_alive
from amana.access.queries import session_id_of
from amana.access.request import Request
from amana.access.rules import Actor, NotFound, Refused, StepUp
from amana.keeper.client import KeeperGone
from amana.node.errors import forgery, keeper_away, missing
from amana.node.who_may_open import TABLE, Page
from amana.search.client import forget

Answer = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; "
    "require-trusted-types-for 'script'; trusted-types default; "
    # Not report-to: where it stands beside it, Chromium asks for TLS and reports minutes later,
    # and other browsers know this name alone.
    "report-uri /csp-report"
)
# What a browser can do and these pages never ask for. Passkeys are asked for, by this site alone.
DENIED = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "clipboard-write"),
    *("display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope"),
    *("hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"),
    *("picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb"),
    *("window-management", "xr-spatial-tracking"),
)
OWN = ("publickey-credentials-create", "publickey-credentials-get")
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer a browser sends `Origin: null` and every form would be refused.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join([f"{d}=()" for d in DENIED] + [f"{o}=(self)" for o in OWN]),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
if settings.IS_HTTPS:
    HEADERS["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
# A script or a list that the field app fetches is no page: there the kilobyte of headers above says
# nothing to a browser, and a phone on a bad line would pay for it with every file.
OF_FILES = {
    name: HEADERS[name] for name in ("Cross-Origin-Resource-Policy", "X-Content-Type-Options")
} | {name: value for name, value in HEADERS.items() if name == "Strict-Transport-Security"}
CLOSED = "default-src 'none'; frame-ancestors 'none'"
# How a browser names a request that a page of this very node, or the person herself, began.
OWN_SITES = ("same-origin", "none", "")


class SecurityHeaders:
    """Gives every answer its headers; pages are never kept by a browser or a proxy."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with headers."""
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.answer(request)
        # The field app is kept by the phone, and a nonce that is kept is none: its own files alone.
        is_shell = getattr(response, "is_shell", False)
        # A phone's drafts are locked by Argon2id, which runs as WebAssembly.
        scripts = "'self' 'wasm-unsafe-eval'" if is_shell else f"'nonce-{nonce}'"
        policy, headers = POLICY.format(scripts=scripts), HEADERS
        if is_shell and not response.is_opened:  # type: ignore[attr-defined]
            policy, headers = CLOSED, OF_FILES
        response.headers["Content-Security-Policy"] = policy
        for name, value in headers.items():
            response.headers[name] = value
        # A file that is not there is answered by a page, which carries a person's name.
        is_file = request.path.startswith(settings.STATIC_URL) and response.status_code < 400
        if not (is_file or is_shell) or "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


# The two ways out.
LEAVING = ("access:sign-out", "access:quick-exit")


class Gate:
    """Sets moment, person and purpose; opens a page only to whom the access table names."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: Request) -> HttpResponse:
        """Answer, or ask to sign in, or say that there is nothing here."""
        request.now = settings.CLOCK.now()
        is_foreign = request.headers.get("Sec-Fetch-Site", "") not in OWN_SITES
        if is_foreign and request.method not in ("GET", "HEAD"):
            return forgery(request)
        request.found_actor = None
        try:
            # Whoever comes over another site's link is nobody until she opens the node herself.
            request.found_actor = None if is_foreign else _actor(request)
        except KeeperGone:
            if not _is_for_machines(request):
                return keeper_away(request)
        # No reference holds a NUL, and not every database can be asked for one.
        page = None if "\x00" in request.path_info else _page(request)
        if page is not None and page.is_public:
            return self._answer_at_the_door(request)
        if request.found_actor is None:
            return redirect("access:sign-in")
        if page is None or request.found_actor.role not in page.roles:
            return missing(request)
        keep_alive(request.found_actor, request.now)
        request.actor = request.found_actor
        request.purpose = page.purpose
        return self.answer(request)

    def _answer_at_the_door(self, request: Request) -> HttpResponse:
        """Answer a public page; whoever leaves by it is forgotten by the search process at once."""
        response = self.answer(request)
        cookie = request.COOKIES.get(settings.SESSION_COOKIE, "")
        if cookie and resolve(request.path_info).view_name in LEAVING and request.method == "POST":
            with suppress(ValueError):
                forget(Path(settings.SEARCH_FOLDER), session_id_of(bytes.fromhex(cookie)))
        return response

    def process_exception(self, request: Request, problem: Exception) -> HttpResponse | None:
        """Show a refusal as the list of everything that stands against the act."""
        if isinstance(problem, NotFound):
            return missing(request)
        if isinstance(problem, KeeperGone):
            return keeper_away(request)
        if isinstance(problem, StepUp):
            return redirect(f"{reverse('access:step-up')}?{urlencode({'back': _page_of(request)})}")
        if isinstance(problem, Refused):
            context = {
                "objections": problem.objections,
                "under": problem.under,
                "back": _page_of(request),
            }
            return render(request, "node/refused.html", context, status=422)
        return None


def _actor(request: Request) -> Actor | None:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE, "")
    try:
        return find_actor(bytes.fromhex(cookie), request.now) if cookie else None
    except ValueError:
        return None


def _is_for_machines(request: Request) -> bool:
    """Say whether no person waits for the answer: parcels are taken in without the keeper."""
    page = _page(request)
    return page is not None and page.is_public and request.method == "POST"


def _page_of(request: Request) -> str:
    """Return the page from which an act was asked for: codes and references, no content."""
    if request.method == "GET":
        return request.path
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path or "/"


def _page(request: Request) -> Page | None:
    try:
        return TABLE.get(resolve(request.path_info).view_name)
    except Resolver404:
        return None
