"""The phone's door: the shell for everybody, and what phones send. No session, no cookie."""

import json
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from amana.access.request import Request
from amana.access.rules import NotFound
from amana.field import recordings
from amana.field import shell as files
from amana.field.actions import arrivals, phones
from amana.field.rules import LARGEST_REQUEST, BadRequest, UnknownDevice, read_request


class ShellFile(HttpResponse):
    """A file of the field app: the same for everybody, kept by the phone, its scripts by 'self'."""

    is_shell = True
    # Whether a browser may open it as a page or run it as a worker.
    is_opened = False


class Told(JsonResponse):
    """What the app hears from the node: read by its script, never opened, never kept."""

    is_shell = True
    is_opened = False


@require_safe
def shell(request: HttpRequest, name: str = "") -> HttpResponse:
    """Give a file of the app, packed where the browser takes it; nothing when it has it already."""
    found = files.files(settings.NODE.language).get(name)
    if found is None:
        raise NotFound
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == headers["ETag"]:
        answer = ShellFile(status=304, headers=headers)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        answer = ShellFile(found.gzipped, content_type=found.content_type, headers=headers)
    else:
        answer = ShellFile(found.body, content_type=found.content_type, headers=headers)
    answer.is_opened = name in files.OPENED
    return answer


@require_safe
def recorded(_request: HttpRequest) -> HttpResponse:
    """List the recordings of questions that this node has."""
    return ShellFile(
        json.dumps(recordings.listed(_recordings())),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )


@require_safe
def recording(_request: HttpRequest, spoken: str, instrument: str, question: str) -> HttpResponse:
    """Give one recording of a question, as somebody spoke it."""
    found = recordings.find(_recordings(), spoken, instrument, question)
    if found is None:
        raise NotFound
    file, kind = found
    return ShellFile(file.read_bytes(), content_type=kind, headers={"Cache-Control": "no-cache"})


def _recordings() -> Path | None:
    return Path(settings.RECORDINGS) if settings.RECORDINGS else None


@csrf_exempt
@require_POST
def enrol(request: Request) -> HttpResponse:
    """Enrol the phone that brings an invitation."""
    try:
        return Told(phones.enrol(request=_body(request), now=request.now))
    except BadRequest as problem:
        return _refusal(400, str(problem))
    except NotFound:
        return _refusal(404, "NO_INVITATION")


@csrf_exempt
@require_POST
def arrive(request: Request) -> HttpResponse:
    """Take in what a phone sealed."""
    body = _body(request)
    if len(body) > LARGEST_REQUEST:
        return _refusal(413, "TOO_LARGE")
    try:
        return Told(arrivals.take_in(parcel=body, now=request.now))
    except BadRequest as problem:
        return _refusal(400, str(problem))
    except UnknownDevice:
        return _refusal(404, "UNKNOWN_DEVICE")


@csrf_exempt
@require_POST
def leave(request: Request) -> HttpResponse:
    """Tell the browser of a withdrawn phone to forget everything of this site."""
    try:
        device = read_request(_body(request)).get("device")
        is_gone = phones.is_withdrawn(str(device))
    except BadRequest as problem:
        return _refusal(400, str(problem))
    except UnknownDevice:
        return _refusal(404, "UNKNOWN_DEVICE")
    answer = Told({"v": 1, "state": "WITHDRAWN" if is_gone else "OPEN"})
    if is_gone:
        answer.headers["Clear-Site-Data"] = '"*"'
    return answer


def address(request: HttpRequest) -> str:
    """Return where people's phones find the app: the address under which this page was opened."""
    return f"http{'s' * settings.IS_HTTPS}://{request.get_host()}{reverse('field:shell')}"


def _body(request: HttpRequest) -> bytes:
    return request.read(LARGEST_REQUEST + 1)


def _refusal(status: int, code: str) -> HttpResponse:
    return Told({"v": 1, "error": code}, status=status)
