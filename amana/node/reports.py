"""Where browsers report what a page's policy stopped: counted by kind, and nothing else is kept.

A report names addresses and pieces of script, so of its words only the directive is read, and only
when it stands in our own list.
"""

import json
import logging
from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger("amana")

LARGEST = 16 * 1024
DIRECTIVES = (
    *("script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"),
    *("style-src-attr", "img-src", "connect-src", "font-src", "form-action", "base-uri"),
    *("frame-ancestors", "worker-src", "manifest-src", "media-src", "default-src"),
    *("require-trusted-types-for", "trusted-types"),
)
_seen: Counter[str] = Counter()


@csrf_exempt  # a browser sends it by itself and has no token; it changes nothing
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Count the reports in this body; the answer is the same for all."""
    for code in directives(request.read(LARGEST + 1)):
        _seen[code] += 1
        # Whoever sends thousands of reports fills no disk: the 1st, 2nd, 4th, 8th... is written.
        if _seen[code] & (_seen[code] - 1) == 0:
            log.warning("csp", extra={"code": f"csp:{code}:{_seen[code]}"})
    return HttpResponse(status=204)


def directives(body: bytes) -> list[str]:
    """Return the directives that a body reports, `other` for what this node does not know.

    Reads both forms: one report of the older kind, or a list of the newer.
    """
    if len(body) > LARGEST:
        return ["other"]
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ["other"]
    reports = said if isinstance(said, list) else [said]
    return [_directive(report) for report in reports[:16]]


def _directive(report: object) -> str:
    if not isinstance(report, dict):
        return "other"
    body = report.get("csp-report") or report.get("body")
    if not isinstance(body, dict):
        return "other"
    named = body.get("effective-directive") or body.get("effectiveDirective")
    return named if named in DIRECTIVES else "other"
