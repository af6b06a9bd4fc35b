"""What may be published of whom, beside what was published before: as a statistician would try."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.knowledge import rules
from amana.knowledge.rules import NONE, PERSON, ROUND, Definition, Fact
from amana.knowledge.safe.earlier import Edition
from amana.standards import codes, statistics

SINCE, UNTIL, TODAY = date(2026, 1, 1), date(2026, 9, 30), date(2026, 11, 26)
BY_SEX_AND_AGE = Definition(PERSON, SINCE, UNTIL, (("age", "sex"),), 5)
BASES = (5, 10)


def people(*groups: tuple[str, str, str, int]) -> list[Fact]:
    return [
        ({"sex": sex, "age": age, "citizenship": of, "form": "LABOUR"}, times)
        for sex, age, of, times in groups
    ]


MANY = people(("F", "CHILD", "CI", 20), ("M", "CHILD", "CI", 30), ("F", "ADULT", "ML", 12))
ONE_BOY = people(
    ("F", "CHILD", "CI", 20), ("M", "CHILD", "CI", 1), ("F", "ADULT", "ML", 12),
    ("M", "ADULT", "ML", 9),
)  # fmt: skip


def value(ready: rules.Prepared, **of: str) -> int | None:
    return {rules.key(c.of): c.value for c in ready.cells}[rules.key(of)]


def test_numbers_of_many_are_published_as_they_are() -> None:
    ready = rules.prepared(BY_SEX_AND_AGE, MANY, [], "CI")
    assert ready.is_safe
    assert value(ready, sex="F") == 32
    assert value(ready) == 62
    assert value(ready, sex="M", age="ADULT") == 0


def test_one_boy_is_withheld_and_so_is_what_would_lead_to_him() -> None:
    ready = rules.prepared(BY_SEX_AND_AGE, ONE_BOY, [], "CI")
    assert ready.is_safe
    assert value(ready, sex="M", age="CHILD") is None
    assert ready.report["withheld"] == 4
    assert value(ready) == 42


def test_tables_that_expose_somebody_are_refused_with_the_cheapest_way_out_first() -> None:
    bare = replace(BY_SEX_AND_AGE, method=NONE)
    assert not rules.prepared(bare, ONE_BOY, [], "CI").is_safe
    ways = rules.ways_out(bare, ONE_BOY, [], "CI", BASES)
    # Every number rounded, or one breakdown less, withholds nothing; withholding costs cells.
    assert [w.withheld for w in ways] == sorted(w.withheld for w in ways)
    assert {w.kind for w in ways} == {"WITHHOLD", "ROUND", "LEAVE_OUT"}
    for way in ways:
        assert rules.prepared(way.definition, ONE_BOY, [], "CI").is_safe


def test_rounded_numbers_add_up_and_none_is_exact_of_few() -> None:
    ready = rules.prepared(replace(BY_SEX_AND_AGE, method=ROUND), ONE_BOY, [], "CI")
    assert ready.is_safe
    assert value(ready) == sum(
        value(ready, sex=sex, age=age) or 0 for sex in "FM" for age in ("CHILD", "ADULT")
    )
    assert all(c.value is not None and c.value % 5 == 0 for c in ready.cells)


def test_a_new_version_with_one_more_person_hides_who_came() -> None:
    first = rules.prepared(BY_SEX_AND_AGE, MANY, [], "CI")
    more = people(("F", "CHILD", "CI", 21), ("M", "CHILD", "CI", 30), ("F", "ADULT", "ML", 12))
    second = rules.prepared(BY_SEX_AND_AGE, more, [(BY_SEX_AND_AGE, first.edition)], "CI")
    assert second.is_safe
    # A girl came: no number that she is in stands beside the one without her.
    assert value(second, sex="F", age="CHILD") is None
    assert value(second, age="CHILD") is None
    assert value(second) is None
    assert value(second, sex="M") == 30


def test_another_table_of_the_same_days_does_not_open_what_the_first_one_hid() -> None:
    """Sex by age hides a boy; sex by form would tell how many boys and men there are."""
    first = rules.prepared(BY_SEX_AND_AGE, ONE_BOY, [], "CI")
    by_form = replace(BY_SEX_AND_AGE, crossings=(("form", "sex"),))
    alone = rules.prepared(by_form, ONE_BOY, [], "CI")
    beside = rules.prepared(by_form, ONE_BOY, [(BY_SEX_AND_AGE, first.edition)], "CI")
    assert alone.is_safe
    assert beside.is_safe
    both = {rules.key(c.of): c.value for ready in (first, beside) for c in ready.cells}
    boys, men = both["age=CHILD&sex=M"], both["age=ADULT&sex=M"]
    assert boys is None
    assert men is None or both["sex=M"] is None


def test_citizenships_are_rolled_up_into_own_abroad_and_not_known() -> None:
    by_country = replace(BY_SEX_AND_AGE, crossings=(("citizenship",),))
    few = people(("F", "ADULT", "CI", 40), ("F", "ADULT", "ML", 3), ("F", "ADULT", "GN", 4))
    fine = rules.prepared(by_country, few, [], "CI")
    assert value(fine, citizenship="ML") is None
    rolled = rules.prepared(replace(by_country, rolls_up=True), few, [], "CI")
    assert value(rolled, citizenship="ABROAD") == 7
    # Rolled up after the fine one was published: what that one hid stays hidden.
    later = rules.prepared(
        replace(by_country, rolls_up=True), few, [(by_country, fine.edition)], "CI"
    )
    assert later.is_safe


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("FM"), st.sampled_from(["CHILD", "ADULT"]),
            st.sampled_from(["CI", "ML", "GN"]), st.integers(1, 8),
        ),
        min_size=1, max_size=8,
    ),
    st.lists(
        st.sampled_from([("sex",), ("age", "sex"), ("citizenship",), ("age", "citizenship")]),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_whatever_was_published_before_what_comes_next_exposes_nobody(
    groups: list[tuple[str, str, str, int]], tables: list[tuple[str, ...]]
) -> None:
    facts = people(*groups)
    editions: list[tuple[Definition, Edition]] = []
    for crossing in tables:
        wanted = replace(BY_SEX_AND_AGE, crossings=(crossing,))
        ready = rules.prepared(wanted, facts, editions, "CI")
        assert ready.is_safe
        editions.append((wanted, ready.edition))


@pytest.mark.parametrize(
    ("change", "against"),
    [
        ({"since": date(2026, 10, 1)}, ["PERIOD_REVERSED"]),
        ({"until": TODAY}, ["PERIOD_NOT_OVER"]),
        ({"crossings": ()}, ["NOTHING_TO_COUNT"]),
        ({"threshold": 3}, ["THRESHOLD_TOO_LOW"]),
        ({"unit": "NAME"}, ["DEFINITION_UNKNOWN"]),
        ({"method": "TRUST"}, ["DEFINITION_UNKNOWN"]),
        ({"base": 7}, ["DEFINITION_UNKNOWN"]),
        ({"crossings": (("name",),)}, ["DEFINITION_UNKNOWN"]),
        ({"threshold": 3, "crossings": ()}, ["NOTHING_TO_COUNT", "THRESHOLD_TOO_LOW"]),
    ],
)
def test_a_definition_at_fault_hears_all_that_stands_against_it(
    change: dict[str, Any], against: list[str]
) -> None:
    assert rules.objections(BY_SEX_AND_AGE, TODAY, statistics.load()) == []
    assert rules.objections(replace(BY_SEX_AND_AGE, **change), TODAY, statistics.load()) == against


def test_events_are_one_number_without_a_breakdown() -> None:
    events = replace(BY_SEX_AND_AGE, unit=rules.EVENT, crossings=((),))
    assert rules.objections(events, TODAY, statistics.load()) == []
    ready = rules.prepared(events, [({}, 12)], [], "CI")
    assert ready.is_safe
    assert [c.value for c in ready.cells] == [12]
    few = rules.prepared(events, [({}, 3)], [], "CI")
    assert [c.value for c in few.cells] == [None]


def test_a_release_is_measured_with_all_that_binds_it() -> None:
    by_country = replace(BY_SEX_AND_AGE, crossings=(("citizenship", "sex"),))
    before = [(by_country, rules.prepared(by_country, MANY, [], "CI").edition)]
    assert not rules.is_too_large(BY_SEX_AND_AGE, MANY, [], "CI", 9)
    assert rules.is_too_large(BY_SEX_AND_AGE, MANY, [], "CI", 8)
    assert rules.is_too_large(BY_SEX_AND_AGE, MANY, before, "CI", 9)


def test_a_publication_is_the_same_to_the_byte_for_the_same_facts() -> None:
    once = rules.content(rules.prepared(BY_SEX_AND_AGE, ONE_BOY, [], "CI"), {"series": "x"})
    again = rules.content(
        rules.prepared(BY_SEX_AND_AGE, list(reversed(ONE_BOY)), [], "CI"), {"series": "x"}
    )
    assert once == again
    assert rules.definition_from(json.loads(once)["definition"]) == BY_SEX_AND_AGE


def test_tables_of_every_need_are_counted_while_one_waits() -> None:
    """Over all needs at once there are 16 million places; in the tables there are 75 cells."""
    needs = [rules.NEED + need for need in codes.values(statistics.load().needs)]
    asked = {need: rules.YES if at % 2 else rules.NO for at, need in enumerate(needs)}
    facts: list[Fact] = [({"sex": sex, **asked}, 20) for sex in ("F", "M")]
    wanted = replace(BY_SEX_AND_AGE, crossings=tuple(tuple(sorted(("sex", n))) for n in needs))

    ready = rules.prepared(wanted, facts, [], "CI")

    assert len(ready.cells) == 3 + 3 * len(needs)
    assert {value(ready, sex="F", **{need: said}) for need, said in asked.items()} == {20}
    assert value(ready, **{needs[0]: rules.NO}) == 40
    assert value(ready, sex="M") == 20
