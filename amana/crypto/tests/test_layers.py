"""A layer comes off with its key, alone or among thousands; under another key there is noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.layers import NONCE_SIZE, add_layer, remove_layer, remove_layers
from amana.crypto.secrets import CannotOpen, Key, new_key

KEY = Key(bytes(range(32)))


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=30))
def test_in_bulk_and_one_by_one_is_the_same(inner: list[bytes]) -> None:
    boxes = [add_layer(KEY, one) for one in inner]

    assert remove_layers(KEY, boxes) == [remove_layer(KEY, box) for box in boxes] == inner
    assert [len(b) for b in boxes] == [len(i) + NONCE_SIZE for i in inner]


@given(st.binary(min_size=16))
def test_the_same_bytes_never_look_the_same_and_another_key_gives_noise(inner: bytes) -> None:
    box = add_layer(KEY, inner)

    assert add_layer(KEY, inner) != box
    assert remove_layer(new_key(), box) != inner
    assert remove_layers(new_key(), [box, box])[0] != inner


@pytest.mark.parametrize("size", range(NONCE_SIZE + 1))
def test_what_is_too_short_to_be_a_layer_does_not_open(size: int) -> None:
    with pytest.raises(CannotOpen):
        remove_layer(KEY, bytes(size))
    with pytest.raises(CannotOpen):
        remove_layers(KEY, [add_layer(KEY, b"whole"), bytes(size)])


def test_a_counter_that_passes_256_blocks_is_carried() -> None:
    inner = bytes(16 * 70_000)
    box = add_layer(KEY, inner)

    assert remove_layers(KEY, [box])[0] == inner
