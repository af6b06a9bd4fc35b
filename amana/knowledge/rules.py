"""What is asked to be published, what may be shown of it, and what else could be. Pure.

A definition says what is counted, of when, and how it is split. Out of facts it makes tables whose
every small count is protected, beside whatever was published before of the same people and period;
where it cannot, it says what would go.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from amana.knowledge.safe import rounding, suppress
from amana.knowledge.safe.cells import TOTAL, Dimension, Flags, Numbers, Tables, counted
from amana.knowledge.safe.earlier import Edition, with_earlier
from amana.knowledge.safe.program import Impossible
from amana.standards import codes
from amana.standards.statistics import Statistics

PERSON, CASE, EPISODE, EVENT = "PERSON", "CASE", "EPISODE", "EVENT"
UNITS = (PERSON, CASE, EPISODE)
NONE, WITHHOLD, ROUND = "NONE", "WITHHOLD", "ROUND"
METHODS = (NONE, WITHHOLD, ROUND)
# Rows that nobody is, from noisy counts; what else is published is a table of counts.
SYNTHETIC, TABLE = "SYNTHETIC", "TABLE"
# What stands for a citizenship that nobody gave, and for all but the own one, when rolled up.
UNKNOWN, ABROAD = "UNK", "ABROAD"
CITIZENSHIP, CLASS = "citizenship", "class"
YES, NO = "YES", "NO"
# A need is a dimension of its own: somebody has several.
NEED = "need."
# A file that came by a referral is of a person whom the other country counts.
REFERRED = "referral"
# Whole tables are decided to the end, so that the same facts give the same table.
NO_HURRY = 3600.0

Fact = tuple[Mapping[str, str], int]


@dataclass(frozen=True)
class Definition:
    """What is counted: the unit, the days, the tables by the dimensions that each crosses."""

    unit: str
    since: date
    until: date
    crossings: tuple[tuple[str, ...], ...]
    threshold: int
    method: str = WITHHOLD
    base: int = 5
    rolls_up: bool = False

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that some table has, in the order of the alphabet."""
        return tuple(sorted({name for crossing in self.crossings for name in crossing}))

    @property
    def series(self) -> str:
        """The name of all versions of it: what is counted, by what, of when; nobody's name."""
        tables = "+".join("-".join(crossing) for crossing in self.crossings)
        mark = hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.unit}.{tables}.{self.since:%Y%m%d}.{self.until:%Y%m%d}.{mark}"[:120].lower()

    def as_json(self) -> dict[str, Any]:
        """Return the definition as it is published, and as it is read again."""
        return {
            **asdict(self),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "crossings": [list(c) for c in self.crossings],
        }


# An earlier release: what it asked for, and what its numbers were.
Before = tuple[Definition, Edition]


def definition_from(said: Mapping[str, Any]) -> Definition:
    """Return the definition that a publication holds."""
    return Definition(
        **{
            **said,
            "since": date.fromisoformat(said["since"]),
            "until": date.fromisoformat(said["until"]),
            "crossings": tuple(tuple(c) for c in said["crossings"]),
        }
    )


def objections(wanted: Definition, today: date, table: Statistics) -> list[str]:
    """Return what stands against a definition, all of it."""
    against = [] if _is_known(wanted, table) else ["DEFINITION_UNKNOWN"]
    against += against_days(wanted, today)
    # Events have no breakdown: one number.
    if not wanted.crossings or not (wanted.unit == EVENT or all(wanted.crossings)):
        against.append("NOTHING_TO_COUNT")
    if wanted.threshold < table.threshold:
        against.append("THRESHOLD_TOO_LOW")
    return against


def against_days(wanted: Definition, today: date) -> list[str]:
    """Return what stands against the days that are asked for."""
    against = []
    if wanted.since > wanted.until:
        against.append("PERIOD_REVERSED")
    if wanted.until >= today:
        against.append("PERIOD_NOT_OVER")
    return against


def _is_known(wanted: Definition, table: Statistics) -> bool:
    """Whether a definition that came as a file names only what is counted here."""
    needs = {NEED + need for need in codes.values(table.needs)}
    return (
        wanted.unit in (*UNITS, EVENT)
        and wanted.method in METHODS
        and wanted.base in table.bases
        and needs.union(table.dimensions).issuperset(wanted.dimensions)
    )


def is_too_large(
    wanted: Definition, facts: Sequence[Fact], editions: Sequence[Before], own: str, most: int
) -> bool:
    """Say whether a release, with those before it, has too many cells to be decided at once."""
    return len(_counted(facts, _crossings(wanted, editions), _beside(editions), own)[0]) > most


