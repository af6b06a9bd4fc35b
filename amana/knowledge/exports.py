"""A published table in the formats that others read. Pure: the same bytes for the same version.

Nothing is mapped by guess: what a format has no code for is left out of it, and named.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from amana.knowledge import rules
from amana.knowledge.rules import CLASS, Definition
from amana.standards import public_crosswalk, statistics

TOTAL = "_T"
# A number that is withheld to protect somebody, as our own CSV and an attack read it.
WITHHELD = ".."
FLOW = "AMANA:COUNTED(1.0)"
# SDMX's own words: not free to be published; and nothing to add.
CONFIDENTIAL, FREE = "C", "F"
GLOTIP_COLUMNS = (
    "Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex",
    "Age", "Year", "Unit of measurement", "txtVALUE", "Source",
)  # fmt: skip


def _written(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _axes(content: Mapping[str, Any]) -> tuple[str, ...]:
    return rules.definition_from(content["definition"]).dimensions


def as_csv(content: Mapping[str, Any]) -> bytes:
    """Return the table with a column for each dimension; `amana attack` reads it."""
    axes = _axes(content)
    rows: list[list[object]] = [[*axes, "value"]]
    for cell in content["cells"]:
        value = WITHHELD if cell["value"] is None else cell["value"]
        rows.append([*(cell["of"].get(axis, TOTAL) for axis in axes), value])
    return _written(rows)


def as_sdmx(content: Mapping[str, Any]) -> bytes:
    """Return SDMX-CSV 2.0: the columns of the standard, then our dimensions in capitals."""
    axes = _axes(content)
    wanted = rules.definition_from(content["definition"])
    head: list[object] = [
        "STRUCTURE", "STRUCTURE_ID", "ACTION", "FREQ", "REF_AREA", "UNIT_MEASURE",
        *(column(axis) for axis in axes), "TIME_PERIOD", "OBS_VALUE", "CONF_STATUS",
    ]  # fmt: skip
    rows: list[list[object]] = [head]
    rows += [
        [
            "dataflow", FLOW, "I", "A", content["country"], wanted.unit,
            *(cell["of"].get(axis, TOTAL) for axis in axes), period(wanted),
            "" if cell["value"] is None else cell["value"],
            CONFIDENTIAL if cell["value"] is None else FREE,
        ]
        for cell in content["cells"]
    ]  # fmt: skip
    return _written(rows)


def column(axis: str) -> str:
    """Return the name of a dimension as SDMX writes one."""
    return axis.replace(".", "_").upper()


def period(wanted: Definition) -> str:
    """Return the days as SDMX writes them: a year, or from a day for so long."""
    since, until = wanted.since, wanted.until
    if is_year(wanted):
        return str(since.year)
    return f"{since.isoformat()}/P{(until - since).days + 1}D"


def is_year(wanted: Definition) -> bool:
    """Whether the days are a calendar year."""
    since, until = wanted.since, wanted.until
    return (since.month, since.day, until.month, until.day) == (1, 1, 12, 31) and (
        since.year == until.year
    )


# The lists in which UNODC's tables write our dimensions; of the others they have none.
_GLOTIP = {"class": "indicator", "sex": "sex", "age": "age", "form": "category"}
DETECTED = "Detected trafficking victims"


def is_of_victims(wanted: Definition) -> bool:
    """Whether a table tells victims of trafficking from everybody else who has a file.

    Most files are of smuggled, stranded or endangered people: a table without the class that was
    decided counts them all, and none of its numbers is one of victims.
    """
    return CLASS in wanted.dimensions


def is_victim(decided: str) -> bool:
    """Whether a class that was decided is one of detected victims, by the crosswalk."""
    return _glotip(CLASS, decided) == DETECTED


def as_glotip(content: Mapping[str, Any], iso3: str, name: str) -> tuple[bytes, list[str]]:
    """Return UNODC's yearly table, and the codes that have no counterpart in it.

    Raises ValueError for days that are no calendar year, and for a table without the class. A
    withheld number is no row: UNODC's mark says "under five", which one that only protects another
    need not be.
    """
    wanted = rules.definition_from(content["definition"])
    if not is_year(wanted):
        raise ValueError("UNODC asks for a calendar year")
    if not is_of_victims(wanted):
        raise ValueError("break the table down by class: only some files are of victims")
    rows: list[Sequence[object]] = [GLOTIP_COLUMNS]
    unmapped: set[str] = set()
    for cell in content["cells"]:
        codes = {axis: _glotip(axis, code) for axis, code in cell["of"].items()}
        unmapped |= {f"{axis}={cell['of'][axis]}" for axis, code in codes.items() if not code}
        is_told = cell["value"] is not None and "" not in codes.values()
        if not is_told or not is_victim(cell["of"].get(CLASS, "")):
            continue
        form = codes.get("form")
        rows.append((
            iso3, name, "", "", DETECTED,
            "by form of exploitation" if form else "Total", form or "Total",
            codes.get("sex", "Total"), codes.get("age", "Total"), wanted.since.year, "Counts",
            cell["value"], content["source"],
        ))  # fmt: skip
    return _written(rows), sorted(unmapped)


def _glotip(axis: str, code: str) -> str:
    """Return what UNODC's tables call a code, or "" where they have no one word for it."""
    theirs = _GLOTIP.get(axis)
    ours = statistics.load().dimensions.get(axis)
    if theirs is None or ours is None:
        return ""
    links = public_crosswalk.related(f"amana.{ours}", code, f"glotip.{theirs}")
    return links[0].code_b if len(links) == 1 else ""


def as_sdg(content: Mapping[str, Any], population: Mapping[tuple[str, str], int]) -> bytes:
    """Return indicator 16.2.2: detected victims, and per 100,000 people where those are loaded.

    `population` gives people by our codes of sex and age, `_T` for all. What the table withholds is
    withheld here; a form without one series of its own is left out. Raises ValueError for a table
    without the class.
    """
    wanted = rules.definition_from(content["definition"])
    if not is_of_victims(wanted):
        raise ValueError("break the table down by class: only some files are of victims")
    rows: list[list[object]] = [
        ["SERIES", "REF_AREA", "SEX", "AGE", "TIME_PERIOD", "OBS_VALUE", "CONF_STATUS", "BASE"]
    ]
    for cell in content["cells"]:
        of = dict(cell["of"])
        decided = of.pop(CLASS, "")
        series = _series(of.pop("form", ""))
        sex, age = of.pop("sex", TOTAL), of.pop("age", TOTAL)
        if of or not is_victim(decided) or not series:
            continue
        value, status = cell["value"], CONFIDENTIAL if cell["value"] is None else FREE
        place = [content["country"], sex, age, period(wanted)]
        said = "" if value is None else value
        rows.append([series, *place, said, status, ""])
        people = population.get((sex, age))
        if people:
            rate = "" if value is None else f"{value / people * 100_000:.3f}"
            rows.append([f"{series}R", *place, rate, status, people])
    return _written(rows)


def _series(form: str) -> str:
    """Return UNODC's series of a form, or of all; its rate has an R behind it."""
    category = _glotip("form", form) if form else "Total"
    links = public_crosswalk.related("glotip.category", category, "sdg.series")
    return links[0].code_b if len(links) == 1 else ""
