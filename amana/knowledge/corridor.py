"""Between the two countries, in both directions: what is known, promised and published. No person.

What nobody publishes is not there, and the page says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from amana.agreements import queries as agreements
from amana.agreements.rules import State
from amana.knowledge import pages, publications, rules
from amana.knowledge.drawing.charts import lines
from amana.knowledge.drawing.facts import Chart, Fact, Series
from amana.knowledge.observatory import SINCE, few, flow_row, name_of, pair, source_of
from amana.knowledge.pages import Grid
from amana.look.coded import label, language
from amana.standards import codes, flows
from amana.standards.clocks import TIERS, Clock, Clocks
from amana.standards.flows import Flow

# A clock inside one country is no promise to the other.
OWN_CLOCKS = frozenset({"screening_review"})


@dataclass(frozen=True)
class Way:
    """One direction: whose citizens, detected where, every point, and a drawing of several."""

    origin: str
    destination: str
    points: list[dict[str, str]]
    transit: list[dict[str, str]]
    drawing: SafeString | None


def shown_corridor(now: datetime) -> dict[str, Any]:
    """Return the page: both directions, the texts in force, the clocks, what is published here."""
    known, both = flows.load(), pair()
    held = [e for e in agreements.entries() if e.bound.agreement.countries.issuperset(both)]
    own = agreements.own_country()
    partners = [country for country in both if country != own]
    return {
        "since": SINCE,
        "countries": [name_of(country) for country in both],
        "ways": [_way(known, *ends) for ends in permutations(both, 2)],
        "agreements": [_agreement(e) for e in held if e.bound.state(now) is State.IN_FORCE],
        "clocks": [_clocks(agreements.clocks_with(partner, now, held)) for partner in partners[:1]],
        "published": [_published(partner) for partner in partners],
    }


def _way(known: flows.Flows, origin: str, destination: str) -> Way:
    mine = sorted(_between(known.flows, origin, destination), key=lambda p: p.year)
    return Way(
        origin=name_of(origin),
        destination=name_of(destination),
        points=[flow_row(one) for one in mine],
        transit=[flow_row(one) for one in _between(known.transit, origin, destination)],
        drawing=drawn(mine),
    )


def _between(points: Iterable[Flow], origin: str, destination: str) -> list[Flow]:
    ends = (origin, destination)
    return [p for p in points if (p.origin, p.destination) == ends and p.year >= SINCE]


def drawn(points: Sequence[Flow]) -> SafeString | None:
    """Return several points of one source over the years; fewer are read faster as words."""
    if len(points) < 2 or len({point.source for point in points}) > 1:
        return None
    by_year = {point.year: point for point in points}
    first, ends = points[0], (name_of(points[0].origin), name_of(points[0].destination))
    title = _("Citizens of %(origin)s detected in %(host)s") % {"origin": ends[0], "host": ends[1]}
    chart = Chart(
        name=f"corridor_{first.origin}_{first.destination}",
        lang=language(),
        title=title,
        description=_("The same numbers stand in the table."),
        unit=_("Persons"),
        source=source_of(first.source),
        labels=_("Year"),
        series=(Series(title, tuple(_fact(y, by_year.get(y)) for y in _years(by_year))),),
    )
    return mark_safe(lines(chart))  # noqa: S308 - escaped there


def _years(found: Iterable[int]) -> range:
    return range(min(found), max(found) + 1)


def _fact(year: int, point: Flow | None) -> Fact:
    if point is None:
        return Fact(str(year), None, _("no figure"))
    return Fact(str(year), point.value, few(point.value), withheld=point.value is None)


def _agreement(entry: agreements.Entry) -> dict[str, Any]:
    """Return what everybody may know of a text: its title, its day, our mark of the rendering."""
    agreement = entry.bound.agreement
    return {
        "title": agreement.title.said_in(language()),
        "signed_on": agreement.signed_on,
        "signed_at": agreement.signed_at.said_in(language()),
        "mark": label("MARK", agreement.mark),
        "source": source_of(agreement.source),
    }


def _clocks(found: Clocks) -> dict[str, Any]:
    """Return by when each answers the other: a row for each word that is owed, and its source."""
    held = {key for key, _tier in found.held} - OWN_CLOCKS
    known = [key for key in codes.values("CLOCK") if key in held]
    sources: dict[str, list[str]] = {}
    for key in known:
        for said in dict.fromkeys(_source_of(c) for c in _of_tiers(found, key) if c):
            sources.setdefault(said, []).append(label("CLOCK", key))
    grid = Grid(
        _("By when each answers the other"),
        (_("Clock"),),
        tuple(label("TIER", tier) for tier in TIERS),
        tuple(((label("CLOCK", key),), tuple(map(_span, _of_tiers(found, key)))) for key in known),
    )
    # Where all have one source, their names need not be said again.
    named = {said: [] if len(sources) == 1 else clocks for said, clocks in sources.items()}
    return {
        "grids": [grid],
        "sources": [(said, " · ".join(clocks)) for said, clocks in named.items()],
    }


def _of_tiers(found: Clocks, key: str) -> list[Clock | None]:
    return [found.held.get((key, tier)) for tier in TIERS]


def _span(clock: Clock | None) -> str:
    return "–" if clock is None else f"{clock.value} {label('UNIT', clock.unit)}"


def _source_of(clock: Clock) -> str:
    """Return whence a delay is, with our mark."""
    return f"{source_of(clock.source)} ({label('MARK', clock.mark)})"


def _published(partner: str) -> dict[str, Any]:
    """Return what this node published of the citizens of a country, and nothing else."""
    rows = []
    for one in publications.newest():
        try:
            value = one.value({rules.CITIZENSHIP: partner})
        except KeyError:
            continue
        rows.append(
            {
                "url": reverse("knowledge:table", args=[one.series, one.version]),
                "title": pages.title(one.definition),
                "days": pages.days(one.definition),
                "value": pages.shown(value),
            }
        )
    return {"country": name_of(partner), "rows": rows}
