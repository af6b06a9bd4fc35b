"""Argon2id here runs at a cost for tests; the cost in use is what `Cost()` says."""

import pytest

from amana.crypto import passwords
from amana.crypto.passwords import Cost, key_of, new_password, new_salt, question_of, stretch
from amana.crypto.secrets import Key

CHEAP = Cost(memory_kib=64, passes=1)
SALT = bytes(range(16))
HALF = Key(bytes(range(32)))


def lock(password: str, salt: bytes, cost: Cost) -> tuple[bytes, Key]:
    """What the keeper is asked, and the key that its answer gives."""
    stretched = stretch(password, salt, cost)
    return question_of(stretched), key_of(stretched, HALF)


def test_another_half_from_the_keeper_is_another_key() -> None:
    stretched = stretch("clé de Bouaké", SALT, CHEAP)

    assert key_of(stretched, HALF) != key_of(stretched, Key(bytes(32)))


def test_the_same_password_gives_the_same_question_and_key() -> None:
    assert lock("clé de Bouaké", SALT, CHEAP) == lock("clé de Bouaké", SALT, CHEAP)


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
def test_another_password_salt_or_cost_gives_another_question_and_another_key(
    password: str, salt: bytes, cost: Cost
) -> None:
    question, key = lock("clé de Bouaké", SALT, CHEAP)

    other_question, other_key = lock(password, salt, cost)

    assert other_question != question
    assert other_key != key


def test_what_the_keeper_is_asked_is_not_the_key_nor_a_part_of_it() -> None:
    question, key = lock("clé de Bouaké", SALT, CHEAP)

    assert len(question) == len(key.reveal()) == 32
    assert not set(windows(question, 4)) & set(windows(key.reveal(), 4))


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
    assert lock(typed, SALT, CHEAP) == lock(also_typed, SALT, CHEAP)


def test_a_broken_character_is_just_another_password() -> None:
    assert lock("cl\ud800", SALT, CHEAP) != lock("cl", SALT, CHEAP)


def test_one_guess_costs_64_mebibytes_and_three_passes_unless_said_otherwise() -> None:
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=1)


def test_the_key_stays_what_it_was_when_the_first_password_was_set() -> None:
    question, key = lock("clé de Bouaké", SALT, CHEAP)

    assert question.hex() == "fb5be07cad619d16f3bf55071a20c96c6ae2fa6fa3d3f8b257116f25622a5c0d"
    assert key.reveal().hex() == "a216b46eb33147ed4a291f51e65a64b94da261dc4800ccf2c78fe3c02c000980"


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
