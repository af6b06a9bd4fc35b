"""The search card: what of a person can be searched, and its bytes, made to be read 50,000 at once.

A packed card carries its keys and its signature, so that a cold search computes none of them. The
signature is a set of letter pairs in 384 bits: 256 for the keys' pairs, 128 for the skeletons'.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from amana.names.keys import is_arabic, name_keys, skeleton, spelling

KEY_BITS = 256
SKELETON_BITS = 128
SIGNATURE_SIZE = (KEY_BITS + SKELETON_BITS) // 8
# The signature, the year of birth (0: unknown), the script, the edition of the spelling rules.
HEAD = struct.Struct(f"<{SIGNATURE_SIZE}sHBB")
HEAD_SIZE = HEAD.size
_FIELD, _ITEM, _WORD = "\0", "\x1f", " "


class BadCard(ValueError):
    """Bytes that are no card, or fields that a card cannot hold; never says what they hold."""


@dataclass(frozen=True)
class SearchCard:
    """One person as the search knows them; make it with `card_of`."""

    code: str
    names: tuple[str, ...]  # the name, then what else the person is known as
    birth_year: int | None
    town: str
    sex: str
    keys: tuple[tuple[str, ...], ...]  # one per name
    town_key: str
    is_arabic: bool  # so that short vowels are missing from the keys

    def packed(self) -> bytes:
        """Return the card's bytes, to be sealed: they hold the names."""
        texts = (self.code, self.sex, self.town, _ITEM.join(self.names))
        keys = (self.town_key, _ITEM.join(_WORD.join(words) for words in self.keys))
        head = HEAD.pack(
            signature(self.keys), self.birth_year or 0, self.is_arabic, spelling().edition
        )
        return head + _FIELD.join(texts + keys).encode()


def card_of(
    *, code: str, names: Iterable[str], birth_year: int | None = None, town: str = "", sex: str = ""
) -> SearchCard:
    """Return the card of a person; refuses control characters and a year out of 1 to 9999."""
    held = tuple(name for name in names if name.strip())
    if any(ord(c) < 32 for text in (code, town, sex, *held) for c in text):
        raise BadCard("a field of a search card holds a control character")
    if birth_year is not None and not 1 <= birth_year <= 9999:
        raise BadCard("a year of birth is a year of four digits")
    keys = tuple(name_keys(name) for name in held)
    unvoiced = any(is_arabic(name) for name in held)
    return SearchCard(code, held, birth_year, town, sex, keys, "".join(name_keys(town)), unvoiced)


def unpacked(data: bytes) -> SearchCard:
    """Return the card of these bytes; one that was packed under other rules gets its keys anew."""
    try:
        _, year, unvoiced, edition = HEAD.unpack_from(data)
        code, sex, town, names, town_key, keys = data[HEAD_SIZE:].decode().split(_FIELD)
    except (struct.error, ValueError) as fault:
        raise BadCard("these bytes are no search card") from fault
    held = tuple(names.split(_ITEM)) if names else ()
    if edition != spelling().edition:
        return card_of(code=code, names=held, birth_year=year or None, town=town, sex=sex)
    words = tuple(tuple(name.split()) for name in keys.split(_ITEM)) if held else ()
    return SearchCard(code, held, year or None, town, sex, words, town_key, bool(unvoiced))


def code_of(data: bytes) -> str:
    """Return the code of a packed card without reading the rest."""
    return data[HEAD_SIZE : data.index(b"\0", HEAD_SIZE)].decode()


def signature(names: Iterable[Iterable[str]]) -> bytes:
    """Return the letter pairs of a person's keys and skeletons as a set of bits."""
    bits = 0
    for key in {key for keys in names for key in keys}:
        for pair in _pairs(key):
            bits |= 1 << zlib.crc32(pair) % KEY_BITS
        for pair in _pairs(skeleton(key)):
            bits |= 1 << KEY_BITS + zlib.crc32(pair) % SKELETON_BITS
    return bits.to_bytes(SIGNATURE_SIZE, "little")


def _pairs(word: str) -> Iterable[bytes]:
    """Return the letter pairs of a word, its beginning and its end counted as letters."""
    framed = f"^{word}$".encode()
    return (framed[at : at + 2] for at in range(len(framed) - 1))
