"""Signed frames: a header and a body as exact bytes, under one signature of their sender.

    u32 length | header | Ed25519 64 | ML-DSA-65 3309 | u64 length | body | zero padding

Numbers are big-endian. The bytes themselves are signed and nothing is ever written anew to be
checked. What a header says is for others to read.
"""

import struct
from dataclasses import dataclass
from typing import Literal

from amana.crypto.secrets import Seed
from amana.crypto.signing import SIGNATURE_SIZE, Signer, verify


class BadFrame(Exception):
    """These bytes are no frame; `reason` says whether some are missing or some are wrong."""

    def __init__(self, reason: Literal["truncated", "malformed"]) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, repr=False)
class Frame:
    """A frame as it was read. Nobody has vouched for it until `is_signed_by` says so.

    It does not show what it carries: that is a person's story, and logs print what they are given.
    """

    header: bytes
    body: bytes
    signature: bytes


def pack(
    context: bytes, header: bytes, body: bytes, signer: Seed | Signer, *, padded: bool
) -> bytes:
    """Return the frame, signed; padded where its length would tell what it carries."""
    hand = signer if isinstance(signer, Signer) else Signer(signer)
    signature = hand.sign(context, _signed(header, body))
    frame = b"".join([_u32(header), header, signature, _u64(body), body])
    return frame.ljust(padded_length(len(frame)), b"\0") if padded else frame


def read(data: bytes, *, padded: bool) -> Frame:
    """Take a frame apart, without asking who signed it; raises BadFrame.

    Padding must be there, zero and exactly as long as `pack` makes it: it is not signed, so it may
    not say anything.
    """
    header, at = _counted(data, 0, ">I")
    signature, at = _taken(data, at, SIGNATURE_SIZE)
    body, at = _counted(data, at, ">Q")
    padding, at = _taken(data, at, padded_length(at) - at if padded else 0)
    if any(padding) or at != len(data):
        raise BadFrame("malformed")
    return Frame(header, body, signature)


def is_signed_by(frame: Frame, context: bytes, public: bytes) -> bool:
    """Say whether the holder of this public key signed the frame, as a thing of this context."""
    return verify(public, frame.signature, context, _signed(frame.header, frame.body))


def padded_length(length: int) -> int:
    """Return the length at which a thing of this length travels (PADME, PETS 2019).

    Only as many leading bits of a length are kept as say its magnitude. From 1 KiB on that costs
    less than one part in sixteen, and a frame is never shorter: its signatures alone pass 3 KiB.
    """
    exponent = length.bit_length() - 1
    spare = exponent - exponent.bit_length()
    return -(-length >> spare) << spare


def _signed(header: bytes, body: bytes) -> bytes:
    return b"".join([_u32(header), header, _u64(body), body])


def _u32(data: bytes) -> bytes:
    return struct.pack(">I", len(data))


def _u64(data: bytes) -> bytes:
    return struct.pack(">Q", len(data))


def _counted(data: bytes, at: int, width: str) -> tuple[bytes, int]:
    """Return the part that begins at `at` with its own length, and where it ends."""
    count, at = _taken(data, at, struct.calcsize(width))
    return _taken(data, at, struct.unpack(width, count)[0])


def _taken(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    """Return `size` bytes from `at`, and where they end."""
    if len(data) - at < size:
        raise BadFrame("truncated")
    return data[at : at + size], at + size
