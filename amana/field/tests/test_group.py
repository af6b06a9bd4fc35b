"""Who belongs together, who may be there twice; said to a person, never done by the machine."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.field import group
from amana.field.group import Person, sibling_groups

ISSA = Person("r1", "B-1", "Issa", "10_14", "M", "mos", ms=400_000)


def test_the_sister_of_my_brother_is_my_sister_whoever_said_so() -> None:
    found = sibling_groups({"B-1": ["B-2"], "B-3": ["B-2"], "B-4": [], "B-5": ["B-6"]})

    assert found == (("B-1", "B-2", "B-3"), ("B-5", "B-6"))


def test_a_child_who_names_herself_has_no_sister() -> None:
    assert sibling_groups({"B-1": ["B-1"]}) == ()


LINKS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=3), max_size=8
)


@given(LINKS)
def test_nobody_is_in_two_groups_and_every_link_is_inside_one(links: dict[str, list[str]]) -> None:
    found = sibling_groups(links)

    everybody = [band for one in found for band in one]
    assert len(everybody) == len(set(everybody))
    for band, others in links.items():
        for other in others:
            if other != band:
                assert any({band, other} <= set(one) for one in found)


@given(LINKS, st.randoms(use_true_random=False))
def test_who_was_asked_first_never_matters(
    links: dict[str, list[str]], chance: random.Random
) -> None:
    mixed = list(links.items())
    chance.shuffle(mixed)
    turned: dict[str, list[str]] = {}
    for band, others in mixed:
        for other in others:
            turned.setdefault(other, []).append(band)

    assert sibling_groups(dict(mixed)) == sibling_groups(links) == sibling_groups(turned)


def test_the_same_name_age_sex_and_language_under_two_wristbands_is_shown() -> None:
    again = replace(ISSA, record="r2", band="B-2", alias=" ISSÀ ")
    other = replace(ISSA, record="r3", band="B-3", language="dyu")

    assert group.possible_doubles([ISSA, again, other]) == (("B-1", "B-2"),)


def test_two_children_who_said_no_name_are_not_taken_for_one() -> None:
    silent = replace(ISSA, alias="")

    assert group.possible_doubles([silent, replace(silent, band="B-2")]) == ()


@given(st.lists(st.sampled_from(["Issa", "issa", "Awa", ""]), max_size=6))
def test_whoever_wears_one_wristband_is_never_her_own_double(names: list[str]) -> None:
    people = [replace(ISSA, record=str(n), alias=name) for n, name in enumerate(names)]

    assert group.possible_doubles(people) == ()


def test_a_wristband_on_two_people_is_told() -> None:
    two = [ISSA, replace(ISSA, record="r2"), replace(ISSA, record="r3", band="B-3")]

    assert group.worn_twice(two, []) == ("B-1",)
    assert group.worn_twice(two, ["r3"]) == ("B-1", "B-3")
    assert group.worn_twice([replace(p, band="") for p in two], ["r3"]) == ()


def test_the_time_of_the_middle_child_is_told_and_adults_do_not_count() -> None:
    adult = replace(ISSA, is_child=False, ms=9_000_000)

    assert group.median_ms([adult, replace(ISSA, ms=0)]) is None
    assert group.median_ms([adult, ISSA, replace(ISSA, ms=500_000)]) == 450_000


@pytest.mark.parametrize(
    ("wanted", "made", "may"), [(1, 0, True), (500, 0, True), (501, 0, False), (0, 0, False)]
)
def test_an_operation_has_five_hundred_wristbands_at_most(
    wanted: int, made: int, may: bool
) -> None:
    assert (group.objections_to_wristbands(wanted, made) == []) is may
    assert group.objections_to_wristbands(1, 500) == ["WRISTBANDS_OUT_OF_RANGE"]


def test_an_operation_does_not_end_before_everybody_is_looked_after() -> None:
    ends = {"is_ended": False, "n_without_owner": 0, "has_clash": False}

    assert group.objections_to_end(**ends) == []  # type: ignore[arg-type]
    assert group.objections_to_end(is_ended=False, n_without_owner=2, has_clash=True) == [
        "PEOPLE_WITHOUT_OWNER",
        "PHONES_STILL_DIFFER",
    ]
    assert group.objections_to_end(is_ended=True, n_without_owner=2, has_clash=True) == [
        "OPERATION_ENDED"
    ]
