"""The public CTDC release: what it says, what it does not, and how a damaged file is refused."""

import csv
import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amana.standards import ctdc
from amana.standards.ctdc import Row, mapped, names_a_form, names_a_means, summary
from amana.standards.ctdc_releases import BadRow, load

ROOT = Path(__file__).parents[3]
INVENTED = ROOT / "tests" / "vectors" / "ctdc" / "invented.csv"
SHARED = ROOT.parent / "shared" / "data" / "ctdc"
RELEASE = SHARED / "ctdc_global_synthetic_2021-08-25.csv.gz"


def row(*flags: str, **said: Any) -> Row:
    empty: dict[str, Any] = dict.fromkeys(
        ["gender", "age", "majority", "months", "citizenship", "exploited_in"]
    )
    return Row(year=None, flags=frozenset(flags), **(empty | said))


def by_minor(minor: str, indicators: tuple[str, ...]) -> str:
    """Stand in for the reading of another room."""
    return "ENFANT_A_RISQUE" if minor == "yes" and indicators else "AUCUN_INDICATEUR"


@pytest.fixture
def lines() -> list[list[str]]:
    with INVENTED.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[list[list[str]]], Path]:
    def save(lines: list[list[str]]) -> Path:
        path = tmp_path / "file.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
        return path

    return save


def test_the_invented_file_is_read_whole() -> None:
    rows = list(ctdc.read(INVENTED))

    assert len(rows) == 40
    assert sum(r.citizenship == "CIV" and r.exploited_in == "MAR" for r in rows) == 10
    assert sum(r.citizenship == "GIN" and r.exploited_in == "MAR" for r in rows) == 5


def test_a_packed_file_reads_like_the_plain_one(tmp_path: Path) -> None:
    packed = tmp_path / "invented.csv.gz"
    packed.write_bytes(gzip.compress(INVENTED.read_bytes()))

    assert list(ctdc.read(packed)) == list(ctdc.read(INVENTED))


