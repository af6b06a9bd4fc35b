"""What makes the record whole, and what a witness vouches for, as laws over random histories."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from amana.audit import rules
from amana.audit.rules import Fault, Offered, Seen, Tree, Verdict
from amana.crypto import merkle
from amana.crypto.notes import Checkpoint
from amana.crypto.secrets import digest, leaf_hash, token

LOG = rules.log_name("CI", 1)


@dataclass(frozen=True)
class Row:
    """An entry as it is stored."""

    seq: int
    leaf: bytes
    salt: bytes | None
    event: bytes | None


def row(seq: int, verb: str = "v", subject: str = "") -> Row:
    """Return an honest entry."""
    at = datetime(2026, 11, 18, 9, seq % 60, tzinfo=UTC)
    event = rules.event_bytes(at=at, actor="a", verb=verb, subject=subject or str(seq), codes={})
    salt = token()
    return Row(seq, leaf_hash(salt, event), salt, event)


def history(n: int) -> list[Row]:
    """Return a record of `n` honest entries."""
    return [row(seq) for seq in range(1, n + 1)]


def head_of(rows: list[Row]) -> Tree:
    """Return the head of an honest record."""
    tree = Tree()
    for entry in rows:
        tree = tree.grown(entry.leaf)
    return tree


def fault(rows: list[Row], honest: list[Row]) -> Fault | None:
    return rules.first_fault(rows, head_of(honest))


@given(n=st.integers(0, 30))
def test_an_honest_record_is_whole(n: int) -> None:
    rows = history(n)

    assert fault(rows, rows) is None
    assert head_of(rows).root == merkle.root([r.leaf for r in rows])


@given(n=st.integers(1, 20), data=st.data())
def test_the_first_altered_entry_is_named_whatever_was_altered(n: int, data: st.DataObject) -> None:
    rows = history(n)
    places = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=3)))
    spoiled = list(rows)
    for place in places:
        field = data.draw(st.sampled_from(["leaf", "salt", "event"]))
        value = bytearray(getattr(rows[place], field))
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        change: dict[str, Any] = {field: bytes(value)}
        spoiled[place] = replace(rows[place], **change)

    assert fault(spoiled, rows) == Fault(places[0] + 1, "altered")


@given(n=st.integers(2, 20), data=st.data())
def test_a_missing_entry_is_named_even_the_last(n: int, data: st.DataObject) -> None:
    rows = history(n)
    gone = data.draw(st.integers(0, n - 1))

    assert fault(rows[:gone] + rows[gone + 1 :], rows) == Fault(gone + 1, "missing")


@given(n=st.integers(1, 20), data=st.data())
def test_an_entry_that_was_rewritten_whole_does_not_make_the_root(
    n: int, data: st.DataObject
) -> None:
    """Salt, event and leaf agree with each other, so only the tree can tell."""
    rows = history(n)
    place = data.draw(st.integers(0, n - 1))
    forged = [*rows[:place], row(place + 1, verb="forged"), *rows[place + 1 :]]

    assert fault(forged, rows) == Fault(1, "rewritten")


def test_a_head_whose_frontier_was_touched_is_seen_before_anything_grows_from_it() -> None:
    rows = history(5)
    head = head_of(rows)

    assert rules.first_fault(rows, replace(head, frontier=bytes(64))) == Fault(1, "rewritten")
    assert rules.first_fault(rows, Tree(0, b"", merkle.EMPTY)) == Fault(1, "added")


@given(n=st.integers(1, 20), data=st.data())
def test_an_emptied_entry_is_altered_unless_a_later_one_says_that_it_was_emptied(
    n: int, data: st.DataObject
) -> None:
    rows = history(n)
    place = data.draw(st.integers(0, n - 1))
    said = [*rows, row(n + 1, rules.EMPTIED, str(place + 1)), row(n + 2)]
    unsaid = [*rows, row(n + 1, rules.EMPTIED, str(n + 2)), row(n + 2)]

    def emptied(rows: list[Row]) -> list[Row]:
        gone = replace(rows[place], salt=None, event=None)
        return [*rows[:place], gone, *rows[place + 1 :]]

    assert fault(emptied(said), said) is None
    assert fault(emptied(unsaid), unsaid) == Fault(place + 1, "altered")
    assert fault(emptied(rows), rows) == Fault(place + 1, "altered")


def test_an_emptied_entry_that_is_excused_hides_no_fault_before_or_after_it() -> None:
    rows = [*history(4), row(5, rules.EMPTIED, "2")]
    honest = list(rows)
    rows[1] = replace(rows[1], salt=None, event=None)

    for place in (0, 2, 3):
        spoiled = list(rows)
        spoiled[place] = replace(rows[place], event=b"{}")
        assert fault(spoiled, honest) == Fault(place + 1, "altered")


def test_words_that_only_look_like_an_emptying_excuse_nothing() -> None:
    salt = token()
    for event in (b"audit.emptied", b'{"verb":"audit.emptied"}', b'["audit.emptied"]'):
        odd = Row(2, leaf_hash(salt, event), salt, event)
        rows = [row(1), odd]
        gone = [replace(rows[0], salt=None, event=None), odd]

        assert fault(gone, rows) == Fault(1, "altered")


@given(n=st.integers(1, 20), data=st.data())
def test_a_half_emptied_entry_is_an_altered_one(n: int, data: st.DataObject) -> None:
    rows = history(n)
    place = data.draw(st.integers(0, n - 1))
    field = data.draw(st.sampled_from(["salt", "event", "leaf"]))
    change: dict[str, Any] = {field: data.draw(st.sampled_from([None, "", b""]))}
    spoiled = replace(rows[place], **change)

    found = fault([*rows[:place], spoiled, *rows[place + 1 :]], rows)

    assert found == Fault(place + 1, "altered")


@given(n=st.integers(3, 12), data=st.data())
def test_two_entries_that_changed_places_are_seen(n: int, data: st.DataObject) -> None:
    rows = history(n)
    one, other = data.draw(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))
    assume(one < other)
    swapped = list(rows)
    swapped[one] = replace(rows[other], seq=one + 1)
    swapped[other] = replace(rows[one], seq=other + 1)

    assert fault(swapped, rows) == Fault(1, "rewritten")


# Witnessing.


def seen(leaves: list[bytes], at: int = 100) -> Seen:
    """Return what a witness remembers of a log of these leaves."""
    return Seen(len(leaves), merkle.root(leaves), at)


def offered(leaves: list[bytes], old: int, at: int = 200) -> Offered:
    """Return what an honest log of these leaves brings."""
    proof = merkle.consistency_proof(leaves, old) if old <= len(leaves) else []
    return Offered(Checkpoint(LOG, len(leaves), merkle.root(leaves)), at, old, proof, b"")


def leaves_of(n: int) -> list[bytes]:
    return [digest(str(i).encode()) for i in range(n)]


@given(old=st.integers(0, 40), more=st.integers(0, 40))
def test_a_log_that_only_grew_is_vouched_for(old: int, more: int) -> None:
    leaves = leaves_of(old + more)

    assert rules.judge(seen(leaves[:old]), offered(leaves, old)) is Verdict.GROWN


@given(old=st.integers(1, 40), more=st.integers(0, 40), data=st.data())
def test_a_log_with_another_past_has_forked(old: int, more: int, data: st.DataObject) -> None:
    leaves = leaves_of(old + more)
    forged = list(leaves)
    forged[data.draw(st.integers(0, old - 1))] = digest(b"another past")

    assert rules.judge(seen(leaves[:old]), offered(forged, old)) is Verdict.FORKED


@given(size=st.integers(2, 40), data=st.data())
def test_a_log_that_became_shorter_is_one_only_when_it_signed_that_later(
    size: int, data: st.DataObject
) -> None:
    leaves = leaves_of(size)
    cut = data.draw(st.integers(0, size - 1))
    known = seen(leaves, at=100)

    assert rules.judge(known, offered(leaves[:cut], cut, at=101)) is Verdict.SHORTER
    assert rules.judge(known, offered(leaves[:cut], cut, at=99)) is Verdict.STALE


@given(size=st.integers(2, 40), data=st.data())
def test_a_log_that_starts_from_another_size_is_told_the_right_one(
    size: int, data: st.DataObject
) -> None:
    leaves = leaves_of(size)
    known = data.draw(st.integers(1, size))
    other = data.draw(st.integers(0, size).filter(lambda n: n != known))

    assert rules.judge(seen(leaves[:known]), offered(leaves, other)) is Verdict.STALE


def test_the_same_checkpoint_again_is_no_sign_of_life() -> None:
    leaves = leaves_of(3)

    assert rules.judge(seen(leaves, at=200), offered(leaves, 3, at=200)) is Verdict.SEEN
    assert rules.judge(seen(leaves, at=200), offered(leaves, 3, at=201)) is Verdict.GROWN


@pytest.mark.parametrize(
    ("name", "is_theirs"),
    [
        ("amana/CI/1", True),
        ("amana/CI/12", True),
        ("amana/MA/1", False),
        ("amana/CI/0", False),
        ("amana/CI/1/2", False),
        ("amana/CI/", False),
        ("amana/CI/1\n", False),
    ],
)
def test_a_country_names_its_own_log_and_no_other(name: str, is_theirs: bool) -> None:
    assert rules.is_log_of(name, "CI") is is_theirs
