"""Reading the record, its head, and what witnesses saw."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BinaryField, F, Func, IntegerField, Q, Value

from amana.audit import rules
from amana.audit.models import Alarm, Cosigned, Entry, Head, Witnessed
from amana.crypto import merkle, notes
from amana.crypto.notes import BadNote, Checkpoint, Proof, VerifierKey


def first_fault() -> rules.Fault | None:
    """Return the first altered, missing or cut entry of the whole record, or None."""
    return rules.first_fault(Entry.objects.order_by("seq").iterator(chunk_size=2000), head())


def head() -> rules.Tree:
    """Return the head of the record's tree."""
    row = Head.objects.filter(only=1).first()
    if row is None:
        return rules.Tree()
    return rules.Tree(row.size, bytes(row.frontier), bytes(row.root))


def length() -> int:
    """Return the number of entries that the record must hold."""
    return Head.objects.values_list("size", flat=True).first() or 0


def latest(n: int) -> list[dict[str, Any]]:
    """Return the last `n` events, newest first, as they were written; emptied ones say nothing."""
    entries = Entry.objects.exclude(event=None).order_by("-seq")[:n]
    return [{"seq": e.seq, **json.loads(bytes(e.event or b"{}"))} for e in entries]


def leaves(size: int) -> list[bytes]:
    """Return the first `size` leaves."""
    found = Entry.objects.filter(seq__lte=size).order_by("seq")
    return [bytes(leaf) for leaf in found.values_list("leaf", flat=True)]


def cosigned() -> list[Cosigned]:
    """Return what each witness last vouched for, the largest first."""
    return list(Cosigned.objects.order_by("-size", "witness"))


def cosigned_size(witness: str) -> int:
    """Return the size of this log that a witness last vouched for."""
    found = Cosigned.objects.filter(pk=witness).values_list("size", flat=True)
    return found.first() or 0


def witnessed() -> list[Witnessed]:
    """Return the last checkpoint of every log that this node vouched for."""
    return list(Witnessed.objects.order_by("origin"))


def open_alarms() -> list[Alarm]:
    """Return the alarms that have not ended, oldest first."""
    return list(Alarm.objects.filter(ended_at=None).order_by("at", "pk"))


def proof_of(seq: int) -> Proof | None:
    """Return the printed proof of one entry under the largest checkpoint that somebody cosigned.

    It carries salt and event, so that whoever holds it can make the leaf; of an emptied entry only
    the leaf. None when the entry is not there or no witness has seen it yet.
    """
    entry = Entry.objects.filter(pk=seq).first()
    rows = [row for row in cosigned() if row.size >= seq]
    if entry is None or not rows:
        return None
    all_leaves = leaves(rows[0].size)
    if len(all_leaves) != rows[0].size:
        return None
    content = bytes(entry.salt or b"") + bytes(entry.event or b"")
    return Proof(
        index=seq - 1,
        hashes=merkle.inclusion_proof(all_leaves, seq - 1),
        note=_under_one_text([bytes(row.note) for row in rows]),
        extra=content or bytes(entry.leaf),
    )


def entries_about(
    subjects: Collection[str], verbs: Collection[str], *, witness: str
) -> tuple[str, dict[str, list[str]]]:
    """Return a checkpoint that this witness vouched for, and proofs of the entries about subjects.

    A proof is the part of a tlog-proof above its note, so that the note is told once; the two texts
    with an empty line between them are the whole. Empty when the witness has vouched for nothing.
    """
    row = Cosigned.objects.filter(pk=witness).first()
    all_leaves = leaves(row.size) if row else []
    if row is None or len(all_leaves) != row.size:
        return "", {}
    found: dict[str, list[str]] = {}
    rows = Entry.objects.filter(seq__lte=row.size).exclude(event=None).order_by("seq")
    for entry in rows.iterator(chunk_size=2000):
        said = json.loads(bytes(entry.event or b"{}"))
        if said["subject"] in subjects and said["verb"] in verbs:
            hashes = merkle.inclusion_proof(all_leaves, entry.seq - 1)
            extra = bytes(entry.salt or b"") + bytes(entry.event or b"")
            proof = bytes(Proof(entry.seq - 1, hashes, b"", extra)).decode()
            found.setdefault(said["subject"], []).append(proof.removesuffix("\n"))
    return bytes(row.note).decode(), found


@dataclass(frozen=True)
class Told:
    """One act of the record, as a page tells it."""

    at: datetime
    actor: str
    verb: str
    codes: Mapping[str, str]


# As far back as a page goes; the whole record is read by `amana verify` and an auditor.
MOST_ACTS = 300


def acts_on(subject: str) -> list[Told]:
    """Return what was done about one subject, the newest first; what was erased is not there.

    The record has no index by subject: the database looks through it from its end for the exact
    bytes, which nothing else in an event can be. Seldom asked, by one person about one case.
    """
    wanted = Value(f'"subject":"{subject}"'.encode(), BinaryField())
    rows = Entry.objects.annotate(found=_PlaceIn(F("event"), wanted)).filter(found__gt=0)
    events = [json.loads(bytes(row.event or b"{}")) for row in rows.order_by("-seq")[:MOST_ACTS]]
    return [_told(event) for event in events]


