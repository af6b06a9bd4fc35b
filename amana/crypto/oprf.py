"""Asking whether two things are the same without showing either (2HashDH over ristretto255).

The asker blinds each token, the holder of the key evaluates what it cannot read, the asker takes
the blind off. Without the holder nobody can compute a single output, so a stolen table of outputs
cannot be searched with a list of names (RFC 9497, mode OPRF, is this construction).
"""

import hashlib

import rbcl

from amana.crypto.secrets import CannotOpen, Secret, digest

POINT_SIZE = 32


class Scalar(Secret):
    """A secret exponent: an evaluation key, or the blind of one question."""

    __slots__ = ()
    size = 32


def key_from(secret: Secret, purpose: str) -> Scalar:
    """Return the evaluation key that a secret has for one purpose."""
    wide = hashlib.sha512(b"amana/oprf/v1\0" + purpose.encode() + b"\0" + secret.reveal()).digest()
    return Scalar(rbcl.crypto_core_ristretto255_scalar_reduce(wide))


def blind(token: bytes) -> tuple[bytes, Scalar]:
    """Return the point to send, which says nothing of the token, and the blind to keep."""
    scalar = Scalar(rbcl.crypto_core_ristretto255_scalar_random())
    return rbcl.crypto_scalarmult_ristretto255(scalar.reveal(), _point_of(token)), scalar


def evaluate(key: Scalar, point: bytes) -> bytes:
    """Return the key's answer to one blinded point; raises CannotOpen for bytes that are none."""
    if len(point) != POINT_SIZE or not rbcl.crypto_core_ristretto255_is_valid_point(point):
        raise CannotOpen
    return _times(key, point)


def output(token: bytes, blind_: Scalar, answer: bytes) -> bytes:
    """Return the 32-byte output for a token: the same whenever the same key answered."""
    if len(answer) != POINT_SIZE or not rbcl.crypto_core_ristretto255_is_valid_point(answer):
        raise CannotOpen
    inverse = Scalar(rbcl.crypto_core_ristretto255_scalar_invert(blind_.reveal()))
    return digest(b"amana/oprf/output/v1\0" + digest(token) + _times(inverse, answer))


def _times(scalar: Scalar, point: bytes) -> bytes:
    try:
        return bytes(rbcl.crypto_scalarmult_ristretto255(scalar.reveal(), point))
    except (RuntimeError, ValueError, TypeError):  # the neutral element answers nothing
        raise CannotOpen from None


def _point_of(token: bytes) -> bytes:
    wide = hashlib.sha512(b"amana/oprf/point/v1\0" + token).digest()
    return bytes(rbcl.crypto_core_ristretto255_from_hash(wide))
