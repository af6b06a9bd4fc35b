"""Rows that nobody is: what one person may change, what is hidden, what is drawn again alike."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import opendp.prelude as dp
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from amana.knowledge.synthetic import Noisy, Plan, codebook, draw, fit, report, rounds
from amana.knowledge.synthetic.counts import BadTable, Ints, encode
from amana.knowledge.synthetic.rounds import N_GROUPS, UNIT, Held, first_adds, round_adds
from amana.knowledge.synthetic.rows import tables

COLUMNS = ("year", "gender", "citizenship", "threats", "withholds_documents")
FLAGS = frozenset({"threats", "withholds_documents"})
PLAN = Plan(epsilon=2.0, delta=1e-6)

rows = st.lists(
    st.tuples(
        st.sampled_from(["", "2021", "2022"]), st.sampled_from(["", "Man", "Woman"]),
        st.sampled_from(["", "Aland", "Borduria", "Syldavia"]), st.sampled_from(["", "1"]),
        st.sampled_from(["", "1"]),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


def a_crowd(n: int, seed: int = 7) -> list[tuple[str, ...]]:
    """Return invented rows whose columns depend on one another."""
    dice = np.random.default_rng(seed)
    crowd: list[tuple[str, ...]] = []
    for _ in range(n):
        year = str(dice.choice(["2021", "2022", ""], p=[0.5, 0.4, 0.1]))
        citizenship = str(
            dice.choice(["Aland", "Borduria", "Syldavia", ""], p=[0.5, 0.3, 0.1, 0.1])
        )
        likely = 0.8 if citizenship == "Aland" else 0.2
        gender = "Woman" if dice.random() < likely else "Man"
        threats = "1" if dice.random() < likely else ""
        documents = "1" if threats and dice.random() < 0.7 else ""
        crowd.append((year, gender, citizenship, threats, documents))
    return crowd


def combinations_of(table: Sequence[tuple[str, ...]]) -> Counter[tuple[tuple[int, str], ...]]:
    """Count every combination of one to three attributes the slow and plain way."""
    found: Counter[tuple[tuple[int, str], ...]] = Counter()
    for row in table:
        held = [(n, value) for n, value in enumerate(row) if value]
        for length in (1, 2, 3):
            found.update(combinations(held, length))
    return found


def length(change: Ints) -> float:
    return math.sqrt(sum(int(one) ** 2 for one in change.ravel()))


def change_of(
    table: Sequence[tuple[str, ...]], gone: int, flags: Sequence[bool], data: st.DataObject
) -> tuple[float, float]:
    """Return by how much one row changes what is asked in the first round, and in a later one.

    Which combinations a later round asks for, and with what weight, is any that noise may leave.
    """
    ids, attributes = encode(table, len(flags))
    rest = np.delete(ids, gone, 0)
    is_flag = np.array(flags)
    first = [np.concatenate([part.ravel() for part in first_adds(rows, len(attributes), is_flag)])
             for rows in (ids, rest)]  # fmt: skip
    names = sorted({part for row in ids.tolist() for n in (2, 3)
                    for part in combinations([one for one in row if one >= 0], n)})  # fmt: skip
    worth = np.array(data.draw(st.lists(
        st.sampled_from([0.0, 0.05, 0.3, 1.0]), min_size=len(names), max_size=len(names)
    )), np.float64)  # fmt: skip
    n_groups = data.draw(st.sampled_from([1, N_GROUPS]))
    later = []
    for rows in (ids, rest):
        held = [(n, at) for at, row in enumerate(rows.tolist()) for n, name in enumerate(names)
                if set(name) <= set(row)]  # fmt: skip
        places, holders = np.array(held, np.int64).reshape(-1, 2).T
        size = rounds.classes((rows >= 0).sum(1))
        sizes, real = round_adds(Held(places, holders, size), worth, n_groups)
        later.append(np.concatenate([sizes, real.ravel()]))
    return length(first[0] - first[1]), length(later[0] - later[1])


@given(rows, st.data())
def test_one_person_changes_all_counts_of_a_round_together_by_at_most_one_unit(
    table: list[tuple[str, ...]], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(table) - 1))
    first, later = change_of(table, gone, [name in FLAGS for name in COLUMNS], data)
    assert first <= UNIT
    assert later <= UNIT


@settings(max_examples=40)
@given(st.integers(1, 11), st.data())
def test_a_person_of_whom_everything_is_known_changes_them_by_no_more(
    columns: int, data: st.DataObject
) -> None:
    flags = data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns))
    held = data.draw(st.lists(st.sampled_from(["", "1", "1"]), min_size=columns, max_size=columns))
    first, later = change_of([tuple(held)], 0, flags, data)
    # And by no less than half of it where there is anything: noise for nothing helps nobody.
    assert (UNIT / 2 if any(held) else 0) <= first <= UNIT
    assert rounds.KEPT * UNIT / 4 <= later <= UNIT


def test_the_rounds_together_spend_no_more_than_the_plan() -> None:
    parts = [rounds.FIRST, rounds.PAIRS.part, *(one.part for one in rounds.TRIPLES)]
    assert 0.99 < sum(parts) <= 1


@given(st.floats(0.1, 4.0), st.sampled_from([1e-4, 1e-6, 1e-9]), st.floats(0.25, 4.0))
def test_the_noise_hides_one_person_as_the_plan_says(
    epsilon: float, delta: float, step: float
) -> None:
    """What two tables can differ by, added up value by value over noise in whole numbers."""
    sigma = rounds.noise_of(Plan(epsilon, delta))
    # A row is `unit` long, so that the noise has values enough: far less than 1/UNIT are.
    unit = round(64 * step)
    scale = sigma * unit
    values = np.arange(-int(14 * scale) - unit, int(14 * scale) + unit)
    chance = np.exp(-((values / scale) ** 2) / 2)
    chance /= chance.sum()
    beside = np.concatenate([np.zeros(unit), chance[:-unit]])
    lost = np.maximum(beside - math.exp(epsilon) * chance, 0).sum()
    assert 0.95 * delta < lost <= delta
    # And no more than opendp asks for, who adds up concentrated losses.
    assert 0.8 * opendps(epsilon, delta) < sigma < opendps(epsilon, delta)


def opendps(epsilon: float, delta: float) -> float:
    """Return the noise by opendp's own conversion from zero-concentrated privacy."""
    dp.enable_features("contrib")

    def spent(scale: float) -> dp.Measurement:
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
        noise = dp.m.make_gaussian(*space, scale=scale * 4096)
        return dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(noise), delta)

    return float(dp.binary_search_param(
        spent, d_in=4096.0, d_out=(epsilon, delta), T=float, bounds=(0.05, 200.0)
    ))  # fmt: skip


