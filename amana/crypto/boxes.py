"""Sealing a field at rest, tied to the place where it lies (AES-256-GCM, NIST SP 800-38D)."""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amana.crypto.secrets import CannotOpen, Key

NONCE_SIZE = 12
PLACE = b"amana/place/v1\0"


@dataclass(frozen=True)
class Place:
    """Where a box lies: the table, row and field, the key it is under and the schema's version."""

    table: str
    row: str
    field: str
    key_id: str
    version: int = 1

    def encoded(self) -> bytes:
        """Return bytes that no other place has: every part is preceded by its length."""
        before, after = _around(self)
        return before + _sized(self.row.encode()) + after


def seal(key: Key, plaintext: bytes, place: Place) -> bytes:
    """Return nonce, ciphertext and tag: 28 bytes more than the plaintext.

    Nonces are random, so one key seals at most 2**32 boxes (NIST SP 800-38D, section 8.3).
    """
    nonce = os.urandom(NONCE_SIZE)
    return nonce + AESGCM(key.reveal()).encrypt(nonce, plaintext, place.encoded())


def unseal(key: Key, box: bytes, place: Place) -> bytes:
    """Return the plaintext, or raise CannotOpen: another key, another place, or changed bytes."""
    nonce, ciphertext = box[:NONCE_SIZE], box[NONCE_SIZE:]
    try:
        return AESGCM(key.reveal()).decrypt(nonce, ciphertext, place.encoded())
    except (InvalidTag, ValueError):  # ValueError: not even a nonce
        raise CannotOpen from None


def unseal_rows(key: Key, place: Place, rows: Iterable[tuple[str, bytes]]) -> list[bytes]:
    """Return the plaintexts of many boxes that lie in one field of many rows, under one key.

    `place` says where, its own row aside; `rows` gives row and box. What differs from row to row is
    written between what does not, so that 50,000 take no longer than their decryption. Raises
    CannotOpen when one of them does not open.
    """
    before, after = _around(place)
    open_ = AESGCM(key.reveal()).decrypt
    try:
        return [
            open_(box[:NONCE_SIZE], box[NONCE_SIZE:], before + _sized(row.encode()) + after)
            for row, box in rows
        ]
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def _around(place: Place) -> tuple[bytes, bytes]:
    """Return what stands before and after the row in the encoded place."""
    before = PLACE + struct.pack(">I", place.version) + _sized(place.table.encode())
    return before, _sized(place.field.encode()) + _sized(place.key_id.encode())


def _sized(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part
