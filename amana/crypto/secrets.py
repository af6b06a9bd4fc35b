"""Bytes that must not be seen, and the hashes and random values every room may use."""

import hashlib
import hmac
import secrets as randomness
from typing import ClassVar, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SIZE = 32


class CannotOpen(Exception):
    """Something did not open.

    It never says why: wrong key, moved box and damaged bytes look the same to whoever tries.
    """


class Secret:
    """Bytes that reach a log, a page or a disk only when someone writes `reveal`.

    Two secrets are equal when their type and content are. They cannot be hashed, copied or
    pickled, so no cache, set or session keeps one by accident.
    """

    __slots__ = ("__content",)
    size: ClassVar[int | None] = None

    def __init__(self, content: bytes) -> None:
        if self.size is not None and len(content) != self.size:
            raise ValueError(f"A {type(self).__name__} holds {self.size} bytes, not {len(content)}")
        self.__content = bytes(content)

    def reveal(self) -> bytes:
        """Return the bytes themselves."""
        return self.__content

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and same(self.__content, other.reveal())

    # Said aloud, because a hash of the content would let it be guessed at.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} is neither copied nor pickled")


class Seed(Secret):
    """32 random bytes from which a person's, desk's or node's key pairs are grown."""

    __slots__ = ()
    size = SIZE


class Key(Secret):
    """A 32-byte symmetric key."""

    __slots__ = ()
    size = SIZE


def new_seed() -> Seed:
    """Return a fresh random seed."""
    return Seed(token())


def new_key() -> Key:
    """Return a fresh random key."""
    return Key(token())


def derive(secret: Secret, purpose: str) -> Key:
    """Return the key that this secret has for one purpose (HKDF-SHA256, RFC 5869).

    The secret must be strong already; a password goes through `passwords.split`.
    """
    info = b"amana/derive/v1\0" + purpose.encode()
    return Key(HKDF(SHA256(), SIZE, salt=None, info=info).derive(secret.reveal()))


def joined(*secrets_: Secret) -> Secret:
    """Return one secret of several, each of a fixed size: who lacks one of them has nothing."""
    return Secret(b"".join(s.reveal() for s in secrets_))


def keyed(secret: Secret, data: bytes) -> bytes:
    """Return HMAC-SHA256: what only the holder of the secret can say of some bytes."""
    return hmac.digest(secret.reveal(), data, "sha256")


def digest(data: bytes) -> bytes:
    """Return the SHA-256 of data, 32 bytes."""
    return hashlib.sha256(data).digest()


def token() -> bytes:
    """Return 32 random bytes that nobody can guess."""
    return randomness.token_bytes(SIZE)


def new_id() -> str:
    """Return a random name for a thing: 128 bits in lowercase hexadecimal, saying nothing of it."""
    return randomness.token_hex(16)


def leaf_hash(salt: bytes, event: bytes) -> bytes:
    """Return the hash of one log entry, prefixed as a leaf of RFC 9162, section 2.1.1.

    The salt keeps a short event from being guessed out of its hash. Raises ValueError unless it is
    a `token`: with salts of any length, bytes could move between salt and event unnoticed.
    """
    if len(salt) != SIZE:
        raise ValueError(f"A leaf is salted with {SIZE} bytes, not {len(salt)}")
    return digest(b"\x00" + salt + event)


def same(a: bytes, b: bytes) -> bool:
    """Compare without telling by the time taken where the first difference lies."""
    return hmac.compare_digest(a, b)
