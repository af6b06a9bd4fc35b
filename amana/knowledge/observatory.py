"""The observatory: what is publicly known since 2016, every point with its source."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from amana.knowledge.drawing.charts import lines
from amana.knowledge.drawing.facts import Chart, Fact, FlowMap, Place, Series
from amana.knowledge.drawing.facts import Flow as Arc
from amana.knowledge.drawing.flows import flow_map, is_on_map
from amana.knowledge.pages import shown
from amana.look.coded import language
from amana.standards import citations, countries, flows
from amana.standards.flows import Detected, Flow

# From here on the first page of the memorandum's own figures is told.
SINCE = 2016
# So many arcs can be told apart on a phone.
MOST_ARCS = 9


def shown_flows() -> dict[str, Any]:
    """Return the page: a chart of each country, the map, and every point in tables."""
    known = flows.load()
    return {
        "charts": [mark_safe(lines(_detected(known.detected)))],  # noqa: S308 - escaped there
        "map": mark_safe(flow_map(_map(known))),  # noqa: S308 - escaped there
        "detected": [_row(one) for one in known.detected],
        "flows": [flow_row(one) for one in known.flows],
        "since": SINCE,
    }


def pair() -> tuple[str, ...]:
    """Return the countries whose citizens the loaded flows are of."""
    return tuple(sorted({flow.origin for flow in flows.load().flows}))


def name_of(country: str) -> str:
    """Return a country in the reader’s language."""
    return countries.label(country, language())


def source_of(source: str) -> str:
    """Return a source in the reader’s language."""
    return citations.load()[source].words.said_in(language())


def _is_year(one: Detected) -> bool:
    return (one.until - one.since).days in {364, 365} and one.since.timetuple().tm_yday == 1


def few(value: int | None) -> str:
    """Return a number; what the source withholds is what its mark says."""
    return _("under 5") if value is None else shown(value)


def _detected(points: Iterable[Detected]) -> Chart:
    """Return detected victims by year, of one source alone: others count otherwise."""
    mine = {
        (p.country, p.since.year): p
        for p in points
        if _is_year(p) and p.source == flows.SERIES and p.since.year >= SINCE
    }
    years = range(SINCE, max(year for _country, year in mine) + 1)
    return Chart(
        name="detected",
        lang=language(),
        title=_("Victims detected, by year"),
        description=_("As each country reported them. A year without a figure is empty."),
        unit=_("Persons"),
        source=source_of(flows.SERIES),
        labels=_("Year"),
        series=tuple(
            Series(
                name_of(country), tuple(_fact(year, mine.get((country, year))) for year in years)
            )
            for country in pair()
        ),
    )


def _fact(year: int, point: Detected | None) -> Fact:
    if point is None:
        return Fact(str(year), None, _("no figure"))
    return Fact(str(year), point.value, few(point.value), withheld=point.value is None)


def _map(known: flows.Flows) -> FlowMap:
    """Return the largest flows of all years together, between places."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for one in known.flows:
        sums[one.origin, one.destination] += one.value or 0
    drawn = {code for code, at in known.places.items() if is_on_map(*at)}
    largest = sorted(
        ((n, pair) for pair, n in sums.items() if n and drawn.issuperset(pair)), reverse=True
    )[:MOST_ARCS]
    used = dict.fromkeys(code for _n, pair in largest for code in pair)
    return FlowMap(
        name="flows",
        lang=language(),
        title=_("Citizens of both countries detected as victims elsewhere"),
        description=_(
            "All years since 2016 together. Lines join countries; they are no routes. "
            "Countries beyond the map stand in the table."
        ),
        unit=_("Persons"),
        source=source_of(flows.SERIES),
        heads=(_("From"), _("To"), _("Number")),
        roles=(_("Country of citizenship"), _("On the way"), _("Country that detected")),
        places=tuple(
            Place(name_of(c), *known.places[c], "origin" if c in pair() else "destination")
            for c in used
        ),
        flows=tuple(
            Arc(name_of(start), name_of(end), float(n), shown(n)) for n, (start, end) in largest
        ),
    )


def _row(one: Detected) -> dict[str, str]:
    since, until = one.since, one.until
    days = str(since.year) if _is_year(one) else f"{date_format(since)} – {date_format(until)}"
    return {
        "country": name_of(one.country),
        "period": days,
        "value": few(one.value),
        "source": source_of(one.source),
    }


def flow_row(one: Flow) -> dict[str, str]:
    """Return one point of a flow as a table shows it."""
    return {
        "origin": name_of(one.origin),
        "destination": name_of(one.destination),
        "year": str(one.year),
        "value": few(one.value),
        "source": source_of(one.source),
    }
