"""The tree: published roots and proofs, every small tree, and what a forger would like to pass."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto import merkle
from amana.crypto.secrets import digest

# Inputs, roots and proofs that the Certificate Transparency projects publish for RFC 6962.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
PUBLISHED = [
    digest(b"\0" + bytes.fromhex(text)) for text in (*INPUTS, "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATH_OF_6TH_IN_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
FROM_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
FROM_2_TO_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]
MOST = 130
LEAVES = [digest(b"\0" + str(n).encode()) for n in range(MOST)]


@cache
def by_definition(low: int, high: int) -> bytes:
    """Return the root of some leaves as RFC 9162 defines it, by cutting them in two."""
    if high - low < 2:
        return LEAVES[low] if high > low else digest(b"")
    half = 1
    while half * 2 < high - low:
        half *= 2
    return merkle.node_hash(by_definition(low, low + half), by_definition(low + half, high))


def hexed(hashes: list[bytes]) -> list[str]:
    return [item.hex() for item in hashes]


def test_the_published_roots_and_proofs_come_out() -> None:
    assert [merkle.root(PUBLISHED[:n]).hex() for n in range(9)] == ROOTS
    assert hexed(merkle.inclusion_proof(PUBLISHED, 5)) == PATH_OF_6TH_IN_8
    assert hexed(merkle.consistency_proof(PUBLISHED, 6)) == FROM_6_TO_8
    assert hexed(merkle.consistency_proof(PUBLISHED[:5], 2)) == FROM_2_TO_5


def test_a_tree_grown_leaf_by_leaf_has_the_root_of_the_definition() -> None:
    frontier: list[bytes] = []
    for size, leaf in enumerate(LEAVES):
        assert merkle.root_of(frontier) == by_definition(0, size)
        assert len(frontier) == size.bit_count()
        frontier = merkle.grown(frontier, size, leaf)


def test_every_leaf_of_every_tree_is_proved_and_at_no_other_place() -> None:
    for size in range(1, MOST + 1):
        root = by_definition(0, size)
        for index in range(size):
            proof = merkle.inclusion_proof(LEAVES[:size], index)
            assert merkle.is_included(LEAVES[index], index, size, proof, root)
            assert not merkle.is_included(LEAVES[index], index ^ 1, size, proof, root) or size == 1
            assert len(proof) <= (size - 1).bit_length()


def test_every_tree_is_proved_to_have_grown_from_every_smaller_one() -> None:
    for size in range(MOST + 1):
        root = by_definition(0, size)
        for old in range(size + 1):
            old_root, proof = by_definition(0, old), merkle.consistency_proof(LEAVES[:size], old)
            assert merkle.is_consistent(old, old_root, size, root, proof)


def test_no_forged_root_old_or_new_passes() -> None:
    forged = digest(b"forged")
    for size in range(2, 70):
        root = by_definition(0, size)
        for old in range(1, size):
            old_root, proof = by_definition(0, old), merkle.consistency_proof(LEAVES[:size], old)
            assert not merkle.is_consistent(old, forged, size, root, proof)
            assert not merkle.is_consistent(old, old_root, size, forged, proof)
        proof = merkle.inclusion_proof(LEAVES[:size], size // 2)
        assert not merkle.is_included(forged, size // 2, size, proof, root)
        assert not merkle.is_included(LEAVES[size // 2], size // 2, size, proof, forged)


@given(st.integers(1, 100), st.integers(1, 100), st.data())
def test_a_history_that_was_changed_before_the_old_size_has_no_proof(
    old: int, more: int, data: st.DataObject
) -> None:
    """The log shows a partner one past, changes a leaf of it and grows: no proof mends that."""
    leaves = [digest(bytes([n % 251, n // 251])) for n in range(old + more)]
    changed = list(leaves)
    changed[data.draw(st.integers(0, old - 1))] = digest(b"another past")

    proof = merkle.consistency_proof(changed, old)

    seen = merkle.root(leaves[:old])
    assert not merkle.is_consistent(old, seen, len(leaves), merkle.root(changed), proof)


@given(st.integers(2, 100), st.data())
def test_a_proof_that_was_touched_proves_nothing(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    root, old_root = by_definition(0, size), by_definition(0, old)
    proof = merkle.consistency_proof(LEAVES[:size], old)
    place = data.draw(st.integers(0, len(proof) - 1))
    spoiled = [
        [*proof[:place], digest(proof[place]), *proof[place + 1 :]],
        proof[:place] + proof[place + 1 :],
        [*proof, digest(b"more")],
        [*proof[:place], b"short", *proof[place + 1 :]],
        proof * 64,
    ]

    assert not any(merkle.is_consistent(old, old_root, size, root, p) for p in spoiled)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(st.binary(max_size=33), max_size=70))
def test_what_a_stranger_sends_is_answered_with_no_and_never_with_a_crash(
    one: int, other: int, proof: list[bytes]
) -> None:
    assert not merkle.is_included(LEAVES[0], one, other, proof, digest(b"root"))
    assert not merkle.is_consistent(one, LEAVES[0], other, digest(b"root"), proof)


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(IndexError):
        merkle.consistency_proof(LEAVES[:3], 4)
