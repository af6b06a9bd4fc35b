"""What a drawing says, and the table that says the same.

A figure is shown as the caller wrote it (digits and separators of the reader's language); the
number itself only gives a length. What is withheld to protect someone, and what nobody counted,
are two facts of their own: neither is a number, and neither is zero.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

RIGHT_TO_LEFT = ("ar",)
MOST_SERIES = 4  # so many patterns can be told apart in grey


class BadDrawing(ValueError):
    """Facts that cannot be drawn honestly; says which, and why."""


@dataclass(frozen=True)
class Fact:
    """One figure: its label, its number, and what is shown for it.

    Without a number it is withheld, or nobody counted; what is shown says so in words.
    """

    label: str
    value: float | None
    shown: str
    withheld: bool = False

    def __post_init__(self) -> None:
        written(self.label, self.shown)
        if self.withheld and self.value is not None:
            raise BadDrawing(f"{self.label!r} is withheld, so its number must not come here")
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise BadDrawing(f"{self.label!r} has no length: {self.value}")


@dataclass(frozen=True)
class Series:
    """Facts under one name, in the order in which they are drawn."""

    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Chart:
    """Series over the same labels, and the words around them.

    `name` is short and stands for this drawing alone on its page: the ids are made from it.
    `labels` heads the first column of the table ("Pays", "Année").
    """

    name: str
    lang: str
    title: str
    description: str
    unit: str
    source: str
    labels: str
    series: tuple[Series, ...]

    def __post_init__(self) -> None:
        named(self.name)
        written(self.title, self.description, self.unit, self.source, self.labels)
        if not self.series or not self.series[0].facts:
            raise BadDrawing("there is nothing to draw")
        if len(self.series) > MOST_SERIES:
            raise BadDrawing(f"over {MOST_SERIES} series cannot be told apart in grey")
        labels = [fact.label for fact in self.series[0].facts]
        for one in self.series:
            written(one.name)
            if [fact.label for fact in one.facts] != labels:
                raise BadDrawing(f"series {one.name!r} has other labels than the first")

    @property
    def highest(self) -> float:
        """Return the largest number drawn; zero where there is none."""
        return max((fact.value or 0.0 for one in self.series for fact in one.facts), default=0.0)

    def rows(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        """Return each label with its fact in every series."""
        for facts in zip(*(one.facts for one in self.series), strict=True):
            yield facts[0].label, facts


@dataclass(frozen=True)
class Place:
    """A place on the map, in degrees east and north; `role` is a key of the map's roles."""

    name: str
    east: float
    north: float
    role: str

    def __post_init__(self) -> None:
        written(self.name)


@dataclass(frozen=True)
class Flow:
    """From where to where (names of places), and how many."""

    start: str
    end: str
    value: float | None
    shown: str
    withheld: bool = False

    @property
    def fact(self) -> Fact:
        """Return the figure alone."""
        return Fact(f"{self.start} → {self.end}", self.value, self.shown, self.withheld)


# What a place is on the way: each role has a shape of its own.
ROLES = ("origin", "transit", "destination")


@dataclass(frozen=True)
class FlowMap:
    """Places and what goes between them; `roles` are the words for ROLES, in that order."""

    name: str
    lang: str
    title: str
    description: str
    unit: str
    source: str
    heads: tuple[str, str, str]
    roles: tuple[str, str, str]
    places: tuple[Place, ...]
    flows: tuple[Flow, ...]

    def __post_init__(self) -> None:
        named(self.name)
        written(self.title, self.description, self.unit, self.source, *self.heads, *self.roles)
        known = {place.name for place in self.places}
        if len(known) < len(self.places):
            raise BadDrawing("two places have one name")
        if not self.flows:
            raise BadDrawing("there is nothing to draw")
        for place in self.places:
            if place.role not in ROLES:
                raise BadDrawing(f"{place.name!r} has no such role: {place.role!r}")
        for flow in self.flows:
            if not {flow.start, flow.end} <= known or flow.start == flow.end:
                raise BadDrawing(f"{flow.fact.label!r} does not go from a place to another one")


@dataclass(frozen=True)
class Table:
    """The same facts in words: the page shows it beside the drawing."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(drawn: Chart | FlowMap) -> Table:
    """Return what a drawing shows, as a table with the same words."""
    if isinstance(drawn, FlowMap):
        rows = tuple((flow.start, flow.end, flow.shown) for flow in drawn.flows)
        return Table(drawn.heads, rows)
    return Table(
        (drawn.labels, *(one.name for one in drawn.series)),
        tuple((label, *(fact.shown for fact in facts)) for label, facts in drawn.rows()),
    )


def written(*texts: str) -> None:
    """Refuse what says nothing, and signs that no page can hold."""
    for text in texts:
        if not text.strip():
            raise BadDrawing("a word is missing")
        if any(
            ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 or ord(sign) > 0xFFFD for sign in text
        ):
            raise BadDrawing(f"{text!r} holds a sign that no page can show")


def named(name: str) -> None:
    """Refuse a name that cannot begin an id."""
    if not (name.isascii() and name.isidentifier()):
        raise BadDrawing(f"{name!r} cannot be the beginning of an id")
