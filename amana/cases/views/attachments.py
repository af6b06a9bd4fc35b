"""Files of a case on a page: handed in to an opened part, given out for a reason."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access import policy
from amana.access.request import Request
from amana.access.rules import NotFound, require_step_up
from amana.cases import actions, queries, rules
from amana.cases.forms import AttachForm, ReasonForm
from amana.files.rules import NotAccepted
from amana.look import coded
from amana.standards.need_to_know import EDIT

# Whatever was handed in, the copy is one of these; nothing that a browser would run.
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "audio/ogg": "ogg",
}


@require_http_methods(["GET", "POST"])
def attach(request: Request, code: str, part: str) -> HttpResponse:
    """Take a file for a part that this person reads and writes."""
    row = queries.access_case(request.actor, code, request.purpose)
    if policy.way_of_writing(request.actor.role, part) != EDIT:
        raise NotFound
    form = AttachForm(request.POST or None, request.FILES or None)
    if form.is_valid() and _is_kept(request, row, part, form):
        return redirect(reverse("cases:case", args=[code]) + "?said=attached")
    context = {"form": form, "case": row, "part": part}
    return render(request, "cases/attach.html", context, status=422 if form.errors else 200)


def _is_kept(request: Request, case: Any, part: str, form: AttachForm) -> bool:  # noqa: ANN401
    """Keep the file with a case; where it is not taken, the form says why."""
    file = form.cleaned_data["file"]
    try:
        actions.attach(
            case=case,
            part=part,
            content=file.read(),
            name=file.name[:200],
            caption=form.cleaned_data["caption"],
            actor=request.actor,
            now=request.now,
        )
    except NotAccepted as refused:
        form.add_error("file", coded.label("FILE_REASON", refused.reason))
        return False
    return True


@require_POST
def file(request: Request, code: str, attachment: str) -> HttpResponse:
    """Give out the clean copy of a file, for a reason, under a name that says nothing."""
    row = queries.access_case(request.actor, code, request.purpose)
    found = queries.access_attachment(request.actor, row, attachment)
    if found.row.part == rules.IDENTITY:
        require_step_up(request.actor, request.now)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "cases/reason.html", {"form": form, "case": row}, status=422)
    opened, content = actions.open_attachment(
        case=row,
        attachment_id=attachment,
        reason=form.cleaned_data["reason"],
        actor=request.actor,
        now=request.now,
    )
    kind = opened.row.media_type
    name = f"{opened.row.pk[:8]}.{ENDINGS.get(kind, 'bin')}"
    shown = kind if kind in ENDINGS else "application/octet-stream"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=shown, headers=headers)
