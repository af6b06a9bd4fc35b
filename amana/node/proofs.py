"""`amana verify` and `amana proof`: the record, its witnesses, one entry's printed proof."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from amana.crypto import merkle, notes
from amana.crypto.notes import BadNote, Checkpoint, Note, Proof, VerifierKey
from amana.crypto.secrets import SIZE, leaf_hash
from amana.exchange import rules
from amana.exchange.directory import Directory, fingerprint_in, open_directory
from amana.exchange.rules import Unacceptable
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.node.config import load
from amana.node.lifecycle import use


def verify_node(data: Path) -> int:
    """Prove the record from its first entry to its head, and every checkpoint kept beside it."""
    load(data)
    use(data)
    from amana.audit import queries as audit  # noqa: PLC0415
    from amana.audit.rules import Trouble  # noqa: PLC0415

    fault = audit.first_fault()
    if fault is not None:
        print(f"amana: {_words(fault.seq, fault.what)}", file=sys.stderr)
        return 1
    own, partners = _keys()
    faults = audit.faults_of_witnesses(own, partners)
    faults += [
        f"the log of {alarm.country} is {alarm.kind} since {alarm.at.isoformat()}"
        for alarm in audit.open_alarms()
        if alarm.kind != Trouble.SILENT
    ]
    for line in faults:
        print(f"amana: {line}", file=sys.stderr)
    if faults:
        return 1
    print(f"The record is whole: {audit.length()} entries.")
    for row in audit.cosigned():
        print(f"{row.witness} vouched for the first {row.size}, at {row.at.isoformat()}.")
    for seen in audit.witnessed():
        print(f"The first {seen.size} entries of {seen.origin} were vouched for here.")
    return 0


def _words(seq: int, what: str) -> str:
    if what == "rewritten":
        return "entries were rewritten: each agrees with itself, together they are another record"
    return f"entry {seq} is {what}; everything before it is whole"


def _keys() -> tuple[Sequence[VerifierKey], dict[str, Sequence[VerifierKey]]]:
    """Return the keys of the own log, and those of every partner and configured witness by name."""
    from django.conf import settings  # noqa: PLC0415

    from amana.exchange import queries as exchange  # noqa: PLC0415

    own, now = exchange.own(), settings.CLOCK.now()
    partners: dict[str, Sequence[VerifierKey]] = {
        witness.name: [notes.read_key(witness.key)] for witness in own.witnesses
    }
    for peer in exchange.peers():
        directory = exchange.peer_directory(peer.country, now, grace=rules.FOR_EVER)
        partners[directory.log_name] = directory.log
    return notes.keys_of(own.seed, own.log_name), partners


def print_proof(data: Path, seq: int) -> int:
    """Print the proof of one entry, with what the entry says."""
    load(data)
    use(data)
    from amana.audit import queries as audit  # noqa: PLC0415

    proof = audit.proof_of(seq)
    if proof is None:
        raise Failed(f"entry {seq} is not there, or no witness has vouched for it yet")
    sys.stdout.write(bytes(proof).decode())
    return 0


def export_evidence(data: Path, code: str, out: Path) -> int:
    """Write the evidence of one referral; that it left is on record."""
    load(data)
    use(data)
    from django.conf import settings  # noqa: PLC0415

    from amana.referrals import actions, queries  # noqa: PLC0415

    referral = queries.by_code(code)
    if referral is None:
        raise Failed("no referral of this code")
    try:
        # Never over another file: evidence that was handed on stays what it was.
        with out.open("xb") as file:
            file.write(
                actions.export_evidence(referral=referral, by="command", now=settings.CLOCK.now())
            )
    except OSError:
        raise Failed(f"{out} cannot be written, or is there already") from None
    print(f"Written to {out}. Anybody can verify it: python tools/verify_evidence.py")
    return 0


def verify_proof(file: Path, directories: Sequence[Path]) -> int:
    """Check a printed proof against the keys in signed directories; needs no node and no network.

    Prints whose roots those directories bear: a reader compares them with what he was told.
    """
    try:
        proof = notes.read_proof(file.read_bytes())
        note = notes.read_note(proof.note)
        checkpoint = notes.read_checkpoint(note.text)
    except (OSError, BadNote) as problem:
        raise Failed(f"{file} is no proof: {problem}") from None
    known = [_directory(path) for path in directories]
    log = next((d for d in known if d.log_name == checkpoint.origin), None)
    if log is None:
        raise Failed(f"none of these directories names the log {checkpoint.origin}")
    try:
        notes.signed_at(note, notes.of_kinds(log.log, notes.LOG_KINDS))
        witnesses = [_vouched(note, other) for other in known if other is not log]
    except BadNote as problem:
        raise Failed(f"the checkpoint is not what was signed: {problem}") from None
    if not _is_in(proof, checkpoint):
        raise Failed("the entry is not in the tree that was signed")
    _say(proof, checkpoint, witnesses)
    return 0


def _directory(path: Path) -> Directory:
    try:
        file = path.read_bytes()
        print_ = fingerprint_in(file)
        now = Clock(None, is_demo=False).now()
        directory = open_directory(file, pinned=print_, now=now, grace=rules.FOR_EVER)
    except (OSError, Unacceptable) as problem:
        raise Failed(f"{path} is no directory: {problem}") from None
    print(f"Keys of {directory.country}, under the root {print_}")
    return directory


def _vouched(note: Note, witness: Directory) -> str:
    """Return when a witness vouched for the checkpoint; raises BadNote when it did not."""
    at = notes.signed_at(note, notes.of_kinds(witness.log, notes.WITNESS_KINDS))
    return f"{witness.log_name} vouched for that at {datetime.fromtimestamp(at, UTC).isoformat()}."


def _is_in(proof: Proof, checkpoint: Checkpoint) -> bool:
    """Say whether what the proof carries is the leaf at its place."""
    if len(proof.extra) < SIZE:
        return False
    salt, event = proof.extra[:SIZE], proof.extra[SIZE:]
    leaf = leaf_hash(salt, event) if event else proof.extra
    size, root = checkpoint.size, checkpoint.root
    return merkle.is_included(leaf, proof.index, size, proof.hashes, root)


def _say(proof: Proof, checkpoint: Checkpoint, witnesses: Sequence[str]) -> None:
    place = f"Entry {proof.index + 1} of {checkpoint.origin}, of {checkpoint.size}"
    event = proof.extra[SIZE:]
    if not event:
        print(f"{place}, was emptied; its place is proved.")
    else:
        # Read back and written anew, so that no byte of a stranger's reaches the terminal.
        print(f"{place}: {_plain(event)}")
    print(
        "\n".join(witnesses) or "No witness was asked for: give --directory of the other country."
    )


def _plain(event: bytes) -> str:
    try:
        return json.dumps(json.loads(event), ensure_ascii=True, sort_keys=True)
    except ValueError:
        return event.hex()
