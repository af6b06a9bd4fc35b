"""Who is found, and who is not shown; all people are invented."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.names.card import (
    HEAD_SIZE,
    BadCard,
    SearchCard,
    card_of,
    code_of,
    signature,
    unpacked,
)
from amana.names.match import COMPARED, Index, UnknownCode, cold_scan
from amana.names.score import SHOWN, Query, ranked, years

SURNAMES = ("Kouassi", "Traoré", "El Amrani", "Gnahoré", "Diallo", "بنعلي", "Soro", "Aït Lahcen")
GIVEN = ("Koffi", "Aya", "Youssef", "Fatoumata", "محمد", "Jean", "Mariam", "Zoumana", "Salif")

texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=20)
made = st.builds(
    card_of,
    code=texts,
    names=st.lists(texts, max_size=3),
    birth_year=st.none() | st.integers(1, 9999),
    town=texts,
    sex=st.sampled_from(["", "female", "male"]),
)


def person(code: str, *names: str, year: int | None = 2009, town: str = "Bouaké") -> bytes:
    """Return a packed card."""
    card = card_of(code=code, names=names, birth_year=year, town=town, sex="female")
    return card.packed()


def codes(index: Index, query: Query) -> list[str]:
    """Return who is shown."""
    return [hit.card.code for hit in index.find(query)]


@pytest.fixture(scope="module")
def crowd() -> list[bytes]:
    """Cards of 600 people whose names repeat; more than are ever compared in full."""
    chance = random.Random(3)
    return [
        person(
            f"P{n}",
            f"{chance.choice(SURNAMES)} {chance.choice(GIVEN)} {chance.choice(GIVEN)}",
            year=chance.randint(1990, 2020),
        )
        for n in range(600)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        "Kouadio Aya Brigitte",
        "Brigitte Aya Kouadio",
        "KWADIO AYA BRIGITE",
        "Kwadwo Aya",
        "kouadio brigitte",
        "كواديو أيا بريجيت",
        "Brigitte",
        "Kouadio",
    ],
)
def test_she_is_found_however_she_is_asked_for(crowd: list[bytes], asked: str) -> None:
    index = Index([*crowd, person("HER", "Kouadio Aya Brigitte")])

    assert codes(index, Query(asked, birth_year=2009))[0] == "HER"


@pytest.mark.parametrize("asked", ["يوسف بن علي", "Youssef Benali", "Yusuf Ben Ali", "بنعلي يوسف"])
def test_either_script_finds_the_other(crowd: list[bytes], asked: str) -> None:
    for written in ("Youssef Benali", "يوسف بنعلي"):
        assert codes(Index([*crowd, person("HIM", written)]), Query(asked, 2009))[0] == "HIM"


def test_whoever_is_known_by_another_name_is_found_by_it(crowd: list[bytes]) -> None:
    index = Index([*crowd, person("HER", "Kouadio Aya Brigitte", "Petite Bijou")])

    assert codes(index, Query("Petite Bijou"))[0] == "HER"


def test_nobody_is_shown_who_only_shares_a_year_and_a_town(crowd: list[bytes]) -> None:
    assert codes(Index(crowd), Query("Wognin Prisca", 2009, "Bouaké", "female")) == []


def test_year_town_and_sex_part_those_who_share_a_name() -> None:
    index = Index(
        [
            person("OLD", "Koné Awa", year=1990, town="Man"),
            person("HER", "Koné Awa", year=2009, town="Bouaké"),
            person("UNKNOWN", "Koné Awa", year=None, town=""),
        ]
    )

    assert codes(index, Query("Kone Awa", 2010, "Bouake"))[0] == "HER"
    assert "UNKNOWN" in codes(index, Query("Kone Awa", 2010, "Bouake"))


@given(st.integers(1900, 2030), st.integers(0, 30), st.integers(0, 30))
def test_the_further_two_years_are_apart_the_less_they_agree(year: int, a: int, b: int) -> None:
    near, far = sorted((a, b))

    assert years(year, year + near) >= years(year, year - far) >= 0
    assert years(year, year) == 1


def test_what_holds_no_letter_finds_nobody(crowd: list[bytes]) -> None:
    assert Index(crowd).find(Query("1234")) == []
    assert Index().find(Query("Kouassi")) == []
    assert ranked(Query(""), [unpacked(crowd[0])], 10) == []


def test_answers_come_best_first_above_the_threshold_and_never_more_than_asked(
    crowd: list[bytes],
) -> None:
    hits = Index(crowd).find(Query("Kouassi", 2000), 7)

    assert len(hits) == 7
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert all(SHOWN <= h.score <= 1 for h in hits)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SURNAMES),
    st.sampled_from(GIVEN),
    st.none() | st.integers(1990, 2020),
    st.integers(0, 2**32),
)
def test_a_grown_index_answers_as_a_cold_scan_does(
    crowd: list[bytes], surname: str, given_name: str, year: int | None, seed: int
) -> None:
    chance, query = random.Random(seed), Query(f"{given_name} {surname}", year)
    grown = Index(crowd[:COMPARED])
    for card in crowd[COMPARED:]:
        grown.add(card)
    gone = set(chance.sample(range(len(crowd)), 50))
    for at in gone:
        grown.remove(code_of(crowd[at]))
    left = [card for at, card in enumerate(crowd) if at not in gone]

    best, cold = grown.find(query)[:1], cold_scan(left, query)[:1]

    assert len(grown) == len(left)
    assert [h.score for h in best] == [h.score for h in cold]


def test_whoever_is_found_by_comparing_all_is_found_by_the_signatures(crowd: list[bytes]) -> None:
    cards = [unpacked(card) for card in crowd]
    for surname in SURNAMES:
        query = Query(f"{surname} Zoumana", 2001)

        assert Index(crowd).find(query, 1)[0].score == ranked(query, cards, 1)[0].score


def test_a_card_that_comes_again_takes_the_place_of_the_first(crowd: list[bytes]) -> None:
    index = Index(crowd)
    index.add(person("P7", "Wognin Prisca"))

    assert len(index) == len(crowd)
    assert codes(index, Query("Wognin Prisca")) == ["P7"]


def test_a_card_that_was_removed_is_never_shown_again(crowd: list[bytes]) -> None:
    index = Index([*crowd, person("HER", "Wognin Prisca")])
    index.remove("HER")

    assert codes(index, Query("Wognin Prisca")) == []
    with pytest.raises(UnknownCode):
        index.remove("HER")


# The bytes.


@given(made)
def test_a_card_survives_packing(card: SearchCard) -> None:
    packed = card.packed()

    assert unpacked(packed) == card
    assert code_of(packed) == card.code


def test_a_card_of_an_older_edition_of_the_rules_is_keyed_anew() -> None:
    card = unpacked(person("HER", "Wognin Prisca"))
    nothing = signature([])
    old = nothing + card.packed()[len(nothing) : HEAD_SIZE - 1] + b"\0" + card.packed()[HEAD_SIZE:]
    old = old.replace(b"priska", b"xxxxxx")

    assert unpacked(old) == card
    assert codes(Index([old]), Query("Wognin Prisca")) == ["HER"]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_card_are_refused(data: bytes) -> None:
    try:
        card = unpacked(data)
    except BadCard:
        return
    assert card.code == code_of(data)


def test_a_card_holds_no_control_characters_and_no_impossible_year() -> None:
    for bad in ({"names": ["Ko\0né"]}, {"town": "Man\x1f"}, {"birth_year": 0}):
        with pytest.raises(BadCard) as refused:
            card_of(**{"code": "A", "names": ["Koné"], **bad})  # type: ignore[arg-type]
        assert "Ko" not in str(refused.value)
