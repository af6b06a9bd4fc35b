"""The law is shown element by element, from named articles; a file at fault is refused by place."""

import json
from datetime import date
from typing import Any

import pytest

from amana.standards import citations, codes, laws
from amana.standards.datafile import FOLDER, BadData, Place
from amana.standards.instruments import shelf


def raw() -> Any:
    return json.loads((FOLDER / "laws.json").read_text(encoding="utf-8"))


def broken(*path: str | int, put: object = None, drop: bool = False) -> Place:
    """Return the file with one value changed or taken away."""
    root = raw()
    held = root
    for key in path[:-1]:
        held = held[key]
    if drop:
        del held[path[-1]]
    else:
        held[path[-1]] = put
    return Place(root, "laws.json")


def elements(law_id: str) -> dict[str, bool]:
    """Return the elements of a law, and whether a child needs each."""
    return {e.element: e.is_needed_for_child for e in laws.load().law(law_id).elements}


def test_an_adult_needs_act_means_and_purpose_and_a_child_no_means() -> None:
    assert elements("palermo-3") == {"act": True, "means": False, "purpose": True}


def test_the_moroccan_text_also_asks_why_the_person_could_not_leave() -> None:
    assert elements("ma-27-14") == {"act": True, "means": False, "purpose": True, "will": False}


def test_the_ivorian_text_asks_for_one_circumstance_and_has_a_law_of_its_own_for_children() -> None:
    assert elements("ci-2016-1111") == {"act": True, "means": False}
    assert elements("ci-2010-272") == {"act": True, "purpose": True}


def test_a_law_on_children_does_not_speak_of_adults() -> None:
    children_only = {law.id for law in laws.load().laws if not law.speaks_of(is_child=False)}

    assert children_only == {"ci-2010-272", "child-rights", "ma-19-12"}
    assert all(law.speaks_of(is_child=True) for law in laws.load().laws)


def test_every_matter_has_its_law_and_smuggling_is_kept_apart_from_trafficking() -> None:
    by_matter: dict[str, set[str]] = {}
    for law in laws.load().laws:
        by_matter.setdefault(law.matter, set()).add(law.id)

    assert set(by_matter) == set(codes.values("MATTER"))
    assert by_matter["smuggling"] == {"smuggling-protocol-3", "ci-2018-571"}
    assert by_matter["aggravated_smuggling"] == {"ci-2018-571-aggravated"}


def test_a_law_that_nobody_read_is_named_and_not_guessed() -> None:
    absent = {law.id: law for law in laws.load().absent}

    assert absent["ma-smuggling"].matter == "smuggling"
    assert absent["ma-smuggling"].country == "MA"
    with pytest.raises(laws.UnknownLaw, match="'ma-smuggling'"):
        laws.load().law("ma-smuggling")


def test_every_law_was_adopted_on_the_day_of_its_citation() -> None:
    for law in laws.load().laws:
        assert law.adopted_on == citations.load()[law.citation].adopted_on, law.id
        assert date(1949, 1, 1) < law.adopted_on


def test_every_sign_named_by_a_law_stands_in_some_instrument() -> None:
    known = {code for i in shelf().newest() for code in i.reader.alphabet.codes}

    for law in laws.load().laws:
        for element in law.elements:
            assert set(element.codes) <= known, (law.id, element.element)


def test_every_element_of_every_law_can_be_shown_by_a_sign_of_the_field() -> None:
    signs = shelf().find("field-catalogue").reader.indicators

    for law in laws.load().laws:
        for element in law.elements:
            assert any(
                sign.code in element.codes
                or (sign.element == element.element and law.citation in sign.legal)
                for sign in signs
            ), (law.id, element.element)


@pytest.mark.parametrize(
    ("path", "put", "where"),
    [
        (("version",), "soon", "laws.json.version: must be a day"),
        (("laws",), {}, "laws.json.laws: must be a list"),
        (("more",), 1, "unknown key 'more'"),
        (("laws", 1, "id"), "palermo-3", "'palermo-3' stands twice"),
        (("laws", 0, "id"), " ", "laws[0].id: must be a text"),
        (("laws", 0, "matter"), "war", "laws[0].matter: 'war' is none of"),
        (("laws", 1, "country"), "XX", "laws[1].country: 'XX' is not"),
        (("laws", 1, "country"), 7, "laws[1].country: must be a text"),
        (("laws", 0, "citation"), "nowhere-1", "laws[0].citation: 'nowhere-1' is none of"),
        (("laws", 0, "title", "ar"), "", "laws[0].title.ar: must be a text"),
        (("laws", 0, "adopted_on"), "2000", "laws[0].adopted_on: must be a day"),
        (("laws", 0, "mark"), "sure", "laws[0].mark: 'sure' is none of"),
        (("laws", 3, "persons"), ["dog"], "laws[3].persons[0]: 'dog' is none of"),
        (("laws", 3, "persons"), [], "laws[3].persons: a law that speaks of nobody"),
        (("laws", 0, "note"), {"fr": "x"}, "laws[0].note: 'ar' is missing"),
        (("laws", 0, "penalty"), "life", "laws[0]: unknown key 'penalty'"),
        (("laws", 0, "elements"), [], "laws[0].elements: a law without elements"),
        (("laws", 0, "elements", 0, "element"), "motive", "elements[0].element: 'motive' is none"),
        (("laws", 0, "elements", 1, "element"), "act", "elements: 'act' stands twice"),
        (("laws", 0, "elements", 0, "article"), 3, "elements[0].article: must be a text"),
        (("laws", 0, "elements", 0, "needed_for_child"), "yes", "must be true or false"),
        (("laws", 0, "elements", 0, "codes"), ["T1", "T1"], "elements[0]: 'T1' stands twice"),
        (("laws", 0, "elements", 0, "weight"), 1, "elements[0]: unknown key 'weight'"),
        (("absent", 0, "id"), "palermo-3", "absent: 'palermo-3' stands twice"),
        (("absent", 0, "matter"), "war", "absent[0].matter: 'war' is none of"),
        (("absent", 0, "who"), "we", "absent[0]: unknown key 'who'"),
    ],
)
def test_a_law_at_fault_is_refused_and_the_message_leads_to_the_place(
    path: tuple[str | int, ...], put: object, where: str
) -> None:
    with pytest.raises(BadData) as refused:
        laws.read(broken(*path, put=put))

    assert str(refused.value).startswith("laws.json")
    assert where in str(refused.value)


@pytest.mark.parametrize(
    "path",
    [
        ("name",),
        ("absent",),
        *(
            ("laws", 0, key)
            for key in ("id", "matter", "country", "citation", "title", "adopted_on", "mark")
        ),
        ("laws", 0, "elements"),
        *(("laws", 0, "elements", 0, key) for key in ("element", "article", "words")),
        ("laws", 0, "elements", 0, "needed_for_child"),
        *(("absent", 0, key) for key in ("id", "matter", "country", "title", "why")),
    ],
)
def test_what_a_law_must_say_may_not_be_left_out(path: tuple[str | int, ...]) -> None:
    with pytest.raises(BadData, match=f"'{path[-1]}' is missing"):
        laws.read(broken(*path, drop=True))
