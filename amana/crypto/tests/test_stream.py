"""A long file opens whole and as it was, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.secrets import CannotOpen, Key, new_key
from amana.crypto.stream import (
    CHUNK_SIZE,
    PREFIX_SIZE,
    TAG_SIZE,
    open_stream,
    seal_stream,
    sealed_size,
)

KEY = Key(bytes(range(32)))
FILE = "7f3a"
SIZES = st.one_of(
    st.integers(0, 3 * CHUNK_SIZE),
    st.sampled_from([0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE]),
)


def content(size: int) -> bytes:
    """Return bytes in which no two chunks are alike."""
    return b"".join(i.to_bytes(4) for i in range(size // 4 + 1))[:size]


def sealed(size: int, key: Key = KEY, of: str = FILE) -> bytes:
    return b"".join(seal_stream(key, of, [content(size)]))


def opened(data: bytes, key: Key = KEY, of: str = FILE) -> bytes:
    return b"".join(open_stream(key, of, [data]))


def chunks(data: bytes) -> list[bytes]:
    """Return the sealed chunks of a stream, without its prefix."""
    body, step = data[PREFIX_SIZE:], CHUNK_SIZE + TAG_SIZE
    return [body[at : at + step] for at in range(0, len(body), step)]


def refuse(data: bytes, of: str = FILE, key: Key = KEY) -> None:
    with pytest.raises(CannotOpen):
        opened(data, key, of)


@given(SIZES)
def test_what_is_sealed_opens_again(size: int) -> None:
    data = sealed(size)

    assert opened(data) == content(size)
    assert len(data) == sealed_size(size)


@given(SIZES, st.lists(st.integers(1, 200_000), max_size=6))
def test_it_does_not_matter_in_which_pieces_a_file_comes(size: int, cuts: list[int]) -> None:
    def pieces(data: bytes) -> list[bytes]:
        ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
        return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]

    data = b"".join(seal_stream(KEY, FILE, pieces(content(size))))

    assert b"".join(open_stream(KEY, FILE, pieces(data))) == content(size)


@given(SIZES, st.data())
def test_a_file_that_was_cut_anywhere_does_not_open(size: int, draw: st.DataObject) -> None:
    data = sealed(size)

    refuse(data[: draw.draw(st.integers(0, len(data) - 1))])


@pytest.mark.parametrize("n_chunks", [1, 2, 3])
def test_a_file_without_its_last_chunk_does_not_open(n_chunks: int) -> None:
    data = sealed(n_chunks * CHUNK_SIZE)

    for kept in range(n_chunks):
        refuse(data[: PREFIX_SIZE + kept * (CHUNK_SIZE + TAG_SIZE)])


@given(st.permutations(range(4)), st.integers(0, CHUNK_SIZE))
def test_chunks_in_another_order_do_not_open(order: list[int], last: int) -> None:
    data = sealed(3 * CHUNK_SIZE + last)
    parts = chunks(data)
    moved = data[:PREFIX_SIZE] + b"".join(parts[i] for i in order if i < len(parts))

    if moved == data:
        assert opened(moved) == content(3 * CHUNK_SIZE + last)
    else:
        refuse(moved)


def test_a_chunk_said_twice_or_left_out_does_not_open() -> None:
    data = sealed(3 * CHUNK_SIZE)
    first, second, third = chunks(data)

    for parts in ([first, first, second, third], [first, third], [first, second, third, third]):
        refuse(data[:PREFIX_SIZE] + b"".join(parts))


def test_a_chunk_of_another_file_does_not_open_in_its_place() -> None:
    mine, other = sealed(3 * CHUNK_SIZE), sealed(3 * CHUNK_SIZE, of="7f3b")
    same_name = sealed(3 * CHUNK_SIZE)

    for stranger in (other, same_name):
        parts = chunks(mine)
        parts[1] = chunks(stranger)[1]
        refuse(mine[:PREFIX_SIZE] + b"".join(parts))


def test_a_file_under_another_s_name_or_key_does_not_open() -> None:
    data = sealed(100)

    refuse(data, of="7f3b")
    refuse(data, of="")
    refuse(data, key=new_key())


@given(SIZES, st.data())
def test_a_changed_byte_anywhere_is_refused(size: int, draw: st.DataObject) -> None:
    data = bytearray(sealed(size))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))

    refuse(bytes(data))


@given(st.binary(max_size=300))
def test_whatever_else_is_handed_in_does_not_open(data: bytes) -> None:
    refuse(data)


def test_something_after_the_end_is_refused() -> None:
    for size in (0, 10, CHUNK_SIZE):
        refuse(sealed(size) + b"\0")


def test_a_file_is_read_without_holding_all_of_it() -> None:
    coming = seal_stream(KEY, FILE, (content(CHUNK_SIZE) for _ in range(4)))
    reading = open_stream(KEY, FILE, coming)

    assert next(reading) == content(CHUNK_SIZE)
    assert len(list(reading)) == 3


def test_the_same_file_is_never_sealed_alike() -> None:
    assert sealed(10) != sealed(10)
