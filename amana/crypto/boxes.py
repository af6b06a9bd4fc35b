"""Sealing a field at rest, tied to the place where it lies (AES-256-GCM, NIST SP 800-38D)."""

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amana.crypto.secrets import CannotOpen, Key

NONCE_SIZE = 12


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
        parts = [part.encode() for part in (self.table, self.row, self.field, self.key_id)]
        return b"amana/place/v1\0" + b"".join(
            [struct.pack(">I", self.version), *(struct.pack(">I", len(p)) + p for p in parts)]
        )


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