def mixes_rounding(wanted: Definition, before: Sequence[Definition]) -> bool:
    """Say whether rounded numbers would stand beside others of the same people.

    A rounded number tells its true one to within a base. Beside an exact one, or beside the same
    number rounded in another table, that may leave a single value.
    """
    return bool(before) and ROUND in {wanted.method, *(one.method for one in before)}


@dataclass(frozen=True)
class Cell:
    """One number: what it is of, and how many; None where it is withheld."""

    of: Mapping[str, str]
    value: int | None


@dataclass(frozen=True)
class Prepared:
    """Tables as they would be published; the true numbers stay with whoever may count."""

    definition: Definition
    cells: tuple[Cell, ...]
    report: Mapping[str, Any]
    numbers: Mapping[str, float]
    withheld: frozenset[str]

    @property
    def is_safe(self) -> bool:
        """Whether the attacker found nothing."""
        return not (self.report["recovered"] or self.report["narrow"] or self.report["exposed"])

    @property
    def edition(self) -> Edition:
        """Return what a later release must stand beside."""
        return Edition(self.numbers, self.withheld)


def key(of: Mapping[str, str]) -> str:
    """Return the name of a cell, the same in every table that has it: its codes, sorted."""
    return "&".join(f"{name}={code}" for name, code in sorted(of.items()))


def prepared(
    wanted: Definition,
    facts: Sequence[Fact],
    editions: Sequence[Before],
    own: str,
) -> Prepared:
    """Return what may be shown of facts, attacked, beside the editions of the same people."""
    beside = _beside(editions)
    tables, values, places = _counted(facts, _crossings(wanted, editions), beside, own)
    shown = _of_one(places, wanted, own)
    if wanted.method == ROUND:
        return _rounded(wanted, tables, values, places, shown)
    request = with_earlier(tables, values, wanted.threshold, beside, shown)
    # A total tells a reader more than one of its parts.
    finest = max(map(len, places), default=0)
    worth = np.ones(len(request.values))
    worth[: len(places)] = [1.0 + finest - len(of) for of in places]
    request = replace(request, worth=worth)
    if wanted.method == NONE:
        kept = suppress.Kept(np.zeros(len(request.values), dtype=bool), request.small, 0.0, 0.0)
        recovered = narrow = np.zeros(len(request.values), dtype=bool)
        exposed = request.small & ~request.hidden
    else:
        kept = suppress.protect(request, seconds=NO_HURRY)
        recovered, narrow = suppress.holes(request, kept.withheld)
        # What was public before is not this release's doing.
        exposed = kept.exposed & ~request.fixed
        narrow = narrow & ~kept.exposed
    size = len(tables)
    withheld = kept.withheld[:size] & shown
    report = {
        "method": wanted.method,
        "threshold": wanted.threshold,
        "cells": int(shown.sum()),
        "small": int((request.small[:size] & shown).sum()),
        "withheld": int(withheld.sum()),
        "recovered": int(recovered.sum()),
        "narrow": int(narrow.sum()),
        "exposed": int(exposed.sum()),
        "gap": round(kept.gap, 4),
        "editions": len(editions),
    }
    cells = tuple(
        Cell(of, None if withheld[at] else int(values[at]))
        for at, of in enumerate(places)
        if shown[at]
    )
    return _prepared(wanted, cells, report, tables, values, shown, withheld)


def _rounded(
    wanted: Definition,
    tables: Tables,
    values: Numbers,
    places: Sequence[Mapping[str, str]],
    shown: Flags,
) -> Prepared:
    """Return tables of rounded numbers; that none stands exactly is asked of the attacker."""
    few = suppress.small(values, wanted.threshold)
    base = {"method": ROUND, "threshold": wanted.threshold, "base": wanted.base}
    try:
        found = rounding.rounded(tables, values, wanted.base)
    except Impossible:
        report = {**base, "recovered": 0, "narrow": 0, "exposed": 1, "withheld": 0, "cells": 0}
        return Prepared(wanted, (), report, {}, frozenset())
    named = rounding.holes(tables, values, found, few)
    report = {
        **base,
        "cells": int(shown.sum()),
        "small": int((few & shown).sum()),
        "withheld": 0,
        "recovered": int(named.sum()),
        "narrow": 0,
        "exposed": 0,
        "moved": int(np.abs(found.values - values)[shown].max(initial=0)),
    }
    cells = tuple(Cell(of, int(found.values[at])) for at, of in enumerate(places) if shown[at])
    # To a later release its numbers are not known exactly: they count as withheld.
    return _prepared(wanted, cells, report, tables, values, shown, shown)


def _prepared(
    wanted: Definition,
    cells: tuple[Cell, ...],
    report: Mapping[str, Any],
    tables: Tables,
    values: Numbers,
    shown: Flags,
    withheld: Flags,
) -> Prepared:
    numbers = {tables.keys[at]: float(values[at]) for at in np.flatnonzero(shown)}
    gone = frozenset(tables.keys[at] for at in np.flatnonzero(withheld))
    return Prepared(wanted, cells, report, numbers, gone)


