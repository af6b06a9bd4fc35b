"""What a thief of a node's whole folder and backups can try without its keeper.

He has every column of every table, every file, the code and the settings. He tries lists: of names,
in every form that software is known to store them in to find them again, and of passwords.
"""

import base64
import hashlib
import hmac
import itertools
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amana.access.queries import lock_place
from amana.crypto import passwords
from amana.crypto.boxes import unseal
from amana.crypto.secrets import CannotOpen, Key, Secret, derive

WIDTH = 8
SYLLABLES = (
    *("ba", "ko", "ne", "dia", "ra", "mi", "tou", "fa", "sa", "li", "za", "hou", "ki", "ben", "ou"),
    *(
        "wa",
        "no",
        "gui",
        "lé",
        "yé",
        "cha",
        "dri",
        "ssa",
        "mou",
        "ha",
        "ri",
        "té",
        "ja",
        "lo",
        "pé",
    ),
)


def names(planted: Iterable[str], count: int = 20_000) -> list[str]:
    """Return a list of names, the planted ones among them."""
    made = (
        f"{''.join(first).title()} {''.join(last).title()}"
        for last in itertools.product(SYLLABLES, repeat=2)
        for first in itertools.product(SYLLABLES, repeat=2)
    )
    known = list(dict.fromkeys(planted))
    return [*known, *itertools.islice(made, count - len(known))]


def columns(database: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of every table that is text or bytes, under its column's name."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = opened.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            rows = opened.execute(f'select * from "{table}"')  # noqa: S608 - names of the schema
            fields = [field[0] for field in rows.description]
            for row in rows:
                for field, value in zip(fields, row, strict=True):
                    if isinstance(value, str | bytes):
                        raw = value.encode() if isinstance(value, str) else value
                        yield f"{table}.{field}", raw


def secrets_in(folder: Path) -> list[bytes]:
    """Return what may serve as a key: every small file of the node, as bytes and as text means."""
    found = []
    for path in sorted((folder / "keys").rglob("*")):
        if path.is_file() and path.stat().st_size < 4096:
            raw = path.read_bytes()
            found += [raw, raw.strip()]
            try:
                found.append(bytes.fromhex(raw.decode()))
            except ValueError:
                continue
    return list(dict.fromkeys(found))


class Haystack:
    """Everything that was stolen, searchable for many needles at once."""

    def __init__(self, values: Iterable[tuple[str, bytes]]) -> None:
        self.places: list[tuple[int, str]] = []
        whole = bytearray()
        for name, raw in values:
            self.places.append((len(whole), name))
            whole += raw + b"\0"
        self.content = bytes(whole)
        padded = self.content + bytes(WIDTH)
        windows = [
            np.frombuffer(padded, np.uint64, count=(len(padded) - shift) // WIDTH, offset=shift)
            for shift in range(WIDTH)
        ]
        self.windows = np.unique(np.concatenate(windows))

    def finds(self, needles: list[bytes]) -> list[tuple[int, str]]:
        """Return which needles (of 8 bytes or more) lie where."""
        long_enough = [n for n, needle in enumerate(needles) if len(needle) >= WIDTH]
        heads = np.frombuffer(b"".join(needles[n][:WIDTH] for n in long_enough), np.uint64)
        at = np.minimum(np.searchsorted(self.windows, heads), len(self.windows) - 1)
        found = []
        for n in itertools.compress(long_enough, self.windows[at] == heads):
            where = self.content.find(needles[n])
            if where >= 0:
                found.append((n, self._column(where)))
        return found

    def _column(self, where: int) -> str:
        return max((start, name) for start, name in self.places if start <= where)[1]


def forms(word: str, keys: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield a word in every form in which a careless column would hold it."""
    for text in dict.fromkeys((word, word.lower(), word.split(maxsplit=1)[0].lower())):
        raw = text.encode()
        yield "raw", raw
        yield "utf-16", text.encode("utf-16-le")
        digests = [("sha256", hashlib.sha256(raw).digest())]
        for key in keys:
            digests.append(("hmac", hmac.digest(key, raw, "sha256")))
            digests.append(("salted", hashlib.sha256(key + raw).digest()))
        for name, digest in digests:
            yield name, digest[:16]
            yield f"{name} in hex", digest.hex()[:32].encode()
            yield f"{name} in base64", base64.b64encode(digest)[:40]


@dataclass(frozen=True)
class Find:
    """A word of the list, confirmed by a column."""

    word: str
    form: str
    column: str


def try_words(words: Iterable[str], keys: list[bytes], stack: Haystack) -> set[Find]:
    """Try every word in every form against everything."""
    found = set()
    for some in _batches(words, 500):
        tried = [(word, form, raw) for word in some for form, raw in forms(word, keys)]
        for n, column in stack.finds([raw for _, _, raw in tried]):
            found.add(Find(tried[n][0], tried[n][1], column))
    return found


def try_lock(
    guesses: Iterable[str], row: tuple[str, bytes, bytes, passwords.Cost], keys: list[bytes]
) -> list[str]:
    """Return the passwords that open a lock without the keeper.

    `row` is the account's id, the salt, the sealed seed and what a guess costs. In the place of
    the keeper's half stands nothing, zeros, the guess itself, and every secret of the folder.
    """
    account, salt, sealed, cost = row
    place = lock_place(account, "password")
    opened = []
    for guess in guesses:
        stretched = passwords.stretch(guess, salt, cost)
        halves = [bytes(32), passwords.question_of(stretched), *(k for k in keys if len(k) == 32)]
        tried = [passwords.key_of(stretched, Key(half)) for half in halves]
        tried += [derive(Secret(stretched.reveal()), "lock"), Key(stretched.reveal()[:32])]
        if any(_opens(key, sealed, place) for key in tried):
            opened.append(guess)
    return opened


def _opens(key: Key, sealed: bytes, place: object) -> bool:
    try:
        unseal(key, sealed, place)  # type: ignore[arg-type]
    except CannotOpen:
        return False
    return True


def database_in(backup: Path, to: Path) -> Path:
    """Take the database out of a plain backup, as a thief would."""
    with tarfile.open(backup) as tar:
        inside = tar.extractfile("database")
        assert inside is not None
        to.write_bytes(inside.read())
    return to


def _batches(words: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(words)
    while some := list(itertools.islice(left, size)):
        yield some
