"""What a page shows of a published table: words for codes, the table, a chart of each margin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from amana.knowledge import rules
from amana.knowledge.drawing.charts import bars
from amana.knowledge.drawing.facts import Chart, Fact, Series, table
from amana.knowledge.publications import Published
from amana.knowledge.rules import Cell, Definition
from amana.look.coded import label, language
from amana.standards import countries, statistics

# What a chart can hold and still be read on a phone.
MOST_BARS = 16


def words(axis: str, code: str) -> str:
    """Return a code of a dimension in the reader's language."""
    if axis.startswith(rules.NEED):
        said = {rules.YES: _("Needed"), rules.NO: _("Not needed"), rules.UNKNOWN: _("Not asked")}
        return said[code]
    if code == rules.ABROAD:
        return _("Abroad")
    if code == rules.UNKNOWN:
        return _("Not known")
    return label(statistics.load().dimensions[axis], code)


def heading(axis: str) -> str:
    """Return what a dimension is called."""
    if axis.startswith(rules.NEED):
        return label(statistics.load().needs, axis.removeprefix(rules.NEED))
    return label("STAT_DIMENSION", axis)


def shown(value: int | None) -> str:
    """Return a number as people read it, or that it is withheld."""
    return (
        _("withheld") if value is None else number_format(value, use_l10n=True, force_grouping=True)
    )


def number(value: float) -> str:
    """Return a number with a part of one as people read it, with no more digits than it has."""
    return number_format(Decimal(f"{value:g}"), use_l10n=True)


def title(wanted: Definition) -> str:
    """Return what a table is called: the unit, and by what."""
    by = {_("needs") if a.startswith(rules.NEED) else heading(a).lower() for a in wanted.dimensions}
    unit = label("STAT_UNIT", wanted.unit)
    said = f"{unit} · {' × '.join(sorted(by))}" if by else unit
    if wanted.method == rules.SYNTHETIC:
        return _("Synthetic rows: %(of)s") % {"of": said}
    return said


def days(wanted: Definition) -> str:
    """Return the days that are counted, as people read them."""
    return f"{date_format(wanted.since)} – {date_format(wanted.until)}"


def source(one: Published) -> str:
    """Return whence the numbers of a version are."""
    return _("Source: %(node)s, version %(version)s") % {
        "node": countries.label(one.content["country"], language()),
        "version": one.version,
    }


def codebook(content: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each column of synthetic rows, and the codes shown in it with their words."""
    return [
        (heading(held["column"]), [(code, words(held["column"], code)) for code in held["values"]])
        for held in content["codebook"]
    ]


@dataclass(frozen=True)
class Grid:
    """One table of a publication: columns of the last dimension, a row for each of the others."""

    caption: str
    heads: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def is_wide(self) -> bool:
        """Whether it is too wide for a phone, where each row becomes a card."""
        return len(self.heads) + len(self.columns) > 3

    @property
    def labelled(self) -> list[tuple[tuple[str, ...], list[tuple[str, str]]]]:
        """Return the rows with each number beside the name of its column."""
        return [(heads, list(zip(self.columns, cells, strict=True))) for heads, cells in self.rows]


def grids(wanted: Definition, cells: Sequence[Cell]) -> list[Grid]:
    """Return every table of a publication, in words."""
    return [_grid(crossing, cells) for crossing in wanted.crossings]


def beside(drawn: Chart) -> Grid:
    """Return the table that stands beside a drawing, and says the same in the same words."""
    same = table(drawn)
    rows = tuple(((row[0],), row[1:]) for row in same.rows)
    return Grid(drawn.title, same.head[:1], same.head[1:], rows)


def _grid(crossing: tuple[str, ...], cells: Sequence[Cell]) -> Grid:
    mine = {rules.key(c.of): c for c in cells if set(c.of) <= set(crossing)}
    if not crossing:
        (only,) = mine.values()
        return Grid(_("All"), (_("All"),), (_("Number"),), (((_("All"),), (shown(only.value),)),))
    *beside, across = crossing
    spans = {axis: _codes(axis, mine.values()) for axis in crossing}
    rows = []
    for place in _places(beside, spans):
        numbers = []
        for code in (*spans[across], ""):
            of = {**place, **({across: code} if code else {})}
            cell = mine.get(rules.key(of))
            numbers.append("–" if cell is None else shown(cell.value))
        heads = tuple(words(a, place[a]) if a in place else _("All") for a in beside)
        rows.append((heads or (_("All"),), tuple(numbers)))
    return Grid(
        " × ".join(map(heading, crossing)),
        tuple(map(heading, beside)) or ("",),
        (*(words(across, code) for code in spans[across]), _("All")),
        tuple(rows),
    )


def _codes(axis: str, cells: Any) -> tuple[str, ...]:  # noqa: ANN401 - a view of a mapping
    return tuple(sorted({c.of[axis] for c in cells if axis in c.of}, key=lambda c: words(axis, c)))


def _places(axes: Sequence[str], spans: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Yield every place of these dimensions, the whole of each after its codes."""
    if not axes:
        yield {}
        return
    first, *rest = axes
    for code in (*spans[first], ""):
        for place in _places(rest, spans):
            yield {**({first: code} if code else {}), **place}


def charts(wanted: Definition, cells: Sequence[Cell], source: str) -> list[str]:
    """Return a drawing of each dimension by itself; its numbers stand in the table too."""
    drawn = []
    for place, axis in enumerate(a for a in wanted.dimensions if not a.startswith(rules.NEED)):
        facts = [
            Fact(words(axis, c.of[axis]), c.value, shown(c.value), withheld=c.value is None)
            for c in cells
            if set(c.of) == {axis}
        ]
        facts.sort(key=lambda f: (f.value is None, -(f.value or 0), f.label))
        if facts and any(f.value for f in facts):
            drawn.append(
                bars(
                    Chart(
                        name=f"chart{place}",
                        lang=language(),
                        title=heading(axis),
                        description=_("The same numbers stand in the table."),
                        unit=label("STAT_UNIT", wanted.unit),
                        source=source,
                        labels=heading(axis),
                        series=(Series(title(wanted), tuple(facts[:MOST_BARS])),),
                    )
                )
            )
    return drawn
