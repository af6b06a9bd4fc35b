"""What is published, for everybody; counting and publishing, for statisticians."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import Refused, Role
from amana.knowledge import (
    actions,
    corridor,
    needs,
    observatory,
    pages,
    publications,
    queries,
    rules,
)
from amana.knowledge.forms import TableForm, said_by
from amana.look.coded import language
from amana.standards import statistics

CSV = "text/csv; charset=utf-8"
# The forms that are JSON.
JSON = ("json", "htcds")


@require_GET
def published(request: Request) -> HttpResponse:
    """Show what is published, the newest first."""
    rows = [
        {"one": one, "title": pages.title(one.definition), "unit": one.definition.unit}
        for one in publications.everything()
    ]
    agenda = [
        (goal.indicator, goal.is_computed, goal.words.said_in(language()))
        for goal in statistics.load().agenda
    ]
    context = {"rows": rows, "agenda": agenda, "may_count": _may_count(request)}
    return render(request, "knowledge/published.html", context)


def _may_count(request: Request) -> bool:
    return request.found_actor is not None and request.found_actor.role is Role.STATISTICIAN


@require_GET
def table(request: Request, series: str, version: int) -> HttpResponse:
    """Show one version of a table: its numbers, what they are, and how they were kept safe."""
    return _table(request, series, version)


def _table(
    request: Request, series: str, version: int, *, is_same: bool | None = None
) -> HttpResponse:
    one = publications.published(series, version)
    if one.kind == rules.SYNTHETIC:
        return render(request, "knowledge/rows.html", _rows(request, one) | {"is_same": is_same})
    wanted = one.definition
    cells = [rules.Cell(c["of"], c["value"]) for c in one.content["cells"]]
    common = _common(request, one)
    context = {
        **common,
        "grids": pages.grids(wanted, cells),
        # The drawings escape what they hold; no word of a person is among it.
        "charts": [
            mark_safe(svg)  # noqa: S308
            for svg in pages.charts(wanted, cells, common["source"])
        ],
        "left_out": publications.left_out(one),
        "least_alike": statistics.load().least_alike,
        "is_same": is_same,
    }
    return render(request, "knowledge/table.html", context)


def _common(request: Request, one: publications.Published) -> dict[str, Any]:
    """Return what every page of a version shows: what it is, where from, in which forms."""
    return {
        "one": one,
        "wanted": one.definition,
        "title": pages.title(one.definition),
        "source": pages.source(one),
        "forms": publications.forms(one),
        "others": [v for v in publications.versions(one.series) if v != one.version],
        "may_count": _may_count(request),
    }


def _rows(request: Request, one: publications.Published) -> dict[str, Any]:
    said = one.content["report"]
    return {
        **_common(request, one),
        "promise": {name: pages.number(said[name]) for name in ("epsilon", "delta")},
        "report": said,
        "n_rows": pages.shown(said["rows"]),
        "one_in": pages.shown(round(1 / said["shown_under_k_at_most_with_probability"])),
        "budget": pages.number(statistics.load().synthetic.budget),
        "codebook": pages.codebook(one.content),
    }


@require_GET
def take(_request: Request, series: str, version: int, form: str) -> HttpResponse:
    """Give one version in a format that machines read: the same bytes each time."""
    one = publications.published(series, version)
    if form not in publications.forms(one):
        raise Http404
    kind, ending = ("application/json", "json") if form in JSON else (CSV, "csv")
    response = HttpResponse(publications.taken_out(one, form)[0], content_type=kind)
    name = f"amana-{form}-{version}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "POST"])
def count(request: Request) -> HttpResponse:
    """Count a table and try to break it, without publishing; say what could be published."""
    queries.team_of(request.actor)
    if request.method == "GET" and not request.GET:
        start = {"unit": rules.PERSON, "by": ["sex", "age"], "method": rules.WITHHOLD}
        return render(request, "knowledge/count.html", {"form": TableForm(initial=start)})
    return _tried(request, TableForm(request.POST or request.GET))


def _tried(request: Request, form: TableForm, objections: list[str] | None = None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "objections": objections or []}
    if form.is_valid():
        wanted = form.definition()
        found = actions.tried(wanted, request.actor, request.now)
        context["objections"] = list(dict.fromkeys([*context["objections"], *found.objections]))
        context["ways"] = [_way(way) for way in found.ways]
        if found.ready is not None:
            context |= {
                "ready": found.ready,
                "grids": pages.grids(wanted, found.ready.cells) if found.ready.is_safe else [],
                "title": pages.title(wanted),
            }
    status = 422 if context["objections"] else 200
    return render(request, "knowledge/count.html", context, status=status)


def _way(way: rules.WayOut) -> Mapping[str, Any]:
    said = {
        "WITHHOLD": _("Withhold the small numbers, and what leads to them"),
        "ROUND": _("Round every number to a multiple of %(about)s"),
        "ROLL_UP": _("Citizenship as: own, abroad, not known"),
        "LEAVE_OUT": _("Leave out: %(about)s"),
    }[way.kind]
    about = pages.heading(way.about) if way.kind == "LEAVE_OUT" else way.about
    return {
        "words": said % {"about": about},
        "withheld": way.withheld,
        "cells": way.cells,
        "fields": said_by(way.definition),
    }


@require_POST
def publish(request: Request) -> HttpResponse:
    """Publish a table for ever, or show what stands against it."""
    form = TableForm(request.POST)
    if not form.is_valid():
        return _tried(request, form)
    try:
        row = actions.publish(wanted=form.definition(), actor=request.actor, now=request.now)
    except Refused as refused:
        return _tried(request, form, refused.objections)
    return redirect("knowledge:table", row.series, row.version)


@require_POST
def again(request: Request, series: str, version: int) -> HttpResponse:
    """Make a published table again from its facts, and say whether it is the same."""
    is_same = actions.reproduced(
        series=series, version=version, actor=request.actor, now=request.now
    )
    return _table(request, series, version, is_same=is_same)


@require_GET
def flows(request: Request) -> HttpResponse:
    """Show what is known of flows, since 2016, every point with where it comes from."""
    return render(request, "knowledge/flows.html", observatory.shown_flows())


@require_GET
def between(request: Request) -> HttpResponse:
    """Show what is known, promised and published between the two countries."""
    return render(request, "knowledge/corridor.html", corridor.shown_corridor(request.now))


@require_GET
def needed(request: Request) -> HttpResponse:
    """Show what people needed, by profile, as far as it is published."""
    context = needs.shown_needs(request.now, may_count=_may_count(request))
    return render(request, "knowledge/needs.html", context)
