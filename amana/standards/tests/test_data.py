"""Every data file speaks three languages, rests on a source, and is refused when broken."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from amana.standards import (
    authorities,
    calendars,
    caseload,
    ceremony,
    citations,
    clocks,
    codes,
    consent,
    countries,
    crosswalk,
    ctdc_releases,
    flows,
    htcds_fields,
    journey,
    ladder,
    laws,
    messages,
    need_to_know,
    never_sent,
    next_steps,
    paper_texts,
    public_crosswalk,
    public_lists,
    sheets,
    shelters,
    statistics,
)
from amana.standards.datafile import FOLDER, LANGUAGES, MARKS, BadData, Place, opened
from amana.standards.instruments import INSTRUMENTS, shelf

# The schema of instruments is no data; their own files are read by the shelf.
FILES = sorted(path.name for path in FOLDER.glob("*.json") if not path.stem.endswith(".schema"))
INSTRUMENT_FILES = sorted(path.name for path in INSTRUMENTS.glob("*.json"))
READERS = {
    "authorities.json": authorities.read,
    "ceremony_words.json": ceremony.read,
    "citations.json": citations.read,
    "clocks.json": clocks.read,
    "code_lists.json": codes.read,
    "consent.json": consent.read,
    "countries.json": countries.read,
    "duties.json": lambda root: journey.read_duties(root, journey.load()),
    "journey.json": journey.read,
    "crosswalk.json": crosswalk.read,
    "ctdc-2021.json": ctdc_releases.release_from,
    "ctdc-2024.json": ctdc_releases.release_from,
    "ctdc-2026.json": ctdc_releases.release_from,
    "ctdc-kanon.json": ctdc_releases.release_from,
    "ladder.json": ladder.read,
    "laws.json": laws.read,
    "form.json": codes.read,
    "moon_sighted.json": calendars.read_moon_sighted,
    "htcds_fields.json": htcds_fields.read,
    "letter_lists.json": codes.read,
    "lists_crosswalk.json": public_crosswalk.read,
    "lists_ctdc.json": public_lists.read,
    "lists_extension.json": public_lists.read,
    "lists_glotip.json": public_lists.read,
    "lists_htcds.json": public_lists.read,
    "lists_sdg.json": public_lists.read,
    "messages.json": messages.read,
    "need_to_know.json": need_to_know.read,
    "never_sent.json": never_sent.read,
    "next_steps.json": next_steps.read,
    "paper.json": codes.read,
    "paper_texts.json": paper_texts.read,
    "sheet_lists.json": codes.read,
    "caseload.json": caseload.read,
    "shelter_lists.json": codes.read,
    "flows.json": flows.read,
    "statistics.json": statistics.read,
    "shelters.json": shelters.read,
    "sheets.json": sheets.read,
    "words.json": codes.read,
}
ARABIC = range(0x0600, 0x0700)


def said(
    value: object, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Yield every place where something is said to a person."""
    if isinstance(value, dict):
        if set(value) & set(LANGUAGES) and all(isinstance(text, str) for text in value.values()):
            yield path, value
            return
        for key, inner in value.items():
            yield from said(inner, (*path, key))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from said(inner, (*path, str(number)))


def raw(name: str) -> Any:
    folder = INSTRUMENTS if name in INSTRUMENT_FILES else FOLDER
    return json.loads((folder / name).read_text(encoding="utf-8"))


def labels() -> Iterator[tuple[str, dict[str, str]]]:
    for name in (*FILES, *INSTRUMENT_FILES):
        for path, words in said(raw(name)):
            yield f"{name}:{'.'.join(path)}", words


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_whole_and_has_its_reader(name: str) -> None:
    assert READERS[name](opened(name))


@pytest.mark.parametrize("name", FILES)
def test_everything_said_is_said_in_french_arabic_and_english(name: str) -> None:
    for path, words in said(raw(name)):
        assert set(words) == set(LANGUAGES), path
        for language, text in words.items():
            assert text.strip() == text != "", (path, language)
            # In the words of the house an English word may be its own key: `act` is act.
            assert name == "words.json" or text not in path, (path, language)


def test_arabic_is_written_in_arabic_and_the_other_two_are_not() -> None:
    for place, words in labels():
        assert any(ord(letter) in ARABIC for letter in words["ar"]), place
        assert not any(ord(letter) in ARABIC for letter in words["fr"] + words["en"]), place


def test_no_two_values_of_a_list_read_the_same() -> None:
    for name, code_list in codes.read(opened("code_lists.json")).items():
        for language in LANGUAGES:
            texts = [words.said_in(language) for words in code_list.values.values()]
            assert len(set(texts)) == len(texts), (name, language)


def test_french_typography_is_kept() -> None:
    for place, words in labels():
        assert "'" not in words["fr"], place
        assert " ?" not in words["fr"], place
        assert " :" not in words["fr"], place


