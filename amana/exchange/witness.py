"""Each country watches the other's record: checkpoints out, cosignatures back, silence noticed.

A node tells its partners and every configured third witness the head of its record's tree, with the
proof that it grew out of what they last saw. The requests and the answers are those of C2SP
tlog-witness; to a partner the request travels in a frame that the node signs, so that nobody else
can make it look as if the log had forked. What a witness sees are sizes and hashes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from amana.audit import actions as audit
from amana.audit import queries as record
from amana.audit.rules import Offered, Tree, Trouble, Verdict
from amana.crypto import merkle, notes
from amana.crypto.framing import BadFrame, is_signed_by, pack, read
from amana.crypto.notes import BadNote, Checkpoint, Note, Request, VerifierKey
from amana.crypto.secrets import new_id
from amana.exchange import queries, rules
from amana.exchange.carrier import Answer, NotCarried, carry
from amana.exchange.directory import Directory
from amana.exchange.rules import Outer, Reason, ThirdWitness, Unacceptable

PATH, THIRD_PATH = "/exchange/checkpoints", "/add-checkpoint"
# What a witness of tlog-witness answers.
COSIGNED, CONFLICT, UNPROVEN = 200, 409, 422
KIND_OF_ANSWER = {COSIGNED: "text/plain", CONFLICT: "text/x.tlog.size", UNPROVEN: "text/plain"}
# How often a witness is asked anew from the size that it says it knows.
ATTEMPTS = 3
# Longer than any carrying takes; a frame that somebody kept is void after it.
FRAME_LIFE = timedelta(hours=1)

Post = Callable[..., Answer]


# Witnessing a partner's log.


def answer(parcel: bytes, *, caller: str, now: datetime) -> tuple[int, bytes]:
    """Judge a partner's checkpoint; return the status and the words of a witness.

    A fork or a rollback raises the alarm here. Raises Unacceptable for what is not the partner's.
    """
    directory = queries.peer_directory(caller, now, grace=rules.READING_GRACE)
    own = queries.own()
    try:
        offered = _offered(_opened(parcel, directory, now), directory)
    except (BadFrame, BadNote):
        raise Unacceptable(Reason.MALFORMED) from None
    if offered.signed_at > (now + rules.CLOCK_TOLERANCE).timestamp():
        raise Unacceptable(Reason.FROM_THE_FUTURE)
    verdict, known = audit.witness(offered, country=caller, said_by=own.log_name, now=now)
    if verdict in (Verdict.GROWN, Verdict.SEEN):
        at = int(now.timestamp())
        lines = notes.cosigned(own.seed, own.log_name, offered.checkpoint, at=at)
        return COSIGNED, "".join(map(str, lines)).encode()
    if verdict is Verdict.FORKED and offered.checkpoint.size != known:
        return UNPROVEN, b""
    return CONFLICT, f"{known}\n".encode()


def _opened(parcel: bytes, directory: Directory, now: datetime) -> bytes:
    frame = read(parcel, padded=False)
    if not is_signed_by(frame, rules.CHECKPOINT, directory.node.signer):
        raise Unacceptable(Reason.CHANGED)
    rules.check_outer(rules.read_outer(frame.header), own_country=queries.own().country, now=now)
    return frame.body


def _offered(body: bytes, directory: Directory) -> Offered:
    request = notes.read_request(body)
    note = notes.read_note(request.note)
    checkpoint = notes.read_checkpoint(note.text)
    if checkpoint.origin != directory.log_name:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    if request.old > checkpoint.size:
        raise BadNote("grown from a larger tree")
    signed_at = notes.signed_at(note, notes.of_kinds(directory.log, notes.LOG_KINDS))
    return Offered(checkpoint, signed_at, request.old, request.proof, request.note)


# Having the own log witnessed: the worker's part.


@dataclass(frozen=True)
class _Witness:
    """Whom to tell: a partner, by its directory, or a third witness, by this node's settings."""

    name: str
    keys: Sequence[VerifierKey]
    url: str
    host: str
    country: str = ""


def tell_all(now: datetime, via: Post = carry) -> int:
    """Tell every witness the head of the own log; return how many vouched for it."""
    told = 0
    for witness in _witnesses(now):
        try:
            told += _tell(witness, now, via)
        except (NotCarried, BadNote):
            # It is told again in a while, and what it does not hear it notices by itself.
            continue
    return told