def test_the_header_cut_short_and_the_full_one_are_the_same_column(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    lines[0] = [name.replace("ThreatOfLawEnforcement", "ThreatOfLawEnforce") for name in lines[0]]

    assert list(ctdc.read(saved(lines))) == list(ctdc.read(INVENTED))


def test_columns_in_another_order_say_the_same(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    turned = [line[::-1] for line in lines]

    assert list(ctdc.read(saved(turned))) == list(ctdc.read(INVENTED))


def test_a_deceived_woman_in_debt_is_said_in_our_signs() -> None:
    first = mapped(next(ctdc.read(INVENTED)))

    assert first.minor == "no"
    assert (first.citizenship, first.exploited_in) == ("CI", "MA")
    assert first.indicators == ("T1", "R1", "R3", "D1", "X5")
    assert first.forms == ("LAB_DOMESTIC",)
    assert (first.age_band, first.source_age_band) == ("UNK_ADULT", "24--26")
    assert first.not_reported == ()


def test_every_flag_has_the_counterpart_that_was_agreed_and_no_other() -> None:
    said = {c.name: c.indicators for c in load().columns if c.kind == "flag"}

    assert {name: codes[0] for name, codes in said.items() if codes} == {
        "meansOfControlDebtBondage": "R3",
        "meansOfControlTakesEarnings": "X1",
        "meansOfControlThreats": "C2",
        "meansOfControlPhysicalAbuse": "C2",
        "meansOfControlSexualAbuse": "C2",
        "meansOfControlFalsePromises": "R1",
        "meansOfControlRestrictsMovement": "C1",
        "meansOfControlExcessiveWorkingHours": "X2",
        "meansOfControlThreatOfLawEnforcement": "C5",
        "meansOfControlWithholdsDocuments": "D1",
        "isForcedLabour": "X5",
        "isSexualExploit": "S2",
        "typeOfSexProstitution": "S1",
        "typeOfSexPornography": "S3",
        "recruiterRelationIntimatePartner": "T1",
        "recruiterRelationFriend": "T1",
        "recruiterRelationFamily": "T1",
        "recruiterRelationOther": "T1",
    }
    assert all(len(codes) < 2 for codes in said.values())


def test_what_has_no_honest_counterpart_is_listed_and_not_guessed() -> None:
    found = mapped(row("meansOfControlOther", "meansOfControlPsychologicalAbuse"))

    assert found.indicators == found.forms == ()
    assert found.unmapped == ("meansOfControlPsychologicalAbuse", "meansOfControlOther")


def test_what_a_row_does_not_say_is_named_and_stays_unknown() -> None:
    found = mapped(row())

    assert found.not_reported == (
        *("year", "gender", "age", "majority", "duration"),
        *("citizenship", "exploited_in", "means", "form", "recruiter"),
    )
    assert (found.minor, found.sex, found.age_band) == ("doubtful", "UNK", None)


@pytest.mark.parametrize(
    ("said", "minor", "age_band"),
    [
        ({"age": "0--8"}, "yes", "UNK_CHILD"),
        ({"age": "09--17"}, "yes", "UNK_CHILD"),
        ({"age": "18--20"}, "no", "18_24"),
        ({"age": "21--23"}, "no", "18_24"),
        ({"age": "24--26"}, "no", "UNK_ADULT"),
        ({"age": "27--29"}, "no", "25_34"),
        ({"age": "30--38"}, "no", "UNK_ADULT"),
        ({"age": "48+"}, "no", "UNK_ADULT"),
        ({"majority": "Minor"}, "yes", "UNK_CHILD"),
        ({"majority": "Adult"}, "no", "UNK_ADULT"),
        ({"age": "30--38", "majority": "Minor"}, "yes", "UNK_ADULT"),
        ({"age": "09--17", "majority": "Adult"}, "yes", "UNK_CHILD"),
        ({}, "doubtful", None),
    ],
)
def test_doubt_about_the_age_benefits_the_child(
    said: dict[str, str], minor: str, age_band: str | None
) -> None:
    found = mapped(row(**said))

    assert (found.minor, found.age_band) == (minor, age_band)


def test_the_summary_counts_without_writing() -> None:
    before = sorted(INVENTED.parent.iterdir())

    assert summary(INVENTED, by_minor) == {
        "rows": 40,
        "by_class": {"ENFANT_A_RISQUE": 10, "AUCUN_INDICATEUR": 30},
        "names_a_form": 25,
        "names_a_form_and_a_means": 17,
        "protected_as_children": 13,
        "minors": 9,
    }
    assert sorted(INVENTED.parent.iterdir()) == before


def test_an_unknown_column_is_refused_by_name(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    lines[0][3] = "shoeSize"

    with pytest.raises(BadRow, match=r"line 1, column 'shoeSize': unknown column. Remove it"):
        list(ctdc.read(saved(lines)))


def test_a_missing_column_is_refused_by_name(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    with pytest.raises(BadRow, match="line 1, column 'recruiterRelationOther': missing column"):
        list(ctdc.read(saved([line[:-1] for line in lines])))


def test_a_column_given_twice_is_refused_by_name(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    with pytest.raises(BadRow, match="line 1, column 'gender': duplicate column"):
        list(ctdc.read(saved([[*line, line[1]] for line in lines])))


def test_a_line_with_a_missing_cell_is_refused(
    lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    lines[7] = lines[7][:-1]

    with pytest.raises(BadRow, match="line 8, column -: 36 cells where the header has 37"):
        list(ctdc.read(saved(lines)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("yearOfRegistration", "20l9"),
        ("yearOfRegistration", "٢٠١٩"),
        ("gender", "female"),
        ("ageBroad", "18-20"),
        ("majorityStatusAtExploit", "Unknown"),
        ("traffickMonths", "12"),
        ("citizenship", "CI"),
        ("citizenship", "XXX"),
        ("CountryOfExploitation", "ZZZ"),
        ("isForcedLabour", "0"),
        ("meansOfControlOther", " "),
    ],
)
def test_a_value_the_release_cannot_hold_is_refused(
    column: str, value: str, lines: list[list[str]], saved: Callable[[list[list[str]]], Path]
) -> None:
    lines[5][lines[0].index(column)] = value

    with pytest.raises(BadRow, match="Correct it, or empty it") as refused:
        list(ctdc.read(saved(lines)))

    assert (refused.value.line, refused.value.column) == (6, repr(column))
    assert repr(value) in str(refused.value)


def test_a_file_in_another_encoding_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(INVENTED.read_bytes().replace(b"\n2018", "\nCôte".encode("latin-1"), 1))

    with pytest.raises(BadRow, match=r"line 4, .* not UTF-8"):
        list(ctdc.read(path))


def test_the_mark_some_programs_put_before_the_text_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"\xef\xbb\xbf" + INVENTED.read_bytes())

    assert len(list(ctdc.read(path))) == 40


def test_a_plain_file_named_as_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(INVENTED.read_bytes())

    with pytest.raises(BadRow, match="not gzip"):
        list(ctdc.read(path))


@pytest.mark.parametrize("damage", [lambda b: b[:-200], lambda b: b[:300] + b"xx" + b[302:]])
def test_a_packed_file_cut_short_or_damaged_is_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(damage(gzip.compress(INVENTED.read_bytes())))

    with pytest.raises(BadRow, match=r"cut short or damaged|not UTF-8|no value"):
        list(ctdc.read(path))


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(BadRow, match=r"line 1, .* empty"):
        list(ctdc.read(tmp_path / name))


def test_a_quote_left_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(INVENTED.read_bytes() + b'"2018')

    with pytest.raises(BadRow, match=r"Check the quotes"):
        list(ctdc.read(path))


@pytest.fixture(scope="module")
def release() -> list[Row]:
    if not RELEASE.exists():
        pytest.skip("the release is not in ../shared/data/ctdc beside this repository")
    return list(ctdc.read(RELEASE))


@pytest.mark.shared
def test_the_release_holds_what_is_known_of_it(release: list[Row]) -> None:
    assert len(release) == 193_025
    assert sum(names_a_form(r) for r in release) == 120_765
    assert sum(names_a_form(r) and names_a_means(r) for r in release) == 59_024


@pytest.mark.shared
def test_the_corridor_between_the_two_countries_is_nearly_silent(release: list[Row]) -> None:
    in_morocco = [r for r in release if r.exploited_in == "MAR"]
    ivorian = [r for r in in_morocco if r.citizenship == "CIV"]
    said = [mapped(r).not_reported for r in ivorian]

    assert (len(in_morocco), len(ivorian)) == (310, 45)
    assert not any(names_a_form(r) or names_a_means(r) for r in ivorian)
    only_countries = {"gender", "age", "majority", "duration", "means", "form", "recruiter"}
    assert sum(only_countries <= set(groups) for groups in said) == 39


@pytest.mark.shared
def test_the_whole_release_is_read_and_classified_in_well_under_a_minute(
    release: list[Row],
) -> None:
    started = time.perf_counter()

    found = summary(RELEASE, by_minor)

    assert found["rows"] == 193_025
    assert found["protected_as_children"] == 33_498
    assert found["minors"] == 24_711
    assert time.perf_counter() - started < 40