def test_noise_in_whole_numbers_differs_from_rounded_noise_by_less_than_was_set_aside() -> None:
    """Decision 0033: the bound over ten million numbers, for the smallest delta that is used."""
    plan = Plan(4.0, 1e-6)
    scale = rounds.noise_of(plan) * UNIT
    apart = math.sqrt(10_000_000 / (576 * scale**4) / 2)
    assert (1 + math.exp(plan.epsilon)) * apart < rounds.WHOLE * plan.delta
    # The bound itself, where it can be added up: few steps, so that it is large enough to be seen.
    scale = 3.0
    values = np.arange(-60, 61)
    whole = np.exp(-((values / scale) ** 2) / 2)
    whole /= whole.sum()
    ends = np.array([math.erf((v + 0.5) / scale / math.sqrt(2)) for v in range(-61, 61)])
    rounded = np.diff(ends) / 2
    told = np.flatnonzero((whole > 1e-12) & (rounded > 1e-12))
    differ = float((whole[told] * np.log(whole[told] / rounded[told])).sum())
    assert differ == pytest.approx(1 / (576 * scale**4), rel=0.1)


def test_noise_is_new_each_time() -> None:
    crowd = a_crowd(2_000)
    first, second = (fit(COLUMNS, crowd, PLAN, flags=FLAGS) for _ in range(2))
    assert first.combinations != second.combinations