def _beside(editions: Sequence[Before]) -> list[Edition]:
    return [edition for _, edition in editions]


def _crossings(wanted: Definition, editions: Sequence[Before]) -> list[tuple[str, ...]]:
    """Return the tables of a release and of all before it: their sums bind too."""
    return [*wanted.crossings, *(c for before, _ in editions for c in before.crossings)]


def _counted(
    facts: Sequence[Fact],
    crossings: Sequence[tuple[str, ...]],
    editions: Sequence[Edition],
    own: str,
) -> tuple[Tables, Numbers, list[dict[str, str]]]:
    """Return linked tables over every dimension, each cell under its one name."""
    names = sorted({name for crossing in crossings for name in crossing})
    found: dict[str, set[str]] = {name: set() for name in names}
    for of, _ in facts:
        for name in names:
            found[name].add(of.get(name, UNKNOWN))
    for edition in editions:
        for cell in edition.numbers:
            for part in filter(None, cell.split("&")):
                name, code = part.split("=")
                found[name].add(code)
    dimensions = [_dimension(name, listed, own) for name, listed in found.items()]
    rows = [(tuple(of.get(name, UNKNOWN) for name in names), times) for of, times in facts]
    held = counted(dimensions, rows, crossings)
    places = [
        {name: code for name, code in zip(names, place, strict=True) if code != TOTAL}
        for place in held.places
    ]
    return Tables(tuple(map(key, places)), held.tables.sums), held.values, places


def _dimension(name: str, listed: set[str], own: str) -> Dimension:
    """Return a dimension; every citizenship but the own one stands under one code."""
    foreign = listed - {own, UNKNOWN, ABROAD} if name == CITIZENSHIP else set()
    above = {ABROAD} if foreign else set()
    return Dimension(name, tuple(sorted(listed | above)), dict.fromkeys(sorted(foreign), ABROAD))


def _of_one(places: Sequence[Mapping[str, str]], wanted: Definition, own: str) -> Flags:
    """Return which cells some table of the definition has."""
    spans = [frozenset(c) for c in wanted.crossings]

    def is_fine(of: Mapping[str, str]) -> bool:
        citizen = of.get(CITIZENSHIP, own)
        return citizen in {own, UNKNOWN, ABROAD} if wanted.rolls_up else citizen != ABROAD

    return np.array(
        [is_fine(of) and any(span.issuperset(of) for span in spans) for of in places], dtype=bool
    )


@dataclass(frozen=True)
class WayOut:
    """Another definition that could be published, and what it keeps."""

    definition: Definition
    kind: str
    about: str
    cells: int
    withheld: int

    @property
    def cost(self) -> tuple[float, int]:
        """What it loses: the share of withheld cells first, then how much less is split."""
        share = self.withheld / self.cells if self.cells else 1.0
        return (share, -self.cells)


def ways_out(
    wanted: Definition,
    facts: Sequence[Fact],
    editions: Sequence[Before],
    own: str,
    bases: Sequence[int],
) -> list[WayOut]:
    """Return what else could be published safely, the cheapest first."""
    tried: list[tuple[str, str, Definition]] = [
        ("WITHHOLD", "", replace(wanted, method=WITHHOLD)),
        *(("ROUND", str(b), replace(wanted, method=ROUND, base=b)) for b in bases if not editions),
    ]
    if CITIZENSHIP in wanted.dimensions and not wanted.rolls_up:
        tried.append(("ROLL_UP", "", replace(wanted, method=WITHHOLD, rolls_up=True)))
    for name in wanted.dimensions:
        left = tuple(
            dict.fromkeys(
                without for c in wanted.crossings if (without := tuple(d for d in c if d != name))
            )
        )
        if left:
            less = replace(wanted, method=WITHHOLD, crossings=left)
            tried.append(("LEAVE_OUT", name, less))
    found = []
    for kind, about, other in tried:
        result = prepared(other, facts, editions, own)
        if result.is_safe:
            cells, withheld = int(result.report["cells"]), int(result.report["withheld"])
            found.append(WayOut(other, kind, about, cells, withheld))
    return sorted(found, key=lambda way: way.cost)


def content(ready: Prepared, about: Mapping[str, Any]) -> bytes:
    """Return the bytes of a publication: the same for the same facts, to the last one."""
    return written({
        **about,
        "definition": ready.definition.as_json(),
        "disclosure": dict(ready.report),
        "cells": [{"of": dict(c.of), "value": c.value} for c in ready.cells],
    })  # fmt: skip


def written(said: Mapping[str, Any]) -> bytes:
    """Return what a publication says as bytes, always the same ones."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
