"""Which spellings are one name; read it as the guideline of the spelling rules."""

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.names.keys import MOST_LETTERS, MOST_WORDS, RULES, name_keys, skeleton

LATIN = "abcdefghijklmnopqrstuvwxyzéèêïîôûçœñ'’- "
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإؤئآپڤگ ـَُِّ"
MARKS = {"practice", "proposed"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mohamed", "Muhammad"),
        ("Mohamed", "محمد"),
        ("Youssouf", "يوسف"),
        ("Youssouf", "Yusuf"),
        ("Kouassi", "كواسي"),
        ("Aït Ahmed", "Ait Ahmed"),
        ("Aït Ahmed", "Aitahmed"),
        ("Ben Ali", "Benali"),
        ("Ben Ali", "بن علي"),
        ("El Amrani", "Elamrani"),
        ("El Amrani", "العمراني"),
        ("Ould Ahmed", "Ahmed"),
        ("N'Guessan", "Nguessan"),
        ("N'Guessan", "N’Guessan"),
        ("N'Guessan", "Guessan"),
        ("Gnamien", "Nyamien"),
        ("Diallo", "Djallo"),
        ("Cissé", "Sissé"),
        ("Cheick", "Sheikh"),
        ("Quattara", "Kattara"),
        ("Joseph", "Josef"),
        ("OUATTARA", "Ouatara"),
        ("Abderrahmane", "Abdel Rahmane"),
        ("عبد الرحمن", "عبدالرحمن"),
        ("Abdoulaye", "عبد الله"),
    ],
)
def test_these_spellings_are_one_name(one: str, other: str) -> None:
    assert name_keys(one) == name_keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kouadio", "Kwadwo"),
        ("Ouattara", "وتارا"),
        ("Abderrahmane", "عبد الرحمن"),
        ("Ibrahima", "إبراهيم"),
        ("Karim", "كريم"),
        ("Diabaté", "Jabati"),
    ],
)
def test_these_share_the_skeleton_when_their_vowels_differ(one: str, other: str) -> None:
    assert [skeleton(k) for k in name_keys(one)] == [skeleton(k) for k in name_keys(other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kouassi", "Kouamé"),
        ("Konan", "Koné"),
        ("Traoré", "Touré"),
        ("Fatima", "Mariam"),
        ("Alaoui", "Ouali"),
        ("Moussa", "Issa"),
        ("Bamba", "Samba"),
    ],
)
def test_these_stay_two_names(one: str, other: str) -> None:
    assert name_keys(one) != name_keys(other)


def test_a_particle_goes_when_another_word_remains_and_stays_when_it_is_all_there_is() -> None:
    assert name_keys("Fatima bint Hassan") == name_keys("Fatima Hassan")
    assert name_keys("Ben") == ("ben",)
    assert name_keys("d'Almeida") != ()


@pytest.mark.parametrize("text", ["", "   ", "1990", "---", "'"])
def test_what_holds_no_letter_has_no_key(text: str) -> None:
    assert name_keys(text) == ()


def test_a_text_in_the_wrong_field_costs_no_more_than_a_name() -> None:
    assert len(name_keys("kofi yao aya " + "ba bi " * 3 + " ".join("abcdefgh"))) <= MOST_WORDS
    assert all(len(k) <= 2 * MOST_LETTERS for k in name_keys("x" * 5000 + "bn" * 5000))


@given(st.text(alphabet=LATIN + ARABIC, max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    for key in name_keys(text):
        assert name_keys(key) == (key,)


@given(st.text(max_size=60))
def test_any_text_gives_plain_letters_or_nothing(text: str) -> None:
    for key in name_keys(text):
        assert key.isascii()
        assert key.isalpha()
        assert key == key.lower()
        assert skeleton(key)


@given(st.text(alphabet=LATIN + ARABIC, max_size=40))
def test_capitals_and_blanks_around_never_matter(text: str) -> None:
    assert name_keys(f"  {text.upper()} ") == name_keys(text.upper().lower())


def test_every_rule_says_what_it_rests_on() -> None:
    raw = json.loads(RULES.read_text(encoding="utf-8"))
    parts = [part for name, part in raw.items() if name not in ("edition", "marks", "sounds")]

    assert set(raw["marks"]) == MARKS
    assert {part["mark"] for part in (*parts, *raw["sounds"])} <= MARKS
    assert all(part["source"] for part in parts)
    assert all(rule["why"] for rule in raw["sounds"])


def test_no_spelling_stands_in_two_groups_of_variants() -> None:
    groups = json.loads(RULES.read_text(encoding="utf-8"))["variants"]["groups"]
    keys = [{key for name in group for key in name_keys(name)[:1]} for group in groups]

    assert all(len(held) == 1 for held in keys)
    assert [one & other for one, other in combinations(keys, 2) if one & other] == []
