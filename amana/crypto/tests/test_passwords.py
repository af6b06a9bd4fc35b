"""Argon2id here runs at a cost for tests; the cost in use is what `Cost()` says."""

import pytest

from amana.crypto import passwords
from amana.crypto.passwords import Cost, new_password, new_salt, split

CHEAP = Cost(memory_kib=64, passes=1)
SALT = bytes(range(16))


def test_the_same_password_gives_the_same_verifier_and_key() -> None:
    assert split("clé de Bouaké", SALT, CHEAP) == split("clé de Bouaké", SALT, CHEAP)


@pytest.mark.parametrize(
    ("password", "salt", "cost"),
    [
        ("clé de Rabat", SALT, CHEAP),
        ("clé de Bouaké ", SALT, CHEAP),
        ("clé de Bouaké", SALT[::-1], CHEAP),
        ("clé de Bouaké", SALT, Cost(memory_kib=128, passes=1)),
        ("clé de Bouaké", SALT, Cost(memory_kib=64, passes=2)),
    ],
)
def test_another_password_salt_or_cost_gives_another_verifier_and_another_key(
    password: str, salt: bytes, cost: Cost
) -> None:
    verifier, key = split("clé de Bouaké", SALT, CHEAP)

    other_verifier, other_key = split(password, salt, cost)

    assert other_verifier != verifier
    assert other_key != key


def test_the_stored_verifier_is_not_the_key_nor_a_part_of_it() -> None:
    verifier, key = split("clé de Bouaké", SALT, CHEAP)

    assert len(verifier) == len(key.reveal()) == 32
    assert not set(windows(verifier, 4)) & set(windows(key.reveal(), 4))


def windows(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(len(data) - size + 1)]


@pytest.mark.parametrize(
    ("typed", "also_typed"),
    [("cl\u00e9", "cle\u0301"), ("\ufefb\u0645", "\u0644\u0627\u0645"), ("\uff41bc", "abc")],
    ids=["composed accent", "arabic ligature", "full width"],
)
def test_a_password_typed_on_another_keyboard_is_the_same_password(
    typed: str, also_typed: str
) -> None:
    assert split(typed, SALT, CHEAP) == split(also_typed, SALT, CHEAP)


def test_a_broken_character_is_just_another_password() -> None:
    assert split("cl\ud800", SALT, CHEAP) != split("cl", SALT, CHEAP)


def test_one_guess_costs_64_mebibytes_and_three_passes_unless_said_otherwise() -> None:
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=1)


def test_the_verifier_stays_what_it_was_when_the_first_password_was_set() -> None:
    verifier, key = split("clé de Bouaké", SALT, CHEAP)

    assert verifier.hex() == "51046bf9fd8d76ef0ed8a87d4b31b34e3684278367d2b3b696ae7332d3ca1a3a"
    assert key.reveal().hex() == "aff523ee20523a40fe1a3917092cab61ca3e43a16428e0b6349e332383b8d5dd"


def test_salts_are_random_and_16_bytes() -> None:
    assert len(new_salt()) == 16
    assert new_salt() != new_salt()


def test_a_one_time_password_holds_at_least_64_bits_in_letters_nobody_confuses() -> None:
    password = new_password()

    groups = password.split("-")

    assert [len(group) for group in groups] == [3] * 5
    assert set("".join(groups)) <= set(passwords.LETTERS)
    assert len(set(passwords.LETTERS)) ** 15 >= 2**64
    assert not set(passwords.LETTERS) & set("01ilouae")
    assert new_password() != password
