"""Signatures that must stay true for decades: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204).

Both are made and both must verify, so that breaking one of the two forges nothing.
"""

import struct
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from amana.crypto.secrets import Seed, derive, digest

ED25519_PUBLIC_SIZE = 32
ED25519_SIGNATURE_SIZE = 64
PUBLIC_SIZE = ED25519_PUBLIC_SIZE + 1952
SIGNATURE_SIZE = ED25519_SIGNATURE_SIZE + 3309


def sign_public_of(seed: Seed) -> bytes:
    """Return the public key that verifies this seed's signatures: 32 and 1952 bytes."""
    ed25519, mldsa = _halves(seed)
    return ed25519.public_key().public_bytes_raw() + mldsa.public_key().public_bytes_raw()


class Signer:
    """A seed's two signing keys, grown once for all that one act signs: growing costs a quarter.

    It is as secret as its seed and lives no longer than the act.
    """

    __slots__ = ("__ed25519", "__mldsa")

    def __init__(self, seed: Seed) -> None:
        self.__ed25519, self.__mldsa = _halves(seed)

    def sign(self, context: bytes, message: bytes) -> bytes:
        """Return both signatures, 64 and 3309 bytes; the second is different each time.

        The context names what kind of thing is signed: no signature passes for another kind.
        """
        signed = _signed(context, message)
        return self.__ed25519.sign(signed) + self.__mldsa.sign(signed)

    def __repr__(self) -> str:
        return "<Signer>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Signer is neither copied nor pickled")


def sign(seed: Seed, context: bytes, message: bytes) -> bytes:
    """Return both signatures of one message; who signs many keeps a Signer."""
    return Signer(seed).sign(context, message)


def verify(public: bytes, signature: bytes, context: bytes, message: bytes) -> bool:
    """Say whether both signatures stand; bytes that are no key or no signature do not."""
    signed = _signed(context, message)
    ed25519_public, mldsa_public = _cut(public, ED25519_PUBLIC_SIZE)
    ed25519_signature, mldsa_signature = _cut(signature, ED25519_SIGNATURE_SIZE)
    try:
        Ed25519PublicKey.from_public_bytes(ed25519_public).verify(ed25519_signature, signed)
        MLDSA65PublicKey.from_public_bytes(mldsa_public).verify(mldsa_signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_short(seed: Seed, context: bytes, message: bytes) -> bytes:
    """Return the Ed25519 signature alone, 64 bytes: for what a QR code on paper must hold.

    It is classical. It may carry only what is also looked up in a row here: whoever breaks it
    forges a code, and still no row. Its contexts are its own, never one of `sign`.
    """
    return _halves(seed)[0].sign(_signed(context, message))


def verify_short(public: bytes, signature: bytes, context: bytes, message: bytes) -> bool:
    """Say whether a signature of `sign_short` stands; `public` is the key of `sign_public_of`."""
    ed25519_public, _ = _cut(public, ED25519_PUBLIC_SIZE)
    try:
        key = Ed25519PublicKey.from_public_bytes(ed25519_public)
        key.verify(signature, _signed(context, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public: bytes) -> str:
    """Return the name of a public key in headers: 16 hexadecimal digits of its SHA-256.

    A name to find a key by, not a proof: 64 bits can be made to collide.
    """
    return digest(public).hex()[:16]


def _halves(seed: Seed) -> tuple[Ed25519PrivateKey, MLDSA65PrivateKey]:
    # The seed itself is expanded for decryption; signatures grow from keys derived for them alone.
    return (
        Ed25519PrivateKey.from_private_bytes(derive(seed, "sign/ed25519").reveal()),
        MLDSA65PrivateKey.from_seed_bytes(derive(seed, "sign/ml-dsa-65").reveal()),
    )


def _signed(context: bytes, message: bytes) -> bytes:
    """Return what is signed; the length keeps bytes from moving between context and message."""
    return struct.pack(">I", len(context)) + context + message


def _cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]
