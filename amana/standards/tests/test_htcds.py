"""HTCDS sheets as people fill them: twelve known faults put right by name, all others named.

The layouts are made here from the description in our note on standards; all people are invented.
"""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from amana.standards import countries, htcds, htcds_fields
from amana.standards.datafile import FOLDER, BadData
from amana.standards.htcds import BadCell, Document, Report, read, validate
from amana.standards.htcds_fields import E164, PLACES, Field, load, schema

SHARED = Path(__file__).parents[4] / "shared" / "data" / "ctdc"
FIELDS = SHARED / "companions" / "htcds_2.0_fields.csv"

Rows = Sequence[Sequence[object]]
Saved = Callable[..., Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Write sheets of rows, each under its name, as a workbook."""

    def save(**sheets: Rows) -> Path:
        book = Workbook()
        book.remove(book.worksheets[0])
        for name, rows in sheets.items():
            page = book.create_sheet(name)
            for row in rows:
                page.append(list(row))
            page.row_dimensions[1].hidden = True
        path = tmp_path / "file.xlsx"
        book.save(path)
        return path

    return save


def case(**said: Any) -> Document:
    """Return a document with these parts, the rest empty."""
    parts: Document = {"profile": "amana-htcds", "version": "2.0", "case": {}}
    return parts | {place: [] for place in PLACES.values()} | said


def one(saved: Saved, **cells: object) -> tuple[Document, Report]:
    """Read one row of these fields with a report."""
    report = Report()
    (document,) = read(saved(cases=[list(cells), list(cells.values())]), report=report)
    validate(document)
    return document, report


@pytest.mark.shared
def test_the_fields_are_the_84_of_the_standard() -> None:
    if not FIELDS.exists():
        pytest.skip("the fields are not in ../shared/data/ctdc beside this repository")
    with FIELDS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    held = load()
    assert [row["field"] for row in rows] == list(held)
    for row in rows:
        assert held[row["field"]].is_core == (row["core"] == "Core")
        assert held[row["field"]].is_deprecated == (row["status"] == "DEPRECATED")
        assert held[row["field"]].is_many == row["type"].startswith("Multiselect")


def test_there_are_84_fields_40_of_them_core_and_3_deprecated() -> None:
    held = load().values()

    assert len(held) == 84
    assert sum(of.is_core for of in held) == 40
    assert sum(of.is_deprecated for of in held) == 3
    assert sum(of.is_core and of.is_deprecated for of in held) == 2


def test_the_schema_on_file_is_the_one_that_the_fields_and_lists_make() -> None:
    held = json.loads((FOLDER / "htcds_profile.schema.json").read_text(encoding="utf-8"))

    assert held == schema()


# The Excel template: machine names, then labels, then rows that column A numbers to a thousand.
NAMES = [
    *("", "prs_FirstName", "prs_Gender", "prs_Citizenship"),
    *("prs_MailingCity", "prs_MailingCountry", "prs_MailingState", "prs_MailingStreet"),
    *("prs_MailingPostalCode", "vic_TraffickinStatusDecisionMakingOrg", "vic_MethodsOfControl"),
    *("cas_Status", "cas_ReasonForIncomingReferral", "", "per_Organisation", "spl_Type"),
]
LABELS = [
    *("", "First Name", "Gender", "Citizenship"),
    *("Mailing Street", "Mailing City", "Mailing State/Province", "Mailing Zip/Postal Code"),
    *("Mailing Country", "Trafficking Status Decision Making Organization", "Methods of Control"),
    *("Status", "Reason for Incoming Referral", "Reason for Outgoing Referral", "", "Type"),
]
FILLED = [
    *(1, "Awa", "Feminine", "CI;Morocco", "12, rue des Essais", "Rabat", "Rabat-Salé", "10000"),
    *("MA", "Police", "DebtBondage ;PsychoactiveSubstances;RestrictsMovement", "Follow up"),
    *("Migration Or Change Of Location", "Other", "An invented company", "  "),
]
NUMBERED: list[list[object]] = [[number] for number in range(2, 6)]
DEFINITIONS = [
    ("Field", "Definition"),
    ("Leather", "Working of hides."),
    ("Wood", "Working of hides."),
]


def test_the_template_with_its_twelve_faults_is_read_and_each_is_named(saved: Saved) -> None:
    survey = [
        [
            *("prs_First_Name", "prs_Title", "vic_Methods_of_Control"),
            *("vic_ForcedLabourIndustry", "prs_Citizenship", "cas_ReasonForIncomingReferral"),
        ],
        [
            *("First Name", "Second Name", "Methods of Control"),
            *("Forced Labour Industry", "Citizenship", "Reason for Incoming Referral"),
        ],
        [
            *("Issa", "Essai", "TakesEarnings WithholdsDocuments"),
            *("F_Construction C_Manufacturing", "CI", "His brother asked for him"),
        ],
    ]
    path = saved(Cases=[NAMES, LABELS, FILLED, *NUMBERED], survey=survey, Definitions=DEFINITIONS)
    report = Report()

    excel, form = read(path, report=report)

    assert report.faults == 0, report.bad
    assert {repair: n for repair, n in report.repaired.items() if repair != "HTCDS-4"} == {
        "HTCDS-1": 1,
        "HTCDS-2": 1,
        "HTCDS-3": 4,
        "HTCDS-5": 3,
        "HTCDS-6": 1,
        "HTCDS-7": 1,
        "HTCDS-8": 1,
        "HTCDS-9": 2,
        "HTCDS-10": 1,
        "HTCDS-11": 2,
        "HTCDS-12": 7,
    }
    # A country by name, and two labels that differ in case from the standard.
    assert report.repaired["HTCDS-4"] == 3
    assert excel == case(
        case={"cas_Status": "FollowUp"},
        persons=[
            {
                "prs_FirstName": "Awa",
                "prs_Gender": "Feminine",
                "prs_Citizenship": ["CI", "MA"],
                "prs_MailingStreet": "12, rue des Essais",
                "prs_MailingCity": "Rabat",
                "prs_MailingState": "Rabat-Salé",
                "prs_MailingPostalCode": "10000",
                "prs_MailingCountry": "MA",
                "vic_TraffickingStatusDecisionMakingOrg": "Police",
                "vic_MethodsOfControl": [
                    *("DebtBondage", "PsychoactiveSubstance", "x-amana:RestrictsMovement"),
                ],
                "per_Organisation": "An invented company",
            }
        ],
        referrals=[
            {
                "cas_ReasonForIncomingReferral": "MigrationOrChangeOfLocation",
                "cas_ReasonForOutgoingReferral": "Other",
            }
        ],
    )
    assert form == case(
        persons=[
            {
                "prs_FirstName": "Issa",
                "prs_SecondName": "Essai",
                "vic_MethodsOfControl": ["TakesEarnings", "WithholdsDocuments"],
                "vic_ForcedLabourIndustry": "F_Construction",
                "x-amana:MoreIndustries": ["C_Manufacturing"],
                "prs_Citizenship": ["CI"],
            }
        ],
        referrals=[
            {
                "cas_ReasonForIncomingReferral": "Other",
                "cas_IncomingReferralDetails": "His brother asked for him",
            }
        ],
    )
    validate(excel)
    validate(form)


def test_a_repair_says_which_cell_it_touched(saved: Saved) -> None:
    _, report = one(saved, prs_FirstName="Awa", vic_MethodsOfControl="DebtBondage ")

    (touched,) = report.touched
    assert (touched.sheet, touched.row, touched.column, touched.repair) == (
        *("cases", 2, "B", "HTCDS-8"),
    )


def test_labels_alone_are_read_where_they_lead_to_one_field(saved: Saved) -> None:
    rows = [["First Name", "Gender", "Type of Exploitation"], ["Awa", "female", "Forced labour"]]

    (found,) = read(saved(cases=rows))

    assert found["persons"] == [
        *(
            {
                "prs_FirstName": "Awa",
                "prs_Gender": "Feminine",
                "vic_TypeOfExploitation": ["ForcedLabour"],
            },
        )
    ]


def test_a_label_of_several_fields_is_not_guessed(saved: Saved) -> None:
    report = Report()

    read(saved(cases=[["First Name", "Type"], ["Awa", "Legal"]]), report=report)

    assert [(bad.row, bad.column) for bad in report.bad] == [(1, "B")]


def test_names_and_values_of_version_02_are_read_and_named(saved: Saved) -> None:
    document, report = one(saved, prs_Nationality="CI", prs_Gender="Female")

    assert document["persons"] == [{"prs_Citizenship": ["CI"], "prs_Gender": "Feminine"}]
    assert report.repaired == {"HTCDS-0.2": 2}


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("vic_MethodsOfControl", "Threats", "PhysicalThreats, ThreatsLawEnforcement"),
        ("prs_Gender", "Transgender/NonConforming", "TransgenderFeminine"),
        ("prs_Gender", "3", "Write one of Feminine"),
        ("prs_Citizenship", "XX", "two letters"),
        ("prs_Citizenship", "Ivoryland", "two letters"),
        ("prs_PrimaryLanguage", "Dioula", "ISO 639-2"),
        ("prs_Birthdate", "22/11/2001", "2026-11-22"),
        ("prs_NumberOfChildren", "two", "whole number"),
        ("vic_AgeWhenTrafficked", "151", "whole number"),
        ("prs_Deceased", "perhaps", "yes or no"),
        ("prs_MobilePhone", "0612345678", r"+212600000000"),
        ("hte_Latitude", "91", "from -90 to 90"),
        ("hte_Longitude", "nan", "from -180 to 180"),
        ("cas_Status", "Active;Closed", "Keep one"),
        ("prs_FirstName", "=1+1", "value itself"),
    ],
)
def test_a_cell_at_fault_is_named_with_its_place_and_a_way_out(
    saved: Saved, name: str, said: str, remedy: str
) -> None:
    sheet = [[name, "prs_MiddleName"], [said, "Essai"]]
    report = Report()

    (document,) = read(saved(cases=sheet), report=report)

    (bad,) = report.bad
    assert (bad.sheet, bad.row, bad.column, bad.field) == ("cases", 2, "A", name)
    assert remedy in bad.remedy
    assert document["persons"] == [{"prs_MiddleName": "Essai"}]
    with pytest.raises(BadCell, match=r"cases!A2: "):
        read(saved(cases=sheet))


@pytest.mark.parametrize("name", ["prs_Birthdate", "prs_MobilePhone", "vic_AgeWhenTrafficked"])
def test_a_fault_does_not_repeat_what_is_said_of_a_person(saved: Saved, name: str) -> None:
    _, report = one(saved, **{name: "01.02.0999 secret", "prs_FirstName": "Awa"})

    assert "secret" not in str(report.bad)


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("prs_PrimaryLanguage", "fra", "fra"),
        ("prs_PrimaryLanguage", "dyu", "dyu"),
        ("prs_PrimaryLanguage", "ar", "ar"),
        ("prs_MobilePhone", "+212 6-00 (00) 00.00", "+212600000000"),
        ("prs_HomePhone", 212600000000, "212600000000"),
        ("prs_Deceased", "Oui", True),
        ("vic_AgeWhenTrafficked", 14.0, 14),
        ("prs_MailingCountry", "Côte d’Ivoire", "CI"),
        ("prs_Citizenship", "CI MA", ["CI", "MA"]),
        ("prs_Citizenship", "ساحل العاج", ["CI"]),
        ("vic_ForcedLabourIndustry", "Construction", "F_Construction"),
    ],
)
def test_what_can_be_read_one_way_only_is_read(
    saved: Saved, name: str, said: object, value: object
) -> None:
    document, report = one(saved, **{name: said})

    assert document["persons"] == [{name: value}]
    assert report.faults == 0


def test_a_column_nobody_knows_and_a_list_that_is_no_data_are_named(saved: Saved) -> None:
    rows = [["prs_FirstName", "shoe_Size", "cas_Persons", "prs_FirstName"], ["Awa", 38, "[a]", "B"]]
    report = Report()

    (document,) = read(saved(cases=rows), report=report)

    assert [(bad.row, bad.column) for bad in report.bad] == [(1, "B"), (1, "C"), (1, "D")]
    assert document["persons"] == [{"prs_FirstName": "Awa"}]


def test_a_value_outside_every_column_is_named(saved: Saved) -> None:
    report = Report()

    read(saved(cases=[["prs_FirstName", None], ["Awa", "lost"]]), report=report)

    assert [(bad.row, bad.column) for bad in report.bad] == [(2, "B")]


def test_deprecated_fields_are_read_and_warned_of_and_core_fields_missed(saved: Saved) -> None:
    _, report = one(saved, vic_DetailsOfVulnerabilities="None known", prs_Gender="Feminine")

    assert report.deprecated == {"vic_DetailsOfVulnerabilities": 1}
    assert report.core_missing["prs_FirstName"] == 1
    assert report.core_missing["prs_Gender"] == 0
    assert report.core_missing["con_Consent"] == 1
    assert "vic_Vulnerabilities" not in report.core_missing


def test_free_words_for_a_reason_do_not_push_out_the_details(saved: Saved) -> None:
    document, _ = one(
        saved, cas_ReasonForIncomingReferral="He asked", cas_IncomingReferralDetails="By phone"
    )

    assert document["referrals"][0]["cas_IncomingReferralDetails"] == "He asked\nBy phone"


def test_rows_of_one_case_are_joined_and_what_contradicts_is_named(saved: Saved) -> None:
    rows = [
        ["x-amana:case", "x-amana:person", "cas_Status", "prs_FirstName", "con_Consent"],
        ["A", "1", "Active", "Awa", "no"],
        ["A", "1", "Closed", "Awa", "yes"],
        ["A", "2", "", "Issa", ""],
        ["B", "", "", "", ""],
    ]
    report = Report()

    documents = read(saved(cases=rows), report=report)

    consents = [{"con_Consent": False}, {"con_Consent": True}]
    assert documents == [
        case(
            case={"cas_Status": "Active"},
            persons=[{"prs_FirstName": "Awa", "consents": consents}, {"prs_FirstName": "Issa"}],
        ),
        case(),
    ]
    assert [(bad.row, bad.field) for bad in report.bad] == [(3, "cas_Status")]


def test_a_first_row_whose_words_are_also_labels_is_not_lost(tmp_path: Path) -> None:
    places = {"org_Name": "Phone", "org_ShippingCity": "Street", "org_ShippingState": "State"}
    documents = [case(organisations=[places])]
    book = tmp_path / "cases.xlsx"
    book.write_bytes(htcds.workbook(documents))

    assert read(book) == documents


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "b.csv").write_bytes(b"prs_FirstName\nC\xf4te\n")
    (tmp_path / "c.csv").write_bytes(b'prs_FirstName\n"open\n')

    for name in ("a.xlsx", "b.csv", "c.csv"):
        with pytest.raises(BadData, match=name):
            read(tmp_path / name, report=Report())


def test_a_document_that_is_not_of_the_profile_is_refused_at_its_place() -> None:
    wrong = case(persons=[{"prs_Gender": "Feminine"}, {"prs_Gender": "F"}])

    with pytest.raises(BadData, match=r"case\.persons\[1\]\.prs_Gender"):
        validate(wrong)
    with pytest.raises(BadData, match="case"):
        htcds.workbook([wrong])


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufffd"),
    min_size=1,
    max_size=12,
)


def values(of: Field) -> st.SearchStrategy[Any]:
    one: dict[str, st.SearchStrategy[Any]] = {
        "text": TEXT,
        "code": st.sampled_from(of.codes or ("",)),
        "country": st.sampled_from(countries.every()),
        "language": st.sampled_from(["fra", "ara", "dyu", "ary", "en"]),
        "date": st.dates().map(lambda day: day.isoformat()),
        "number": st.integers(0, 150),
        "flag": st.booleans(),
        "phone": st.from_regex(E164.replace(r"\d", "[0-9]"), fullmatch=True),
        "longitude": st.floats(-180, 180),
        "latitude": st.floats(-90, 90),
    }
    held = one[of.kind]
    return st.lists(held, min_size=1, max_size=3, unique=True) if of.is_many else held


def objects(name: str, *, least: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    fields = {of.name: of for of in htcds_fields.of_object(name)}
    return st.lists(st.sampled_from(list(fields)), min_size=least, max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({one: values(fields[one]) for one in chosen})
    )


def persons() -> st.SearchStrategy[dict[str, Any]]:
    consents = st.lists(objects("consent"), min_size=1, max_size=2)
    return st.one_of(
        objects("person"),
        st.tuples(objects("person"), consents).map(lambda both: both[0] | {"consents": both[1]}),
    )


DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "profile": st.just("amana-htcds"),
            "version": st.just("2.0"),
            "case": objects("case", least=0),
            **{
                place: st.lists(persons() if name == "person" else objects(name), max_size=2)
                for name, place in PLACES.items()
            },
        }
    ),
    max_size=3,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_a_workbook_and_csv_files_bring_back_the_cases_they_were_made_of(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document]
) -> None:
    folder = tmp_path_factory.mktemp("htcds")
    book = folder / "cases.xlsx"
    book.write_bytes(htcds.workbook(documents))
    files = htcds.csv_files(documents)
    for name, content in files.items():
        (folder / name).write_bytes(content)

    assert read(book) == documents
    assert read(*(folder / name for name in files)) == documents


def test_a_text_that_a_spreadsheet_would_compute_is_shielded_and_comes_back(tmp_path: Path) -> None:
    texts = ["=1+1", "'quoted", "'=1", "+1", "-", "@x"]
    documents = [case(persons=[{"prs_FirstName": text}]) for text in texts]
    files = htcds.csv_files(documents)

    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "person.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert read(*(tmp_path / name for name in files)) == documents
