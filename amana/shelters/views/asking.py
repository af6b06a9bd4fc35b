"""The search for a bed on a page: who needs one, the offers, and what when nothing fits."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import NotFound, Refused
from amana.cases.queries import access_case, cases_among
from amana.look import coded
from amana.shelters import actions, matching, people, queries, rules
from amana.shelters.forms import AskForm, DeclineForm, NeedForm, TakeForm
from amana.standards.shelters import load

Row = Any  # a row of a table; views hold none


def waiting(request: Request) -> list[dict[str, Any]]:
    """Return the open requests of this person's unit as a list shows them, the oldest first."""
    return [
        {
            "codes": one.codes,
            "opened_at": one.request.opened_at,
            "state": one.standing.state,
            "until": one.standing.until,
            "is_late": one.standing.is_late,
        }
        for one in people.waiting(request.actor, request.now)
    ]


@require_http_methods(["GET", "POST"])
def bed(request: Request, code: str) -> HttpResponse:
    """Show where a person sleeps or could sleep; take a request for a bed."""
    case = access_case(request.actor, code, request.purpose)
    opened = queries.request_of(request.actor, case)
    if opened is None:
        return _need(request, case)
    if request.method == "POST":
        raise Refused(["BED_WAS_ASKED"])
    return _offers(request, case, opened)


# Before the request: who belongs together, and what each needs.


