"""A published table as a file of persons: CTDC's variables of 2024, or documents of HTCDS. Pure.

A cell of the finest crossing that shows the number v becomes v rows that are alike, and a withheld
cell becomes none. So whoever has the table can make the file, and it tells nothing more; no row is
a person's own. Nothing is mapped by guess: what has no code there is left empty, and named.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amana.knowledge import exports, rules
from amana.knowledge.rules import CITIZENSHIP, CLASS, Definition
from amana.standards import countries, ctdc_releases, public_crosswalk, statistics
from amana.standards.htcds_fields import PLACES, PROFILE, VERSION

RELEASE = "2024"
# The lists in which each format writes our codes; a form of exploitation is a column of CTDC.
_CTDC = {"sex": f"ctdc.gender@{RELEASE}", "form": f"ctdc.exploitation@{RELEASE}"}
_HTCDS = {
    "sex": "htcds.prs_Gender",
    "form": "htcds.vic_TypeOfExploitation",
    "class": "htcds.vic_TraffickingStatus",
}
# What a code must be, seen from the format's: the same, or a part of it and of nothing else.
_SURE = ("exact", "narrower")


@dataclass(frozen=True)
class Groups:
    """Victims who are alike, by their codes, and how many; how many rows too small groups held."""

    held: tuple[tuple[Mapping[str, str], int], ...]
    left_out: int


def objection(wanted: Definition) -> str:
    """Return why no file of persons can be made of a table, or "" where one can."""
    if wanted.unit not in {rules.PERSON, rules.CASE}:
        return "a row is a person: count persons or files"
    if wanted.method not in {rules.NONE, rules.WITHHOLD}:
        return "these numbers are not those of people"
    if not exports.is_of_victims(wanted):
        return "break the table down by class: only some files are of victims"
    if not exports.is_year(wanted):
        return "the year of registration is asked: count a calendar year"
    return ""


def groups(content: Mapping[str, Any]) -> Groups:
    """Return the shown cells of victims in the finest crossing that tells them from others.

    CTDC shows nobody who is alike with fewer than its own threshold: smaller cells are left out and
    their rows counted. Raises ValueError where no file of persons can be made.
    """
    wanted = rules.definition_from(content["definition"])
    if why := objection(wanted):
        raise ValueError(why)
    least, held, left_out = statistics.load().least_alike, [], 0
    for of, value in _finest(content, wanted):
        if not value or not exports.is_victim(of[CLASS]):
            continue
        if value < least:
            left_out += value
        else:
            held.append((of, value))
    return Groups(tuple(held), left_out)


def _finest(
    content: Mapping[str, Any], wanted: Definition
) -> Iterator[tuple[Mapping[str, str], int | None]]:
    crossing = max((c for c in wanted.crossings if CLASS in c), key=len)
    for cell in content["cells"]:
        if set(cell["of"]) == set(crossing):
            yield cell["of"], cell["value"]


def as_ctdc(content: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """Return a contributor's file in CTDC's variables of 2024, and the codes left out of it.

    Age bands, means and countries of exploitation stay empty: no table of ours tells them.
    """
    names = [column.name for column in ctdc_releases.load(RELEASE).columns]
    text = io.StringIO()
    written = csv.DictWriter(text, names, restval="", lineterminator="\n")
    written.writeheader()
    year = rules.definition_from(content["definition"]).since.year
    for of, times in groups(content).held:
        row = {"yearOfRegistration": year, **_ctdc(of)}
        written.writerows([row] * times)
    return text.getvalue().encode(), _unmapped(content, _CTDC)


def _ctdc(of: Mapping[str, str]) -> dict[str, str]:
    gender, form = (_theirs(axis, of.get(axis, ""), _CTDC) for axis in ("sex", "form"))
    citizenship = of.get(CITIZENSHIP, "")
    row = {"gender": gender}
    if countries.is_alpha2(citizenship):
        row[CITIZENSHIP] = countries.alpha3(citizenship)
    return row | ({form: "1"} if form else {})


def as_htcds(content: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """Return the same persons as documents of our HTCDS profile, and the codes left out of them."""
    documents = [
        document for of, times in groups(content).held for document in [_document(of)] * times
    ]
    raw = json.dumps(documents, ensure_ascii=False, indent=1).encode() + b"\n"
    return raw, _unmapped(content, _HTCDS)


def _document(of: Mapping[str, str]) -> dict[str, Any]:
    gender, form, status = (
        _theirs(axis, of.get(axis, ""), _HTCDS) for axis in ("sex", "form", CLASS)
    )
    citizenship = of.get(CITIZENSHIP, "")
    said = {
        "prs_Gender": gender,
        "prs_Citizenship": [citizenship] if countries.is_alpha2(citizenship) else [],
        "vic_TraffickingStatus": status,
        "vic_TypeOfExploitation": [form] if form else [],
    }
    person = {name: value for name, value in said.items() if value}
    document: dict[str, Any] = {"profile": PROFILE, "version": VERSION, "case": {}}
    return document | {place: [] for place in PLACES.values()} | {"persons": [person]}


def _theirs(axis: str, code: str, lists: Mapping[str, str]) -> str:
    """Return what a format calls a code of ours, or "" where it has no one word for it."""
    ours = statistics.load().dimensions.get(axis)
    if ours is None or axis not in lists:
        return ""
    links = public_crosswalk.related(f"amana.{ours}", code, lists[axis])
    sure = [link.code_b for link in links if link.relation in _SURE]
    return sure[0] if len(sure) == 1 else ""


def _unmapped(content: Mapping[str, Any], lists: Mapping[str, str]) -> list[str]:
    wanted = rules.definition_from(content["definition"])
    codes = {(axis, code) for of, _ in _finest(content, wanted) for axis, code in of.items()}
    return sorted(f"{axis}={code}" for axis, code in codes if not _is_told(axis, code, lists))


def _is_told(axis: str, code: str, lists: Mapping[str, str]) -> bool:
    if axis == CITIZENSHIP:
        return countries.is_alpha2(code)
    return exports.is_victim(code) if axis == CLASS else bool(_theirs(axis, code, lists))
