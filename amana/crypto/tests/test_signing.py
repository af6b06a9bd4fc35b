"""A signature stands when both halves stand, over this context and this message."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed, new_seed
from amana.crypto.signing import key_id, sign, sign_public_of, verify

SEED = Seed(bytes(range(32)))
PUBLIC = sign_public_of(SEED)
OTHER = new_seed()


@settings(max_examples=20)
@given(st.binary(max_size=50), st.binary(max_size=200))
def test_what_a_seed_signs_its_public_key_verifies(context: bytes, message: bytes) -> None:
    signature = sign(SEED, context, message)

    assert verify(PUBLIC, signature, context, message)
    assert len(signature) == 64 + 3309


def test_a_seed_has_one_signing_key_apart_from_its_key_for_sealing() -> None:
    assert len(PUBLIC) == 32 + 1952
    assert sign_public_of(Seed(bytes(range(32)))) == PUBLIC
    assert PUBLIC[:32] not in public_of(SEED)


def test_another_message_context_or_signer_does_not_verify() -> None:
    signature = sign(SEED, b"receipt", b"accepted")

    assert not verify(PUBLIC, signature, b"receipt", b"refused")
    assert not verify(PUBLIC, signature, b"parcel", b"accepted")
    assert not verify(sign_public_of(OTHER), signature, b"receipt", b"accepted")


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_bytes_cannot_move_between_context_and_message(cut: int) -> None:
    context, message = b"receipt", b"accepted"

    signature = sign(SEED, context, message)

    assert not verify(PUBLIC, signature, context[:-cut], context[-cut:] + message)
    assert not verify(PUBLIC, signature, context + message[:cut], message[cut:])


def test_either_half_by_another_signer_is_no_signature() -> None:
    ours = sign(SEED, b"receipt", b"accepted")
    theirs = sign(OTHER, b"receipt", b"accepted")

    assert not verify(PUBLIC, ours[:64] + theirs[64:], b"receipt", b"accepted")
    assert not verify(PUBLIC, theirs[:64] + ours[64:], b"receipt", b"accepted")


def test_either_half_of_another_public_key_verifies_nothing() -> None:
    signature, theirs = sign(SEED, b"receipt", b"accepted"), sign_public_of(OTHER)

    assert not verify(PUBLIC[:32] + theirs[32:], signature, b"receipt", b"accepted")
    assert not verify(theirs[:32] + PUBLIC[32:], signature, b"receipt", b"accepted")


def test_every_changed_byte_of_a_signature_is_noticed() -> None:
    good = sign(SEED, b"receipt", b"accepted")

    for i in range(len(good)):
        bad = good[:i] + bytes([good[i] ^ 1 << i % 8]) + good[i + 1 :]
        assert not verify(PUBLIC, bad, b"receipt", b"accepted")


def test_a_key_or_signature_of_the_wrong_length_verifies_nothing_and_raises_nothing() -> None:
    signature = sign(SEED, b"receipt", b"accepted")

    for bad in [b"", signature[:64], signature[:-1], signature + b"\0"]:
        assert not verify(PUBLIC, bad, b"receipt", b"accepted")
    for bad in [b"", PUBLIC[:32], PUBLIC[:-1], PUBLIC + b"\0"]:
        assert not verify(bad, signature, b"receipt", b"accepted")


def test_a_key_is_named_by_16_digits_of_its_hash() -> None:
    assert key_id(PUBLIC) == "3b7d03e4d3940de5"
    assert key_id(PUBLIC) != key_id(sign_public_of(OTHER))
