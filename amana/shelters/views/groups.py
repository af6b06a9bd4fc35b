"""Beds for everybody of an operation on a page: files, requests, a proposal, holds, manifests."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.request import Request
from amana.access.rules import NotFound, Refused
from amana.shelters import groups, queries, rules
from amana.shelters.actions import escorts
from amana.shelters.actions import groups as acts
from amana.shelters.forms import AnswerForm
from amana.standards import codes
from amana.standards.shelters import load

STAGES = (
    groups.UNREAD, groups.NO_FILE, groups.NO_REQUEST, groups.WAITS, groups.ASKED, groups.HELD,
    rules.ACCEPTED, rules.TRAVELLING, rules.ADMITTED,
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def group(request: Request, code: str) -> HttpResponse:
    """Show how everybody of an operation stands with a bed; do the next step for all of them."""
    found = groups.access(request.actor, code)
    if request.method == "POST":
        return _acted(request, code)
    people = groups.guests(request.actor, code)
    waits = any(one.stage == groups.WAITS for one in people)
    is_asked = request.GET.get("propose") == "1"
    proposal = (
        groups.proposal(request.actor, code, request.now, unlocks=True)
        if waits and is_asked
        else None
    )
    counts = Counter(one.stage for one in people)
    context = {
        "row": found.row,
        "people": people,
        "stages": [(stage, counts[stage]) for stage in STAGES if counts[stage]],
        "counts": counts,
        "n_beds": sum(one.has_bed for one in people),
        "adults": [one for one in people if _must_agree(one)],
        "proposal": proposal,
        "bands": {one.case: one.line.band for one in people if one.case},
        "holds": [_held(alias, rows) for alias, rows in _holds(request, code)],
        "escorts": escorts(),
        "me": request.actor.account_id,
        "said": _said(request),
    }
    return render(request, "shelters/group.html", context)


def _must_agree(one: groups.Guest) -> bool:
    stages = (groups.NO_REQUEST, groups.WAITS)
    return one.stage in stages and rules.is_adult(one.line.age_band, load())


def _holds(request: Request, code: str) -> list[tuple[str, list[Any]]]:
    return list(groups.holds(request.actor, code).items())


def _held(alias: str, rows: list[Any]) -> dict[str, Any]:
    return {
        "alias": alias,
        "house": rows[0].shelter_id,
        "n": sum(len(queries.members_of(row.request)) for row in rows),
        "until": min(row.hold_until for row in rows),
    }


def _said(request: Request) -> dict[str, Any] | None:
    """Return what the last press did, as its address says: numbers and codes of objections."""
    if "n" not in request.GET:
        return None
    against = [c for c in request.GET.get("against", "").split(",") if c]
    known = codes.values("OBJECTION")
    return {
        "n": request.GET["n"] if request.GET["n"].isdecimal() else "0",
        "left": request.GET.get("left", "0") if request.GET.get("left", "0").isdecimal() else "0",
        "against": [c for c in against if c in known],
    }


def _acted(request: Request, code: str) -> HttpResponse:
    actor, now, said = request.actor, request.now, request.POST
    act = said.get("act", "")
    if act == "files":
        country = settings.NODE.country
        told = acts.open_files(code=code, country=country, actor=actor, now=now)
    elif act == "beds":
        agreed = said.getlist("agreed")
        told = acts.ask_beds(code=code, agreed=agreed, actor=actor, now=now)
        late = acts.agree(code=code, agreed=agreed, actor=actor, now=now)
        told.n += late.n
    elif act == "houses":
        places = [groups.read_asked(one) for one in said.getlist("place")]
        if not places:
            raise Refused(["NO_HOUSE_CHOSEN"])
        told = acts.ask_houses(code=code, places=places, actor=actor, now=now)
    elif act == "take":
        by = {name.removeprefix("escort-"): said[name] for name in said if name[:7] == "escort-"}
        told = acts.take_all(code=code, escorts=by, actor=actor, now=now)
    elif act == "record":
        told = acts.record_waiting(code=code, actor=actor, now=now)
    else:
        raise NotFound
    return redirect(reverse("shelters:group", args=[code]) + _told(told))


def _told(done: acts.Done) -> str:
    against = f"&against={','.join(sorted(done.against))}" if done.against else ""
    return f"?said=kept&n={done.n}&left={done.n_left}{against}"


@require_GET
def manifest(request: Request, code: str) -> HttpResponse:
    """Print who is brought to which house: wristbands, codes, age bands; never a name."""
    found = groups.access(request.actor, code)
    people = [one for one in groups.guests(request.actor, code) if one.has_bed]
    houses: dict[str, list[groups.Guest]] = {}
    for one in sorted(people, key=lambda g: (g.house, g.line.number)):
        houses.setdefault(one.house, []).append(one)
    context = {"row": found.row, "houses": list(houses.items()), "at": request.now}
    return render(request, "shelters/manifest.html", context)


@require_GET
def situation(request: Request, code: str) -> HttpResponse:
    """Print how an operation stands: counts by age and sex, and no code of anybody."""
    found = groups.access(request.actor, code)
    people = groups.guests(request.actor, code)
    by = Counter((g.line.age_band, g.line.sex, g.has_bed) for g in people)
    kinds = sorted({(band, sex) for band, sex, _bed in by})
    context = {
        "row": found.row,
        "n": len(people),
        "n_beds": sum(g.has_bed for g in people),
        "n_houses": len({g.house for g in people if g.has_bed}),
        "n_without_file": sum(not g.case for g in people),
        "kinds": [(b, s, by[b, s, True], by[b, s, False]) for b, s in kinds],
        "stages": [(s, n) for s, n in Counter(g.stage for g in people).items()],
        "at": request.now,
    }
    return render(request, "shelters/situation.html", context)


@require_http_methods(["GET", "POST"])
def group_asked(request: Request, code: str) -> HttpResponse:
    """Show a house what it is asked for one operation; take one answer for many."""
    rows = groups.asks_of(request.actor, code)
    if request.method == "POST":
        form = AnswerForm(request.POST)
        ticked = {int(one) for one in request.POST.getlist("ask") if one.isdecimal()}
        if not form.is_valid() or form.cleaned_data["act"] not in ("yes", "no"):
            raise NotFound
        if not ticked:
            raise Refused(["NOBODY_TICKED"])
        is_no = form.cleaned_data["act"] == "no"
        reason = (form.cleaned_data["reason"] or "FULL_AFTER_ALL") if is_no else ""
        told = acts.answer_all(
            code=code, asks=ticked, reason=reason, actor=request.actor, now=request.now
        )
        return redirect(reverse("shelters:group-asked", args=[code]) + _told(told))
    context = {
        "code": code,
        "rows": [
            {"ask": row, "people": queries.asked_people(request.actor, row)}
            for row in rows
            if row.state == "OPEN"
        ],
        "n_held": sum(row.state != "OPEN" for row in rows),
        "answer": AnswerForm(),
        "said": _said(request),
    }
    return render(request, "shelters/group_asked.html", context)
