"""What people needed, by profile: from published tables alone, with what they withhold withheld."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from amana.knowledge import pages, publications, rules
from amana.knowledge.drawing.charts import bars
from amana.knowledge.drawing.facts import Chart, Fact, Series
from amana.knowledge.pages import Grid
from amana.knowledge.publications import Published
from amana.look.coded import label, language
from amana.standards import codes, statistics

# So many profiles of one table are drawn; all of them stand behind its link.
MOST_PROFILES = 12
Codes = Mapping[str, str]


@dataclass(frozen=True)
class Profile:
    """Who: in words, how many, what they needed as a drawing and as a table."""

    title: str
    number: str
    drawing: SafeString | None
    grids: tuple[Grid, ...]


@dataclass(frozen=True)
class Needed:
    """One published table: what it is, where it stands, and its profiles."""

    title: str
    unit: str
    days: str
    url: str
    version: int
    source: str
    profiles: list[Profile]
    # Whether some profiles stand behind the link alone.
    is_cut: bool


def shown_needs(now: datetime, *, may_count: bool) -> dict[str, Any]:
    """Return the page: the newest published table of each breakdown that needs are crossed with."""
    newest: dict[tuple[str, ...], Published] = {}
    for one in publications.newest():
        if any(map(_is_need, one.definition.dimensions)):
            newest.setdefault(_beside(one), one)
    tables = [_needed(one, number) for number, one in enumerate(newest.values(), start=1)]
    return {"tables": tables, "count_url": _count_url(now.date()) if may_count else ""}


def _is_need(axis: str) -> bool:
    return axis.startswith(rules.NEED)


def _beside(one: Published) -> tuple[str, ...]:
    """Return by what a table breaks down needs."""
    return tuple(axis for axis in one.definition.dimensions if not _is_need(axis))


def _count_url(today: date) -> str:
    """Return the form of a table of needs by sex and age: of the days published last, or a year."""
    last = next((one.definition for one in publications.newest()), None)
    a_year_ago = date(today.year - 1, 1, 1), date(today.year, 1, 1) - timedelta(days=1)
    since, until = (last.since, last.until) if last else a_year_ago
    asked = [
        *(("unit", rules.PERSON), ("since", since.isoformat()), ("until", until.isoformat())),
        *(("by", by) for by in ("age", "need", "sex")),
        *(("method", rules.WITHHOLD), ("base", str(statistics.load().bases[0]))),
    ]
    return reverse("knowledge:count") + "?" + urlencode(asked)


def _needed(one: Published, number: int) -> Needed:
    cells = {rules.key(c["of"]): c["value"] for c in one.content["cells"]}
    found = list(_profiles([c["of"] for c in one.content["cells"]]))
    source = pages.source(one)
    drawn = [
        _profile(of, cells, one, f"needs{number}_{at}", source)
        for at, of in enumerate(found[:MOST_PROFILES])
    ]
    return Needed(
        title=pages.title(one.definition),
        unit=label("STAT_UNIT", one.definition.unit),
        days=pages.days(one.definition),
        url=reverse("knowledge:table", args=[one.series, one.version]),
        version=one.version,
        source=source,
        profiles=drawn,
        is_cut=len(found) > MOST_PROFILES,
    )


def _profiles(listed: Iterable[Codes]) -> Iterator[Codes]:
    """Yield everybody, then each profile that has needs of its own, the coarse before the fine."""
    seen: dict[str, Codes] = {}
    for of in listed:
        if any(map(_is_need, of)):
            beside = {axis: code for axis, code in of.items() if not _is_need(axis)}
            seen.setdefault(rules.key(beside), beside)
    yield from sorted(seen.values(), key=lambda of: (len(of), sorted(of), _words(of)))


def _words(of: Codes) -> str:
    return " · ".join(pages.words(axis, of[axis]) for axis in sorted(of))


def _profile(
    of: Codes, cells: Mapping[str, int | None], one: Published, name: str, source: str
) -> Profile:
    """Return one profile; a need that its table does not have is left out."""
    title = _words(of) or _("Everybody")
    rows = [
        (pages.heading(rules.NEED + need), said)
        for need in codes.values(statistics.load().needs)
        if (said := _said(of, need, cells))
    ]
    facts = [_fact(words, said) for words, said in rows]
    # What is needed most stands first; what is withheld stands after what is shown.
    facts.sort(key=lambda f: (f.value is None, -(f.value or 0), f.label))
    is_exact = one.definition.method != rules.ROUND
    grid = Grid(
        title,
        (_("Need"),),
        (_("Needed"), _("Not needed"), _("Not asked"), _("Share of those asked")),
        tuple(
            ((words,), (*map(pages.shown, _three(said)), _share(said, is_exact)))
            for words, said in rows
        ),
    )
    chart = Chart(
        name=name,
        lang=language(),
        title=title,
        description=_("The same numbers stand in the table."),
        unit=label("STAT_UNIT", one.definition.unit),
        source=source,
        labels=_("Need"),
        series=(Series(_("Needed"), tuple(facts)),),
    )
    number = cells.get(rules.key(of))
    return Profile(
        title=title,
        number=pages.shown(number) if rules.key(of) in cells else "–",
        drawing=mark_safe(bars(chart)) if any(f.value for f in facts) else None,  # noqa: S308
        grids=(grid,),
    )


Said = Mapping[str, int | None]


def _said(of: Codes, need: str, cells: Mapping[str, int | None]) -> Said:
    """Return what a table says of one need of a profile: by answer; an answer may be missing."""
    axis = rules.NEED + need
    keys = {
        answer: rules.key({**of, axis: answer}) for answer in (rules.YES, rules.NO, rules.UNKNOWN)
    }
    return {answer: cells[key] for answer, key in keys.items() if key in cells}


def _three(said: Said) -> tuple[int | None, ...]:
    """Return how many needed it, did not, were not asked; an answer nobody gave is zero."""
    return tuple(said.get(answer, 0) for answer in (rules.YES, rules.NO, rules.UNKNOWN))


def _fact(words: str, said: Said) -> Fact:
    value = said.get(rules.YES, 0)
    return Fact(words, value, pages.shown(value), withheld=value is None)


def _share(said: Said, is_exact: bool) -> str:  # noqa: FBT001 - one fact of the table
    """Return how many of a hundred who were asked needed it; nothing where a part is not exact."""
    needed, others, _not_asked = _three(said)
    if needed is None or others is None or not needed + others or not is_exact:
        return "–"
    return f"{round(100 * needed / (needed + others))} %"