def test_no_combination_of_one_person_is_ever_shown() -> None:
    crowd = [*a_crowd(3_000), ("2022", "Woman", "San Theodoros", "1", "1")]
    for _ in range(60):
        noisy = fit(COLUMNS, crowd, PLAN, flags=FLAGS)
        assert (2, "San Theodoros") not in noisy.attributes
        assert (2, "Aland") in noisy.attributes


def test_nine_people_are_hidden_and_many_are_not() -> None:
    nine = [("2021", "Man", "San Theodoros", "", "")] * 9
    many = [("2022", "Woman", "Nuevo Rico", "", "")] * 400
    # So little is left to chance that this test does not fail by it.
    plan = Plan(epsilon=8.0, delta=1e-5, hidden=1e-9)
    for _ in range(40):
        shown = dict(fit(COLUMNS, [*nine, *many], plan, flags=FLAGS).attributes)
        assert shown == {0: "2022", 1: "Woman", 2: "Nuevo Rico"}


@pytest.mark.parametrize("plan", [PLAN, Plan(epsilon=2.0, delta=0.1)])
def test_an_attribute_is_known_from_more_people_than_noise_makes_of_few(plan: Plan) -> None:
    sigma = fit(COLUMNS, [], plan, flags=FLAGS).sigma / math.sqrt(rounds.FIRST)
    least = rounds.threshold(plan, sigma, len(COLUMNS))
    # A row has five attributes at most, which share a fiftieth of delta.
    passed = math.erfc((least - rounds.HOLDS) / sigma / math.sqrt(2)) / 2
    assert len(COLUMNS) * passed <= plan.delta / 50
    of_nine = (plan.k - 1) * rounds.HOLDS
    assert math.erfc((least - of_nine) / sigma / math.sqrt(2)) / 2 <= plan.hidden


def test_where_much_is_asked_for_chance_alone_makes_nothing_sure() -> None:
    for n_open, is_sure in ((1, True), (1_700, False)):
        asked = rounds.Asked(np.arange(60), np.zeros(60, bool), PLAN, 2.4)
        asked.is_open[:] = np.arange(asked.n_pairs) < n_open
        # So little was heard of it that it is over nine people, and could be noise of nobody.
        asked.weight[0], asked.seen[0] = 1e-4, 0.0475
        asked.decide(rounds.TRIPLES[0])
        assert asked.is_sure[0] == is_sure


def test_a_sure_triple_makes_its_pairs_sure() -> None:
    asked = rounds.Asked(np.arange(4), np.zeros(4, bool), PLAN, 2.4)
    asked.widen()
    (triple,) = np.flatnonzero((asked.members == (0, 1, 3)).all(1))
    asked.weight[triple], asked.seen[triple] = 0.04, 4.0
    asked.decide(rounds.TRIPLES[0])
    sure = {tuple(one for one in ids if one >= 0) for ids in asked.members[asked.is_sure].tolist()}
    assert sure == {(0, 1), (0, 3), (1, 3), (0, 1, 3)}


def test_nothing_that_nobody_holds_is_shown() -> None:
    """Many combinations are asked for that nobody holds: chance alone must make none of them."""
    columns = tuple(f"column_{n}" for n in range(6))
    dice = np.random.default_rng(5)
    # Each row keeps to one side: of its values none stands beside one of the other side.
    table = [tuple(f"{side}{dice.integers(3)}" for _ in columns)
             for side in dice.choice(["a", "b"], 12_000)]  # fmt: skip
    for _ in range(6):
        noisy = fit(columns, table, PLAN, flags=frozenset())
        sides = {frozenset(noisy.attributes[one][1][0] for one in ids)
                 for ids in noisy.combinations}  # fmt: skip
        assert sides == {frozenset("a"), frozenset("b")}
        assert sum(len(ids) == 3 for ids in noisy.combinations) > 500


