"""What a published file shows and lets follow: any table, and UNODC's own release."""

from pathlib import Path

import numpy as np
import pytest

from amana.knowledge.safe import attack, shown, suppress, verdict
from amana.knowledge.safe.program import whole
from amana.standards.tests.test_glotip import REAL

TABLE = """sex,age,value
Total,Total,20
Total,CHILD,12
Total,ADULT,8
F,Total,..
F,CHILD,9
F,ADULT,..
M,Total,10
M,CHILD,<5
M,ADULT,7
"""


def shown_of(folder: Path, text: str) -> shown.Shown:
    file = folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    return shown.read(file)


def test_what_is_withheld_follows_where_a_sum_misses_one_cell_alone(tmp_path: Path) -> None:
    found = verdict.on(shown_of(tmp_path, TABLE), whole_limits=True)
    assert found["withheld"] == 3
    told = {c["cell"]: (c["value"], c["by"]) for c in found["recovered_cells"]}
    assert told == {
        "F/_T": (10, "subtraction"),
        "F/ADULT": (1, "subtraction"),
        "M/CHILD": (3, "subtraction"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sex,people\nF,3\n", "No column with the numbers"),
        ("sex,value\n", "holds no row"),
        ("sex,value\nF,3\nF,4\n", "Line 3: F stands twice"),
        ("sex,value\nF,some\n", "Line 2: 'some' is no number"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_to_do(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(shown.NotATable, match=says):
        shown_of(tmp_path, text)


@pytest.fixture(scope="module")
def release() -> shown.Shown:
    return shown.read(REAL)


@pytest.mark.shared
def test_of_unodcs_file_at_least_the_known_cells_are_recovered(release: shown.Shown) -> None:
    found = verdict.on(release)
    assert found["cells"] == 46_556
    assert found["recovered_by_group"]["Detected trafficking victims"] >= 2_076
    # 2018 of Morocco does not add up: 119 men of all ages, entered as adults.
    assert any("MAR/Detected trafficking victims/2018" in key for key in found["do_not_add_up"])


@pytest.mark.shared
def test_on_a_truth_that_agrees_with_unodcs_file_nothing_is_recovered_of_ours(
    release: shown.Shown,
) -> None:
    """Two hundred blocks of it; all of them: make bench."""
    held = attack.mended(release.tables, release.low, release.high)
    dice = np.random.default_rng(7)
    ours = theirs = tried = 0
    for piece, at in held.tables.pieces():
        low, high = held.low[at], held.high[at]
        if (low == high).all() or len(at) < 8 or tried == 200:
            continue
        tried += 1
        costs = np.where(np.isinf(high), 0.0, dice.normal(size=len(at)))
        truth = whole(piece.sums, low, np.where(np.isinf(high), 1e6, high), costs)
        hidden = at >= len(release.tables)
        few = suppress.small(truth, 5) & ~hidden
        none = np.zeros_like(hidden)
        request = suppress.Asked(piece, truth, few, hidden, none, 3.0)
        kept = suppress.protect(request)
        assert not np.concatenate(suppress.holes(request, kept.withheld)).any()
        ours += int(kept.withheld.sum())
        theirs += int(suppress.plain(piece, truth, few.copy(), hidden).sum())
    assert tried == 200
    assert ours < theirs