# So many of the newest entries are looked through for what was done: they have no index by it.
MOST_LOOKED_THROUGH = 50_000


def months_of(verbs: Collection[str]) -> Counter[tuple[str, str]]:
    """Return how often each of these acts was done in which month of UTC: (verb, "2026-11")."""
    places = {
        f"at_{n}": _PlaceIn(F("event"), Value(f'"verb":"{verb}"'.encode(), BinaryField()))
        for n, verb in enumerate(verbs)
    }
    wanted = reduce(or_, (Q(**{f"{name}__gt": 0}) for name in places))
    rows = Entry.objects.filter(seq__gt=length() - MOST_LOOKED_THROUGH).annotate(**places)
    events = [json.loads(bytes(row.event or b"{}")) for row in rows.filter(wanted)]
    found = [(event["verb"], datetime.fromisoformat(event["at"])) for event in events]
    return Counter((verb, f"{at.astimezone(UTC):%Y-%m}") for verb, at in found)


def _told(event: Mapping[str, Any]) -> Told:
    codes = {k: str(v) for k, v in event.items() if k not in ("at", "actor", "verb", "subject")}
    return Told(datetime.fromisoformat(event["at"]), event["actor"], event["verb"], codes)


class _PlaceIn(Func):
    """Where some bytes stand in others, counted from one; 0 where they do not."""

    function = "instr"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **_extra: Any) -> Any:  # noqa: ANN401
        held, wanted = self.get_source_expressions()
        turned = self.copy()
        turned.set_source_expressions([wanted, held])
        return turned.as_sql(
            compiler,
            connection,
            function="position",
            arg_joiner=" in ",
            template="%(function)s(%(expressions)s)",
        )


def proof_to(witness: str, seq: int) -> Proof | None:
    """Return the proof of an entry under the checkpoint that one witness vouched for last."""
    row = Cosigned.objects.filter(pk=witness, size__gte=seq).first()
    entry = Entry.objects.filter(pk=seq).first()
    if row is None or entry is None:
        return None
    hashes = merkle.inclusion_proof(leaves(row.size), seq - 1)
    content = bytes(entry.salt or b"") + bytes(entry.event or b"")
    return Proof(index=seq - 1, hashes=hashes, note=bytes(row.note), extra=content)


def _under_one_text(rows: Sequence[bytes]) -> bytes:
    """Return the first note with the lines of all that have its text."""
    first, *others = (notes.read_note(row) for row in rows)
    same_text = [note for note in others if note.text == first.text]
    lines = dict.fromkeys([*first.lines, *(line for note in same_text for line in note.lines)])
    # A log signs anew for every witness: of its own lines the first pair is enough.
    taken: dict[tuple[str, bytes], notes.Line] = {}
    for line in lines:
        taken.setdefault((line.name, line.key_id), line)
    return bytes(notes.Note(first.text, tuple(taken.values())))


def faults_of_witnesses(
    own: Sequence[VerifierKey], partners: Mapping[str, Sequence[VerifierKey]]
) -> list[str]:
    """Say what does not hold of the checkpoints kept here: of the own log's, and of the partners'.

    `partners` are the keys of every node and witness that is known today, by name; of one that is
    no longer known only the tree is checked. The sentences are for a person.
    """
    all_leaves = leaves(length())
    found = []
    for row in cosigned():
        checkpoint = _checked(bytes(row.note), own, notes.LOG_KINDS)
        keys = partners.get(row.witness)
        vouched = keys is None or _checked(bytes(row.note), keys, notes.WITNESS_KINDS)
        if checkpoint is None or not vouched:
            found.append(f"the checkpoint at {row.size} is not signed as {row.witness} signed it")
        elif checkpoint.size > len(all_leaves):
            found.append(f"{row.witness} saw {checkpoint.size} entries; {len(all_leaves)} are here")
        elif merkle.root(all_leaves[: checkpoint.size]) != checkpoint.root:
            found.append(f"an entry before {checkpoint.size + 1} is not what {row.witness} saw")
    for seen in witnessed():
        if seen.size and seen.origin in partners:
            checkpoint = _checked(bytes(seen.note), partners[seen.origin], notes.LOG_KINDS)
            if checkpoint != Checkpoint(seen.origin, seen.size, bytes(seen.root)):
                found.append(f"what was witnessed of {seen.origin} is not what it signed")
    return found


def _checked(note: bytes, keys: Sequence[VerifierKey], kinds: Sequence[int]) -> Checkpoint | None:
    """Return the checkpoint of a note when these keys signed it."""
    try:
        read = notes.read_note(note)
        notes.signed_at(read, notes.of_kinds(keys, kinds))
        return notes.read_checkpoint(read.text)
    except BadNote:
        return None


def last_heard(origin: str) -> datetime | None:
    """Return when a log last brought a checkpoint that this node vouched for."""
    return Witnessed.objects.filter(pk=origin).values_list("seen_at", flat=True).first()