def test_of_what_is_shown_every_part_is_shown() -> None:
    noisy = fit(COLUMNS, a_crowd(3_000), PLAN, flags=FLAGS)
    for ids in noisy.combinations:
        assert all(part in noisy.combinations for n in range(1, len(ids))
                   for part in combinations(ids, n))  # fmt: skip
    assert max(map(len, noisy.combinations)) == 3


# No shrinking: each example draws thousands of rows.
@settings(max_examples=10, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32), st.integers(500, 4_000))
def test_whatever_a_drawn_row_shows_of_three_attributes_is_allowed(seed: int, n: int) -> None:
    noisy = fit(COLUMNS, a_crowd(n, seed), Plan(8.0, 1e-5), flags=FLAGS)
    allowed = {tuple(noisy.attributes[one] for one in part)
               for ids in noisy.combinations for length in (1, 2, 3)
               for part in combinations(ids, length)}  # fmt: skip
    drawn = draw(noisy, seed)
    assert len(drawn) == noisy.rows
    assert set(combinations_of(drawn)) <= allowed


def test_what_is_drawn_is_near_what_is_real_and_shows_nothing_rare() -> None:
    crowd = a_crowd(20_000)
    noisy = fit(COLUMNS, crowd, PLAN, flags=FLAGS)
    quality = report(crowd, draw(noisy, 1), noisy)
    assert [one.rare_shown + one.invented for one in quality.nearness] == [0, 0, 0]
    assert all(one.error < 0.15 for one in quality.nearness)
    real, synthetic = quality.mean_attributes
    assert synthetic == pytest.approx(real, rel=0.1)


def test_the_same_counts_and_seed_give_the_same_rows_also_after_being_kept() -> None:
    noisy = fit(COLUMNS, a_crowd(3_000), PLAN, flags=FLAGS)
    kept = Noisy.from_dict(json.loads(json.dumps(noisy.to_dict())))
    assert kept == noisy
    assert draw(kept, 5) == draw(noisy, 5)
    assert draw(noisy, 6) != draw(noisy, 5)


def test_a_noisy_count_is_read_back_as_cases_though_long_rows_were_made_shorter() -> None:
    columns = tuple(f"means_{n}" for n in range(12))
    long = [("1",) * 12] * 3_000
    short = [("1", "1", "1") + ("",) * 9] * 3_000
    noisy = fit(columns, [*long, *short], Plan(20.0, 1e-4), flags=frozenset(columns))
    known = tables(noisy)
    cases = dict(zip(map(tuple, known.members.tolist()), known.target, strict=True))
    # A reading that forgot it would find half of the long rows.
    assert cases[0, 1, 2] == pytest.approx(6_000, rel=0.25)
    assert cases[9, 10, 11] == pytest.approx(3_000, rel=0.25)


def test_the_report_says_the_error_as_the_definition_has_it() -> None:
    real = [("2021", "Man", "", "", "")] * 10 + [("2022", "", "", "", "")] * 3
    drawn = [("2021", "", "", "", "")] * 8 + [("2022", "Woman", "", "", "")] * 2
    noisy = fit(COLUMNS, real, PLAN, flags=FLAGS)
    one, two, three = report(real, drawn, noisy).nearness
    before, after = combinations_of(real), combinations_of(drawn)
    for near, length in ((one, 1), (two, 2)):
        names = {name for name in before | after if len(name) == length}
        whole = sum(before[name] for name in names)
        assert near.error == pytest.approx(
            sum(abs(before[name] - after[name]) for name in names) / whole
        )
    assert (one.lost, one.rare_shown, one.invented, one.shown) == (0.5, 1, 1, 3)
    assert (two.lost, two.rare_shown, two.invented, two.shown) == (1.0, 0, 1, 1)
    assert (three.error, three.lost, three.shown) == (0, 0, 0)


