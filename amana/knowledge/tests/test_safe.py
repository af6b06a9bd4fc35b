"""Tables safe by construction: whatever is counted, an attacker finds nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.knowledge.safe import earlier, rounding, suppress
from amana.knowledge.safe.attack import attack, mended, subtracted
from amana.knowledge.safe.cells import TOTAL, Counted, Dimension, Sum, Tables, counted, flat
from amana.knowledge.safe.program import INF, Impossible

SEX = flat("sex", ["F", "M", "UNK"])
FORM = flat("form", ["labour", "sexual", "begging"])
PLACE = Dimension(
    "place", ("NORTH", "SOUTH", "n1", "n2", "s1", "s2"),
    {"n1": "NORTH", "n2": "NORTH", "s1": "SOUTH", "s2": "SOUTH"},
)  # fmt: skip
LEAVES = ("n1", "n2", "s1", "s2")
THRESHOLD = 5


def crowds() -> st.SearchStrategy[list[tuple[tuple[str, str, str], int]]]:
    who = st.tuples(
        st.sampled_from(SEX.codes), st.sampled_from(FORM.codes), st.sampled_from(LEAVES)
    )
    return st.lists(st.tuples(who, st.integers(1, 9)), max_size=25)


def tables_of(facts: list[tuple[tuple[str, str, str], int]]) -> Counted:
    """Two linked tables, one of them with a hierarchy: sex by form, and sex by place."""
    return counted([SEX, FORM, PLACE], facts, [("sex", "form"), ("sex", "place")])


def six(one: int, four: int, five: int) -> tuple[int, ...]:
    """A table of six cells and three sums, from the three that are free."""
    return (four + five + one, one, four + five, four + five, four, five)


@settings(max_examples=60, deadline=None)
@given(crowds())
def test_whatever_is_counted_no_small_count_is_left_with_fewer_values_than_its_mark(
    facts: list[tuple[tuple[str, str, str], int]],
) -> None:
    held = tables_of(facts)
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    kept = suppress.protect(request)
    recovered, narrow = suppress.holes(request, kept.withheld)
    assert not recovered.any()
    assert not narrow.any()
    assert not kept.exposed.any()
    # The small ones are withheld, and nothing where there is none.
    assert (kept.withheld | ~request.small).all()
    assert request.small.any() or not kept.withheld.any()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=6, max_size=6))
def test_no_smaller_choice_is_safe_of_all_that_there_are(numbers: list[int]) -> None:
    """Two sexes by three forms: every set of cells is tried, and none with fewer cells holds."""
    facts = list(zip(itertools.product(("F", "M"), FORM.codes), numbers, strict=True))
    held = counted([flat("sex", ["F", "M"]), FORM], facts, [("sex", "form")])
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    kept = suppress.protect(request)
    free = np.flatnonzero(~request.small).tolist()

    def is_safe(more: tuple[int, ...]) -> bool:
        withheld = request.small.copy()
        withheld[list(more)] = True
        return not np.concatenate(suppress.holes(request, withheld)).any()

    needed = int(kept.withheld.sum() - request.small.sum())
    assert is_safe(tuple(np.flatnonzero(kept.withheld & ~request.small).tolist()))
    if needed:
        assert not any(is_safe(more) for more in itertools.combinations(free, needed - 1))
    assert kept.gap < 1e-3


def test_of_a_larger_table_nothing_is_withheld_that_protects_nobody() -> None:
    """Too many cells to be decided whole: a near choice, and each of its cells is needed."""
    dice = np.random.default_rng(5)
    rows, columns = [f"r{n:02}" for n in range(14)], [f"c{n:02}" for n in range(12)]
    numbers = dice.integers(0, 40, size=len(rows) * len(columns)).tolist()
    facts = list(zip(itertools.product(rows, columns), numbers, strict=True))
    held = counted([flat("r", rows), flat("c", columns)], facts, [("r", "c")])
    assert len(held.tables) > suppress.SMALL
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    kept = suppress.protect(request)
    assert not np.concatenate(suppress.holes(request, kept.withheld)).any()
    assert kept.gap < 0.05
    for cell in np.flatnonzero(kept.withheld & ~request.small):
        without = kept.withheld.copy()
        without[cell] = False
        assert np.concatenate(suppress.holes(request, without)).any()


def test_every_sum_of_the_tables_holds_and_a_shared_margin_is_one_cell() -> None:
    held = tables_of([(("F", "labour", "n1"), 7), (("M", "begging", "s2"), 3)])
    for one in held.tables.sums:
        assert held.values[one.total] == sum(held.values[p] for p in one.parts)
    assert len(set(held.places)) == len(held.places)
    at = dict(zip(held.places, held.values, strict=True))
    assert at[TOTAL, TOTAL, TOTAL] == 10
    assert at["F", TOTAL, "NORTH"] == 7


def test_a_code_that_no_dimension_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="'X' is no code of sex"):
        counted([SEX], [(("X",), 1)], [("sex",)])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_attacker_is_right_and_misses_nothing_that_limits_can_say(data: st.DataObject) -> None:
    """Against every table there is: her limits are those of all tables, or wider by a fraction."""
    tables = Tables(tuple("abcdef"), (Sum(0, (1, 2)), Sum(3, (4, 5)), Sum(0, (3, 1))))
    truth = np.array(six(*(data.draw(st.integers(0, 5)) for _ in range(3))), float)
    withheld = np.array(data.draw(st.lists(st.booleans(), min_size=6, max_size=6)))
    low, high = np.where(withheld, 0.0, truth), np.where(withheld, 15.0, truth)
    tried = np.array([six(*free) for free in itertools.product(range(16), repeat=3)])
    every = tried[((tried >= low) & (tried <= high)).all(axis=1)]
    found = attack(tables, low, high, withheld, whole_limits=True)
    assert (found.low <= every.min(axis=0)).all()
    assert (found.high >= every.max(axis=0)).all()
    # Nothing is called recovered that has two values, and here whole limits are exact.
    assert (found.recovered == (withheld & (every.min(axis=0) == every.max(axis=0)))).all()
    quick = attack(tables, low, high, withheld)
    assert (quick.recovered == found.recovered).all()
    assert (subtracted(tables, ~withheld) <= found.recovered).all()


def test_the_plain_rule_falls_to_a_linear_program() -> None:
    """Two withheld in each row and column, and the small one is known to within one."""
    rows, columns = ["r1", "r2", "r3"], ["c1", "c2", "c3"]
    numbers = {("r1", "c1"): 1, ("r1", "c2"): 1, ("r1", "c3"): 30,
               ("r2", "c1"): 1, ("r2", "c2"): 40, ("r2", "c3"): 1,
               ("r3", "c1"): 50, ("r3", "c2"): 1, ("r3", "c3"): 1}  # fmt: skip
    held = counted([flat("r", rows), flat("c", columns)], numbers.items(), [("r", "c")])
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    withheld = suppress.plain(held.tables, held.values, request.small.copy(), request.hidden)
    _, narrow = suppress.holes(request, withheld)
    assert narrow.any()
    kept = suppress.protect(request)
    assert not np.concatenate(suppress.holes(request, kept.withheld)).any()


def test_numbers_that_do_not_add_up_are_named_and_attacked_without_their_sum() -> None:
    tables = Tables(("all", "women", "men"), (Sum(0, (1, 2)),))
    with pytest.raises(Impossible):
        attack(tables, np.array([9.0, 5, 0]), np.array([9.0, 5, 3]), np.array([False, False, True]))
    short = mended(tables, np.array([9.0, 5, 0]), np.array([9.0, 5, 3]))
    assert [s.total for s in short.short] == [0]
    assert short.tables.keys[-1] == "all (not shown)"
    over = mended(tables, np.array([9.0, 12, 0]), np.array([9.0, 12, 3]))
    assert [s.total for s in over.over] == [0]
    assert over.tables.sums == ()


def test_what_came_between_two_releases_is_protected_like_a_table() -> None:
    before = tables_of([(("F", "labour", "n1"), 10), (("M", "labour", "s1"), 20)])
    after = tables_of([(("F", "labour", "n1"), 11), (("M", "labour", "s1"), 20)])
    published = dict(zip(before.tables.keys, before.values, strict=True))
    request = earlier.with_earlier(
        after.tables, after.values, THRESHOLD, [earlier.Edition(published, frozenset())]
    )
    kept = suppress.protect(request)
    assert not np.concatenate(suppress.holes(request, kept.withheld)).any()
    here = dict(zip(request.tables.keys, kept.withheld, strict=True))
    # One woman came: every number that she is in would name her beside the old one.
    assert here["F/labour/_T"]
    assert here["_T/_T/_T"]
    assert not here["M/labour/_T"]


def test_a_release_that_repeats_an_earlier_one_withholds_nothing_more() -> None:
    facts = [(("F", "labour", "n1"), 10), (("M", "sexual", "s1"), 2), (("M", "labour", "s1"), 9)]
    held = tables_of(facts)
    first = suppress.protect(suppress.asked(held.tables, held.values, THRESHOLD))
    withheld = frozenset(np.array(held.tables.keys)[first.withheld])
    published = dict(zip(held.tables.keys, held.values, strict=True))
    request = earlier.with_earlier(
        held.tables, held.values, THRESHOLD, [earlier.Edition(published, withheld)]
    )
    again = suppress.protect(request)
    assert again.withheld[: len(held.tables)].tolist() == first.withheld.tolist()
    assert not again.exposed.any()


def test_a_small_count_that_is_public_already_is_named_as_exposed() -> None:
    held = tables_of([(("F", "labour", "n1"), 2)])
    published = dict(zip(held.tables.keys, held.values, strict=True))
    request = earlier.with_earlier(
        held.tables, held.values, THRESHOLD, [earlier.Edition(published, frozenset())]
    )
    assert suppress.protect(request).exposed.any()


@settings(max_examples=40, deadline=None)
@given(crowds(), st.sampled_from([3, 5, 10]))
def test_rounded_tables_add_up_stay_near_and_let_nobody_name_a_small_count(
    facts: list[tuple[tuple[str, str, str], int]], base: int
) -> None:
    held = tables_of(facts)
    shown = rounding.rounded(held.tables, held.values, base)
    assert (shown.values % base == 0).all()
    assert (np.abs(shown.values - held.values) < base * (1 + shown.further)).all()
    for one in held.tables.sums:
        assert shown.values[one.total] == sum(shown.values[p] for p in one.parts)
    low, high = shown.limits()
    assert (low <= held.values).all()
    assert (held.values <= high).all()
    assert not rounding.holes(
        held.tables, held.values, shown, suppress.small(held.values, base)
    ).any()


def test_an_open_limit_stays_open() -> None:
    tables = Tables(("all", "women", "men"), (Sum(0, (1, 2)),))
    unknown = np.array([True, False, True])
    found = attack(
        tables, np.array([0.0, 5, 0]), np.array([INF, 5, INF]), unknown, whole_limits=True
    )
    assert found.low.tolist() == [5, 5, 0]
    assert found.high[0] == INF
