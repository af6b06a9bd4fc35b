"""What a second look finds in words, in two scripts, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.referrals.scan import Find, Guard, finds, objections
from amana.standards import never_sent

GUARD = Guard(names="Nafissatou Gbagbelé نفيساتو", places="Derb Kandilia 12", never="Kassoum")


def topics(text: str) -> set[str]:
    return {find.topic for find in finds({"text": text}, GUARD)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Elle est SÉROPOSITIVE", {"HIV"}),
        ("elle est seropositive.", {"HIV"}),
        ("زارت المفوضية أمس", {"ASYLUM"}),
        ("حَامِل", {"PREGNANCY"}),
        ("Parler à gbagbele", {"NAME"}),
        ("قالت نفيساتو", {"NAME"}),
        ("à derb kandilia, au fond", {"PLACE"}),
        ("dans le derb voisin", set()),
        ("Kassoum ne doit rien savoir", {"DO_NOT_CONTACT"}),
        ("tél. 07.00.00.00.01", {"PHONE"}),
        ("اتصل ٠٧٠٠٠٠٠٠٠١", {"PHONE"}),
        ("x@example.org", {"EMAIL"}),
        ("33.58912, -7.60345", {"COORDINATES"}),
        ("le 2026-11-21 à 14 h 30, vol AT 533", set()),
        ("Arrivée le 21/11/2026, deux valises, 12 kg.", set()),
        ("Sidi Bernoussi", set()),
        ("", set()),
    ],
)
def test_words_are_found_and_their_likes_are_not(text: str, found: set[str]) -> None:
    assert topics(text) == found


@given(
    topic=st.sampled_from(sorted(never_sent.load())),
    before=st.text("abc ,.؛", max_size=8),
    data=st.data(),
)
def test_every_word_of_the_list_is_found_wherever_it_stands(
    topic: str, before: str, data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(never_sent.load()[topic]))

    assert topic in topics(f"{before} {word.upper()}, {before}")


def test_a_reason_lets_pass_what_is_seldom_meant_and_never_what_is_known() -> None:
    soft, name, place = (Find(t, "text") for t in ("HIV", "NAME", "PLACE"))

    assert objections([soft], is_named_there=False, reason="") == ["SECOND_LOOK_NEEDED"]
    assert objections([soft], is_named_there=False, reason="PERSON_ASKED") == []
    assert objections([name], is_named_there=False, reason="PERSON_ASKED") == ["NEVER_SENT"]
    assert objections([name], is_named_there=True, reason="PERSON_ASKED") == []
    assert objections([place], is_named_there=True, reason="PERSON_ASKED") == ["NEVER_SENT"]
    assert objections([], is_named_there=False, reason="") == []
