"""The words that two people read to each other when they compare a root: twelve of 2048."""

import unicodedata
from functools import cache

from amana.standards.datafile import MARKS, Place, opened

N_WORDS, BITS = 12, 11


def read(root: Place) -> tuple[str, ...]:
    """Return the words of a list; four letters without accents tell each from all others."""
    root.at("source").text()
    root.at("mark").one_of(MARKS)
    root.at("date").day()
    words = root.at("words").texts()
    if len({bare(word)[:4] for word in words}) != 1 << BITS or len(words) != 1 << BITS:
        raise root.bad("not 2048 words with four letters of their own")
    return words


@cache
def load() -> tuple[str, ...]:
    """Return the list of the house."""
    return read(opened("ceremony_words.json"))


def words_of(fingerprint: str) -> list[str]:
    """Return the words of a fingerprint: its first 132 bits.

    Two roots with the same words can be sought in 2**132 tries, not found.
    """
    number = int(fingerprint.replace(" ", "")[: N_WORDS * BITS // 4], 16)
    return [
        load()[number >> shift & (1 << BITS) - 1]
        for shift in range((N_WORDS - 1) * BITS, -1, -BITS)
    ]


def are_words_of(typed: str, fingerprint: str) -> bool:
    """Say whether somebody typed these words, however accents, case and gaps came out."""
    return bare(typed).replace("-", " ").split() == bare(" ".join(words_of(fingerprint))).split()


def bare(text: str) -> str:
    """Return text in small letters without accents."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in apart if not unicodedata.combining(c))
