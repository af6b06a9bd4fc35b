"""Only the seed behind a public key opens what was wrapped for it."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.crypto.hybrid import PUBLIC_SIZE, public_of, unwrap, wrap
from amana.crypto.secrets import CannotOpen, Seed, new_seed

SEED = Seed(bytes(range(32)))
PUBLIC = public_of(SEED)


@settings(max_examples=30)
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_wrapped_for_a_seed_unwraps_with_it(plaintext: bytes, info: bytes) -> None:
    wrapped = wrap(PUBLIC, plaintext, info)

    assert unwrap(SEED, wrapped, info) == plaintext
    assert len(wrapped) == len(plaintext) + 1136


def test_a_seed_has_one_public_key_of_1216_bytes() -> None:
    assert len(PUBLIC) == PUBLIC_SIZE == 1216
    assert public_of(Seed(bytes(range(32)))) == PUBLIC
    assert public_of(new_seed()) != PUBLIC


def test_another_seed_or_another_info_does_not_unwrap() -> None:
    wrapped = wrap(PUBLIC, b"a key", b"team")

    for seed, info in [(new_seed(), b"team"), (SEED, b"case"), (SEED, b"")]:
        with pytest.raises(CannotOpen):
            unwrap(seed, wrapped, info)


def test_every_changed_byte_and_every_cut_is_refused() -> None:
    wrapped = wrap(PUBLIC, b"a key", b"team")
    changed = [
        wrapped[:i] + bytes([wrapped[i] ^ 1 << i % 8]) + wrapped[i + 1 :]
        for i in range(len(wrapped))
    ]
    cut = [wrapped[:i] for i in range(0, len(wrapped), 7)]

    for bad in [*changed, *cut, wrapped[:-1], wrapped + b"\0"]:
        with pytest.raises(CannotOpen):
            unwrap(SEED, bad, b"team")


def test_bytes_that_are_no_public_key_are_refused_before_anything_is_sealed_to_them() -> None:
    out_of_range = b"\xff" * 1184 + PUBLIC[1184:]

    for bad in [b"", PUBLIC[:-1], PUBLIC + b"\0", out_of_range]:
        with pytest.raises(ValueError, match=r"\w"):
            wrap(bad, b"a key", b"team")


def test_the_first_public_key_of_a_known_seed_never_changes() -> None:
    assert hashlib.sha256(PUBLIC).hexdigest() == (
        "c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b"
    )
