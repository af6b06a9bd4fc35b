"""When two teams are told "possible duplicate", and when they are told nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.names.card import SearchCard, card_of
from amana.names.tokens import asked, is_possible_duplicate, kept, weight

MOST_TOKENS = 40
NAMES = ("Gnahoré", "Zoumana", "Wognin", "Prisca", "Kragbé", "Tiémoko", "Berrada", "Houda", "Salif")


def child(name: str, year: int | None = 2012, town: str = "Daloa", sex: str = "male") -> SearchCard:
    """Return the card of an invented child."""
    return card_of(code="A", names=[name], birth_year=year, town=town, sex=sex)


def shared(new: SearchCard, known: SearchCard) -> frozenset[str]:
    """Return the tokens that were asked about the one and are kept of the other."""
    return asked(new) & kept(known)


def told(new: SearchCard, known: SearchCard) -> bool:
    """Say whether registering the one brings a notice about the other."""
    return is_possible_duplicate(shared(new, known))


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("Gnahoré Zoumana", "Zoumana GNAHORE"),
        ("Gnahoré Zoumana", "Nyahore Zumana"),
        ("Wognin Prisca Salif", "Wognin Salif"),
        ("Wognin Salif", "Wognin Prisca Salif"),
        ("Berrada Youssef", "يوسف برادة"),
        ("Kouassi Koffi", "Kwassi Kofi"),
        ("Ben Ali Karim", "كريم بنعلي"),
    ],
)
def test_the_same_child_registered_twice_is_noticed(new: str, known: str) -> None:
    assert told(child(new), child(known))


@pytest.mark.parametrize("year", [2010, 2011, 2013, 2014])
def test_an_estimated_age_does_not_hide_a_child_with_a_rare_name(year: int) -> None:
    assert told(child("Gnahoré Zoumana", year), child("Gnahoré Zoumana", 2012))


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("Kouassi Koffi Jean Marc", "Kouassi Koffi Jean Luc"),
        ("Gnahoré Zoumana Wognin Salif", "Gnahoré Zoumana Wognin Prisca"),
        ("Diallo Mamadou Alpha Oumar", "Diallo Mamadou Alpha Bailo"),
        ("El Amrani Youssef Hamza Reda", "El Amrani Youssef Hamza Badr"),
        ("Traoré Awa", "Traoré Fanta"),
        ("Traoré Awa", "Koné Awa"),
    ],
)
def test_one_other_name_makes_another_child(new: str, known: str) -> None:
    assert not told(child(new), child(known))


def test_a_common_name_alone_says_nothing() -> None:
    assert not told(child("Kouassi Koffi", 2004, "Man"), child("Kouassi Koffi", 2012, "Daloa"))
    assert not told(child("Kouassi Koffi", None, ""), child("Kouassi Koffi", None, ""))


def test_one_word_is_never_enough() -> None:
    assert kept(child("Zoumana")) == asked(child("Zoumana")) == frozenset()
    assert not is_possible_duplicate([])


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True), st.integers(1, 9999))
def test_nobody_has_more_tokens_than_the_keeper_allows(names: list[str], year: int) -> None:
    card = child(" ".join(names), year)

    assert len(asked(card)) <= MOST_TOKENS
    assert len(kept(card)) <= MOST_TOKENS


@given(st.permutations(NAMES).map(lambda names: names[:4]))
def test_the_order_of_names_never_matters(names: list[str]) -> None:
    one, other = child(" ".join(names)), child(" ".join(reversed(names)))

    assert asked(one) == asked(other)
    assert told(one, other)


@given(st.permutations(NAMES))
def test_four_names_that_differ_in_one_are_two_people(names: list[str]) -> None:
    one, other = child(" ".join(names[:4])), child(" ".join((*names[:3], names[4])))

    assert not told(one, other)
    assert not told(other, one)


@given(st.integers(1980, 2020), st.integers(0, 12), st.integers(0, 12))
def test_a_nearer_year_never_weighs_less_among_even_years(year: int, a: int, b: int) -> None:
    near, far = sorted((2 * a, 2 * b))
    new, name = child("Gnahoré Zoumana", 2 * year), "Gnahoré Zoumana"

    weights = [weight(shared(new, child(name, 2 * year + apart))) for apart in (near, far)]

    assert weights[0] >= weights[1]


def test_a_token_names_the_edition_of_the_rules_it_was_made_by() -> None:
    assert {token.split("|")[0] for token in kept(child("Gnahoré Zoumana"))} == {"1"}
