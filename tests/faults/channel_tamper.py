"""That the look into both databases sees what it is for: each tampering of copies is reported.

`told` takes two databases in which everything holds, changes one thing in copies of them, and looks
again. What must be reported stands beside what is changed.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import channel_check
from tests.faults.channel_check import DATABASE, OPENED, root_of

Db = sqlite3.Connection


@dataclass(frozen=True)
class Country:
    """Where a country's books are: its name, its folder, what its people were told."""

    country: str
    data: Path
    log: Path


@dataclass(frozen=True)
class Tampering:
    """What is done to the database of the one and of the other, and a word of what is reported."""

    name: str
    does: Callable[[Db, Db], object]
    report: str


def one(db: Db, sql: str, *given: Any) -> Any:
    """Return the first row of what is asked; a lone column as it is."""
    row = db.execute(sql, given).fetchone()
    return row[0] if len(row) == 1 else row


def arrived(db: Db, *, back: int = 0) -> str:
    """Return the number of a message that arrived and was opened, so many before the last."""
    found: str = one(
        db,
        "SELECT m.mid FROM exchange_message m WHERE NOT is_ours AND refused_for = '' AND EXISTS"
        " (SELECT 1 FROM exchange_message n WHERE n.conversation = m.conversation"
        "  AND NOT n.is_ours AND n.inc = m.inc AND n.seq = m.seq + 1)"
        " ORDER BY stored_at DESC, mid LIMIT 1 OFFSET ?",
        back,
    )
    return found


def next_of(db: Db, mid: str) -> str:
    """Return the number of the message that follows in its conversation."""
    found: str = one(
        db,
        "SELECT n.mid FROM exchange_message m, exchange_message n WHERE m.mid = ?"
        " AND n.conversation = m.conversation AND n.is_ours = m.is_ours"
        " AND n.inc = m.inc AND n.seq = m.seq + 1",
        mid,
    )
    return found


def drop(db: Db, mid: str) -> None:
    """Lose a row."""
    db.execute("DELETE FROM exchange_message WHERE mid = ?", (mid,))


def swap_numbers(db: Db, mid: str) -> None:
    """Let a message and the next one change places."""
    other = next_of(db, mid)
    first, second = (
        one(db, "SELECT seq FROM exchange_message WHERE mid = ?", m) for m in (mid, other)
    )
    for seq, which in ((0, mid), (first, other), (second, mid)):
        db.execute("UPDATE exchange_message SET seq = ? WHERE mid = ?", (seq, which))


def opened_at(db: Db, mid: str) -> int:
    """Return the entry that says that a message was opened."""
    found: int = one(
        db,
        "SELECT seq FROM audit_entry WHERE CAST(event AS TEXT) LIKE ?",
        f'%"subject":"{mid}","verb":"{OPENED}"%',
    )
    return found


def grow(db: Db) -> None:
    """Make the head that of the entries: whoever changes the record does that as well."""
    leaves = [row[0] for row in db.execute("SELECT leaf FROM audit_entry ORDER BY seq")]
    db.execute("UPDATE audit_head SET size = ?, root = ?", (len(leaves), root_of(leaves)))


def write_entry(db: Db, seq: int, event: bytes) -> None:
    """Let an entry say something, with the leaf that belongs to it."""
    salt = bytes(32)
    leaf = hashlib.sha256(b"\0" + salt + event).digest()
    db.execute("INSERT OR REPLACE INTO audit_entry VALUES (?, ?, ?, ?)", (seq, leaf, salt, event))
    grow(db)


def open_again(db: Db, mid: str) -> None:
    """Put on record that a message was opened, once more."""
    event = one(db, "SELECT event FROM audit_entry WHERE seq = ?", opened_at(db, mid))
    write_entry(db, one(db, "SELECT max(seq) + 1 FROM audit_entry"), event)