def test_what_is_said_to_a_person_has_no_legal_word() -> None:
    forbidden = ("victim", "trafi", "trait", "ضحية", "اتجار", "exploit", "استغلال")
    for question in shelf().find("rapid-screening").questions:
        spoken = [question.ask, *([question.child_ask] if question.child_ask else [])]
        for words in [*spoken, *(answer.label for answer in question.answers)]:
            for text in (words.fr, words.ar, words.en):
                for word in forbidden:
                    is_treated = word == "trait" and "traité" in text
                    assert word not in text.lower() or is_treated, text


def test_every_value_names_how_far_it_was_checked() -> None:
    for name in FILES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert '"mark"' in text, name
    assert all(each.mark in MARKS for each in citations.load().values())
    assert all(each.mark in MARKS for each in codes.load().values())


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_a_machine(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")

    for word in ("://", "localhost"):
        assert word not in text


def broken(name: str, *path: str | int, put: object = None, drop: bool = False) -> Place:
    """Return a data file with one value changed or taken away."""
    root = raw(name)
    held = root
    for key in path[:-1]:
        held = held[key]
    if drop:
        del held[path[-1]]
    else:
        held[path[-1]] = put
    return Place(root, name)


@pytest.mark.parametrize(
    ("name", "path", "put", "where"),
    [
        ("citations.json", ("citations", 0, "mark"), "sure", "citations[0].mark"),
        ("clocks.json", ("clocks", 0, "value"), 0, "whole number above zero"),
        ("clocks.json", ("clocks", 0, "value"), True, "whole number above zero"),
        ("clocks.json", ("clocks", 0, "unit"), "week", "'week' is none of"),
        ("clocks.json", ("clocks", 0, "tier"), "child", "stands twice"),
        ("code_lists.json", ("lists", "SEX", "values", "F", "fr"), "", "lists.SEX.values.F.fr"),
        ("code_lists.json", ("lists", "SEX"), [], "must be an object"),
        ("countries.json", ("terms", "MA", "mark"), "old", "terms.MA.mark"),
        ("countries.json", ("zones", "MA"), "Africa/Nowhere", "zones.MA"),
        ("countries.json", ("zones", "XX"), "Africa/Abidjan", "unknown key 'XX'"),
        ("ctdc-2021.json", ("columns", 7, "indicators"), ["Z9"], "columns[7].indicators[0]"),
        ("ctdc-2021.json", ("ages", 0, "ours"), "0_8", "ages[0].ours"),
        ("ctdc-2021.json", ("ages", 0, "minor"), "yes", "must be true or false"),
        ("htcds_fields.json", ("fields", 9, "list"), "htcds.shoe", "fields[9].list"),
        ("htcds_fields.json", ("fields", 0, "kind"), "code", "has a list exactly when"),
        ("lists_ctdc.json", ("lists", 0, "mark"), "sure", "lists[0].mark"),
        ("lists_ctdc.json", ("lists", 0, "entries", 0, "until"), "2016", "entries[0].until"),
        ("lists_htcds.json", ("lists", 1, "entries", 0, "code"), "Masculine", "stands twice"),
        ("lists_sdg.json", ("lists", 0, "entries", 1, "parent"), "VC", "entries[1].parent"),
        ("lists_crosswalk.json", ("groups", 0, "to"), "ctdc.hair", "has no list 'hair'"),
        ("lists_crosswalk.json", ("groups", 0, "rows", 0, 0), "Femal", "rows[0][0]"),
        ("lists_crosswalk.json", ("groups", 0, "rows", 0, 2), "same", "rows[0][2]"),
        ("next_steps.json", ("steps", 0, "when"), {"clas": ["X"]}, "steps[0].when: must be one"),
        ("next_steps.json", ("steps", 0, "when"), {"has": ["Z9"]}, "when.has[0]"),
        ("next_steps.json", ("steps", 0, "code"), "speak_alone", "stands twice"),
    ],
)
def test_a_broken_file_is_refused_and_the_message_leads_to_the_place(
    name: str, path: tuple[str | int, ...], put: object, where: str
) -> None:
    with pytest.raises(BadData) as refused:
        READERS[name](broken(name, *path, put=put))

    assert str(refused.value).startswith(name)
    assert where in str(refused.value)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("clocks.json", ("clocks", 0, "date")),
        ("code_lists.json", ("lists", "RISK", "mark")),
        ("next_steps.json", ("steps", 0, "words", "ar")),
    ],
)
def test_what_is_missing_is_named(name: str, path: tuple[str | int, ...]) -> None:
    with pytest.raises(BadData, match=f"{path[-1]!r} is missing"):
        READERS[name](broken(name, *path, drop=True))


def test_a_language_the_house_does_not_speak_is_refused_not_replaced() -> None:
    words = codes.values("SEX")["F"]

    assert words.said_in("ar-MA") == words.said_in("ar") == words.ar
    assert words.said_in("fr_CI") == words.fr
    with pytest.raises(LookupError, match="'de'"):
        words.said_in("de")
