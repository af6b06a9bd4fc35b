"""The tree over a log: RFC 9162, section 2.1, with SHA-256. Pure: hashes in, hashes out.

A tree is grown from its frontier, the roots of the complete subtrees from left to right: one for
every bit that is set in the size, so at most 64. A proof needs the leaves of the tree that it is
about. Sizes count leaves; the index of the first leaf is 0.
"""

from collections.abc import Sequence

from amana.crypto.secrets import SIZE, digest, same

EMPTY = digest(b"")
# No tree and no proof of this house is deeper.
DEEPEST = 64


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees, prefixed so that no leaf can pass for it."""
    return digest(b"\x01" + left + right)


def grown(frontier: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """Return the frontier after one more leaf, from that of a tree of `size` leaves."""
    peaks = [*frontier, leaf]
    # Every trailing bit that is set is a complete subtree that now meets one of its own height.
    while size & 1:
        right = peaks.pop()
        peaks[-1] = node_hash(peaks[-1], right)
        size >>= 1
    return peaks


def frontier_of(leaves: Sequence[bytes]) -> list[bytes]:
    """Return the frontier of a tree of these leaves."""
    peaks: list[bytes] = []
    for size, leaf in enumerate(leaves):
        peaks = grown(peaks, size, leaf)
    return peaks


def root_of(frontier: Sequence[bytes]) -> bytes:
    """Return the root that a frontier makes; a tree without leaves has the hash of nothing."""
    if not frontier:
        return EMPTY
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = node_hash(peak, root)
    return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree of these leaves."""
    return root_of(frontier_of(leaves))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, the nearest first.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"A tree of {len(leaves)} has no leaf {index}")
    proof: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low = middle
    return proof[::-1]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the hashes that show the tree of the first `old` leaves at the root of this tree.

    Empty when the trees are the same and when the old one has no leaf. Raises IndexError when the
    old tree is the larger one.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError(f"A tree of {len(leaves)} has not grown from one of {old}")
    if old in (0, len(leaves)):
        return []
    proof: list[bytes] = []
    low, high, is_old_whole = 0, len(leaves), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low, is_old_whole = middle, False
    # The verifier knows the old root; a smaller part of the old tree must be told.
    told = [] if is_old_whole else [root(leaves[low:high])]
    return told + proof[::-1]


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof leads from this leaf at this place to the root (section 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(proof):
        return False
    at, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            at, last = _up_to_a_right_child(at, last)
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and same(found, root)


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether a proof shows that one tree has grown into the other (section 2.1.4.2)."""
    if not 0 <= old <= size or not _are_hashes(proof):
        return False
    if old in (0, size):
        # Every tree has grown from the empty one, and each from itself.
        expected = EMPTY if old == 0 else root
        return not proof and same(old_root, expected)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _meet(old, old_root, size, root, path)


def _meet(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a path that begins inside the old tree makes both roots."""
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found = node_hash(other, found_old), node_hash(other, found)
            at, last = _up_to_a_right_child(at, last)
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and same(found_old, old_root) and same(found, root)


def _up_to_a_right_child(at: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the last node has no sibling and moves up as it is."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return len(proof) <= DEEPEST and all(len(item) == SIZE for item in proof)