def test_what_is_public_of_a_report_needs_no_real_row() -> None:
    noisy = fit(COLUMNS, a_crowd(2_000), PLAN, flags=FLAGS)
    drawn = draw(noisy, 1)
    with_rows, without = report(a_crowd(2_000), drawn, noisy), report([], drawn, noisy)
    assert with_rows.public() == without.public()
    assert with_rows.internal() != without.internal()
    json.dumps([with_rows.public(), with_rows.internal()])


def test_the_codebook_holds_what_is_shown_alone() -> None:
    crowd = [*a_crowd(3_000), ("2022", "Woman", "San Theodoros", "1", "1")]
    book = codebook(fit(COLUMNS, crowd, PLAN, flags=FLAGS))
    assert [one["column"] for one in book] == list(COLUMNS)
    assert [one["is_flag"] for one in book] == [False, False, False, True, True]
    assert book[1]["values"] == ["Man", "Woman"]
    assert "San Theodoros" not in book[2]["values"]


@pytest.mark.parametrize("table", [[], [("",) * 5] * 40])
def test_of_nobody_and_of_empty_rows_nothing_is_shown(table: list[tuple[str, ...]]) -> None:
    noisy = fit(COLUMNS, table, PLAN, flags=FLAGS)
    assert not noisy.attributes
    assert not noisy.combinations
    assert set(draw(noisy, 1)) <= {("",) * 5}


def test_one_column_is_enough() -> None:
    table = [("Aland",)] * 900 + [("Borduria",)] * 500 + [("",)] * 300
    noisy = fit(["citizenship"], table, PLAN, flags=frozenset())
    drawn = Counter(draw(noisy, 3))
    assert drawn["Aland",] == pytest.approx(900, abs=200)
    assert drawn["Borduria",] == pytest.approx(500, abs=200)


@pytest.mark.parametrize(
    ("columns", "table", "flags", "says"),
    [
        ((), [], (), "at least one column"),
        (("year", "year"), [], (), "each name once"),
        (("year",), [("2021", "Man")], (), "row 1 has 2 values for 1 columns"),
        (("year",), [], ("threats",), "flags name no column: threats"),
        (("year",), [("2021",), ("2022",)], ("year",), "row 2: the flag year has a second value"),
    ],
)
def test_a_table_that_cannot_be_counted_is_refused_with_the_reason(
    columns: tuple[str, ...], table: list[tuple[str, ...]], flags: tuple[str, ...], says: str
) -> None:
    with pytest.raises(BadTable, match=says):
        fit(columns, table, PLAN, flags=frozenset(flags))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"epsilon": 0.0, "delta": 1e-6}, "epsilon is 0.0"),
        ({"epsilon": math.inf, "delta": 1e-6}, "epsilon is inf"),
        ({"epsilon": 1.0, "delta": 0.0}, "delta is 0.0"),
        ({"epsilon": 1.0, "delta": 1e-6, "k": 0}, "k is 0"),
        ({"epsilon": 1.0, "delta": 1e-6, "hidden": 1.0}, "hidden is 1.0"),
    ],
)
def test_a_plan_that_promises_nothing_is_refused(plan: dict[str, float], says: str) -> None:
    with pytest.raises(BadTable, match=says):
        Plan(**plan)  # type: ignore[arg-type]


@pytest.mark.parametrize("kept", [{}, {"type": "another"}, {"type": "amana.synthetic.counts.2"}])
def test_what_was_not_kept_by_us_is_refused(kept: dict[str, str]) -> None:
    with pytest.raises(BadTable, match="counts"):
        Noisy.from_dict(kept)
