"""A stay on a page, for who leads the case and for the staff of its house; what is raised."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound, Role
from amana.shelters import actions, people, queries, rules
from amana.shelters.stay_forms import EndForm, KeyWorkerForm, ReviewForm, SettleForm, SheetForm
from amana.standards import codes

KEY_WORKER, SHEET, REVIEW, SETTLE = "key_worker", "sheet", "review", "settle"
MISSING = "MISSING"
Row = Any  # a row of a table; views hold none


def _access(request: Request, code: str) -> Row:
    """Return a stay that was accepted; what is only held is nobody's stay yet."""
    row = queries.access_stay(request.actor, code)
    if row.state == rules.HELD or row.accepted_at is None:
        raise NotFound
    return row


@require_GET
def stays(request: Request) -> HttpResponse:
    """Show who sleeps in a house or is on the way, by code, for who answers for them."""
    inside = people.now_inside(request.actor)
    wrong = people.troubles(inside, request.now)
    rows = [
        {"stay": row, "until": people.may_stay_until(row), "troubles": wrong[row.pk]}
        for row in inside
    ]
    context = {"rows": rows, "works": request.actor.role in queries.STAFF}
    return render(request, "shelters/stays.html", context)


@require_GET
def raised(request: Request) -> HttpResponse:
    """Show what is wrong: people by code to who answers for them; houses to the coordination."""
    coordinates = request.actor.role is Role.COORDINATOR
    context = {
        "coordinates": coordinates,
        "works": request.actor.role in queries.STAFF,
        "houses": queries.raised(request.now) if coordinates else [],
        "n_lost": people.n_lost(request.now) if coordinates else 0,
        "rows": people.raised(request.actor, request.now),
    }
    return render(request, "shelters/raised.html", context)


@require_http_methods(["GET", "POST"])
def stay(request: Request, code: str) -> HttpResponse:
    """Show a stay; take its key worker, its admission sheet, a review, or what came of it."""
    row = _access(request, code)
    if request.method != "POST":
        return _shown(request, row)
    act = request.POST.get("act", "")
    if act not in _forms(request, row):
        raise NotFound
    form = _forms(request, row, act)[act]
    if not form.is_valid():
        return _shown(request, row, {act: form})
    said = form.cleaned_data
    if act == KEY_WORKER:
        actions.name_key_worker(
            stay_id=code, account_id=said["account"], actor=request.actor, now=request.now
        )
    elif act == SHEET:
        actions.write_sheet(stay_id=code, said=said, actor=request.actor, now=request.now)
    elif act == REVIEW:
        actions.review(stay_id=code, exit_on=said["exit_on"], actor=request.actor, now=request.now)
    else:
        actions.settle(stay_id=code, how=said["how"], actor=request.actor, now=request.now)
    return redirect(reverse("shelters:stay", args=[code]) + "?said=kept")


def _forms(request: Request, row: Row, act: str = "") -> dict[str, Form]:
    """Return the forms that this person may use now; the one that was sent holds what was said."""
    actor, made = request.actor, dict[str, Form]()
    lives_here, leads = row.state == rules.ADMITTED, actor.role in queries.ASKING

    def sent(name: str) -> Any:  # noqa: ANN401 - what a browser sent, or nothing
        return request.POST if name == act else None

    if lives_here and actor.role is Role.SHELTER_MANAGER:
        made[KEY_WORKER] = KeyWorkerForm(
            sent(KEY_WORKER),
            people=people.key_workers(row),
            initial={"account": row.key_worker},
        )
    if lives_here and actor.role in queries.STAFF:
        made[SHEET] = SheetForm(sent(SHEET), initial=people.sheet(actor, row))
    if lives_here and leads:
        made[REVIEW] = ReviewForm(sent(REVIEW), initial={"exit_on": row.exit_planned_on})
    if leads and row.exit in (MISSING, "NEVER_CAME") and not row.settled:
        made[SETTLE] = SettleForm(sent(SETTLE))
    return made


def _shown(request: Request, row: Row, wrong: dict[str, Form] | None = None) -> HttpResponse:
    forms = {**_forms(request, row), **(wrong or {})}
    context = {
        "stay": row,
        "works": request.actor.role in queries.STAFF,
        "leads": request.actor.role in queries.ASKING,
        "troubles": people.troubles([row], request.now)[row.pk],
        "until": people.may_stay_until(row),
        "key_worker": account_names().get(row.key_worker, ""),
        "sheet": people.sheet(request.actor, row),
        "others": people.other_stays(request.actor, row),
        "may_end": bool(rules.EXITS.get(row.state)),
        "forms": forms,
        "form": next(iter(wrong.values())) if wrong else None,
    }
    return render(request, "shelters/stay.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
def end(request: Request, code: str) -> HttpResponse:
    """Ask how a stay ends, and say what follows, before it does."""
    row = _access(request, code)
    if not rules.EXITS.get(row.state):
        raise NotFound
    is_sent = request.method == "POST"
    form = EndForm(request.POST if is_sent else None, state=row.state)
    if is_sent and form.is_valid():
        return _ended(request, code, form.cleaned_data["exit"])
    context = {"stay": row, "form": form, "leads": request.actor.role in queries.ASKING}
    return render(request, "shelters/end.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "POST"])
def missing(request: Request, code: str) -> HttpResponse:
    """Say who is told, before somebody is reported missing; report her."""
    row = _access(request, code)
    if not rules.EXITS.get(row.state):
        raise NotFound
    if request.method == "POST":
        return _ended(request, code, MISSING)
    return render(request, "shelters/missing.html", {"stay": row})


def _ended(request: Request, code: str, exit_: str) -> HttpResponse:
    actions.end_stay(stay_id=code, exit_=exit_, actor=request.actor, now=request.now)
    return redirect(reverse("shelters:stay", args=[code]) + "?said=kept")


@require_GET
def exit_sheet(request: Request, code: str) -> HttpResponse:
    """Show what somebody takes along who leaves, for paper: codes, and no address anywhere."""
    row = _access(request, code)
    if row.state != rules.ADMITTED:
        raise NotFound
    context = {"stay": row, "takes": list(codes.values("EXIT_TAKE"))}
    return render(request, "shelters/exit.html", context)
