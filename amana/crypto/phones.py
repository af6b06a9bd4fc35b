"""What a phone's browser can do by itself: seal to a team, and sign with a curve that all have.

A phone seals with HPKE (RFC 9180, base mode), the KEM MLKEM768-X25519 as everywhere here, and
AES-256-GCM, which every browser has. It signs with ECDSA over P-256: Ed25519 came late to phones.
A signature says which phone sent an item, not what is true in it; it need not stand for decades.
"""

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from amana.crypto.hybrid import ENCAPSULATED_SIZE, private_of, public_from
from amana.crypto.secrets import CannotOpen, Seed, derive

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
TAG_SIZE = 16
SMALLEST = ENCAPSULATED_SIZE + TAG_SIZE

PUBLIC_SIZE = 65
SIGNATURE_SIZE = 64
_HALF = 32
# The number of points of P-256: a private key is a number below it, and not 0.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def seal_on_phone(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Return what a phone makes of a plaintext: the encapsulated key, then the ciphertext."""
    return SUITE.encrypt(plaintext, public_from(public), info)


def open_from_phone(seed: Seed, body: bytes, info: bytes) -> bytes:
    """Return what a phone sealed, or raise CannotOpen: another seed, another info, other bytes."""
    try:
        return SUITE.decrypt(body, private_of(seed), info)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def sign_public_of(seed: Seed) -> bytes:
    """Return the public key that verifies what this seed signs for phones: a point of 65 bytes."""
    return _private(seed).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign(seed: Seed, message: bytes) -> bytes:
    """Return a signature that a browser verifies: r and s, 32 bytes each."""
    r, s = decode_dss_signature(_private(seed).sign(message, ECDSA(SHA256())))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature stands; bytes that are no key or no signature do not."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
        key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_public(public: bytes) -> bool:
    """Say whether these bytes are a point of the curve, written out in full."""
    if len(public) != PUBLIC_SIZE:
        return False
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    except ValueError:
        return False
    return True


def _private(seed: Seed) -> EllipticCurvePrivateKey:
    # 256 bits of a derived key, taken into the range of private keys; the bias is below 2^-32.
    number = int.from_bytes(derive(seed, "sign/p-256").reveal())
    return derive_private_key(number % (_ORDER - 1) + 1, SECP256R1())
