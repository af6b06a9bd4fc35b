"""Sealing what is too long for one box: chunks of 64 KiB, each tied to its place (STREAM).

AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015): every
chunk's nonce and associated data carry its number and whether it is the last, so that nothing can
be cut, put in another order, repeated, or moved to another file. What is read is right as far as
it was read; only the last chunk says that it is whole.

    nonce prefix 7 | chunk 0 | chunk 1 | ... | last chunk       a chunk is ciphertext | tag 16
"""

import os
import struct
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amana.crypto.secrets import CannotOpen, Key

CHUNK_SIZE = 64 * 1024
PREFIX_SIZE = 7
TAG_SIZE = 16
CONTEXT = b"amana/stream/v1\0"


def seal_stream(key: Key, of: str, plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the sealed form of a plaintext that comes in pieces of any length.

    `of` names the file. A key is for one file alone: its nonces are random in 7 bytes only.
    """
    prefix, cipher = os.urandom(PREFIX_SIZE), AESGCM(key.reveal())
    yield prefix
    for number, is_last, chunk in _chunks(plaintext, CHUNK_SIZE):
        nonce, place = _nonce(prefix, number, is_last), _place(of, number, is_last)
        yield cipher.encrypt(nonce, chunk, place)


def open_stream(key: Key, of: str, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the plaintext chunk by chunk; raises CannotOpen at the first that is not in its place.

    A caller acts on what came only after the last chunk: before it, the end may have been cut off.
    """
    pieces, cipher = iter(sealed), AESGCM(key.reveal())
    prefix, rest = _first(pieces, PREFIX_SIZE)
    for number, is_last, chunk in _chunks(_again(rest, pieces), CHUNK_SIZE + TAG_SIZE):
        nonce, place = _nonce(prefix, number, is_last), _place(of, number, is_last)
        try:
            opened = cipher.decrypt(nonce, chunk, place)
        except (InvalidTag, ValueError):
            raise CannotOpen from None
        # Only an empty file ends in an empty chunk; otherwise one plaintext had two sealed forms.
        if number and not opened:
            raise CannotOpen
        yield opened


def sealed_size(size: int) -> int:
    """Return how many bytes a plaintext of this size has once it is sealed."""
    n_chunks = max(-(-size // CHUNK_SIZE), 1)
    return PREFIX_SIZE + size + n_chunks * TAG_SIZE


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:  # noqa: FBT001 - a part, no switch
    return prefix + struct.pack(">IB", number, is_last)


def _place(of: str, number: int, is_last: bool) -> bytes:  # noqa: FBT001 - a part, no switch
    return CONTEXT + struct.pack(">QB", number, is_last) + of.encode()


def _chunks(pieces: Iterable[bytes], size: int) -> Iterator[tuple[int, bool, bytes]]:
    """Yield number, whether it is the last, and the chunk; no data is one empty chunk."""
    held, number = bytearray(), 0
    for piece in pieces:
        held += piece
        # One byte more than a chunk must have come before it is known not to be the last.
        while len(held) > size:
            yield number, False, bytes(held[:size])
            del held[:size]
            number += 1
    yield number, True, bytes(held)


def _first(pieces: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    held = b""
    for piece in pieces:
        held += piece
        if len(held) >= size:
            return held[:size], held[size:]
    raise CannotOpen


def _again(rest: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield rest
    yield from pieces
