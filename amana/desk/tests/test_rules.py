"""Figures for somebody who must never find a person in them."""

from hypothesis import given
from hypothesis import strategies as st

from amana.desk.rules import shown

COUNTS = st.dictionaries(st.text("ABCDEF", min_size=1, max_size=2), st.integers(1, 40), max_size=6)


@given(counts=COUNTS, smallest=st.integers(2, 10))
def test_a_small_count_is_never_shown_and_never_the_only_gap(
    counts: dict[str, int], smallest: int
) -> None:
    rows = dict(shown(counts, smallest))

    hidden = [code for code, n in rows.items() if n is None]
    assert set(rows) == set(counts)
    assert all(n is None or n >= smallest for n in rows.values())
    assert len(hidden) != 1 or len(counts) == 1
