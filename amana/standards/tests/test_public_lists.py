"""Public code lists letter for letter, and the crosswalks between them: nothing guessed."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from amana.standards import codes, countries, ctdc_releases, public_crosswalk, public_lists
from amana.standards.datafile import LANGUAGES, BadData
from amana.standards.instrument import NotLoaded
from amana.standards.public_crosswalk import TURNED, related, unmapped
from amana.standards.public_lists import UnknownList, find

SHARED = Path(__file__).parents[4] / "shared" / "data" / "ctdc"
FIELDS = SHARED / "companions" / "htcds_2.0_fields.csv"
SHARED_LISTS = {
    "vic_RecruitmentWebsitesAndApps": "websites_and_apps",
    "vic_ExploitationWebsitesAndApps": "websites_and_apps",
    "cas_ReasonForIncomingReferral": "referral_reason",
    "cas_ReasonForOutgoingReferral": "referral_reason",
}
BETWEEN = sorted(public_crosswalk.load())


@pytest.mark.shared
def test_the_lists_of_htcds_are_those_of_the_standard_letter_for_letter() -> None:
    if not FIELDS.exists():
        pytest.skip("the fields are not in ../shared/data/ctdc beside this repository")
    with FIELDS.open(encoding="utf-8", newline="") as file:
        listed = {row["field"]: row["codes"] for row in csv.DictReader(file) if row["codes"]}

    for field, of in listed.items():
        held = find(f"htcds.{SHARED_LISTS.get(field, field)}")
        assert list(held.entries) == of.split(";"), field
    assert len(public_lists.load().standards["htcds"].lists) == len(listed) - 2


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("org_Type", 9),
        ("prs_Gender", 6),
        ("vic_MethodsOfControl", 16),
        ("vic_TypeOfExploitation", 11),
        ("vic_ForcedLabourIndustry", 21),
        ("per_RoleInProcess", 15),
    ],
)
def test_a_list_of_htcds_has_as_many_codes_as_the_standard_says(field: str, number: int) -> None:
    assert len(find(f"htcds.{field}").entries) == number


@pytest.mark.parametrize(
    ("version", "key"),
    [("2020", "k-anonymised"), ("2021", "2021"), ("2024", "2024"), ("2026",) * 2],
)
def test_every_flag_of_a_release_is_a_code_of_that_version_and_no_other_is(
    version: str, key: str
) -> None:
    flags = {c.name for c in ctdc_releases.load(key).columns if c.kind == "flag"}
    lists = ("means", "exploitation", "labour", "sex", "act", "recruiter")

    assert flags == {code for name in lists for code in find(f"ctdc.{name}@{version}").entries}


@pytest.mark.parametrize("key", ["k-anonymised", "2021", "2024", "2026"])
def test_every_value_a_release_may_hold_is_a_code(key: str) -> None:
    release = ctdc_releases.load(key)
    version = "2020" if key == "k-anonymised" else key

    for name, said in (
        ("gender", release.genders),
        ("age", release.ages),
        ("majority", release.majorities),
        ("months", release.months),
    ):
        held = find(f"ctdc.{name}@{version}")
        assert [text for text in said if held.code(text) is None] == [], name


def test_a_code_is_valid_from_the_version_that_brought_it_to_the_one_that_dropped_it() -> None:
    means = find("ctdc.means").entries

    assert means["meansOfControlUsesChildren"].valid_from == date(2017, 11, 28)
    assert means["meansOfControlUsesChildren"].valid_to == date(2021, 8, 25)
    assert means["meansThreats"].valid_from == date(2024, 2, 1)
    assert means["meansThreats"].valid_to is None
    assert find("ctdc.labour").entries["sectorOfLabourHospitality"].valid_from is None


def test_every_list_has_a_title_a_source_a_day_and_a_mark_and_every_code_its_words() -> None:
    for standard in public_lists.load().standards.values():
        for held in standard.lists.values():
            assert held.source, held.name
            assert held.date, held.name
            for entry in held.entries.values():
                assert all(entry.words.said_in(language) for language in LANGUAGES)


def test_countries_are_those_of_this_house_in_both_alphabets() -> None:
    assert list(find("iso3166.alpha2").entries) == list(countries.every())
    assert find("iso3166.alpha3").entries["CIV"].words.fr == "Côte d’Ivoire"
    assert len(find("iso3166.alpha3").entries) == len(find("iso3166.alpha2").entries)


@pytest.mark.parametrize("name", ["htcds.shoe", "ctdc.gender@1999", "amana.NOTHING"])
def test_a_list_or_version_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UnknownList):
        find(name)


def obtained() -> dict[str, Any]:
    """Return a file such as a person would write from the tables of IC-TIP, with invented codes."""
    words = {"fr": "Essai", "ar": "تجربة", "en": "Trial"}
    return {
        "name": "ic-tip",
        "versions": [{"version": "0", "date": "2025-03-01", "mark": "practice", "source": words}],
        "lists": [
            {
                "name": "trial",
                "unit": "victim",
                "words": words,
                "mark": "practice",
                "source": words,
                "date": "2025-03-01",
                "entries": [
                    {"code": "invented-1", "words": words},
                    {"code": "invented-1.1", "words": words, "parent": "invented-1"},
                ],
            }
        ],
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ic-tip.json"


def test_ic_tip_is_not_loaded_until_a_person_brings_it(file: Path) -> None:
    file.write_text(json.dumps(obtained()), encoding="utf-8")

    with pytest.raises(NotLoaded, match="ic-tip is not loaded here"):
        find("ic-tip.trial")
    held = public_lists.load().with_file(file).find("ic-tip.trial@0")
    assert list(held.entries) == ["invented-1", "invented-1.1"]
    assert held.unit == "victim"
    with pytest.raises(NotLoaded):
        find("ic-tip.trial")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda f: f["lists"][0].pop("unit"), "ic-tip.json.lists[0]: 'unit' is missing"),
        (lambda f: f["lists"][0].update(unit="country"), "ic-tip.json.lists[0].unit"),
        (lambda f: f["lists"][0]["entries"][1].update(parent="x"), "entries[1].parent"),
        (lambda f: f["lists"][0]["entries"][1].update(code="invented-1"), "stands twice"),
        (lambda f: f["lists"][0]["entries"][0]["words"].pop("ar"), "'ar' is missing"),
        (lambda f: f["lists"][0].update(entries=[]), "holds no code"),
        (lambda f: f.update(versions=[]), "names no version"),
        (lambda f: f.update(name="htcds"), "loaded already"),
        (lambda f: f.update(name="ic.tip"), "holds a dot"),
    ],
)
def test_a_file_at_fault_is_refused_and_the_place_named(
    file: Path, change: Any, where: str
) -> None:
    document = obtained()
    change(document)
    if document["name"] != "ic-tip":
        document["lists"][0].pop("unit")
    file.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(BadData) as refused:
        public_lists.load().with_file(file)

    assert where in str(refused.value)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(BadData, match=r"ic-tip\.json: is not"):
        public_lists.load().with_file(file)


@pytest.mark.parametrize(("a", "b"), BETWEEN)
def test_seen_from_the_other_side_a_link_is_turned(a: str, b: str) -> None:
    for code in find(a).entries:
        for link in related(a, code, b):
            if a != b:
                assert link.turned in related(b, link.code_b, a)
                assert TURNED[TURNED[link.relation]] == link.relation


@pytest.mark.parametrize(("a", "b"), BETWEEN)
def test_every_code_is_mapped_or_listed_as_unmapped(a: str, b: str) -> None:
    left = unmapped(a, b)

    assert [c for c in find(a).entries if not related(a, c, b)] == list(left)


@pytest.mark.parametrize(("a", "b"), BETWEEN)
def test_what_is_exact_is_exact_with_one_code_of_a_version(a: str, b: str) -> None:
    versions = public_lists.load().standards[b.partition(".")[0]].versions
    for code in find(a).entries:
        for target in [f"{b}@{version}" for version in versions] or [b]:
            exact = [x for x in related(a, code, target) if x.relation == "exact"]
            assert len(exact) < 2, (code, target)


def test_a_merged_code_is_broader_than_its_parts_and_never_split() -> None:
    found = related("ctdc.means@2024", "meansAbusePsyPhySex", "htcds.vic_MethodsOfControl")

    assert {link.relation for link in found} == {"broader"}
    assert [x.code_b for x in found] == ["PsychologicalAbuse", "PhysicalAbuse", "SexualAbuse"]


def test_what_has_no_counterpart_is_listed() -> None:
    htcds = "htcds.vic_TypeOfExploitation"

    assert unmapped("ctdc.means@2020", "htcds.vic_MethodsOfControl") == (
        "meansOfControlRestrictsMovement",
        "meansOfControlNotSpecified",
    )
    assert unmapped("ctdc.means@2020", "ctdc.means@2024") == (
        "meansOfControlOther",
        "meansOfControlNotSpecified",
    )
    assert unmapped("ctdc.exploitation@2020", htcds) == ("isSexAndLabour", "isSlaveryAndPractices")
    assert set(unmapped("amana.FORM_EXPL", htcds)) == {
        *("FORCED_CRIME_SCAM", "FORCED_CRIME_OTHER", "SLAVERY_LIKE", "MED_EXPERIMENT"),
        *("ADOPTION_SALE", "SPORT_FRAUD", "RANSOM_EXTORT", "OTHER", "UNK"),
    }
    assert "AUCUN_INDICATEUR" in unmapped("amana.CLASS", "htcds.vic_TraffickingStatus")
    assert unmapped("amana.SEX", "ctdc.gender@2024") == ("UNK",)


def test_a_code_of_one_version_that_stands_in_the_other_is_itself() -> None:
    (link,) = related("ctdc.exploitation@2021", "isForcedLabour", "ctdc.exploitation@2024")

    assert (link.code_b, link.relation) == ("isForcedLabour", "exact")
    assert related("ctdc.means@2021", "meansThreats", "ctdc.means@2024") == ()


OURS = {
    "0_4": (0, 4),
    "5_9": (5, 9),
    "10_14": (10, 14),
    "15_17": (15, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_44": (35, 44),
    "45_59": (45, 59),
    "60P": (60, 120),
}


def years(band: str) -> set[int]:
    """Return the years of a band of CTDC."""
    first, _, last = band.replace("+", "--120").partition("--")
    return set(range(int(first), int(last) + 1))


def test_age_bands_are_to_each_other_what_their_years_are() -> None:
    for ours, (first, last) in OURS.items():
        held = set(range(first, last + 1))
        said = {x.code_b: x.relation for x in related("amana.AGE_BAND", ours, "ctdc.age")}
        for band in find("ctdc.age").entries:
            theirs = years(band)
            if held <= theirs:
                assert said.pop(band) == "narrower"
            elif theirs <= held:
                assert said.pop(band) == "broader"
            elif held & theirs:
                assert said.pop(band) == "partial"
        assert said == {}


@pytest.mark.parametrize("key", ["k-anonymised", "2021", "2024", "2026"])
def test_the_import_of_a_release_and_the_crosswalk_say_the_same(key: str) -> None:
    version = "2020" if key == "k-anonymised" else key
    for column in ctdc_releases.load(key).columns:
        for name in ("exploitation", "labour", "sex"):
            for form in column.forms:
                links = related(f"ctdc.{name}@{version}", column.name, "amana.FORM_EXPL")
                said = [x.relation for x in links if x.code_b == form]
                assert said in ([], [column.relation]), (column.name, form)


def test_our_lists_are_those_of_the_forms() -> None:
    assert list(find("amana.FORM_EXPL").entries) == list(codes.values("FORM_EXPL"))
