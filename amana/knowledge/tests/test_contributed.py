"""A published table as a file of persons: what CTDC and HTCDS get, and that it tells no more."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.rules import Role
from amana.knowledge import actions, contributed, exports, publications, rules
from amana.knowledge.rules import CASE, EPISODE, NONE, PERSON, ROUND, Definition, Fact
from amana.knowledge.safe import shown, verdict
from amana.knowledge.tests.test_actions import a_coded_case
from amana.standards import ctdc, htcds, statistics
from amana.standards.datafile import BadData
from tests.cast import Cast

WANTED = Definition(
    PERSON, date(2025, 1, 1), date(2025, 12, 31), (("citizenship", "class", "form", "sex"),), 5
)
LEAST = statistics.load().least_alike
VICTIM, SMUGGLED = "TRAITE_PRESUMEE", "TRAFIC_ILLICITE"
# Each code here is one word of CTDC, so that a row says of which cell it is.
SEXES, FORMS, FROM = {"F": "Woman", "M": "Man"}, ("SEXUAL", "LABOUR"), {"CI": "CIV", "GN": "GIN"}
COLUMNS = {"SEXUAL": "isSexualExploit", "LABOUR": "isForcedLabour"}


def a_person(sex: str, form: str, citizenship: str, decided: str = VICTIM) -> dict[str, str]:
    return {"sex": sex, "form": form, "citizenship": citizenship, "class": decided}


FACTS: list[Fact] = [
    (a_person("F", "SEXUAL", "NG"), 31),
    (a_person("M", "LABOUR", "CI"), 12),
    (a_person("F", "LABOUR", "CI"), 8),
    (a_person("M", "OTHER", "UNK"), 15),
    (a_person("M", "NOT_STATED", "GN", SMUGGLED), 40),
]


def public(wanted: Definition = WANTED, facts: list[Fact] = FACTS) -> dict[str, Any]:
    """Return what everybody reads of a table; nothing else reaches the files of persons."""
    about = {"series": wanted.series, "version": 1, "country": "CI", "source": "Amana"}
    found: dict[str, Any] = json.loads(
        rules.content(rules.prepared(wanted, facts, [], "CI"), about)
    )
    return found


def read(raw: bytes, folder: Path) -> Counter[tuple[str | None, str | None, frozenset[str]]]:
    """Return the rows of a CTDC file as our own reader of their releases reads them."""
    file = folder / "ctdc.csv"
    file.write_bytes(raw)
    rows = list(ctdc.read(file))
    assert {(row.release, row.year) for row in rows} <= {(contributed.RELEASE, 2025)}
    return Counter((row.gender, row.citizenship, row.flags) for row in rows)


def test_ctdcs_file_is_read_back_by_its_reader_one_row_for_each_person(tmp_path: Path) -> None:
    raw, unmapped = contributed.as_ctdc(public())
    assert read(raw, tmp_path) == {
        ("Woman", "NGA", frozenset({"isSexualExploit"})): 31,
        ("Man", "CIV", frozenset({"isForcedLabour"})): 12,
        # What has no one word there is left empty, and named.
        ("Man", None, frozenset()): 15,
    }
    assert unmapped == ["citizenship=UNK", f"class={SMUGGLED}", "form=NOT_STATED", "form=OTHER"]


def test_a_code_of_ours_that_says_more_than_theirs_is_not_told_as_theirs(tmp_path: Path) -> None:
    raw, unmapped = contributed.as_ctdc(
        public(
            facts=[(a_person("X_OTHER", "SEXUAL", "NG"), 14), (a_person("F", "OTHER", "CI"), 20)]
        )
    )
    assert {gender for gender, _from, _flags in read(raw, tmp_path)} == {None, "Woman"}
    assert unmapped == ["form=OTHER", "sex=X_OTHER"]


def test_fewer_than_ctdc_shows_alike_are_left_out_and_told() -> None:
    assert LEAST == 11
    found = contributed.groups(public())
    assert found.left_out == 8
    assert all(times >= LEAST for _of, times in found.held)


def test_a_withheld_cell_has_no_row(tmp_path: Path) -> None:
    content = public()
    for cell in content["cells"]:
        if cell["of"] == a_person("F", "SEXUAL", "NG"):
            cell["value"] = None
    rows = read(contributed.as_ctdc(content)[0], tmp_path)
    assert not any(citizenship == "NGA" for _gender, citizenship, _flags in rows)


def test_htcds_has_the_same_persons_as_documents_of_our_profile() -> None:
    raw, unmapped = contributed.as_htcds(public())
    documents = json.loads(raw)
    for document in documents:
        htcds.validate(document)
    persons = Counter(json.dumps(d["persons"], sort_keys=True) for d in documents)
    status = "PossibleVictimOfTrafficking"
    assert persons == {
        json.dumps([said], sort_keys=True): times
        for said, times in (
            (
                {
                    "prs_Gender": "Feminine", "prs_Citizenship": ["NG"],
                    "vic_TraffickingStatus": status,
                    "vic_TypeOfExploitation": ["SexualExploitation"],
                },
                31,
            ),
            # Labour here may be forced labour or servitude there: neither is said.
            (
                {
                    "prs_Gender": "Masculine", "prs_Citizenship": ["CI"],
                    "vic_TraffickingStatus": status,
                },
                12,
            ),
            ({"prs_Gender": "Masculine", "vic_TraffickingStatus": status}, 15),
        )
    }  # fmt: skip
    assert {"form=LABOUR", "form=OTHER", "citizenship=UNK"} <= set(unmapped)
    with pytest.raises(BadData):
        htcds.validate({**documents[0], "persons": [{"prs_FirstName": 7}]})


def test_a_file_of_persons_asks_for_persons_victims_and_a_year() -> None:
    assert contributed.objection(replace(WANTED, unit=CASE)) == ""
    for other, why in (
        (replace(WANTED, unit=EPISODE), "persons or files"),
        (replace(WANTED, crossings=(("form", "sex"),)), "by class"),
        (replace(WANTED, until=date(2025, 9, 30)), "calendar year"),
        # A rounded number is not that of anybody.
        (replace(WANTED, method=ROUND), "not those of people"),
    ):
        with pytest.raises(ValueError, match=why):
            contributed.as_ctdc(public(other))


def test_the_finest_table_of_a_publication_gives_each_person_once(tmp_path: Path) -> None:
    several = replace(WANTED, crossings=(("class", "sex"), ("class", "form", "sex"), ("form",)))
    rows = read(contributed.as_ctdc(public(several))[0], tmp_path)
    assert rows.total() == 31 + 12 + 15


CROSSINGS = st.lists(
    st.sampled_from([
        ("class", "sex"), ("class", "form", "sex"), ("citizenship", "class", "sex"),
        ("citizenship", "class", "form"), ("citizenship", "class", "form", "sex"), ("form", "sex"),
    ]),
    min_size=1, max_size=3, unique=True,
).filter(lambda crossings: any("class" in c for c in crossings))  # fmt: skip
PEOPLE = st.dictionaries(
    st.tuples(
        st.sampled_from(sorted(SEXES)), st.sampled_from(FORMS), st.sampled_from(sorted(FROM)),
        st.sampled_from([VICTIM, SMUGGLED]),
    ),
    st.one_of(st.integers(1, 4), st.integers(5, 60)), min_size=1, max_size=12,
)  # fmt: skip


def row_of(of: Mapping[str, str]) -> tuple[str | None, str | None, frozenset[str]]:
    """Return how CTDC says a cell; written here once more, so that the two must agree."""
    form = {COLUMNS[of["form"]]} if "form" in of else set()
    return SEXES.get(of.get("sex", "")), FROM.get(of.get("citizenship", "")), frozenset(form)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(people=PEOPLE, crossings=CROSSINGS, method=st.sampled_from([rules.WITHHOLD, NONE]))
def test_whatever_is_published_its_rows_are_its_shown_cells_and_an_attacker_learns_nothing(
    tmp_path: Path,
    people: dict[tuple[str, str, str, str], int],
    crossings: list[tuple[str, ...]],
    method: str,
) -> None:
    facts: list[Fact] = [(a_person(*who), times) for who, times in people.items()]
    content = public(replace(WANTED, crossings=tuple(crossings), method=method), facts)
    finest = max((c for c in crossings if "class" in c), key=len)
    cells = [c for c in content["cells"] if set(c["of"]) == set(finest)]
    victims = {
        row_of(c["of"]): c["value"] for c in cells if c["of"]["class"] == VICTIM and c["value"]
    }
    rows = read(contributed.as_ctdc(content)[0], tmp_path)
    # The rows count back to exactly the shown cells that are large enough, and to nothing else.
    assert rows == {row: n for row, n in victims.items() if n >= LEAST}
    documents = json.loads(contributed.as_htcds(content)[0])
    assert len(documents) == rows.total()
    # Whoever puts the rows into the table knows of each withheld cell what she knew without them.
    assert limits(content, tmp_path, {}) == limits(content, tmp_path, rows)


def limits(
    content: dict[str, Any],
    folder: Path,
    rows: Mapping[tuple[str | None, str | None, frozenset[str]], int],
) -> dict[str, tuple[int, int | None]]:
    """Return what an attacker is left with for each cell that the table withholds."""
    finest = max((c for c in content["definition"]["crossings"] if "class" in c), key=len)
    lines = list(csv.reader(io.StringIO(exports.as_csv(content).decode())))
    head, withheld = lines[0], []
    for line in lines[1:]:
        of = {axis: code for axis, code in zip(head, line[:-1], strict=False) if code != "_T"}
        if line[-1] == exports.WITHHELD:
            withheld.append("/".join(line[:-1]))
            if set(of) == set(finest) and of["class"] == VICTIM and rows.get(row_of(of)):
                line[-1] = str(rows[row_of(of)])
    file = folder / "table.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(lines)
    found = verdict.on(shown.read(file), whole_limits=True)
    told = {one["cell"]: (one["low"], one["high"]) for one in found["limits"]}
    # A cell that the rows told would be withheld no more: it is missing here.
    return {cell: told[cell] for cell in withheld if cell in told}


def test_everybody_takes_the_files_of_persons_out_where_the_table_allows_it(
    cast: Cast, client: Client, now: datetime
) -> None:
    last_year = now.replace(year=2025)
    for number in range(20):
        a_coded_case(cast, number, last_year, sex="F" if number < 12 else "M")
    statistician = cast.actor(Role.STATISTICIAN)
    wanted = replace(WANTED, crossings=(("class", "sex"),))
    row = actions.publish(wanted=wanted, actor=statistician, now=now)
    one = publications.published(row.series)
    assert publications.forms(one)[-2:] == ("ctdc", "htcds")
    address = f"/data/{row.series}/1/"
    taken = client.get(address + "ctdc")
    assert taken.content == contributed.as_ctdc(one.content)[0]
    assert taken.headers["Content-Disposition"] == 'attachment; filename="amana-ctdc-1.csv"'
    assert len(client.get(address + "htcds").json()) == 12
    for lang, said in (
        ("fr", "Lignes laissées de côté"),
        ("ar", "الأسطر المتروكة"),
        ("en", "Rows left out: 8"),
    ):
        page = client.get(address, headers={"accept-language": lang}).content.decode()
        assert said in page
        assert f"{address}htcds" in page
    # By sex alone it tells victims from nobody, and has neither.
    mixed = replace(WANTED, crossings=(("sex",),))
    other = actions.publish(wanted=mixed, actor=statistician, now=now)
    assert client.get(f"/data/{other.series}/1/ctdc").status_code == 404
    assert publications.left_out(publications.published(other.series)) == 0
