"""The models beneath the hidden figure: laws that every fit keeps, and when there is none."""

import highspy
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from amana.knowledge.loglinear import Bools, Floats, Table

TABLES = {lists: Table(lists) for lists in (2, 3, 4)}


def pairs_of(table: Table, *named: tuple[int, int]) -> Bools:
    return np.array([pair in named for pair in table.pairs])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Table, Floats, Bools]:
    """Return counts over three or four lists, many of them zero, and some pairs."""
    table = TABLES[draw(st.sampled_from((3, 4)))]
    cells, pairs = len(table.histories), len(table.pairs)
    count = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 60))
    counts = np.array(draw(st.lists(count, min_size=cells, max_size=cells)), dtype=np.float64)
    named = draw(st.lists(st.booleans(), min_size=pairs, max_size=pairs))
    assume(counts.sum() > 0)
    return table, counts, np.array(named)


def has_one_by_linear_program(table: Table, counts: Floats, pairs: Bools) -> bool:
    """Ask a solver for the table with the same sums whose smallest cell is largest."""
    named = np.concatenate([np.ones(table.plain, dtype=np.bool_), pairs])
    never = named & (counts @ table.design == 0)
    kept = table.design[:, never].sum(axis=1) == 0
    design = table.design[kept][:, named & ~never]
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return False
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    # As everywhere in this process: it has one number of threads.
    solver.setOptionValue("threads", 1)
    cells = [solver.addVariable(lb=0) for _ in design]
    least = solver.addVariable(lb=0, ub=1)
    for cell in cells:
        solver.addConstr(cell >= least)
    for column, total in zip(design.T, design.T @ counts[kept], strict=True):
        solver.addConstr(sum(c for c, on in zip(cells, column, strict=True) if on) == float(total))
    solver.maximize(least)
    return bool(solver.val(least) > 1e-6)


@given(cases())
@settings(max_examples=200)
def test_there_is_an_estimate_exactly_where_a_linear_program_finds_a_table_without_holes(
    case: tuple[Table, Floats, Bools],
) -> None:
    table, counts, pairs = case

    assert table.has_estimate(counts, pairs) == has_one_by_linear_program(table, counts, pairs)


@given(cases())
def test_what_has_an_effect_is_met_by_the_model_as_often_as_by_the_data(
    case: tuple[Table, Floats, Bools],
) -> None:
    table, counts, pairs = case
    assume(table.has_estimate(counts, pairs))
    named = np.concatenate([np.ones(table.plain, dtype=np.bool_), pairs])

    (model,) = table.fit(counts[None], pairs[None])

    sums = (model.means @ table.design)[named]
    assert sums == pytest.approx((counts @ table.design)[named], rel=1e-4, abs=1e-4)


@given(cases())
def test_a_pair_more_never_fits_worse(case: tuple[Table, Floats, Bools]) -> None:
    table, counts, pairs = case
    more = pairs | (np.arange(len(pairs)) == 0)

    few, many = table.fit(np.stack([counts, counts]), np.stack([pairs, more]))

    assert many.deviance <= few.deviance + 1e-5 * (1 + few.deviance)


@given(st.lists(st.integers(1, 500), min_size=3, max_size=3))
def test_two_lists_are_petersen_and_lincoln(counts: list[int]) -> None:
    table = TABLES[2]
    second, first, both = counts

    (model,) = table.fit(np.array([counts], dtype=np.float64), pairs_of(table)[None])

    assert table.histories == [(False, True), (True, False), (True, True)]
    assert model.hidden == pytest.approx(first * second / both)


@given(st.lists(st.integers(1, 500), min_size=7, max_size=7))
def test_three_lists_with_all_pairs_have_a_formula(counts: list[int]) -> None:
    table = TABLES[3]
    by = dict(zip(["".join("01"[x] for x in h) for h in table.histories], counts, strict=True))

    (model,) = table.fit(np.array([counts], dtype=np.float64), pairs_of(table, *table.pairs)[None])

    once = by["100"] * by["010"] * by["001"] * by["111"]
    assert model.hidden == pytest.approx(once / (by["110"] * by["101"] * by["011"]), rel=1e-4)
    assert model.deviance == pytest.approx(0, abs=1e-6)


def test_the_effect_of_a_pair_that_never_meets_empties_its_cells_and_costs_a_parameter() -> None:
    table = TABLES[3]
    said = {"100": 60, "010": 50, "001": 40, "101": 9, "011": 7}
    counts = np.array(
        [said.get("".join("01"[x] for x in h), 0) for h in table.histories], dtype=np.float64
    )

    plain, apart = table.fit(
        np.stack([counts, counts]), np.stack([pairs_of(table), pairs_of(table, (0, 1))])
    )

    meets = np.array([h[0] and h[1] for h in table.histories])
    assert (plain.means[meets] > 0).all()
    assert (apart.means[meets] == 0).all()
    assert apart.bic - apart.deviance == pytest.approx(5 * np.log(166))
    # What is left is one list beside two that never meet: Petersen and Lincoln again.
    assert apart.hidden == pytest.approx((60 + 50) * 40 / (9 + 7))