def swap_openings(db: Db, mid: str) -> None:
    """Put on record that a message was opened after the next one."""
    places = [opened_at(db, m) for m in (mid, next_of(db, mid))]
    said = [one(db, "SELECT event FROM audit_entry WHERE seq = ?", seq) for seq in places]
    for seq, event in zip(places, reversed(said), strict=True):
        write_entry(db, seq, event)


def rewrite(db: Db) -> None:
    """Let an entry of the beginning say that somebody else did it."""
    event = json.loads(one(db, "SELECT event FROM audit_entry WHERE seq = 10"))
    write_entry(db, 10, json.dumps({**event, "actor": "nobody"}).encode())


def cut_the_end(db: Db, other: Db) -> None:
    """Take away what was done last, back to before the last head that the other has seen."""
    size = one(other, "SELECT size FROM audit_witnessed ORDER BY seen_at DESC LIMIT 1")
    db.execute("DELETE FROM audit_entry WHERE seq >= ?", (size,))
    grow(db)


def flipped(data: bytes) -> bytes:
    """Change one bit in the middle."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def forge_receipt(db: Db) -> None:
    """Change one bit of a signature."""
    key, signed = one(
        db, "SELECT id, signed FROM exchange_receipt WHERE NOT is_ours AND rank = 2 LIMIT 1"
    )
    db.execute("UPDATE exchange_receipt SET signed = ? WHERE id = ?", (flipped(signed), key))


def forge_cosignature(db: Db) -> None:
    """Change one letter in the last signature of a witness."""
    key, note = one(db, "SELECT witness, note FROM audit_cosigned ORDER BY at DESC LIMIT 1")
    at = len(note) - 60
    other = note[:at] + (b"B" if note[at : at + 1] == b"A" else b"A") + note[at + 1 :]
    db.execute("UPDATE audit_cosigned SET note = ? WHERE witness = ?", (other, key))


def another_receipt(db: Db) -> None:
    """Let the receipt of one message stand for another."""
    (_, signed), (key, _) = db.execute(
        "SELECT id, signed FROM exchange_receipt WHERE NOT is_ours AND rank = 2 LIMIT 2"
    ).fetchall()
    db.execute("UPDATE exchange_receipt SET signed = ? WHERE id = ?", (signed, key))


def never_opened(db: Db, mid: str) -> None:
    """Take from the record that a message was opened, and leave the receipt that says so."""
    write_entry(db, opened_at(db, mid), b'{"subject":"","verb":"nothing"}')


def last_of_all(db: Db) -> str:
    """Return the number of the last message that these people sent in a conversation."""
    found: str = one(
        db,
        "SELECT mid FROM exchange_message m WHERE is_ours AND NOT EXISTS (SELECT 1 FROM"
        " exchange_message n WHERE n.conversation = m.conversation AND n.is_ours"
        " AND (n.inc > m.inc OR n.inc = m.inc AND n.seq > m.seq))"
        " ORDER BY stored_at DESC LIMIT 1",
    )
    return found


def drop_everywhere(db: Db, other: Db) -> None:
    """Lose the last message of a conversation on both sides: no gap tells of it."""
    mid = last_of_all(db)
    drop(db, mid)
    drop(other, mid)


# The first database is of the country that was never restored.
TAMPERINGS = (
    Tampering("a row that arrived is dropped", lambda a, _b: drop(a, arrived(a)), "not in"),
    Tampering("a row that was sent is dropped", lambda a, b: drop(a, arrived(b)), "nobody sent"),
    Tampering("two change places", lambda a, _b: swap_numbers(a, arrived(a)), "not the same"),
    Tampering(
        "two change places on both sides",
        lambda a, b: [swap_numbers(db, m) for m in [arrived(a)] for db in (a, b)],
        "out of order",
    ),
    Tampering(
        "a number is left out on both sides",
        lambda a, b: [
            db.execute("UPDATE exchange_message SET seq = 90000 WHERE mid = ?", (m,))
            for m in [arrived(a)]
            for db in (a, b)
        ],
        "numbers",
    ),
    Tampering(
        "other bytes arrived",
        lambda a, _b: a.execute(
            "UPDATE exchange_message SET sha256 = ? WHERE mid = ?", ("0" * 64, arrived(a))
        ),
        "not the same",
    ),
    Tampering(
        "other bytes were sent",
        lambda a, b: a.execute(
            "UPDATE exchange_message SET container = x'00' WHERE mid = ?", (arrived(b),)
        ),
        "not those of its digest",
    ),
    Tampering(
        "one ended otherwise here",
        lambda a, _b: a.execute(
            "UPDATE exchange_message SET refused_for = 'schema' WHERE mid = ?", (arrived(a),)
        ),
        "another story",
    ),
    Tampering("one was opened twice", lambda a, _b: open_again(a, arrived(a)), "opened 2 times"),
    Tampering(
        "two were opened in the wrong order",
        lambda a, _b: swap_openings(a, arrived(a)),
        "opened out of order",
    ),
    Tampering(
        "one is lost on both sides, and people were told that it was sent",
        drop_everywhere,
        "acknowledged and lost",
    ),
    Tampering(
        "a receipt is forged",
        lambda a, _b: forge_receipt(a),
        "no true receipt",
    ),
    Tampering("a receipt is of another message", lambda a, _b: another_receipt(a), "no true"),
    Tampering(
        "a receipt is withheld",
        lambda a, _b: a.execute("DELETE FROM exchange_receipt WHERE NOT is_ours AND rank = 2"),
        "did not reach it",
    ),
    Tampering(
        "a receipt says what was not done",
        lambda a, _b: never_opened(a, arrived(a)),
        "and did not do it",
    ),
    Tampering(
        "a message is believed to be accepted",
        lambda a, _b: a.execute(
            "UPDATE exchange_message SET rank = 3 WHERE mid = "
            "(SELECT mid FROM exchange_message WHERE is_ours AND rank = 2 LIMIT 1)"
        ),
        "rank 3 on receipts",
    ),
    Tampering("an entry is rewritten, and the head with it", lambda a, _b: rewrite(a), "another"),
    Tampering(
        "an entry is changed and its leaf left",
        lambda a, _b: a.execute(
            "UPDATE audit_entry SET event = CAST(replace(CAST(event AS TEXT), ':', ': ') AS BLOB)"
            " WHERE seq = 10"
        ),
        "than its leaf",
    ),
    Tampering("the end of the record is cut", cut_the_end, "saw another"),
    Tampering(
        "a cosignature is forged",
        lambda a, _b: forge_cosignature(a),
        "did not vouch",
    ),
)


def told(here: Country, there: Country, folder: Path, restored: str) -> dict[str, str]:
    """Return for each tampering what the look said of it, or nothing where it saw nothing.

    Both countries' books must hold before. The one that was restored is not the one tampered with:
    of that one more is excused.
    """
    first, second = sorted((here, there), key=lambda c: c.country == restored)
    return {each.name: _tried(each, (first, second), folder, restored) for each in TAMPERINGS}


def _tried(each: Tampering, countries: Sequence[Country], folder: Path, restored: str) -> str:
    copies = []
    for one_ in countries:
        copy = folder / one_.country
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree((one_.data / DATABASE).parent, copy / DATABASE.parent)
        copies.append(copy)
    first, second = (closing(sqlite3.connect(copy / DATABASE)) for copy in copies)
    with first as a, second as b:
        for db in (a, b):
            # Whoever holds the file is stopped by no trigger in it.
            for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                db.execute(f'DROP TRIGGER "{name}"')
        each.does(a, b)
        a.commit()
        b.commit()
    books = [
        channel_check.read(c.country, copy, c.log)
        for c, copy in zip(countries, copies, strict=True)
    ]
    found = channel_check.faults(books[0], books[1], restored=restored)
    return next((fault for fault in found if each.report in fault), "")
