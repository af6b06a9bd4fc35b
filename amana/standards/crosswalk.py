"""Which sign of the field is which sign of a public list; what has no counterpart is named too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, once, opened
from amana.standards.instrument import NotLoaded
from amana.standards.instruments import shelf

FIELD = "field-catalogue"
# What the field's sign is, seen from the other: the same, less, more, or an overlap.
RELATIONS = ("exact", "narrower", "broader", "partial")
FILE_KEYS = (
    *("name", "version", "mark", "source", "instruments"),
    *("rows", "feeds", "unmapped", "unfed"),
)
ROW_KEYS = ("code", "to", "relation", "mark")
FEEDS_KEYS = ("from", "to", "source", "mark", "rows")

# The codes of each instrument, by its name.
Codes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """One sign of the field, and the signs of other lists that stand in this relation to it."""

    code: str
    to: Codes
    relation: str
    mark: str


@dataclass(frozen=True)
class Feeds:
    """How signs of longer lists add up to those of a shorter one: each pair is from, to."""

    lists: tuple[str, ...]
    to: str
    source: str
    mark: str
    pairs: tuple[tuple[str, str], ...]

    def fed_by(self, codes: Collection[str]) -> tuple[str, ...]:
        """Return the signs of the shorter list that these signs feed, once each, in its order."""
        fed = {to for code, to in self.pairs if code in codes}
        return tuple(dict.fromkeys(to for _, to in self.pairs if to in fed))


@dataclass(frozen=True)
class Crosswalk:
    """All rows of one version, between named versions of the instruments."""

    name: str
    version: str
    mark: str
    source: str
    instruments: Mapping[str, str]
    rows: tuple[Row, ...]
    feeds: Feeds
    unmapped: tuple[str, ...]
    unfed: tuple[str, ...]

    def outside(self, code: str) -> tuple[Row, ...]:
        """Return what a sign of the field is in other lists; nothing when it is unmapped."""
        return tuple(row for row in self.rows if row.code == code)


def read(root: Place) -> Crosswalk:
    """Return the crosswalk of a file, or say where it is at fault."""
    root.keyed(only=FILE_KEYS)
    known = _codes_of(root.at("instruments"))
    rows = tuple(_row(place, known) for place in root.at("rows").each())
    feeds = _feeds(root.at("feeds"), known)
    once(
        root.at("rows"),
        [f"{r.code} to {name} {code}" for r in rows for name in r.to for code in r.to[name]],
    )
    unmapped = root.at("unmapped").each_one_of(known[FIELD])
    _whole(root.at("unmapped"), known[FIELD], {row.code for row in rows}, unmapped)
    longer = tuple(dict.fromkeys(code for name in feeds.lists for code in known[name]))
    unfed = root.at("unfed").each_one_of(longer)
    _whole(root.at("unfed"), longer, {code for code, _ in feeds.pairs}, unfed)
    return Crosswalk(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        mark=root.at("mark").one_of(MARKS),
        source=root.at("source").one_of(citations.load()),
        instruments={k: p.text() for k, p in root.at("instruments").keyed().items()},
        rows=rows,
        feeds=feeds,
        unmapped=unmapped,
        unfed=unfed,
    )


def _codes_of(place: Place) -> Codes:
    """Return the signs of each named instrument, without those it carries over from the field."""
    found = {}
    for name, version in place.keyed().items():
        try:
            indicators = shelf().find(name, version.text()).reader.by_code
        except NotLoaded as missing:
            raise version.bad(str(missing)) from None
        found[name] = tuple(indicators)
    place.at(FIELD)
    field = found[FIELD]
    return {
        name: held if name == FIELD else tuple(code for code in held if code not in field)
        for name, held in found.items()
    }


def _row(place: Place, known: Codes) -> Row:
    place.keyed(only=ROW_KEYS)
    others = place.at("to").keyed(only=[name for name in known if name != FIELD])
    if not others:
        raise place.at("to").bad("leads to no list")
    return Row(
        code=place.at("code").one_of(known[FIELD]),
        to={name: codes.each_one_of(known[name]) for name, codes in others.items()},
        relation=place.at("relation").one_of(RELATIONS),
        mark=place.at("mark").one_of(MARKS),
    )


def _feeds(place: Place, known: Codes) -> Feeds:
    place.keyed(only=FEEDS_KEYS)
    lists, to = place.at("from").each_one_of(known), place.at("to").one_of(known)
    longer = {code for name in lists for code in known[name]}
    pairs = tuple(
        (each.at("from").one_of(longer), each.at("to").one_of(known[to]))
        for each in place.at("rows").each()
    )
    once(place.at("rows"), [f"{code} to {other}" for code, other in pairs])
    return Feeds(
        lists=lists,
        to=to,
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        pairs=pairs,
    )


def _whole(
    place: Place, codes: Collection[str], held: Collection[str], left_out: Collection[str]
) -> None:
    """Each code is either mapped or said to be unmapped: a silence would be a guess."""
    once(place, left_out)
    for code in codes:
        if (code in held) == (code in left_out):
            fault = (
                "is mapped and yet left out" if code in held else "is neither mapped nor left out"
            )
            raise place.bad(f"{code!r} {fault}")


@cache
def load() -> Crosswalk:
    return read(opened("crosswalk.json"))
