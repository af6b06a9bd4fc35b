"""What logs and witnesses say to each other, in the formats of C2SP, so that any tool can check it.

    signed-note        a text, an empty line, signature lines: — NAME base64(key id || signature)
    tlog-checkpoint    the text of a note: origin, size, root, a line each
    tlog-cosignature   Ed25519 (type 0x04) and ML-DSA-44 (type 0x06), each with the time of signing
    tlog-witness       the request with which a log asks for a cosignature
    tlog-proof         one entry's place in a checkpoint, to be printed and checked offline

A log signs its checkpoint with a plain Ed25519 signature (0x01), which every tool reads, and with
ML-DSA-44 (0x06), as tlog-checkpoint recommends; a witness with 0x04 and 0x06. What is read comes
from strangers: it is bounded, exact to the byte, and refused with BadNote alone.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from amana.crypto.merkle import DEEPEST
from amana.crypto.secrets import SIZE, Seed, derive, digest

PLAIN_ED25519, ED25519, ML_DSA_44 = 0x01, 0x04, 0x06
LOG_KINDS, WITNESS_KINDS = (PLAIN_ED25519, ML_DSA_44), (ED25519, ML_DSA_44)
_PUBLIC_SIZES = {PLAIN_ED25519: 32, ED25519: 32, ML_DSA_44: 1312}

# Sixteen signatures must be taken; thirty-two of the largest kind still fit.
LARGEST_NOTE = 128 * 1024
MOST_LINES = 32
LARGEST_EXTRA = 16 * 1024
LARGEST_NUMBER = 2**63 - 1
PROOF = "c2sp.org/tlog-proof@v1"


class BadNote(ValueError):
    """These bytes are no note, no checkpoint, no proof, or not signed by whom they must be."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name, for one type of signature; written as a C2SP vkey."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that a signature line begins with: a name, not a proof."""
        return digest(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_b64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True)
class Line:
    """One signature of a note, not yet verified."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_b64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A text with the lines under it. Nobody has vouched for it until `signed_at` says when."""

    text: str
    lines: tuple[Line, ...]

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.lines))).encode()


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: whose it is, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text of the note that carries it."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


@dataclass(frozen=True)
class Request:
    """What a log sends to a witness: the size that it saw last, the way from there, the note."""

    old: int
    proof: list[bytes]
    note: bytes

    def __bytes__(self) -> bytes:
        return f"old {self.old}\n{_lines(self.proof)}\n".encode() + self.note


@dataclass(frozen=True)
class Proof:
    """One entry's place in a checkpoint; `extra` is what its leaf is made of, unauthenticated."""

    index: int
    hashes: list[bytes]
    note: bytes
    extra: bytes = b""

    def __bytes__(self) -> bytes:
        extra = f"extra {_b64(self.extra)}\n" if self.extra else ""
        head = f"{PROOF}\n{extra}index {self.index}\n{_lines(self.hashes)}\n"
        return head.encode() + self.note


# Reading.


def read_key(text: str) -> VerifierKey:
    """Return a vkey; raises BadNote."""
    name, _, rest = text.partition("+")
    stated, _, material = rest.partition("+")
    data = _unb64(material)
    kind, public = data[:1], data[1:]
    if not kind or _PUBLIC_SIZES.get(kind[0]) != len(public):
        raise BadNote("a key of no type that is known here")
    key = VerifierKey(_name(name), kind[0], public)
    if key.key_id.hex() != stated:
        raise BadNote("a key under an id that is not its own")
    return key


def read_note(data: bytes) -> Note:
    """Return a note with its lines, none of them verified; raises BadNote."""
    if len(data) > LARGEST_NOTE:
        raise BadNote("longer than any note")
    text, gap, under = _text(data).rpartition("\n\n")
    if not gap or not text:
        raise BadNote("no text over signatures")
    return Note(text + "\n", tuple(read_lines(under.encode())))


