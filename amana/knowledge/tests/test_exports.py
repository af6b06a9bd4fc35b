"""A published table in the formats that others read, and read back by their own tools."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sdmx
from sdmx.model import common, v30

from amana.knowledge import exports, rules
from amana.knowledge.rules import PERSON, Definition, Fact
from amana.knowledge.safe import shown, verdict
from amana.standards import glotip

WANTED = Definition(
    PERSON, date(2025, 1, 1), date(2025, 12, 31), (("age", "class", "form", "sex"),), 5
)
VICTIM = {"class": "TRAITE_PRESUMEE"}
FACTS: list[Fact] = [
    ({"sex": "F", "age": "CHILD", "form": "LABOUR", **VICTIM}, 21),
    ({"sex": "M", "age": "CHILD", "form": "OTHER", **VICTIM}, 2),
    ({"sex": "F", "age": "ADULT", "form": "SEXUAL", **VICTIM}, 33),
    ({"sex": "M", "age": "ADULT", "form": "SEVERAL", **VICTIM}, 12),
    # Smuggled, and no victim of trafficking: in no table of victims.
    ({"sex": "M", "age": "ADULT", "form": "NOT_STATED", "class": "TRAFIC_ILLICITE"}, 40),
]


MANY: list[Fact] = [(of, max(times, 8)) for of, times in FACTS]


def published(wanted: Definition = WANTED, facts: list[Fact] = FACTS) -> dict[str, Any]:
    about = {"series": wanted.series, "version": 1, "country": "CI", "source": "Amana"}
    found: dict[str, Any] = json.loads(
        rules.content(rules.prepared(wanted, facts, [], "CI"), about)
    )
    return found


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode())))


def structure(axes: tuple[str, ...]) -> v30.Dataflow:
    """The definition that a reader of our SDMX-CSV is given."""
    names = ["FREQ", "REF_AREA", "UNIT_MEASURE", *map(exports.column, axes), "TIME_PERIOD"]
    dsd = v30.DataStructureDefinition(id="COUNTED", maintainer=common.Agency(id="AMANA"))
    for name in names:
        dsd.dimensions.append(common.Dimension(id=name))
    dsd.measures.append(v30.Measure(id="OBS_VALUE"))
    dsd.attributes.append(common.DataAttribute(id="CONF_STATUS"))
    return v30.Dataflow(
        id="COUNTED", version="1.0", maintainer=common.Agency(id="AMANA"), structure=dsd
    )


def test_sdmx_is_read_back_by_its_own_tool_number_for_number(tmp_path: Path) -> None:
    content = published()
    file = tmp_path / "table.csv"
    file.write_bytes(exports.as_sdmx(content))
    with file.open("rb") as held:
        message = sdmx.read_sdmx(held, format="CSV", structure=structure(WANTED.dimensions))
    assert isinstance(message, sdmx.message.DataMessage)
    (data,) = message.data
    found = {
        tuple(str(kv.value) for kv in obs.dimension.values.values()): obs.value for obs in data.obs
    }
    assert len(found) == len(content["cells"])
    for cell in content["cells"]:
        place = ("A", "CI", PERSON, *(cell["of"].get(a, "_T") for a in WANTED.dimensions), "2025")
        assert str(found[place] or "") == ("" if cell["value"] is None else str(cell["value"]))


def test_what_is_withheld_is_marked_confidential_and_has_no_number() -> None:
    marked = {r["CONF_STATUS"]: r for r in rows(exports.as_sdmx(published()))}
    assert marked["C"]["OBS_VALUE"] == ""
    assert marked["F"]["OBS_VALUE"] != ""


def test_our_own_attack_on_our_own_table_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(exports.as_csv(published()))
    found = verdict.on(shown.read(file), whole_limits=True)
    assert found["withheld"] > 0
    assert found["recovered"] == 0
    assert not found["do_not_add_up"]
    assert len(found["limits"]) == found["withheld"]


def test_a_table_that_withholds_the_boys_alone_falls_to_the_same_attack(tmp_path: Path) -> None:
    content = published(replace(WANTED, method=rules.NONE))
    for cell in content["cells"]:
        if cell["of"] == {"sex": "M", "age": "CHILD"}:
            cell["value"] = None
    file = tmp_path / "table.csv"
    file.write_bytes(exports.as_csv(content))
    assert verdict.on(shown.read(file))["recovered"] == 1


def test_unodcs_table_is_read_by_its_reader_and_names_what_it_has_no_word_for(
    tmp_path: Path,
) -> None:
    raw, unmapped = exports.as_glotip(published(facts=MANY), "CIV", "Côte d'Ivoire")
    file = tmp_path / "glotip.csv"
    file.write_bytes(raw)
    report = glotip.Report()
    read = list(glotip.read(file, report))
    assert report.broken_count == 0
    assert unmapped == ["class=TRAFIC_ILLICITE", "form=NOT_STATED", "form=SEVERAL"]
    (whole,) = [r for r in read if (r.sex, r.age, r.category) == ("Total", "Total", "Total")]
    assert whole.value == 74


def test_a_table_that_does_not_tell_victims_from_others_is_no_table_of_victims() -> None:
    mixed = published(replace(WANTED, crossings=(("age", "sex"),)), MANY)
    with pytest.raises(ValueError, match="by class"):
        exports.as_glotip(mixed, "CIV", "x")
    with pytest.raises(ValueError, match="by class"):
        exports.as_sdg(mixed, {})


def test_unodc_asks_for_a_calendar_year() -> None:
    with pytest.raises(ValueError, match="calendar year"):
        exports.as_glotip(published(replace(WANTED, until=date(2025, 9, 30))), "CIV", "x")
    assert exports.period(replace(WANTED, until=date(2025, 1, 31))) == "2025-01-01/P31D"


def test_sdg_16_2_2_is_a_rate_only_where_the_population_is_loaded() -> None:
    people: Mapping[tuple[str, str], int] = {("_T", "_T"): 31_000_000, ("F", "_T"): 15_000_000}
    table = rows(exports.as_sdg(published(facts=MANY), people))
    found = {(r["SERIES"], r["SEX"], r["AGE"]): r for r in table}
    assert found["VC_HTF_DETV", "_T", "_T"]["OBS_VALUE"] == "74"
    assert found["VC_HTF_DETVR", "_T", "_T"]["OBS_VALUE"] == f"{74 / 31_000_000 * 100_000:.3f}"
    assert ("VC_HTF_DETVR", "M", "_T") not in found
    without = rows(exports.as_sdg(published(facts=MANY), {}))
    assert without
    assert not any(r["SERIES"].endswith("R") for r in without)