def _need(request: Request, case: Row) -> HttpResponse:
    named = (request.POST if request.method == "POST" else request.GET).getlist("with")
    along = list(dict.fromkeys(code for code in named if code != case.pk))
    party = [case, *cases_among(request.actor, along)]
    if len(party) != 1 + len(along):
        raise NotFound
    forms = [(one, _form(request, one, party)) for one in party]
    is_sent = request.method == "POST"
    # Each form is judged, so that every fault is shown at once.
    wrong = [(one, form) for one, form in forms if is_sent and not form.is_valid()]
    if is_sent and not wrong:
        said = {one.pk: form.cleaned_data for one, form in forms}
        actions.request_bed(people=said, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:bed", args=[case.pk]) + "?said=kept")
    context = {
        "case": case,
        "stay": queries.current_stay(case),
        "forms": forms,
        "along": along,
        "others": people.could_come_along(request.actor, case),
        "wrong": wrong,
    }
    return render(request, "shelters/need.html", context, status=422 if is_sent else 200)


def _form(request: Request, one: Row, party: list[Row]) -> NeedForm:
    table = load()
    is_child = rules.may_be_child(one.age_band, table)
    mothers = [
        (other.pk, _described(other))
        for other in party
        if is_child and other.pk != one.pk and other.sex != "M"
    ]
    return NeedForm(
        request.POST if request.method == "POST" else None,
        # The person whose page this is has the plain names; who comes along has her code before.
        prefix=None if one.pk == party[0].pk else one.pk,
        bases=("PLACEMENT_ORDER", "EMERGENCY") if is_child else ("ADULT_AGREES",),
        mothers=mothers,
    )


def _described(case: Row) -> str:
    band, sex = coded.label("AGE_BAND", case.age_band), coded.label("SEX", case.sex)
    return f"{case.pk} · {band} · {sex}"


# The offers.


def _offers(request: Request, case: Row, opened: Row) -> HttpResponse:
    whole = queries.access_request(request.actor, opened.pk)
    houses = queries.houses(uses_surge=whole.row.uses_surge)
    found = matching.search(whole.people, houses, request.now, load())
    aliases = {row.pk: row.alias for row in queries.shelters()}
    areas = sorted({one.area for one in whole.people if one.area})
    offers = [_offer(one, aliases, areas) for one in found.offers]
    rungs = people.rungs(opened)
    context = {
        "case": case,
        "stay": queries.current_stay(case),
        "opened": opened,
        "people": whole.people,
        "areas": areas,
        "groups": _grouped(offers, areas),
        "refused": [(aliases[one.house.code], one) for one in found.refused],
        "asks": queries.asks(opened),
        "take": TakeForm(initial={"escort": request.actor.account_id}),
        "decline": DeclineForm(),
        "rungs": rungs,
        "is_climbing": any(at for _, at in rungs),
        "next": rules.next_rung([step for step, at in rungs if at], load()),
    }
    return render(request, "shelters/bed.html", context)


def _offer(one: matching.Offer, aliases: dict[str, str], areas: list[str]) -> dict[str, Any]:
    ways = [(area, rules.minutes_to(one.house, area)) for area in areas]
    return {
        "one": one,
        "alias": aliases[one.house.code],
        "ways": [(area, minutes) for area, minutes in ways if minutes],
        "is_far": bool(areas) and one.house.area not in areas,
    }


def _grouped(offers: list[dict[str, Any]], areas: list[str]) -> list[dict[str, Any]]:
    """Return the offers as they are shown: where an area was asked for, those in it come first."""
    near = [one for one in offers if not one["is_far"]]
    far = [one for one in offers if one["is_far"]]
    kinds = [("near" if areas else "all", near), ("far", far)]
    return [{"kind": kind, "offers": found} for kind, found in kinds if found]


@require_POST
def ask(request: Request, code: str) -> HttpResponse:
    """Put a person's request to the houses that were ticked."""
    opened = _opened(request, code)
    form = AskForm(request.POST, codes=[row.pk for row in queries.shelters()])
    if not form.is_valid():
        raise Refused(["NO_HOUSE_CHOSEN"])
    actions.ask(
        request_id=opened.pk,
        shelters=form.cleaned_data["shelters"],
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("shelters:bed", args=[code]) + "?said=kept")


def _opened(request: Request, code: str) -> Row:
    case = access_case(request.actor, code, request.purpose)
    opened = queries.request_of(request.actor, case)
    if opened is None:
        raise NotFound
    return opened


@require_POST
def take(request: Request, number: int) -> HttpResponse:
    """Take the bed that a house holds."""
    row = queries.access_ask(request.actor, number)
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise Refused(["ESCORT_MISSING"])
    actions.accept(
        ask_id=row.pk,
        escort=form.cleaned_data["escort"],
        actor=request.actor,
        now=request.now,
    )
    return _back(row)


@require_POST
def decline(request: Request, number: int) -> HttpResponse:
    """Let a held bed go, or a house that was asked, for a reason of the list."""
    row = queries.access_ask(request.actor, number)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        raise Refused(["NO_REASON_CHOSEN"])
    reason = form.cleaned_data["reason"]
    actions.decline(ask_id=row.pk, reason=reason, actor=request.actor, now=request.now)
    return _back(row)


def _back(ask_row: Row) -> HttpResponse:
    first = queries.members_of(ask_row.request)[0]
    return redirect(reverse("shelters:bed", args=[first]) + "?said=kept")


@require_http_methods(["GET", "POST"])
def withdraw(request: Request, code: str) -> HttpResponse:
    """Ask before a request ends without a bed; end it."""
    opened = _opened(request, code)
    if request.method == "POST":
        actions.withdraw(request_id=opened.pk, actor=request.actor, now=request.now)
        return redirect(reverse("shelters:bed", args=[code]) + "?said=kept")
    waits = [one for one in queries.asks(opened) if one.state in ("OPEN", "HELD")]
    context = {"code": code, "codes": queries.members_of(opened), "asks": waits}
    return render(request, "shelters/withdraw.html", context)


@require_POST
def climb(request: Request, code: str) -> HttpResponse:
    """Note that nothing fitted, and take the next step of the ladder."""
    opened = _opened(request, code)
    step = request.POST.get("step", "")
    if step not in load().ladder:
        raise NotFound
    actions.climb(request_id=opened.pk, step=step, actor=request.actor, now=request.now)
    return redirect(reverse("shelters:bed", args=[code]) + "?said=kept#ladder")