def read_lines(data: bytes) -> list[Line]:
    """Return signature lines, as they stand in a note or in a witness's answer; raises BadNote."""
    if len(data) > LARGEST_NOTE:
        raise BadNote("longer than any note")
    lines = _text(data).split("\n")
    if lines.pop() or not 1 <= len(lines) <= MOST_LINES:
        raise BadNote("no signature lines, or too many, or the last is not ended")
    return [_line(line) for line in lines]


def _line(text: str) -> Line:
    dash, name, signed = [*text.split(" "), "", ""][:3]
    data = _unb64(signed)
    if dash != "—" or text.count(" ") != 2 or len(data) <= 4:
        raise BadNote("not a signature line")
    return Line(_name(name), data[:4], data[4:])


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in a note's text; raises BadNote.

    Extension lines are refused: ML-DSA-44 cosignatures do not cover them.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise BadNote("a checkpoint is three lines")
    return Checkpoint(_name(lines[0]), _number(lines[1]), _hash(lines[2]))


def read_request(data: bytes) -> Request:
    """Return what a log asks of a witness; raises BadNote."""
    head, note = _parted(data)
    old = _number(_after("old ", head[0]))
    return Request(old, [_hash(line) for line in head[1:]], note)


def read_proof(data: bytes) -> Proof:
    """Return a printed proof; raises BadNote."""
    head, note = _parted(data)
    if head.pop(0) != PROOF or not head:
        raise BadNote("not a proof")
    extra = _unb64(_after("extra ", head.pop(0))) if head[0].startswith("extra ") else b""
    if not head:
        raise BadNote("a proof of no place")
    index = _number(_after("index ", head.pop(0)))
    return Proof(index, [_hash(line) for line in head], note, extra)


def read_size(data: bytes) -> int:
    """Return the size that a witness knows, out of its answer to a stale request."""
    text = _text(data[:32])
    if not text.endswith("\n"):
        raise BadNote("not a size")
    return _number(text[:-1])


def _parted(data: bytes) -> tuple[list[str], bytes]:
    """Return the lines before the first empty line, and the note after it."""
    head, gap, note = data.partition(b"\n\n")
    if not gap or len(head) > LARGEST_EXTRA * 2 or len(note) > LARGEST_NOTE:
        raise BadNote("no note, or too long")
    lines = _text(head).split("\n")
    if len(lines) > DEEPEST + 3:
        raise BadNote("more hashes than any tree is deep")
    return lines, note


# Signing and verifying.


def keys_of(seed: Seed, name: str) -> tuple[VerifierKey, ...]:
    """Return the keys with which this seed's log and witness are verified, one for each type."""
    ed25519, mldsa = _halves(seed)
    classical = ed25519.public_key().public_bytes_raw()
    return (
        VerifierKey(name, PLAIN_ED25519, classical),
        VerifierKey(name, ED25519, classical),
        VerifierKey(name, ML_DSA_44, mldsa.public_key().public_bytes_raw()),
    )


def signed(seed: Seed, checkpoint: Checkpoint, *, at: int) -> Note:
    """Return a log's own checkpoint under its two signatures; `at` is POSIX seconds."""
    return Note(checkpoint.text, _made(seed, checkpoint.origin, checkpoint, at, LOG_KINDS))


def cosigned(seed: Seed, name: str, checkpoint: Checkpoint, *, at: int) -> tuple[Line, ...]:
    """Return the two lines with which a witness vouches for another's checkpoint."""
    return _made(seed, name, checkpoint, at, WITNESS_KINDS)


def _made(
    seed: Seed, name: str, checkpoint: Checkpoint, at: int, kinds: Iterable[int]
) -> tuple[Line, ...]:
    ed25519, mldsa = _halves(seed)
    lines = []
    for key in keys_of(seed, name):
        if key.kind in kinds:
            message = _message(key, checkpoint.text, at)
            half = mldsa if key.kind == ML_DSA_44 else ed25519
            lines.append(Line(name, key.key_id, _stamp(key.kind, at) + half.sign(message)))
    return tuple(lines)


