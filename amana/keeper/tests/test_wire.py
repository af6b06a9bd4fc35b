"""Whatever comes over the line is a frame of ours or BadWire."""

import io
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amana.keeper import wire

CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda k: k != "~"), inner),
    max_leaves=12,
)


@given(CONTENT)
def test_what_is_written_is_read(content: Any) -> None:
    line = io.BytesIO()
    wire.write(line, content)
    line.seek(0)

    assert wire.read(line) == content
    assert wire.read(line) is None


@given(st.binary())
@example(b'{"~": "\xc3\xa9"}')
@example(b'{"~": 3}')
@example(b'{"~": {"~": ""}}')
@example(b"[" * 100_000)
@example(b"9" * 5000)
@example(b"\xff\xfe[")
def test_any_bytes_are_a_frame_or_bad_wire_and_nothing_else(body: bytes) -> None:
    for frame in (body, struct.pack(">I", len(body)) + body, struct.pack(">I", 9) + body):
        try:
            wire.read(io.BytesIO(frame))
        except wire.BadWire:
            continue


def test_a_frame_that_claims_more_than_the_limit_is_not_waited_for() -> None:
    with pytest.raises(wire.BadWire):
        wire.read(io.BytesIO(struct.pack(">I", wire.LIMIT + 1)))
