"""What a password becomes: one half of a key. The other half is the keeper's."""

import secrets as randomness
import unicodedata
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw

from amana.crypto.secrets import SIZE, Key, Secret, derive, joined

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


def stretch(password: str, salt: bytes, cost: Cost) -> Secret:
    """Return what Argon2id (RFC 9106) makes of a password: the part that costs a guess its time.

    The password is normalised first (NFKC): the same word typed on another keyboard is the same.
    """
    # A lone surrogate is passed on, since the error about it would carry the password.
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return Secret(
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


def question_of(stretched: Secret) -> bytes:
    """Return what the keeper is asked about: it gives back neither password nor lock."""
    return derive(stretched, "password/question").reveal()


def key_of(stretched: Secret, half: Key) -> Key:
    """Return the key of the lock, out of the password's half and the keeper's.

    Nothing else is stored to compare with: whether a password is right shows when the lock opens,
    and without the keeper there is nothing to try it on.
    """
    return derive(joined(stretched, half), "password/key")


def new_password() -> str:
    """Return a one-time password of 71 bits, five groups of three, to be read from paper."""
    return "-".join("".join(randomness.choice(LETTERS) for _ in range(3)) for _ in range(5))
