"""Whom to call abroad, the words of every root, the feasts of this country."""

from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import DESK, Refused
from amana.audit import queries as log
from amana.crypto.signing import key_id
from amana.exchange import queries, rules, trust
from amana.exchange.actions import trusting
from amana.exchange.directory import Directory, fingerprint_in
from amana.exchange.forms import RootForm
from amana.exchange.rules import Unacceptable
from amana.standards.ceremony import words_of

N_FEASTS = 6
SAID = {"rest": True, "work": False, "nothing": None}


@require_GET
def desks(request: Request) -> HttpResponse:
    """Show the desks of every country: whom to call now, and whether their word can be trusted."""
    own, row = queries.own_directory(), queries.published()
    entries = [
        _entry(
            queries.peer_directory(peer.country, request.now, grace=rules.FOR_EVER),
            peer.pinned_root,
            request.now,
        )
        for peer in queries.peers()
    ]
    ours = _entry(own, fingerprint_in(bytes(row.file)), request.now) if own and row else None
    context = {
        "entries": entries,
        "ours": ours,
        "may_compare": request.actor.role in trusting.CONFIRMS,
        "may_renew": request.actor.holds(DESK),
        "key_waits": trusting.desk_key_waits(),
    }
    return render(request, "exchange/desks.html", context)


@require_POST
def renew_key(request: Request) -> HttpResponse:
    """Give the desk a new key, to be signed into the next directory."""
    trusting.renew_desk_key(actor=request.actor, now=request.now)
    return redirect(reverse("exchange:desks") + "?said=desk_key_renewed")


def _entry(directory: Directory, root: str, now: datetime) -> dict[str, Any]:
    calendar = queries.calendar(directory.country, now)
    there = now.astimezone(calendar.zone)
    is_rest = calendar.is_rest_day(there.date())
    return {
        "country": directory.country,
        "contacts": [
            {"contact": c, "is_open": c.is_open(there, is_rest_day=is_rest)}
            for c in directory.contacts
        ],
        "phone": directory.phone,
        "zone": str(calendar.zone),
        "there": there,
        "is_rest": is_rest,
        "is_estimate": calendar.is_estimate(there.date()),
        "feasts": [h for h in directory.holidays if h.day >= there.date()][:N_FEASTS],
        "version": directory.version,
        "expires_at": directory.expires_at,
        "is_lapsed": directory.expires_at < now,
        "ends_soon": directory.expires_at - now < trust.REMINDER,
        "witnessed_at": log.last_heard(directory.log_name),
        "words": words_of(root),
        "root": root,
        "keys": [(name, key_id(trust.party_of(directory, name).signer)) for name in trust.PARTIES],
        "n_held": queries.n_held(directory.country),
    }


@require_GET
def roots(request: Request) -> HttpResponse:
    """Show the words that two people compare, to be read aloud and printed as an annex."""
    return _roots(request, RootForm())


def _roots(request: Request, form: RootForm, *, status: int = 200) -> HttpResponse:
    row, names = queries.published(), account_names()
    pinned = [(peer.country, peer.pinned_root, peer.pinned_at) for peer in queries.peers()]
    own = [(queries.own().country, fingerprint_in(bytes(row.file)), row.at)] if row else []
    context = {
        "annex": [
            {"country": country, "root": root, "words": words_of(root), "at": at, "is_own": not n}
            for n, (country, root, at) in enumerate(own + pinned, 0 if own else 1)
        ],
        "waiting": [
            {
                "country": found.country,
                "root": found.root,
                "words": words_of(found.root),
                "brought_at": found.brought_at,
                "first_by": names.get(found.first_by, found.first_by),
                "first_at": found.first_at,
                "is_mine": found.first_by == request.actor.account_id,
            }
            for found in queries.candidates()
        ],
        "form": form,
    }
    return render(request, "exchange/roots.html", context, status=status)


@require_POST
def bring(request: Request) -> HttpResponse:
    """Lay a country's file beside, to be compared."""
    if not request.FILES:
        return redirect(reverse("exchange:roots"))
    form = RootForm(request.POST, request.FILES)
    if not form.is_valid():
        return _roots(request, form, status=422)
    try:
        trusting.bring_root(form.cleaned_data["file"], actor=request.actor, now=request.now)
    except Unacceptable:
        raise Refused(["NOT_A_DIRECTORY"]) from None
    return redirect(reverse("exchange:roots") + "?said=root_brought")


@require_POST
def compare(request: Request) -> HttpResponse:
    """Say that this person heard the same words from the other country."""
    if not request.POST.get("country"):
        return redirect(reverse("exchange:roots"))
    peer = trusting.compare_root(
        request.POST["country"],
        root=request.POST.get("root", ""),
        actor=request.actor,
        now=request.now,
    )
    said = "root_pinned" if peer else "root_compared"
    return redirect(reverse("exchange:roots") + f"?said={said}")


@require_GET
def holidays(request: Request) -> HttpResponse:
    """Show the feasts of this country until the end of next year."""
    today = request.now.astimezone(queries.calendar(queries.own().country, request.now).zone).date()
    found = queries.holidays([today.year, today.year + 1])
    said = queries.said_days()
    listed = {h.day: {"day": h.day, "holiday": h, "said": said.get(h.day)} for h in found}
    for day, is_rest in said.items():
        listed.setdefault(day, {"day": day, "holiday": None, "said": is_rest})
    context = {"days": [listed[day] for day in sorted(listed) if day >= today], "today": today}
    return render(request, "exchange/holidays.html", context)


@require_POST
def say_holiday(request: Request) -> HttpResponse:
    """Confirm a feast, say that it falls on no such day, or take that back."""
    try:
        day, said = date.fromisoformat(request.POST.get("day", "")), SAID[request.POST["said"]]
    except (ValueError, KeyError):
        # Nothing that could be read was said: nothing is noted.
        return redirect(reverse("exchange:holidays"))
    trusting.say_holiday(day, is_rest=said, actor=request.actor, now=request.now)
    return redirect(reverse("exchange:holidays") + "?said=holiday_said")
