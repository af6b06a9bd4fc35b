"""What a secret may never do, and what the hashes promise."""

import copy
import hashlib
import json
import pickle
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.secrets import (
    Key,
    Secret,
    Seed,
    derive,
    leaf_hash,
    new_id,
    new_key,
    new_seed,
    same,
    token,
)

CONTENT = b"Awa sleeps at the blue house now"


@pytest.mark.parametrize("kind", [Secret, Seed, Key])
def test_a_secret_never_shows_what_it_holds(kind: type[Secret]) -> None:
    secret = kind(CONTENT)

    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{[secret]}",
        f"{dir(secret)}",
    ]

    assert not any("blue" in text or CONTENT.hex() in text for text in shown)
    assert secret.reveal() == CONTENT


def test_a_traceback_that_prints_every_local_variable_does_not_print_a_secret() -> None:
    def fail(secret: Secret) -> None:
        raise RuntimeError(f"could not use {secret}")

    try:
        fail(Key(CONTENT))
    except RuntimeError as error:
        told = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "<Key>" in told
    assert "blue" not in told


@pytest.mark.parametrize(
    "carry", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash, bytes, vars]
)
def test_a_secret_is_not_carried_off_by_pickle_copy_json_or_hash(
    carry: Callable[[object], object],
) -> None:
    with pytest.raises(TypeError) as refusal:
        carry(Seed(CONTENT))

    assert "blue" not in str(refusal.value)


@pytest.mark.parametrize("kind", [Seed, Key])
@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_seed_or_key_of_another_length_is_refused_without_repeating_it(
    kind: type[Secret], length: int
) -> None:
    with pytest.raises(ValueError, match=f"32 bytes, not {length}$"):
        kind(b"x" * length)


def test_secrets_are_equal_by_kind_and_content() -> None:
    assert Key(CONTENT) == Key(CONTENT)
    assert Key(CONTENT) != Key(CONTENT[::-1])
    assert Key(CONTENT) != Seed(CONTENT)
    assert Key(CONTENT) != CONTENT


def test_random_values_are_never_the_same_twice() -> None:
    assert new_seed() != new_seed()
    assert new_key() != new_key()
    assert token() != token()
    assert new_id() != new_id()


def test_an_id_is_128_bits_of_lowercase_hexadecimal() -> None:
    name = new_id()

    assert len(bytes.fromhex(name)) == 16
    assert name == name.lower()


@given(st.text(), st.text())
def test_each_purpose_has_its_own_key_and_always_the_same_one(one: str, other: str) -> None:
    seed = Seed(CONTENT)

    assert (derive(seed, one) == derive(seed, other)) == (one == other)


def test_the_same_purpose_of_two_secrets_has_two_keys() -> None:
    assert derive(Seed(CONTENT), "letters") != derive(Seed(CONTENT[::-1]), "letters")


def test_a_derived_key_stays_what_it_was_when_the_first_rows_were_sealed() -> None:
    assert derive(Seed(bytes(32)), "letters").reveal().hex() == (
        "a25e725c6850fb762e912de0c37576a503eded82f1fe8bec86571f67a1202e9d"
    )


def test_a_leaf_is_hashed_as_in_certificate_transparency() -> None:
    salt = bytes(range(32))

    assert leaf_hash(salt, b"opened") == hashlib.sha256(b"\x00" + salt + b"opened").digest()


def test_bytes_cannot_move_between_the_salt_and_the_event() -> None:
    salt, event = bytes(range(32)), b"opened"

    with pytest.raises(ValueError, match="salted with 32 bytes"):
        leaf_hash(salt + event[:1], event[1:])
    with pytest.raises(ValueError, match="salted with 32 bytes"):
        leaf_hash(salt[:-1], salt[-1:] + event)


def test_comparing_looks_at_content_and_length() -> None:
    assert same(b"receipt", b"receipt")
    assert not same(b"receipt", b"receipts")
    assert not same(b"receipt", b"Receipt")
