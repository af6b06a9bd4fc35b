"""The tests that hold the doors see a door that was left open; `make soak` tries every one."""

import pytest

from tests.faults.mutants import MUTANTS, ROOT, Astray, Mutant, hunt, place_of

# One stands for all here: that a hunt can catch, and says so.
TRIED = ("the matrix is not asked",)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_every_mutant_s_line_stands_where_it_is_looked_for(mutant: Mutant) -> None:
    assert mutant.line != mutant.becomes
    assert mutant.line in place_of(mutant, ROOT).read_text()


def test_a_mutant_whose_line_is_gone_says_so() -> None:
    with pytest.raises(Astray):
        place_of(Mutant("gone", "access", "no such line", "", ()), ROOT)


def test_each_mutant_has_a_name_of_its_own() -> None:
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.nodes
def test_one_of_the_mutants_is_caught() -> None:
    tried = tuple(m for m in MUTANTS if m.name in TRIED)

    assert hunt(tried) == dict.fromkeys(TRIED, "caught")