def _witnesses(now: datetime) -> list[_Witness]:
    """Return the pinned partners whose directory can be read, and the configured witnesses."""
    found = [_third(witness) for witness in queries.own().witnesses]
    for peer in queries.peers():
        try:
            directory = queries.peer_directory(peer.country, now, grace=rules.READING_GRACE)
        except Unacceptable:
            continue
        keys = notes.of_kinds(directory.log, notes.WITNESS_KINDS)
        url = directory.url + PATH
        found.append(_Witness(directory.log_name, keys, url, directory.host, peer.country))
    return found


def _third(witness: ThirdWitness) -> _Witness:
    keys = notes.of_kinds([notes.read_key(witness.key)], notes.WITNESS_KINDS)
    return _Witness(witness.name, keys, witness.url + THIRD_PATH, urlsplit(witness.url).netloc)


def _tell(witness: _Witness, now: datetime, via: Post) -> bool:
    own, tree = queries.own(), record.head()
    checkpoint = Checkpoint(own.log_name, tree.size, tree.root)
    note = notes.signed(own.seed, checkpoint, at=int(now.timestamp()))
    known = min(record.cosigned_size(witness.name), tree.size)
    for _ in range(ATTEMPTS):
        old = known
        said = _asked(witness, tree, old, note, now, via)
        known = notes.read_size(said.body) if said.status == CONFLICT else old
        if known == old or known > tree.size:
            break
    else:
        # Its head moves while it is asked, as when the line doubles what is sent: no fork is that.
        return False
    if said.status == COSIGNED:
        _keep(witness, note, tree.size, said.body, now)
        return True
    if said.status in (CONFLICT, UNPROVEN):
        # The witness remembers a log that this node does not have: it says so here as well.
        kind = Trouble.SHORTER if known > tree.size else Trouble.FORKED
        audit.raise_alarm(
            kind, country=own.country, said_by=witness.name, size=known, note=bytes(note), now=now
        )
    return False


def _asked(witness: _Witness, tree: Tree, old: int, note: Note, now: datetime, via: Post) -> Answer:
    leaves = record.leaves(tree.size) if 0 < old < tree.size else []
    proof = merkle.consistency_proof(leaves, old) if old <= len(leaves) else []
    own, request = queries.own(), bytes(Request(old, proof, bytes(note)))
    if witness.country:
        outer = Outer(1, witness.country, new_id(), (now + FRAME_LIFE).isoformat())
        request = pack(rules.CHECKPOINT, rules.encode(outer), request, own.seed, padded=False)
    said = via(url=witness.url, host=witness.host, sender=own.country, parcel=request)
    if said.status not in KIND_OF_ANSWER:
        raise NotCarried(f"status {said.status}")
    return said


def _keep(witness: _Witness, note: Note, size: int, lines: bytes, now: datetime) -> None:
    whole = Note(note.text, (*note.lines, *notes.read_lines(lines)))
    notes.signed_at(whole, witness.keys)
    kept = Note(note.text, (*note.lines, *notes.lines_by(whole, witness.keys)))
    audit.keep_cosigned(witness=witness.name, size=size, note=bytes(kept), now=now)


# Listening.


class Listener:
    """How long each partner's log has said nothing, on a clock that nobody can set.

    A node that was down itself begins to listen anew and blames nobody for its own absence.
    """

    def __init__(self, tick: Callable[[], float]) -> None:
        self._tick = tick
        self._heard: dict[str, tuple[datetime | None, float]] = {}

    def listen(self, now: datetime) -> None:
        """Raise the alarm over every partner whose log has been silent for too long."""
        own = queries.own()
        for witness in _witnesses(now):
            if not witness.country:
                continue
            last, present = record.last_heard(witness.name), self._tick()
            before, since = self._heard.get(witness.name, (None, present))
            if last != before:
                since = present
            self._heard[witness.name] = (last, since)
            if present - since > own.silence:
                audit.raise_alarm(
                    Trouble.SILENT,
                    country=witness.country,
                    said_by=own.log_name,
                    size=0,
                    note=b"",
                    now=now,
                )
