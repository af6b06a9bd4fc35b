"""What makes the record whole, as a law over random histories."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from amana.audit import rules
from amana.crypto.secrets import token


@dataclass(frozen=True)
class Row:
    """An entry as it is stored."""

    seq: int
    leaf: bytes
    chain: bytes
    salt: bytes | None
    event: bytes | None


def history(n: int) -> list[Row]:
    """Return a record of `n` honest entries."""
    rows: list[Row] = []
    chain = rules.GENESIS
    for seq in range(1, n + 1):
        at = datetime(2026, 11, 18, 9, seq % 60, tzinfo=UTC)
        event = rules.event_bytes(at=at, actor="a", verb="v", subject=str(seq), codes={})
        salt = token()
        leaf, chain = rules.next_link(chain, salt, event)
        rows.append(Row(seq, leaf, chain, salt, event))
    return rows


def fault(rows: list[Row], head: list[Row]) -> rules.Fault | None:
    last = head[-1].chain if head else rules.GENESIS
    return rules.first_fault(rows, head_seq=len(head), head_chain=last)


@given(n=st.integers(0, 30))
def test_an_honest_record_is_whole(n: int) -> None:
    rows = history(n)

    assert fault(rows, rows) is None


@given(n=st.integers(1, 20), data=st.data())
def test_the_first_altered_entry_is_named_whatever_was_altered(n: int, data: st.DataObject) -> None:
    rows = history(n)
    places = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=3)))
    spoiled = list(rows)
    for place in places:
        field = data.draw(st.sampled_from(["leaf", "chain", "salt", "event"]))
        value = bytearray(getattr(rows[place], field))
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        change: dict[str, Any] = {field: bytes(value)}
        spoiled[place] = replace(rows[place], **change)

    assert fault(spoiled, rows) == rules.Fault(places[0] + 1, "altered")


@given(n=st.integers(2, 20), data=st.data())
def test_a_missing_entry_is_named_even_the_last(n: int, data: st.DataObject) -> None:
    rows = history(n)
    gone = data.draw(st.integers(0, n - 1))

    assert fault(rows[:gone] + rows[gone + 1 :], rows) == rules.Fault(gone + 1, "missing")


@given(n=st.integers(1, 20), data=st.data())
def test_an_emptied_entry_is_an_altered_one(n: int, data: st.DataObject) -> None:
    rows = history(n)
    place = data.draw(st.integers(0, n - 1))
    fields = data.draw(st.sets(st.sampled_from(["salt", "event", "leaf", "chain"]), min_size=1))
    emptied = replace(rows[place], **dict.fromkeys(fields, data.draw(st.sampled_from([None, ""]))))

    found = fault([*rows[:place], emptied, *rows[place + 1 :]], rows)

    assert found == rules.Fault(place + 1, "altered")


@given(n=st.integers(3, 12), data=st.data())
def test_two_entries_that_changed_places_are_seen(n: int, data: st.DataObject) -> None:
    rows = history(n)
    one, other = data.draw(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))
    assume(one < other)
    swapped = list(rows)
    swapped[one] = replace(rows[other], seq=one + 1)
    swapped[other] = replace(rows[one], seq=other + 1)

    assert fault(swapped, rows) == rules.Fault(one + 1, "altered")
