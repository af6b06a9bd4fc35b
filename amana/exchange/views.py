"""The door for other nodes. It takes bytes, never a session, and answers with bytes."""

from collections.abc import Callable

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from amana.access.request import Request
from amana.exchange import witness
from amana.exchange.actions import arrivals, trusting
from amana.exchange.rules import LARGEST_PARCEL, Unacceptable

# What a machine is told: the reason in a header, and a status that says whether to try again.
REFUSED = 422
# To a witness, 422 would be a proof that does not hold.
FORBIDDEN = 403


@csrf_exempt
@require_POST
def messages(request: Request) -> HttpResponse:
    """Take a parcel of sealed messages; answer with a sealed receipt for each."""
    return _taken(arrivals.receive_messages, request)


@csrf_exempt
@require_POST
def receipts(request: Request) -> HttpResponse:
    """Take a parcel of receipts; answer for each whether it was taken."""
    return _taken(arrivals.receive_receipts, request)


def _taken(take: Callable[..., bytes], request: Request) -> HttpResponse:
    try:
        answer = take(_body(request), caller=_caller(request), now=request.now)
    except Unacceptable as refused:
        return _refusal(refused)
    return HttpResponse(answer, content_type="application/octet-stream")


@csrf_exempt
@require_POST
def checkpoints(request: Request) -> HttpResponse:
    """Take a partner's checkpoint; answer as a witness of tlog-witness does."""
    try:
        status, said = witness.answer(_body(request), caller=_caller(request), now=request.now)
    except Unacceptable as refused:
        return _refusal(refused, status=FORBIDDEN)
    return HttpResponse(said, status=status, content_type=witness.KIND_OF_ANSWER[status])


@csrf_exempt
@require_POST
def directory(request: Request) -> HttpResponse:
    """Take over a partner's newer directory, with the proof that it stands in its log."""
    try:
        trusting.receive_directory(_body(request), caller=_caller(request), now=request.now)
    except Unacceptable as refused:
        return _refusal(refused)
    return HttpResponse(b"", content_type="application/octet-stream")


def _body(request: Request) -> bytes:
    return request.read(LARGEST_PARCEL + 1)


def _caller(request: Request) -> str:
    return request.headers.get("Amana-Node", "")


def _refusal(refused: Unacceptable, *, status: int = REFUSED) -> HttpResponse:
    return HttpResponse(
        refused.reason.value.encode(), status=status, content_type="application/octet-stream"
    )
