"""What the dashboard is made of: a matter, its drawing, its table, and what to do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from amana.knowledge import pages
from amana.knowledge.drawing.charts import bars
from amana.knowledge.drawing.facts import Chart, Fact, Series
from amana.knowledge.pages import Grid
from amana.look.coded import language
from amana.look.templatetags.look import moment_in_words
from amana.standards import countries

# What a chart holds and can still be read on a phone.
MOST_ROWS = pages.MOST_BARS


@dataclass(frozen=True)
class Link:
    """A way from a number to what is behind it."""

    url: str
    words: str
    hint: str = ""


@dataclass(frozen=True)
class Block:
    """One matter of a role: a drawing with its table, what to do with it, or that there is none."""

    name: str
    title: str
    does: str
    nothing: str
    chart: Chart | None = None
    grid: Grid | None = None
    listed: tuple[Link, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def drawing(self) -> SafeString | None:
        """Return the drawing; it escapes what it holds."""
        return None if self.chart is None else mark_safe(bars(self.chart))  # noqa: S308

    @property
    def grids(self) -> list[Grid]:
        """Return the table beside the drawing: its own where it says more, else the same words."""
        if self.grid is not None:
            return [self.grid]
        return [] if self.chart is None else [pages.beside(self.chart)]


def link(page: str, words: str) -> Link:
    return Link(reverse(page), words)


def fact(words: str, number: float | None, shown: str = "") -> Fact:
    return Fact(words, number, shown or (_("none") if number is None else pages.shown(int(number))))


def chart(
    name: str, unit: str, labels: str, series: Mapping[str, Sequence[Fact]], now: datetime
) -> Chart | None:
    """Return a drawing of what was counted now; None where all of it is nothing."""
    if not any(fact.value for facts in series.values() for fact in facts):
        return None
    country = countries.label(str(settings.NODE.country), language())
    return Chart(
        name=name,
        lang=language(),
        title=labels,
        description=_("The same numbers stand in the table."),
        unit=unit,
        source=f"{country} · {moment_in_words(now)}",
        labels=labels,
        series=tuple(Series(words, tuple(facts)) for words, facts in series.items()),
    )


def counted(
    name: str, unit: str, labels: str, found: Sequence[tuple[str, int]], now: datetime
) -> Chart | None:
    """Return a drawing of one number for each label."""
    return chart(name, unit, labels, {unit: [fact(*one) for one in found[:MOST_ROWS]]}, now)
