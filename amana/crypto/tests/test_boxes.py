"""A box opens with its key, at its place, unchanged; and never otherwise."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.secrets import CannotOpen, Key, new_key

KEY = Key(bytes(range(32)))
PLACE = Place(table="cases.compartment", row="7f3a", field="location", key_id="k1")


@given(st.binary())
def test_what_is_sealed_opens_again(plaintext: bytes) -> None:
    box = seal(KEY, plaintext, PLACE)

    assert unseal(KEY, box, PLACE) == plaintext
    assert len(box) == len(plaintext) + 28


def test_the_same_plaintext_is_never_the_same_box() -> None:
    assert seal(KEY, b"Bouak\xc3\xa9", PLACE) != seal(KEY, b"Bouak\xc3\xa9", PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, table="cases.note"),
        replace(PLACE, row="7f3b"),
        replace(PLACE, field="medical"),
        replace(PLACE, key_id="k2"),
        replace(PLACE, version=2),
        replace(PLACE, table=PLACE.table + "7", row=PLACE.row[1:]),
    ],
)
def test_a_box_moved_to_another_place_does_not_open(elsewhere: Place) -> None:
    box = seal(KEY, b"the blue house", PLACE)

    with pytest.raises(CannotOpen):
        unseal(KEY, box, elsewhere)


def test_a_box_does_not_open_with_another_key() -> None:
    with pytest.raises(CannotOpen):
        unseal(new_key(), seal(KEY, b"the blue house", PLACE), PLACE)


def test_every_changed_byte_and_every_cut_of_a_box_is_refused() -> None:
    box = seal(KEY, b"the blue house", PLACE)
    changed = [box[:i] + bytes([box[i] ^ 1 << i % 8]) + box[i + 1 :] for i in range(len(box))]
    cut = [box[:i] for i in range(len(box))] + [box[i:] for i in range(1, len(box))]

    for bad in [*changed, *cut, box + b"\0"]:
        with pytest.raises(CannotOpen) as refusal:
            unseal(KEY, bad, PLACE)
        assert str(refusal.value) == ""


PLACES = st.builds(
    Place, st.text(), st.text(), st.text(), st.text(), st.integers(min_value=0, max_value=2**32 - 1)
)


@given(PLACES, PLACES)
def test_two_places_are_never_written_alike(one: Place, other: Place) -> None:
    assert (one.encoded() == other.encoded()) == (one == other)


@given(st.text(min_size=1), st.text(), st.integers(min_value=1))
def test_letters_cannot_move_from_one_part_of_a_place_to_the_next(
    table: str, row: str, cut: int
) -> None:
    moved = Place(table[:-cut], table[-cut:] + row, "f", "k")

    assert moved.encoded() != Place(table, row, "f", "k").encoded()


def test_a_box_of_the_first_day_still_opens() -> None:
    box = bytes.fromhex(
        "dabe24d6c3a136dbbbe0eb31474499dc6d26c038bcc22e30431904a4e2d7fa686b8629b75e2994cb38bb"
    )

    assert unseal(KEY, box, PLACE) == b"the blue house"
