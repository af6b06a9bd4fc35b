"""A frame reads back exactly, tells its length coarsely, and bears no changed byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.crypto import age
from amana.crypto.framing import BadFrame, Frame, is_signed_by, pack, padded_length, read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed, new_seed
from amana.crypto.signing import sign_public_of

ENVELOPE = b"amana/envelope/v1\0"
PARCEL = b"amana/parcel/v1\0"
DESK = Seed(bytes(range(32)))
DESK_PUBLIC = sign_public_of(DESK)
HEADER, BODY = b'{"type": "referral.offer"}', b"a girl of about twelve"
SIGNED_PARTS = 4 + 3373 + 8


@settings(max_examples=20)
@given(st.binary(max_size=100), st.binary(max_size=5000), st.booleans())
def test_a_frame_reads_back_as_it_was_packed(header: bytes, body: bytes, padded: bool) -> None:
    frame = read(pack(ENVELOPE, header, body, DESK, padded=padded), padded=padded)

    assert (frame.header, frame.body) == (header, body)
    assert is_signed_by(frame, ENVELOPE, DESK_PUBLIC)


def test_a_frame_is_signed_by_nobody_else_and_as_nothing_else() -> None:
    frame = read(pack(ENVELOPE, HEADER, BODY, DESK, padded=True), padded=True)

    assert not is_signed_by(frame, ENVELOPE, sign_public_of(new_seed()))
    assert not is_signed_by(frame, PARCEL, DESK_PUBLIC)


def test_a_frame_never_shows_what_it_carries() -> None:
    frame = Frame(HEADER, BODY, bytes(3373))

    assert "girl" not in f"{frame} {frame!r}"
    assert "referral" not in f"{frame} {frame!r}"


def test_bytes_cannot_move_between_header_and_body() -> None:
    frame = read(pack(ENVELOPE, HEADER, BODY, DESK, padded=True), padded=True)

    moved = Frame(frame.header + frame.body[:1], frame.body[1:], frame.signature)

    assert not is_signed_by(moved, ENVELOPE, DESK_PUBLIC)


@pytest.mark.parametrize("padded", [True, False])
def test_no_changed_byte_of_a_frame_goes_unnoticed(padded: bool) -> None:
    data = pack(ENVELOPE, HEADER, BODY, DESK, padded=padded)

    for i in range(len(data)):
        bad = data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :]
        assert not is_read_and_signed(bad, padded=padded)


def is_read_and_signed(data: bytes, *, padded: bool) -> bool:
    try:
        frame = read(data, padded=padded)
    except BadFrame:
        return False
    return is_signed_by(frame, ENVELOPE, DESK_PUBLIC)


@pytest.mark.parametrize("padded", [True, False])
def test_every_cut_of_a_frame_is_called_truncated(padded: bool) -> None:
    data = pack(ENVELOPE, HEADER, BODY, DESK, padded=padded)

    for length in range(len(data)):
        with pytest.raises(BadFrame) as refusal:
            read(data[:length], padded=padded)
        assert refusal.value.reason == "truncated"


def test_bytes_after_the_end_or_in_the_padding_are_called_malformed() -> None:
    data = pack(ENVELOPE, HEADER, BODY, DESK, padded=True)
    speaking = data[:-1] + b"!"
    plain = pack(ENVELOPE, HEADER, BODY, DESK, padded=False)

    for bad, padded in [
        (data + b"\0", True),
        (speaking, True),
        (plain + b"\0", False),
        (data, False),
    ]:
        with pytest.raises(BadFrame) as refusal:
            read(bad, padded=padded)
        assert refusal.value.reason == "malformed"


def test_a_frame_that_claims_more_bytes_than_there_are_is_called_truncated() -> None:
    data = pack(ENVELOPE, b"", b"", DESK, padded=False)

    for bad in [b"\xff" * 4 + data[4:], data[:-8] + b"\xff" * 8]:
        with pytest.raises(BadFrame) as refusal:
            read(bad, padded=False)
        assert refusal.value.reason == "truncated"


def test_frames_of_nearly_the_same_length_travel_at_the_same_length() -> None:
    lengths = {len(pack(ENVELOPE, HEADER, b"x" * n, DESK, padded=True)) for n in range(50, 170, 30)}

    assert len(lengths) == 1


@given(st.integers(min_value=1024, max_value=2**50))
def test_padding_never_shortens_and_costs_less_than_one_part_in_sixteen(length: int) -> None:
    padded = padded_length(length)

    assert length <= padded < length * 17 / 16
    assert padded_length(padded) == padded


@given(st.integers(min_value=1024, max_value=2**50), st.integers(min_value=1024, max_value=2**50))
def test_a_longer_frame_never_travels_at_a_shorter_length(one: int, other: int) -> None:
    shorter, longer = sorted([one, other])

    assert padded_length(shorter) <= padded_length(longer)


@given(st.integers(min_value=10, max_value=50))
def test_lengths_of_one_magnitude_travel_at_few_lengths(exponent: int) -> None:
    step = padded_length(2**exponent + 1) - 2**exponent

    assert 2**exponent // step <= 2 ** exponent.bit_length()


def test_the_smallest_frame_is_longer_than_a_kibibyte() -> None:
    data = pack(ENVELOPE, b"", b"", DESK, padded=False)

    assert len(data) == SIGNED_PARTS > 1024


def test_an_envelope_opens_at_its_desk_and_says_who_wrote_it() -> None:
    youssef = new_seed()
    container = age.encrypt([public_of(youssef)], pack(ENVELOPE, HEADER, BODY, DESK, padded=True))

    frame = read(age.decrypt(youssef, container), padded=True)

    assert is_signed_by(frame, ENVELOPE, DESK_PUBLIC)
    assert (frame.header, frame.body) == (HEADER, BODY)
