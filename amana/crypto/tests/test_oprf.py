"""Two who ask about the same thing get the same answer, and nobody shows what was asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.oprf import POINT_SIZE, blind, evaluate, key_from, output
from amana.crypto.secrets import CannotOpen, Secret

KEY = key_from(Secret(bytes(range(32))), "duplicates")
OTHER = key_from(Secret(bytes(range(32))), "matching")
# The order of the group; a point is a multiple of the base below it.
NO_POINT = [bytes(32), b"\xff" * 32, b"\x01" + bytes(31), bytes(31), bytes(33), b""]


def asked(token: bytes, key: object = KEY) -> bytes:
    point, kept = blind(token)
    return output(token, kept, evaluate(key, point))  # type: ignore[arg-type]


@given(st.binary())
def test_the_same_token_has_one_output_whatever_blinds_it(token: bytes) -> None:
    assert asked(token) == asked(token)
    assert asked(token, OTHER) == asked(token, OTHER) != asked(token)


@given(st.binary(), st.binary())
def test_different_tokens_have_different_outputs(one: bytes, two: bytes) -> None:
    assert (asked(one) == asked(two)) == (one == two)


def test_what_is_sent_is_another_point_each_time() -> None:
    assert len({blind(b"awa kone")[0] for _ in range(50)}) == 50


@pytest.mark.parametrize("point", NO_POINT)
def test_what_is_no_point_is_neither_answered_nor_taken_for_an_answer(point: bytes) -> None:
    with pytest.raises(CannotOpen):
        evaluate(KEY, point)
    with pytest.raises(CannotOpen):
        output(b"token", blind(b"token")[1], point)


@given(st.binary(min_size=POINT_SIZE, max_size=POINT_SIZE))
def test_any_32_bytes_are_answered_with_a_point_or_refused(point: bytes) -> None:
    try:
        answer = evaluate(KEY, point)
    except CannotOpen:
        return
    assert evaluate(KEY, answer)


def test_another_blind_takes_nothing_off() -> None:
    point, _ = blind(b"token")

    assert output(b"token", blind(b"token")[1], evaluate(KEY, point)) != asked(b"token")
