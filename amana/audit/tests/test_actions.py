"""The record on a real database: it grows, cannot be rewritten, and is emptied only on record."""

import json

import pytest
from django.db import DatabaseError, connection, transaction

from amana.audit import actions, queries, rules
from amana.audit.models import Alarm, Cosigned, Entry, Head, Witnessed
from amana.audit.rules import Fault, Offered, Trouble, Verdict
from amana.crypto import merkle, notes
from amana.crypto.notes import Checkpoint
from amana.crypto.secrets import Seed, leaf_hash
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db
OURS, THEIRS = Seed(b"\x01" * 32), Seed(b"\x02" * 32)
LOG, WITNESS = "amana/MA/1", "amana/CI/1"
KEYS = {LOG: notes.keys_of(OURS, LOG), WITNESS: notes.keys_of(THEIRS, WITNESS)}


def act(n: int = 1) -> None:
    """Put some acts on record."""
    for i in range(n):
        actions.record(at=NOW, actor="a", verb="case.open", subject=str(i), reason="CARE")


def tamper(statement: str) -> None:
    """Change a table behind the application's back."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def cosigned(size: int) -> None:
    """Let the other country vouch for the first `size` entries."""
    checkpoint = Checkpoint(LOG, size, merkle.root(queries.leaves(size)))
    note = notes.signed(OURS, checkpoint, at=10)
    lines = notes.cosigned(THEIRS, WITNESS, checkpoint, at=11)
    whole = bytes(notes.Note(note.text, note.lines + lines))
    actions.keep_cosigned(witness=WITNESS, size=size, note=whole, now=NOW)


def test_every_act_grows_the_tree_by_one_leaf() -> None:
    for size in range(1, 20):
        act()
        head = queries.head()
        assert head.size == queries.length() == size
        assert head.root == merkle.root(queries.leaves(size))
        assert len(head.frontier) == 32 * size.bit_count()
    assert queries.first_fault() is None
    assert [e["seq"] for e in queries.latest(2)] == [19, 18]


def test_an_act_that_is_undone_leaves_neither_entry_nor_leaf() -> None:
    act(3)
    before = queries.head()
    with transaction.atomic():
        act(2)
        transaction.set_rollback(True)

    assert queries.head() == before
    act()
    assert queries.first_fault() is None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry WHERE seq = 2",
        "UPDATE audit_entry SET leaf = salt WHERE seq = 2",
        "UPDATE audit_entry SET event = salt WHERE seq = 2",
        "UPDATE audit_entry SET salt = NULL WHERE seq = 2",
        "UPDATE audit_entry SET event = NULL WHERE seq = 2",
        "UPDATE audit_entry SET seq = 9, salt = NULL, event = NULL WHERE seq = 2",
        "UPDATE audit_entry SET leaf = salt, salt = NULL, event = NULL WHERE seq = 2",
    ],
)
def test_the_database_lets_an_entry_be_emptied_and_nothing_else(statement: str) -> None:
    act(3)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(statement)

    assert queries.first_fault() is None


def test_an_emptied_entry_says_nothing_and_still_proves_its_place() -> None:
    act(5)
    leaf = bytes(Entry.objects.get(pk=2).leaf)

    actions.empty_entry(2, at=NOW, actor="a", reason="ERASED")

    entry = Entry.objects.get(pk=2)
    assert (entry.salt, entry.event, bytes(entry.leaf)) == (None, None, leaf)
    assert queries.first_fault() is None
    assert queries.latest(1)[0]["verb"] == rules.EMPTIED
    assert 2 not in [e["seq"] for e in queries.latest(9)]
    cosigned(6)
    proof = queries.proof_of(2)
    assert proof is not None
    assert proof.extra == leaf
    assert merkle.is_included(leaf, 1, 6, proof.hashes, queries.head().root)


def test_an_entry_is_emptied_once_and_its_emptying_never() -> None:
    act(2)
    actions.empty_entry(1, at=NOW, actor="a", reason="ERASED")
    actions.empty_entry(1, at=NOW, actor="a", reason="ERASED")

    assert queries.length() == 3
    with pytest.raises(ValueError, match="stay on record"):
        actions.empty_entry(3, at=NOW, actor="a", reason="ERASED")


def test_an_entry_that_somebody_emptied_without_a_word_counts_as_altered() -> None:
    act(4)
    tamper("UPDATE audit_entry SET salt = NULL, event = NULL WHERE seq = 3")

    assert queries.first_fault() == Fault(3, "altered")


def test_a_head_that_was_set_back_is_seen() -> None:
    act(4)
    Head.objects.update(size=3)

    assert queries.first_fault() == Fault(4, "added")


# Proofs.


def test_a_printed_proof_carries_all_that_its_reader_needs() -> None:
    act(9)
    cosigned(7)

    proof = queries.proof_of(5)

    assert proof is not None
    salt, event = proof.extra[:32], proof.extra[32:]
    checkpoint = notes.read_checkpoint(notes.read_note(proof.note).text)
    assert json.loads(event)["verb"] == "case.open"
    assert merkle.is_included(leaf_hash(salt, event), proof.index, 7, proof.hashes, checkpoint.root)
    assert queries.proof_of(8) is None
    assert queries.proof_of(99) is None


def test_what_a_witness_vouched_for_must_still_be_here() -> None:
    act(6)
    cosigned(6)
    assert queries.faults_of_witnesses(KEYS[LOG], KEYS) == []
    assert queries.faults_of_witnesses(KEYS[WITNESS], KEYS)
    assert queries.faults_of_witnesses(KEYS[LOG], {WITNESS: KEYS[LOG]})
    assert queries.faults_of_witnesses(KEYS[LOG], {}) == []

    # Somebody rewrites the whole record, head and all: only the witness's word is left.
    tamper("DROP TRIGGER audit_entry_is_kept" + (" ON audit_entry" * _is_postgresql()))
    Entry.objects.all().delete()
    Head.objects.all().delete()
    act(8)

    assert queries.first_fault() is None
    assert queries.faults_of_witnesses(KEYS[LOG], KEYS) == [
        f"an entry before 7 is not what {WITNESS} saw"
    ]


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


# Witnessing the other country's log.


def bring(leaves: list[bytes], old: int, at: int) -> Verdict:
    """Let the other country bring a checkpoint."""
    checkpoint = Checkpoint(WITNESS, len(leaves), merkle.root(leaves))
    note = bytes(notes.signed(THEIRS, checkpoint, at=at))
    proof = merkle.consistency_proof(leaves, old) if old <= len(leaves) else []
    offered = Offered(checkpoint, at, old, proof, note)
    return actions.witness(offered, country="CI", said_by=LOG, now=NOW)[0]


def alarms() -> list[tuple[str, str]]:
    return [(alarm.country, alarm.kind) for alarm in queries.open_alarms()]


def test_a_log_that_grows_is_remembered_and_raises_no_alarm() -> None:
    leaves = [bytes([n]) * 32 for n in range(9)]

    assert bring(leaves[:4], 0, at=1) is Verdict.GROWN
    assert bring(leaves, 4, at=2) is Verdict.GROWN

    row = Witnessed.objects.get()
    assert (row.size, bytes(row.root), row.signed_at) == (9, merkle.root(leaves), 2)
    assert alarms() == []
    assert queries.faults_of_witnesses(KEYS[LOG], KEYS) == []


def test_a_fork_and_a_rollback_are_alarms_with_their_evidence_and_once_on_record() -> None:
    leaves = [bytes([n]) * 32 for n in range(9)]
    bring(leaves, 0, at=1)

    for at in (2, 3):
        assert bring([bytes(32), *leaves], 9, at=at) is Verdict.FORKED
        assert bring(leaves[:5], 5, at=at) is Verdict.SHORTER

    assert alarms() == [("CI", "forked"), ("CI", "shorter")]
    assert [e["kind"] for e in queries.latest(9)] == ["shorter", "forked"]
    evidence = Alarm.objects.get(kind=Trouble.SHORTER.value)
    assert notes.read_checkpoint(notes.read_note(bytes(evidence.note)).text).size == 5
    # What was vouched for stays: the log that is true may still come back.
    assert Witnessed.objects.get().size == 9
    assert bring([*leaves, bytes(32)], 9, at=4) is Verdict.GROWN
    assert alarms() == [("CI", "forked"), ("CI", "shorter")]


def test_silence_ends_with_the_next_word_and_a_new_log_ends_every_alarm() -> None:
    leaves = [bytes([n]) * 32 for n in range(4)]
    bring(leaves, 0, at=1)
    for kind in Trouble:
        actions.raise_alarm(kind, country="CI", said_by=LOG, size=0, note=b"", now=NOW)

    bring(leaves, 4, at=2)
    # The next word of the same log ends its silence and nothing else.
    assert {kind for _, kind in alarms()} == {k.value for k in Trouble} - {"silent"}

    checkpoint = Checkpoint("amana/CI/2", 4, merkle.root(leaves))
    offered = Offered(checkpoint, 3, 0, [], b"")
    assert actions.witness(offered, country="CI", said_by=LOG, now=NOW)[0] is Verdict.GROWN
    assert alarms() == []


def test_a_witness_that_vouches_again_takes_back_what_it_said() -> None:
    act(2)
    actions.raise_alarm(Trouble.SHORTER, country="MA", said_by=WITNESS, size=9, note=b"", now=NOW)

    cosigned(2)

    assert alarms() == []
    assert Cosigned.objects.get().size == queries.cosigned_size(WITNESS) == 2
