"""References that people read aloud: opaque, without look-alikes, with a check character."""

import re
import secrets

ALPHABET = "23456789ACDEFHJKLMNPQRTUVWXY"
_LENGTH = 7


def new_reference(prefix: str) -> str:
    """Return a reference such as `MA-K7R4-2D9C`: random, so it tells neither order nor place."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return written(prefix, body + check_character(body))


def written(prefix: str, body: str) -> str:
    """Return the eight characters in two groups behind the prefix."""
    return f"{prefix}-{body[:4]}-{body[4:]}"


def check_character(body: str) -> str:
    """Return the character that makes one wrong or two swapped neighbours visible.

    Weighted sum modulo 29 with weights 1 to 7; the one value without a character takes `Z`.
    """
    total = sum((i + 1) * ALPHABET.index(c) for i, c in enumerate(body)) % 29
    return "Z" if total == 28 else ALPHABET[total]


def is_reference(text: str) -> bool:
    """Say whether this is a reference of ours with a right check character."""
    if not re.fullmatch("[A-Z]{1,2}-[2-9A-Z]{4}-[2-9A-Z]{4}", text):
        return False
    body = text.split("-", 1)[1].replace("-", "")
    known = all(c in ALPHABET for c in body[:-1])
    return known and check_character(body[:-1]) == body[-1]
