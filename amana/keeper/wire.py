"""Framing between a node and its keeper: a length, then JSON in which bytes are marked as such."""

import base64
import json
import struct
from io import BufferedIOBase
from typing import Any, BinaryIO

LIMIT = 128 * 1024 * 1024
BYTES = "~"


class BadWire(Exception):
    """What came is no frame of ours."""


def write(stream: BinaryIO | BufferedIOBase, content: Any) -> None:  # noqa: ANN401 - any JSON, with bytes in it
    """Write one frame."""
    body = json.dumps(content, default=_mark).encode()
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def read(stream: BinaryIO | BufferedIOBase) -> Any:  # noqa: ANN401
    """Read one frame; None at the end of the stream. Raises BadWire for anything else."""
    head = stream.read(4)
    if not head:
        return None
    if len(head) < 4:
        raise BadWire
    (size,) = struct.unpack(">I", head)
    if size > LIMIT:
        raise BadWire
    body = stream.read(size)
    if len(body) < size:
        raise BadWire
    return parse(body)


def parse(body: bytes) -> Any:  # noqa: ANN401
    """Return what a frame's body holds; raises BadWire and nothing else."""
    try:
        return json.loads(body, object_hook=_unmark)
    except (ValueError, TypeError, RecursionError):
        raise BadWire from None


def _mark(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _unmark(value: dict[str, Any]) -> Any:  # noqa: ANN401
    if set(value) == {BYTES}:
        return base64.b64decode(value[BYTES], validate=True)
    return value
