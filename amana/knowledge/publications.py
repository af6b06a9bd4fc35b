"""What is published, for whoever reads it: no case, no key, nothing that was withheld.

The portal and the plan read figures here and nowhere else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from amana.access.rules import NotFound
from amana.knowledge import contributed, exports, rules
from amana.knowledge.models import Publication
from amana.standards import countries


@dataclass(frozen=True)
class Published:
    """One version of a table or of synthetic rows, as everybody reads it."""

    kind: str
    series: str
    version: int
    published_at: datetime
    digest: str
    content: Mapping[str, Any]
    raw: bytes

    @property
    def definition(self) -> rules.Definition:
        return rules.definition_from(self.content["definition"])

    @property
    def since(self) -> date:
        return self.definition.since

    @property
    def until(self) -> date:
        return self.definition.until

    def value(self, of: Mapping[str, str]) -> int | None:
        """Return the number of a cell, None where it is withheld; KeyError where it is not."""
        found: dict[str, int | None] = {
            rules.key(c["of"]): c["value"] for c in self.content["cells"]
        }
        return found[rules.key(of)]


def _read(row: Publication) -> Published:
    raw = bytes(row.content)
    of = (row.kind, row.series, row.version, row.published_at, row.digest)
    return Published(*of, content=json.loads(raw), raw=raw)


def newest(kind: str = rules.TABLE) -> list[Published]:
    """Return the newest version of every series of a kind, the last published first."""
    found: dict[str, Publication] = {}
    for row in Publication.objects.filter(kind=kind).order_by("series", "version"):
        found[row.series] = row
    return sorted(map(_read, found.values()), key=lambda p: p.published_at, reverse=True)


def everything() -> list[Published]:
    """Return the newest version of every series of tables and of synthetic rows."""
    found = [*newest(rules.TABLE), *newest(rules.SYNTHETIC)]
    return sorted(found, key=lambda p: p.published_at, reverse=True)


def published(series: str, version: int = 0) -> Published:
    """Return one version, or the newest; raises NotFound where there is none."""
    rows = Publication.objects.filter(series=series).order_by("version")
    row = rows.filter(version=version).first() if version else rows.last()
    if row is None:
        raise NotFound
    return _read(row)


# The forms that have a row for each person.
PERSONS = {"ctdc": contributed.as_ctdc, "htcds": contributed.as_htcds}
# In what form a table is taken out.
FORMS = ("csv", "json", "sdmx", "glotip", "sdg", "ctdc", "htcds")


def forms(one: Published) -> tuple[str, ...]:
    """Return the forms that a version can be taken out in.

    Of a table, some ask for victims and some for a year; synthetic rows are CSV, or all in JSON.
    """
    if one.kind == rules.SYNTHETIC:
        return ("csv", "json")
    is_of_victims = exports.is_of_victims(one.definition)
    is_of_persons = not contributed.objection(one.definition)
    can = {
        "glotip": is_of_victims and exports.is_year(one.definition),
        "sdg": is_of_victims,
        "ctdc": is_of_persons,
        "htcds": is_of_persons,
    }
    return tuple(form for form in FORMS if can.get(form, True))


def taken_out(
    one: Published, form: str, population: Mapping[tuple[str, str], int] | None = None
) -> tuple[bytes, list[str]]:
    """Return a version in a form, the same bytes each time, and what that form has no word for.

    Raises ValueError for a form that it cannot have; says why.
    """
    if form == "json":
        return one.raw, []
    if one.kind == rules.SYNTHETIC:
        if form != "csv":
            raise ValueError("synthetic rows are taken out as csv or json")
        return one.content["rows"].encode(), []
    if form == "glotip":
        own = one.content["country"]
        name = countries.label(own, "en")
        return exports.as_glotip(one.content, countries.alpha3(own), name)
    if form == "sdg":
        return exports.as_sdg(one.content, population or {}), []
    if form in PERSONS:
        return PERSONS[form](one.content)
    return {"csv": exports.as_csv, "sdmx": exports.as_sdmx}[form](one.content), []


def left_out(one: Published) -> int:
    """Return how many rows a file of persons leaves out, as too few are alike."""
    return 0 if contributed.objection(one.definition) else contributed.groups(one.content).left_out


def versions(series: str) -> Sequence[int]:
    """Return the numbers of all versions of a series."""
    return list(
        Publication.objects.filter(series=series)
        .order_by("version")
        .values_list("version", flat=True)
    )
