"""A kept file opens with its own key under its own name, whole; and never otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.secrets import CannotOpen, new_key
from amana.files.sealed import open_file, seal_file, whole_file

KEY = new_key()


@given(st.lists(st.binary(max_size=70_000), max_size=3))
def test_what_is_kept_is_what_was_handed_in(pieces: list[bytes]) -> None:
    kept = list(seal_file(key=KEY, file="a1", content=pieces))

    assert whole_file(key=KEY, file="a1", kept=kept) == b"".join(pieces)
    assert not any(piece in b"".join(kept) for piece in pieces if len(piece) > 8)


def test_one_person_s_file_does_not_open_as_another_s() -> None:
    kept = list(seal_file(key=KEY, file="a1", content=[b"a birth certificate"]))

    for key, file in ((KEY, "b2"), (new_key(), "a1")):
        with pytest.raises(CannotOpen):
            whole_file(key=key, file=file, kept=kept)


def test_of_a_file_whose_end_is_missing_nothing_is_returned_whole() -> None:
    kept = b"".join(seal_file(key=KEY, file="a1", content=[bytes(200_000)]))
    cut = kept[: 7 + 2 * (64 * 1024 + 16)]

    with pytest.raises(CannotOpen):
        whole_file(key=KEY, file="a1", kept=[cut])
    # Read piece by piece, what came before the cut was right; the cut itself is noticed.
    reading = open_file(key=KEY, file="a1", kept=[cut])
    assert next(reading) == bytes(64 * 1024)
    with pytest.raises(CannotOpen):
        list(reading)
