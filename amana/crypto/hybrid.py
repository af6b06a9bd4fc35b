"""Sealing to a public key, so that the reader's seed alone opens.

HPKE (RFC 9180) in base mode with the KEM MLKEM768-X25519 (X-Wing, id 0x647a), HKDF-SHA256 and
ChaCha20-Poly1305: who records the traffic of today and owns a quantum computer tomorrow must still
break X25519 and ML-KEM both. Parameters are those of C2SP age, so a seed is also an age identity.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from amana.crypto.secrets import CannotOpen, Seed

MLKEM_PUBLIC_SIZE = 1184
PUBLIC_SIZE = MLKEM_PUBLIC_SIZE + 32
ENCAPSULATED_SIZE = 1088 + 32

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def public_of(seed: Seed) -> bytes:
    """Return the public key that seals to this seed: ML-KEM-768, then X25519; 1216 bytes."""
    mlkem, x25519 = _halves(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def wrap(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Return the encapsulated key and the ciphertext: 1136 bytes more than the plaintext.

    `info` says what is wrapped and for what; it must be given again to unwrap. Raises ValueError
    for bytes that are no public key.
    """
    return SUITE.encrypt(plaintext, public_from(public), info)


def unwrap(seed: Seed, wrapped: bytes, info: bytes) -> bytes:
    """Return the plaintext, or raise CannotOpen: another seed, another info, or changed bytes."""
    try:
        return SUITE.decrypt(wrapped, private_of(seed), info)
    except (InvalidTag, ValueError):  # ValueError: an X25519 share of small order
        raise CannotOpen from None


def private_of(seed: Seed) -> MLKEM768X25519PrivateKey:
    """Return the library's form of what this seed opens with."""
    return MLKEM768X25519PrivateKey(*_halves(seed))


def _halves(seed: Seed) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = hashlib.shake_256(seed.reveal()).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def public_from(public: bytes) -> MLKEM768X25519PublicKey:
    """Return the library's form of a public key. Raises ValueError for bytes that are none."""
    if len(public) != PUBLIC_SIZE:
        raise ValueError(f"A public key has {PUBLIC_SIZE} bytes, not {len(public)}")
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_SIZE]),
        X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_SIZE:]),
    )
