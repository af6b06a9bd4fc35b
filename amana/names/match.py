"""Find a person among many cards: every card is looked at, by its signature; the best are compared.

No blocking rule decides beforehand who is looked at, since each such rule loses somebody. A cold
scan is the same look at cards that were decrypted a moment ago: their signatures are in their
bytes, so that nothing has to be computed but the answer.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from amana.names.card import HEAD_SIZE, KEY_BITS, SIGNATURE_SIZE, code_of, signature, unpacked
from amana.names.keys import spelling
from amana.names.score import ASKED, Hit, Query, ranked

# How many cards are compared in full.
COMPARED = 120
# What an agreeing year adds to the likeness of two signatures, within so many years.
YEAR_BONUS, YEAR_REACH = 0.12, 3

_KEY_WORDS, _ALL_WORDS = KEY_BITS // 64, SIGNATURE_SIZE // 8
_ROW = np.dtype([("bits", "<u8", _ALL_WORDS), ("year", "<u2"), ("arabic", "u1"), ("edition", "u1")])

Counts = NDArray[np.float32]


class UnknownCode(LookupError):
    """No card has this code."""


class Index:
    """Cards that can be asked, in memory only; one session's, or one team's."""

    def __init__(self, cards: Iterable[bytes] = ()) -> None:
        """Take packed cards; the last of two with one code does not replace the first."""
        self._cards = list(cards)
        self._columns = _Columns(self._cards)
        for at in self._columns.stale():
            self._cards[at] = _current(self._cards[at])
            self._columns.put(at, self._cards[at])
        # Asked for only when a card comes or goes: a cold scan never needs it.
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._cards)

    def find(self, query: Query, n: int = 10) -> list[Hit]:
        """Return at most n people who may be meant, best first; none when no word was asked."""
        if not query.keys or not self._cards:
            return []
        near = self._columns.nearest(query, COMPARED)
        return ranked(query, [unpacked(self._cards[at]) for at in near], n)

    def add(self, card: bytes) -> None:
        """Take a packed card, in the place of the one with the same code if there is one."""
        card = _current(card)
        at = self._known().setdefault(code_of(card), len(self._cards))
        if at == len(self._cards):
            self._cards.append(card)
        self._cards[at] = card
        self._columns.put(at, card)

    def remove(self, code: str) -> None:
        """Forget the card with this code; the last card moves into its place."""
        places = self._known()
        if code not in places:
            raise UnknownCode("no card has this code")
        at, last = places.pop(code), self._cards.pop()
        if at < len(self._cards):
            self._cards[at] = last
            places[code_of(last)] = at
            self._columns.put(at, last)
        self._columns.cut(len(self._cards))

    def _known(self) -> dict[str, int]:
        if self._places is None:
            self._places = {code_of(card): at for at, card in enumerate(self._cards)}
        return self._places


def cold_scan(cards: Iterable[bytes], query: Query, n: int = 10) -> list[Hit]:
    """Return what `Index.find` would, from cards that were just decrypted and are then let go."""
    return Index(cards).find(query, n)


def _current(card: bytes) -> bytes:
    """Return the card under the rules of today; nearly always it is."""
    edition = card[HEAD_SIZE - 1 : HEAD_SIZE]
    return card if edition == bytes([spelling().edition]) else unpacked(card).packed()


class _Columns:
    """The heads of the cards, one array for each 64 bits: a scan reads memory in one direction."""

    def __init__(self, cards: Iterable[bytes]) -> None:
        rows = np.frombuffer(b"".join([card[:HEAD_SIZE] for card in cards]), dtype=_ROW)
        self._size = len(rows)
        self._editions = rows["edition"]
        self._bits = np.array(rows["bits"].T, order="C")  # a copy: one row alone would be a view
        self._years = rows["year"].astype(np.int32)
        self._arabic = rows["arabic"].astype(bool)
        self._counts = self._counted(self._bits)

    def stale(self) -> list[int]:
        """Return the places of the cards that were packed under other spelling rules."""
        places: list[int] = np.flatnonzero(self._editions != spelling().edition).tolist()
        return places

    @staticmethod
    def _counted(bits: NDArray[np.uint64]) -> Counts:
        """Return how many bits are set: in the keys' part, in the skeletons' part."""
        ones = np.bitwise_count(bits)
        parts = (ones[:_KEY_WORDS], ones[_KEY_WORDS:])
        # Two bytes hold the sum; numpy would take eight, and twice the time.
        return np.stack([part.sum(0, dtype=np.uint16) for part in parts]).astype(np.float32)

    def put(self, at: int, card: bytes) -> None:
        """Write one card's head into a place, or behind the last one."""
        if at == self._years.size:
            self._grow()
        row = np.frombuffer(card[:HEAD_SIZE], dtype=_ROW)
        self._bits[:, at] = row["bits"][0]
        self._years[at], self._arabic[at] = row["year"][0], row["arabic"][0]
        self._counts[:, at] = self._counted(row["bits"].T)[:, 0]
        self._size = max(self._size, at + 1)

    def cut(self, size: int) -> None:
        """Let go of everything behind this place, its bits included."""
        self._bits[:, size : self._size] = 0
        self._size = size

    def _grow(self) -> None:
        more = max(1024, self._size // 4)
        self._bits = np.pad(self._bits, ((0, 0), (0, more)))
        self._counts = np.pad(self._counts, ((0, 0), (0, more)))
        self._years = np.pad(self._years, (0, more))
        self._arabic = np.pad(self._arabic, (0, more))

    def nearest(self, query: Query, n: int) -> list[int]:
        """Return the places of the n cards whose signature and year are most like the query's."""
        size = self._size
        asked = np.frombuffer(signature([query.keys]), dtype="<u8")
        shared = self._counted(self._bits[:, :size] & asked[:, None])
        counts = self._counts[:, :size]
        alike = _covered(shared[1], asked[_KEY_WORDS:], counts[1])
        if not query.is_arabic:
            by_key = _covered(shared[0], asked[:_KEY_WORDS], counts[0])
            # Keys of Arabic script lack the short vowels; there the skeleton speaks alone.
            np.copyto(alike, (alike + by_key) / 2, where=~self._arabic[:size])
        if query.birth_year:
            apart = np.abs(self._years[:size] - query.birth_year)
            alike[apart <= YEAR_REACH] += YEAR_BONUS
        if n >= size:
            return list(range(size))
        chosen: list[int] = np.argpartition(alike, size - n)[size - n :].tolist()
        return chosen


def _covered(shared: Counts, asked: NDArray[np.uint64], held: Counts) -> Counts:
    """Return how far the two sets of bits cover each other, weighed as the full comparison does."""
    n_asked = max(1, int(np.bitwise_count(asked).sum()))
    both = np.float32(ASKED * n_asked) + np.float32(1 - ASKED) * np.maximum(held, 1)
    covered: Counts = np.divide(shared, both, dtype=np.float32)
    return covered
