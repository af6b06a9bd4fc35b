"""A house on a page: entered by the coordination, furnished by it or by who runs the house."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.request import Request
from amana.access.rules import NotFound, Refused, Role
from amana.look import coded
from amana.shelters import actions, directory, queries
from amana.shelters.forms import AddressForm, BedsForm, HouseForm, RoomForm, StatusForm

ROOM, STATUS, ADDRESS, BEDS = "room", "status", "address", "beds"


@require_http_methods(["GET", "POST"])
def new_house(request: Request) -> HttpResponse:
    """Enter a house into the network. Where it stands is not asked: its manager writes that."""
    form = HouseForm(request.POST or None, teams=queries.shelter_teams())
    if form.is_bound and form.is_valid():
        row = actions.add_shelter(facts=form.facts, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:house", args=[row.pk]) + "?said=kept")
    status = 422 if form.is_bound else 200
    return render(request, "shelters/new_house.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def house(request: Request, code: str) -> HttpResponse:
    """Show a house to who enters it or runs it; take a room, its status, or where it stands."""
    row = queries.access_registered(request.actor, code)
    if request.method != "POST":
        return _house(request, row)
    act = request.POST.get("act", "")
    if act == BEDS:
        return _beds(request, row)
    if act not in (ROOM, STATUS, ADDRESS):
        raise NotFound
    form = _forms(request, row, request.POST, act)[act]
    if not form.is_valid():
        return _house(request, row, {act: form})
    said = form.cleaned_data
    if act == ROOM:
        room = actions.Room(**{**said, "ages": tuple(said["ages"])})
        actions.add_unit(code=code, room=room, actor=request.actor, now=request.now)
    elif act == STATUS:
        actions.set_status(code=code, status=said["status"], actor=request.actor, now=request.now)
    else:
        actions.write_address(code=code, words=said, actor=request.actor, now=request.now)
    return redirect(reverse("shelters:house", args=[code]) + "?said=kept")


def _beds(request: Request, row: Any) -> HttpResponse:  # noqa: ANN401
    """Take another word on how many beds a room of this house has."""
    form = BedsForm(request.POST)
    rooms = {room.pk for room in row.units.all()}
    if not form.is_valid():
        raise Refused(["BEDS_NOT_A_NUMBER"])
    said = form.cleaned_data
    if said["unit"] not in rooms:
        raise NotFound
    actions.set_beds(
        unit_id=said["unit"],
        beds=said["beds"],
        source=said["source"],
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("shelters:house", args=[row.pk]) + "?said=kept")


@require_http_methods(["GET", "POST"])
def change_house(request: Request, code: str) -> HttpResponse:
    """Change what the registry says of a house: a licence renewed, an inspection, its services."""
    if request.actor.role is not Role.COORDINATOR:
        raise NotFound
    row = queries.access_registered(request.actor, code)
    form = HouseForm(request.POST or None, teams=queries.shelter_teams(), initial=HouseForm.of(row))
    if form.is_bound and form.is_valid():
        actions.change_shelter(code=code, facts=form.facts, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:house", args=[code]) + "?said=kept")
    status = 422 if form.is_bound else 200
    context = {"form": form, "house": row}
    return render(request, "shelters/change_house.html", context, status=status)


@require_GET
def hsds(request: Request) -> HttpResponse:
    """Give the directory as HSDS, to be published: without where a house stands."""
    if request.actor.role is not Role.COORDINATOR:
        raise NotFound
    found = directory.exported(queries.shelters(), queries.houses())
    answer = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="directory.json"'
    return answer


def _forms(
    request: Request,
    row: Any,  # noqa: ANN401
    sent: Any = None,  # noqa: ANN401
    act: str = "",
) -> dict[str, Form]:
    """Return the forms that this person may use; the one that was sent holds what was said."""
    runs = request.actor.role is Role.SHELTER_MANAGER
    made: dict[str, Form] = {
        ROOM: RoomForm(sent if act == ROOM else None),
        STATUS: StatusForm(
            sent if act == STATUS else None, runs=runs, initial={"status": row.status}
        ),
    }
    if runs:
        made[ADDRESS] = AddressForm(sent if act == ADDRESS else None)
    elif act == ADDRESS:
        raise NotFound
    return made


def _house(
    request: Request,
    row: Any,  # noqa: ANN401
    wrong: dict[str, Form] | None = None,
) -> HttpResponse:
    forms = {**_forms(request, row), **(wrong or {})}
    claims = queries.claims(row)
    context = {
        "house": row,
        "rooms": [(room, claims.get(room.pk, [])) for room in row.units.order_by("label")],
        "sources": coded.choices("CAPACITY_SOURCE")(),
        "coordinates": request.actor.role is Role.COORDINATOR,
        "has_address": bool(row.key_id),
        "room_form": forms[ROOM],
        "status_form": forms[STATUS],
        "address_form": forms.get(ADDRESS),
        "form": next(iter(wrong.values())) if wrong else None,
    }
    status = 422 if wrong else 200
    return render(request, "shelters/house.html", context, status=status)
