"""What is said when something goes wrong: nothing that a person typed, and what to do next."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger("amana")


class Bare(logging.Filter):
    """Strips a log record of all but its type and place: no values, no URL, no traceback text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, emptied."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        # A code is one of a closed list in our own source, never what came from outside.
        code = getattr(record, "code", "")
        place = _place(record)
        record.msg, record.args = (
            " ".join(filter(None, (record.levelname.lower(), kind, place, code))),
            (),
        )
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _place(record: logging.LogRecord) -> str:
    """Return file and line where it happened: code, never data."""
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return f"{record.module}:{record.lineno}"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer for what is missing and for what is forbidden: byte for byte the same."""
    return render(request, "node/missing.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer when the node itself failed; what was typed is not repeated."""
    return render(request, "node/broken.html", status=500)


def keeper_away(request: HttpRequest) -> HttpResponse:
    """Answer while the keeper does not: reading stops, nothing breaks."""
    response = render(request, "node/keeper_away.html", status=503)
    response.headers["Retry-After"] = "30"
    return response


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer when a form did not come from this site, or the page was too old."""
    return render(request, "node/forgery.html", status=403)
