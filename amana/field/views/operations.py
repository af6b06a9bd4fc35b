"""Many people at once: an operation is opened, its wristbands printed, its list read."""

from datetime import date, datetime, time

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import make_aware
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import Role
from amana.field import operations as reads
from amana.field import queries
from amana.field.actions import operations as acts
from amana.field.forms import MoreWristbandsForm, OperationForm
from amana.field.group import MOST_WRISTBANDS
from amana.field.views.line import address


@require_GET
def operations(request: Request) -> HttpResponse:
    """List the operations."""
    context = {
        "operations": reads.operations_of(request.actor),
        "may_open": request.actor.role in reads.OPENING,
    }
    return render(request, "field/operations.html", context)


@require_http_methods(["GET", "POST"])
def new_operation(request: Request) -> HttpResponse:
    """Open an operation with its wristbands."""
    form = OperationForm(request.POST or None, units=reads.units_for(request.actor))
    if form.is_valid():
        given = form.cleaned_data
        row = acts.open_operation(
            name=given["name"],
            team=given["team"],
            expected=given["expected"],
            n_wristbands=given["n_wristbands"],
            begins_at=_morning_of(given["begins_on"]),
            actor=request.actor,
            now=request.now,
        )
        return redirect("field:operation", row.pk)
    status = 422 if form.errors else 200
    return render(request, "field/operation_new.html", {"form": form}, status=status)


def _morning_of(day: date) -> datetime:
    return make_aware(datetime.combine(day, time()))


@require_GET
def operation(request: Request, code: str) -> HttpResponse:
    """Show how an operation stands: to who reads its records, a line for each person."""
    return _shown(request, code, MoreWristbandsForm())


def _shown(request: Request, code: str, form: MoreWristbandsForm) -> HttpResponse:
    found = reads.access_operation(request.actor, code)
    is_reader = request.actor.holds(found.row.team_id)
    overview = reads.overview(request.actor, code) if is_reader else None
    spent = overview.median_ms if overview else None
    context = {
        "operation": found,
        "row": found.row,
        "overview": overview,
        "minutes": round(spent / 60_000) if spent is not None else None,
        "n_waiting": len(queries.waiting(request.actor)),
        "may_open": request.actor.role in reads.OPENING,
        "may_ask_beds": request.actor.role in (Role.SUPERVISOR, Role.CASE_WORKER),
        "may_end": is_reader and request.actor.role is Role.SUPERVISOR,
        "bands": reads.wristbands(found.row, 1),
        "form": form,
        "n_left": MOST_WRISTBANDS - found.n_wristbands,
    }
    status = 422 if form.errors else 200
    return render(request, "field/operation.html", context, status=status)


@require_GET
def wristbands(request: Request, code: str) -> HttpResponse:
    """Print the wristbands; `from` leaves out those that were printed before."""
    from amana.field.paper import wristbands_pdf  # noqa: PLC0415 - typst is heavy

    found = reads.access_operation(request.actor, code)
    since = request.GET.get("from", "")
    bands = reads.wristbands(found.row, int(since) if since.isdecimal() else 1)
    answer = HttpResponse(wristbands_pdf(bands, address(request)), content_type="application/pdf")
    # The name of a file that lies in a copy shop's folder says nothing.
    answer["Content-Disposition"] = f'attachment; filename="labels-{code}.pdf"'
    return answer


@require_POST
def more_wristbands(request: Request, code: str) -> HttpResponse:
    """Make further wristbands; what is printed then are the new ones."""
    form = MoreWristbandsForm(request.POST)
    if not form.is_valid():
        return _shown(request, code, form)
    more = form.cleaned_data["more"]
    acts.more_wristbands(code=code, more=more, actor=request.actor, now=request.now)
    return redirect("field:operation", code)


@require_POST
def end_operation(request: Request, code: str) -> HttpResponse:
    """End an operation."""
    acts.end_operation(code=code, actor=request.actor, now=request.now)
    return redirect(reverse("field:operation", args=[code]) + "?said=operation_ended")
