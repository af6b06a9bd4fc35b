"""A published table in the formats that others read. Pure: the same bytes for the same version.

Nothing is mapped by guess: what a format has no code for is left out of it, and named.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amana.knowledge import rules
from amana.knowledge.rules import Definition

TOTAL = "_T"
# A number that is withheld to protect somebody, as our own CSV and an attack read it.
WITHHELD = ".."
FLOW = "AMANA:DETECTED(1.0)"
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


# What UNODC's tables call our codes; the others have no counterpart there.
_GLOTIP: Mapping[str, Mapping[str, str]] = {
    "sex": {"F": "Female", "M": "Male", "X_OTHER": "Other", "UNK": "Unknown"},
    "age": {"CHILD": "0 to 17 years", "ADULT": "18 years or over"},
    "form": {
        "SEXUAL": "Sexual exploitation",
        "LABOUR": "Forced labour",
        "OTHER": "Other forms of exploitation",
    },
}


def as_glotip(content: Mapping[str, Any], iso3: str, name: str) -> tuple[bytes, list[str]]:
    """Return UNODC's yearly table, and the codes that have no counterpart in it.

    Raises ValueError for days that are no calendar year. A withheld number is no row: UNODC's mark
    says "under five", which one that only protects another need not be.
    """
    wanted = rules.definition_from(content["definition"])
    if not is_year(wanted):
        raise ValueError("UNODC asks for a calendar year")
    rows: list[Sequence[object]] = [GLOTIP_COLUMNS]
    unmapped: set[str] = set()
    for cell in content["cells"]:
        codes = dict(_codes(cell["of"]))
        unmapped |= {f"{axis}={cell['of'][axis]}" for axis, code in codes.items() if code is None}
        if None in codes.values() or cell["value"] is None:
            continue
        form = codes.get("form")
        rows.append((
            iso3, name, "", "", "Detected trafficking victims",
            "by form of exploitation" if form else "Total", form or "Total",
            codes.get("sex", "Total"), codes.get("age", "Total"), wanted.since.year, "Counts",
            cell["value"], content["source"],
        ))  # fmt: skip
    return _written(rows), sorted(unmapped)


def _codes(of: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for axis, code in of.items():
        yield axis, _GLOTIP.get(axis, {}).get(code)


# SDG 16.2.2 by form, as UNODC names its series; the rate has an R behind it.
_SERIES = {"": "VC_HTF_DETV", "SEXUAL": "VC_HTF_DETVSX", "LABOUR": "VC_HTF_DETVFL"}


def as_sdg(content: Mapping[str, Any], population: Mapping[tuple[str, str], int]) -> bytes:
    """Return indicator 16.2.2: detected victims, and per 100,000 people where those are loaded.

    `population` gives people by our codes of sex and age, `_T` for all. What the table withholds is
    withheld here, and a form whose name in the series is not certain is left out.
    """
    rows: list[list[object]] = [
        ["SERIES", "REF_AREA", "SEX", "AGE", "TIME_PERIOD", "OBS_VALUE", "CONF_STATUS", "BASE"]
    ]
    wanted = rules.definition_from(content["definition"])
    for cell in content["cells"]:
        of = dict(cell["of"])
        form, sex, age = of.pop("form", ""), of.pop("sex", TOTAL), of.pop("age", TOTAL)
        if of or form not in _SERIES:
            continue
        value, status = cell["value"], CONFIDENTIAL if cell["value"] is None else FREE
        place = [content["country"], sex, age, period(wanted)]
        said = "" if value is None else value
        rows.append([_SERIES[form], *place, said, status, ""])
        people = population.get((sex, age))
        if people:
            rate = "" if value is None else f"{value / people * 100_000:.3f}"
            rows.append([f"{_SERIES[form]}R", *place, rate, status, people])
    return _written(rows)
