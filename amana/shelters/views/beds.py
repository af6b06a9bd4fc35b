"""The houses on a page: tonight's places, what they are asked and what they answer."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access.request import Request
from amana.access.rules import NotFound, Refused, Role
from amana.shelters import actions, groups, queries, rules
from amana.shelters.forms import AnswerForm, CountForm
from amana.shelters.views.asking import waiting
from amana.standards.shelters import load

TONES = {rules.FREE: "done", rules.FULL: "waiting", rules.UNSURE: "attention"}


@require_GET
def places(request: Request) -> HttpResponse:
    """Show a house its rooms and what it is asked; others the list of houses, without addresses."""
    actor, now = request.actor, request.now
    works = actor.role in queries.STAFF
    rows = queries.own_shelters(actor) if works else queries.shelters()
    known = {h.code: h for h in queries.houses([row.pk for row in rows])}
    wrong = {one.shelter.pk: one.troubles for one in queries.raised(now, list(known))}
    context = {
        "works": works,
        "coordinates": actor.role is Role.COORDINATOR,
        "furnishes": actor.role in (Role.COORDINATOR, Role.SHELTER_MANAGER),
        "houses": [
            {
                "row": row,
                "rooms": _rooms(row, known[row.pk], request) if works else [],
                "beds": sum(u.beds for u in known[row.pk].units),
                "state": _state(known[row.pk], request),
                "tone": TONES[_state(known[row.pk], request)],
                # What is wrong inside is for who works there and for who answers for the network.
                "wrong": wrong.get(row.pk, []) if works or actor.role is Role.COORDINATOR else [],
            }
            for row in rows
        ],
        "group_asks": groups.operations_asking(actor) if works else [],
        "asks": [_asked(request, one) for one in queries.asks_for(actor)] if works else [],
        "ways": queries.transports_for(actor, now),
        "answer": AnswerForm(),
        "waiting": waiting(request),
        "leads": actor.role in queries.ASKING,
    }
    return render(request, "shelters/places.html", context)


def _state(house: rules.House, request: Request) -> str:
    """Return the best that can be said of a house: free somewhere, else unsure, else full."""
    found = {rules.claim_state(unit, request.now, load()) for unit in house.units}
    return next((s for s in (rules.FREE, rules.UNSURE) if s in found), rules.FULL)


def _rooms(row: Any, house: rules.House, request: Request) -> list[dict[str, Any]]:  # noqa: ANN401
    labels = {str(unit.pk): unit.label for unit in row.units.all()}
    return [
        {
            "unit": unit,
            "label": labels[unit.code],
            "state": rules.claim_state(unit, request.now, load()),
            "tone": TONES[rules.claim_state(unit, request.now, load())],
            "free": max(0, unit.beds - len(unit.sleepers)),
            "taken": len(unit.sleepers),
        }
        for unit in house.units
    ]


def _asked(request: Request, one: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "ask": one,
        "people": queries.asked_people(request.actor, one),
        "stays": queries.stays_of(one),
        "transport": queries.transport_of(one),
    }


@require_POST
def count(request: Request, number: int) -> HttpResponse:
    """Take the count of free beds of a room, with one tap."""
    queries.access_unit(request.actor, number)
    form = CountForm(request.POST)
    if not form.is_valid():
        raise Refused(["MORE_FREE_THAN_BEDS"])
    free = form.cleaned_data["free"]
    actions.count_free(unit_id=number, free=free, actor=request.actor, now=request.now)
    return redirect(reverse("shelters:places") + "?said=kept")


@require_POST
def answer(request: Request, number: int) -> HttpResponse:
    """Take what a house says to an ask, and what happens after it."""
    row = queries.access_ask(request.actor, number)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise NotFound
    act, actor, now = form.cleaned_data["act"], request.actor, request.now
    if act == "yes":
        actions.hold(ask_id=row.pk, actor=actor, now=now)
    elif act == "no":
        reason = form.cleaned_data["reason"] or "FULL_AFTER_ALL"
        actions.answer_no(ask_id=row.pk, reason=reason, actor=actor, now=now)
    elif act == "leave":
        actions.begin_transport(ask_id=row.pk, actor=actor, now=now)
    else:
        return _rolled(request, row, is_all=act == "all")
    return redirect(reverse("shelters:places") + "?said=kept")


def _rolled(request: Request, row: Any, *, is_all: bool) -> HttpResponse:  # noqa: ANN401
    """Call the roll at the door; before anybody is raised as missing, ask whether it is so."""
    coming = [
        one for one in queries.stays_of(row) if one.state in (rules.ACCEPTED, rules.TRAVELLING)
    ]
    ticked = request.POST.getlist("arrived")
    here = [one.pk for one in coming if is_all or one.pk in ticked]
    absent = [one for one in coming if one.pk not in here]
    if absent and request.POST.get("sure") != "yes":
        context = {"ask": row, "here": here, "absent": absent}
        return render(request, "shelters/absent.html", context)
    actions.admit(ask_id=row.pk, arrived=here, actor=request.actor, now=request.now)
    return redirect(reverse("shelters:places") + "?said=kept")


@require_POST
def way(request: Request, code: str) -> HttpResponse:
    """Show the escort where the transport goes; the look is on record."""
    words = actions.open_way(transport_id=code, actor=request.actor, now=request.now)
    return render(request, "shelters/way.html", {"words": words})


@require_GET
def figures(request: Request) -> HttpResponse:
    """Show the coordination what the network carries and what is missing; no place is named."""
    found = queries.figures(request.now)
    context = {"figures": found, "n_abuses": queries.n_abuses()}
    return render(request, "shelters/figures.html", context)
