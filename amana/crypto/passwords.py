"""What a password becomes: something to compare with, and a key. Never the one from the other."""

import secrets as randomness
import unicodedata
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw

from amana.crypto.secrets import SIZE, Key, Secret, derive

# No vowels, so that no group spells a word; nothing that is mistaken for something else on paper.
LETTERS = "bcdfghjkmnpqrstvwxz23456789"


@dataclass(frozen=True)
class Cost:
    """What one guess costs an attacker; the second recommended option of RFC 9106 on one lane."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 1


def new_salt() -> bytes:
    """Return a fresh salt of 16 bytes, kept in clear beside the verifier."""
    return randomness.token_bytes(16)


def split(password: str, salt: bytes, cost: Cost) -> tuple[bytes, Key]:
    """Return the verifier that may be stored and the key that must not be.

    One Argon2id run feeds both, so that checking a password and opening with it cost one wait.
    The password is normalised first (NFKC): the same word typed on another keyboard is the same.
    """
    # A lone surrogate is passed on, since the error about it would carry the password.
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    stretched = Secret(
        hash_secret_raw(
            typed,
            salt,
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=SIZE,
            type=Type.ID,
        )
    )
    return derive(stretched, "password/verifier").reveal(), derive(stretched, "password/key")


def new_password() -> str:
    """Return a one-time password of 71 bits, five groups of three, to be read from paper."""
    return "-".join("".join(randomness.choice(LETTERS) for _ in range(3)) for _ in range(5))