def signed_at(note: Note, keys: Sequence[VerifierKey]) -> int:
    """Return when these keys signed a note, all of them; the earliest time that one of them gives.

    0 where none gives a time. Raises BadNote when a signature does not hold or a key's is missing.
    Lines of other keys are nobody's and are passed over.
    """
    if not keys:
        raise BadNote("nobody to vouch for it")
    times = [_time_of(note, key) for key in keys]
    return min((time for time in times if time is not None), default=0)


def lines_by(note: Note, keys: Sequence[VerifierKey]) -> tuple[Line, ...]:
    """Return the lines that bear these keys' names and ids."""
    return tuple(ln for ln in note.lines if any(_bears(ln, key) for key in keys))


def of_kinds(keys: Iterable[VerifierKey], kinds: Iterable[int]) -> list[VerifierKey]:
    """Return the keys of some types."""
    wanted = set(kinds)
    return [key for key in keys if key.kind in wanted]


def _time_of(note: Note, key: VerifierKey) -> int | None:
    mine = [line for line in note.lines if _bears(line, key)]
    if not mine:
        raise BadNote("a signature is missing")
    return max((_verified(note, line, key) or 0) for line in mine) or None


def _bears(line: Line, key: VerifierKey) -> bool:
    return line.name == key.name and line.key_id == key.key_id


def _verified(note: Note, line: Line, key: VerifierKey) -> int | None:
    """Return the time of a signature that holds; raises BadNote."""
    at, signature = None, line.signature
    if key.kind != PLAIN_ED25519:
        if len(signature) < 8:
            raise BadNote("a cosignature without its time")
        at, signature = struct.unpack(">Q", signature[:8])[0], signature[8:]
    kind = MLDSA44PublicKey if key.kind == ML_DSA_44 else Ed25519PublicKey
    try:
        kind.from_public_bytes(key.public).verify(signature, _message(key, note.text, at or 0))
    except (InvalidSignature, ValueError):
        raise BadNote("a signature does not hold") from None
    if (at or 0) > LARGEST_NUMBER:
        raise BadNote("a time that is none")
    return at


def _message(key: VerifierKey, text: str, at: int) -> bytes:
    """Return what is signed under a type: the text, the text and a time, or the bare facts."""
    if key.kind == PLAIN_ED25519:
        return text.encode()
    if key.kind == ED25519:
        return f"cosignature/v1\ntime {at}\n{text}".encode()
    checkpoint = read_checkpoint(text)
    return b"".join(
        [
            b"subtree/v1\n\0",
            _counted(key.name),
            struct.pack(">Q", at),
            _counted(checkpoint.origin),
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        ]
    )


def _stamp(kind: int, at: int) -> bytes:
    return b"" if kind == PLAIN_ED25519 else struct.pack(">Q", at)


def _halves(seed: Seed) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    # Keys for this alone: what a log signs can never be taken for a parcel or a receipt.
    return (
        Ed25519PrivateKey.from_private_bytes(derive(seed, "log/ed25519").reveal()),
        MLDSA44PrivateKey.from_seed_bytes(derive(seed, "log/ml-dsa-44").reveal()),
    )


# The parts of a line.


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadNote("not UTF-8") from None
    if re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise BadNote("a control character")
    return text


def _name(text: str) -> str:
    if not 1 <= len(text.encode()) <= 255 or "+" in text or re.search(r"\s", text):
        raise BadNote("not a name")
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text) or int(text) > LARGEST_NUMBER:
        raise BadNote("not a number")
    return int(text)


def _hash(text: str) -> bytes:
    data = _unb64(text)
    if len(data) != SIZE:
        raise BadNote("not a hash")
    return data


def _after(prefix: str, text: str) -> str:
    if not text.startswith(prefix):
        raise BadNote(f"no {prefix.strip()}")
    return text[len(prefix) :]


def _counted(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


def _lines(hashes: Iterable[bytes]) -> str:
    return "".join(f"{_b64(item)}\n" for item in hashes)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str) -> bytes:
    """Return what base64 says, when it says it in the one way that there is."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise BadNote("not base64") from None
    if _b64(data) != text:
        raise BadNote("base64 in another spelling")
    return data
