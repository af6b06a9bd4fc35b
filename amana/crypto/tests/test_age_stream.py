"""A container written as a stream is the same kind of container, and is read whole or not."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.age import CHUNK_SIZE, Writer, decrypt, decrypt_stream, encrypt
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, Seed, new_seed

SEED = Seed(bytes(range(32)))
SIZES = st.sampled_from([0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])


def streamed(pieces: list[bytes]) -> bytes:
    sink = io.BytesIO()
    writer = Writer([public_of(new_seed()), public_of(SEED)], sink)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return sink.getvalue()


def opened(container: bytes, seed: Seed = SEED) -> bytes:
    sink = io.BytesIO()
    decrypt_stream(seed, io.BytesIO(container), sink)
    return sink.getvalue()


@given(st.lists(SIZES.map(bytes), max_size=3))
def test_stream_and_whole_read_each_other(pieces: list[bytes]) -> None:
    plain = b"".join(pieces)

    assert decrypt(SEED, streamed(pieces)) == plain
    assert opened(streamed(pieces)) == opened(encrypt([public_of(SEED)], plain)) == plain


@pytest.mark.parametrize("size", [0, 5, CHUNK_SIZE, 2 * CHUNK_SIZE + 5])
def test_what_was_cut_altered_or_is_for_another_does_not_open(size: int) -> None:
    container = encrypt([public_of(SEED)], bytes(size))

    with pytest.raises(CannotOpen):
        opened(container, new_seed())
    with pytest.raises(CannotOpen):
        opened(container + b"x")
    for at in range(0, len(container), 997):
        altered = bytearray(container)
        altered[at] ^= 1
        for wrong in (bytes(altered), container[:at]):
            with pytest.raises(CannotOpen):
                opened(wrong)


def test_a_stream_without_its_end_does_not_open() -> None:
    sink = io.BytesIO()
    Writer([public_of(SEED)], sink).write(bytes(5 * CHUNK_SIZE))

    with pytest.raises(CannotOpen):
        opened(sink.getvalue())


def test_it_is_written_to_somebody() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Writer([], io.BytesIO())


@given(st.binary())
def test_any_bytes_are_refused_in_one_way(container: bytes) -> None:
    for garbage in (container, b"age-encryption.org/v1\n" + container):
        with pytest.raises(CannotOpen):
            opened(garbage)
