"""Enough shares give the seed back; fewer, foreign or altered ones give nothing."""

import itertools

import pytest

from amana.crypto.secrets import CannotOpen, Seed, new_seed
from amana.crypto.shares import combine, split

SEED = Seed(bytes(range(32)))


@pytest.mark.parametrize(("needed", "of"), [(2, 2), (2, 3), (3, 5)])
def test_any_so_many_give_the_seed_back_and_no_fewer(needed: int, of: int) -> None:
    shares = split(SEED, needed=needed, of=of)

    assert len(shares) == of
    assert {len(s.split()) for s in shares} == {33}
    for some in itertools.combinations(shares, needed):
        assert combine(list(some)) == SEED
    for too_few in itertools.combinations(shares, needed - 1):
        with pytest.raises(CannotOpen):
            combine(list(too_few))


def test_one_share_alone_fits_any_seed() -> None:
    """Beside one share any other seed's share could lie: it decides nothing of the secret."""
    words = {tuple(split(SEED, needed=2, of=2)[0].split()[4:]) for _ in range(8)}

    assert len(words) == 8
    # Seeds that differ in every bit give first shares that are told apart by nothing but chance.
    zeros, ones = Seed(bytes(32)), Seed(b"\xff" * 32)
    first = [split(s, needed=2, of=3)[0].split()[4:30] for s in (zeros, ones) for _ in range(20)]
    assert len({w for one in first[:20] for w in one} & {w for o in first[20:] for w in o}) > 50


def test_a_share_of_another_seed_or_of_another_cut_does_not_fit() -> None:
    shares, foreign, other_cut = (split(s, needed=2, of=3) for s in (SEED, new_seed(), SEED))

    for wrong in (foreign[1], other_cut[1], shares[0]):
        with pytest.raises(CannotOpen):
            combine([shares[0], wrong])


def test_a_wrong_or_missing_word_is_seen() -> None:
    one, two = split(SEED, needed=2, of=2)
    words = two.split()
    for at in range(33):
        other = "academic" if words[at] != "academic" else "acid"
        with pytest.raises(CannotOpen):
            combine([one, " ".join([*words[:at], other, *words[at + 1 :]])])
    for broken in (" ".join(words[1:]), "", "nonsense", "é" * 33):
        with pytest.raises(CannotOpen):
            combine([one, broken])
    with pytest.raises(CannotOpen):
        combine([])


@pytest.mark.parametrize(("needed", "of"), [(1, 1), (1, 3), (3, 2), (2, 17), (0, 0)])
def test_a_share_that_would_open_alone_is_never_cut(needed: int, of: int) -> None:
    with pytest.raises(ValueError, match="no way to share"):
        split(SEED, needed=needed, of=of)
