"""Verify the evidence of one referral, with nothing of Amana: Python and `cryptography` alone.

    python verify_evidence.py FILE FINGERPRINT FINGERPRINT ...

FILE is what `amana evidence` wrote; the fingerprints are those of the countries' roots, former ones
too. Exit code 0: all of it holds; 1: something does not, rely on nothing. Format: docs/evidence.md.
"""

import base64
import hashlib
import json
import re
import struct
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey, MLDSA65PublicKey

RANKS = {1: "relayed", 2: "delivered", 3: "accepted", 4: "refused"}
ARRIVED, BY_DESK = "the node of {} signed that these bytes arrived", "the desk of {} signed that "
SAYS = ["", ARRIVED, *(BY_DESK + w for w in ("a person opened it", "it accepts", "it refuses"))]
# Which acts a log can hold of a message, and whose log: the sender's or the receiver's.
ACTS = dict.fromkeys(("exchange.post", "exchange.receive_receipt"), "from")
ACTS |= {f"exchange.{act}_message": "to" for act in ("receive", "open", "refuse")}


def must(holds: Any, what: str) -> None:
    if not holds:
        raise ValueError(what)


def unb64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    must(base64.b64encode(data).decode() == text, "base64 in another spelling")
    return data


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def signed(publics: list[bytes], signature: bytes, context: bytes, message: bytes) -> None:
    """Check that one of these keys made both signatures, Ed25519 and ML-DSA-65, of these bytes."""
    said = struct.pack(">I", len(context)) + context + message
    for public in publics:
        with suppress(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(public[:32]).verify(signature[:64], said)
            return MLDSA65PublicKey.from_public_bytes(public[32:]).verify(signature[64:], said)
    raise ValueError("a signature of none of the keys that count")


def read_directory(file: str, roots: set[str]) -> tuple[str, Any]:
    """Return what a country published of itself, under one of the roots."""
    outer = json.loads(file)
    must(json.dumps(outer, indent=1) == file, "a directory in another spelling")
    root = unb64(outer["root"])
    fingerprint = digest(b"amana/root/v1" + root).hex()
    must(fingerprint in roots, "a directory under a root that you did not give")
    text = outer["directory"].encode()
    signed([root], unb64(outer["signature"]), b"amana/directory/v1\0", text)
    return fingerprint, json.loads(text)


def read_receipt(data: bytes, message: Any, directories: Any) -> tuple[int, datetime]:
    """Return rank and moment of a receipt that the receiving country signed of these bytes."""
    size = struct.unpack(">I", data[:4])[0]
    header, at = data[4 : 4 + size], 4 + size
    signature, empty, rest = data[at : at + 3373], data[at + 3373 : at + 3381], data[at + 3381 :]
    must(empty == bytes(8) and not any(rest), "a receipt with more than it may hold")
    exponent = (at + 3381).bit_length() - 1
    spare = exponent - exponent.bit_length()
    must(len(data) == -(-(at + 3381) >> spare) << spare, "a receipt of another length")
    note = json.loads(header)
    country, role = message["to"], "node" if note["rank"] == 1 else "desk"
    hands = [each[role] for each in directories[country]]
    gone = {name for each in directories[country] for name in each.get("revoked", {})}
    keys = [key for h in hands if digest(key := unb64(h["signer"])).hex()[:16] not in gone]
    must(note["v"] == 1 and note["rank"] in RANKS, "a receipt of another kind")
    must(note["mid"] == message["mid"], "a receipt of another message")
    must(note["sha256"] == message["sha256"], "a receipt of other bytes")
    must(note["signer"] in ([country] if role == "node" else [h["address"] for h in hands]), "who?")
    framed = struct.pack(">I", size) + header + bytes(8)
    signed(keys, signature, b"amana/receipt/v1\0", framed)
    return note["rank"], datetime.fromisoformat(note["at"])


def checked_by(keys: Any, kinds: Any, lines: Any, text: str) -> datetime:
    """Check that a log or a witness signed a checkpoint with each of its keys; return when."""
    origin, size, root = text.split("\n")[:3]
    times = []
    for vkey in keys:
        name, stated, material = vkey.split("+", 2)
        kind, public = unb64(material)[0], unb64(material)[1:]
        identity = digest(name.encode() + b"\n" + bytes([kind]) + public)[:4]
        must(identity.hex() == stated, "a key under another id")
        if kind not in kinds:
            continue
        data = lines.pop((name, identity), None)
        must(data is not None, f"no signature of {name}")
        if kind == 1:
            Ed25519PublicKey.from_public_bytes(public).verify(data, text.encode())
            continue
        time, signature = struct.unpack(">Q", data[:8])[0], data[8:]
        times.append(time)
        if kind == 4:
            said = f"cosignature/v1\ntime {time}\n{text}".encode()
            Ed25519PublicKey.from_public_bytes(public).verify(signature, said)
        else:
            said = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + data[:8]
            said += bytes([len(origin)]) + origin.encode() + struct.pack(">QQ", 0, int(size))
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, said + unb64(root))
    return datetime.fromtimestamp(min(times), UTC)


def read_checkpoint(note: str, by: str, directories: Any) -> Any:
    """Return size, root and when the other country vouched for this state of the log of `by`."""
    text, under = note[: note.rindex("\n\n") + 1], note[note.rindex("\n\n") + 2 :]
    found = [re.fullmatch(r"— (\S+) (\S+)", line) for line in under.removesuffix("\n").split("\n")]
    must(under.endswith("\n") and all(found), "a checkpoint in another form")
    lines = {(m[1], unb64(m[2])[:4]): unb64(m[2])[4:] for m in found}
    must(len(lines) == len(found), "a signature twice")
    origin, size, root, end = text.split("\n")
    logs = {e["log"][0].split("+")[0]: (c, e["log"]) for c in directories for e in directories[c]}
    must(end == "" and logs[origin][0] == by, "a checkpoint of another log")
    checked_by(logs[origin][1], (1, 6), lines, text)
    other, log = next(logs[name] for name, _ in lines if logs[name][0] != by)
    vouched = checked_by(log, (4, 6), lines, text)
    must(not lines, "a signature of somebody else")
    return origin, int(size), unb64(root), f"vouched for by {other} at {vouched.isoformat()}"


def read_entry(head: str, message: Any, by: str, checkpoint: Any, notes: Any) -> str:
    """Return what one entry of the log says of a message, once its place in the tree is proven."""
    origin, size, root, vouched = checkpoint
    form, extra, index, *path = head.removesuffix("\n").split("\n")
    extra, at = unb64(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    spelled = [form, f"extra {base64.b64encode(extra).decode()}", f"index {at}", *path, ""]
    must(form == "c2sp.org/tlog-proof@v1" and head == "\n".join(spelled), "a proof in another form")
    node, index, last = digest(b"\0" + extra), at, size - 1
    must(0 <= at <= last, "a place beyond the tree")
    for other in map(unb64, path):
        must(last > 0 and len(other) == 32, "a path that is too long")
        left = at & 1 or at == last
        node = digest(b"\1" + (other + node if left else node + other))
        while left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    must(last == 0 and node == root, "an entry that is not in the tree")
    event = json.loads(extra[32:])
    verb = event["verb"]
    must(event["subject"] == message["mid"], "an entry about another message")
    must(verb in ACTS and message[ACTS[verb]] == by, "an entry that this log cannot hold")
    if verb in ("exchange.post", "exchange.receive_message"):
        must(event["sha256"] == message["sha256"], "an entry about other bytes")
    if verb == "exchange.receive_receipt":
        must(event["rank"] in [RANKS[r] for r, _ in notes], "an entry of a receipt that is absent")
    return f"entry {index + 1} of {origin}, {event['at']}: {verb}, {vouched}"


def verify(file: str, roots: set[str]) -> list[str]:
    """Return what is proven, line by line. Raises for whatever does not hold."""
    outer = json.loads(file)
    told = json.loads(outer["evidence"])
    must(json.dumps(outer, indent=1) == file, "the file in another spelling")
    must(told["format"] == "amana/evidence/v1" and told["messages"], "another format or no message")
    read = [read_directory(each, roots) for each in told["directories"]]
    whose = {(root, fields["country"]) for root, fields in read}
    directories = {c: [fields for _, fields in read if fields["country"] == c] for _, c in whose}
    must({r for r, _ in whose} == roots and len(whose) == len(roots), "a root of none, or of two")
    must(len(directories) == 2, "not evidence of two countries")
    by, evidence = told["by"], outer["evidence"].encode()
    keys = [unb64(each["node"]["signer"]) for each in directories[by]]
    signed(keys, unb64(outer["signature"]), b"amana/evidence/v1\0", evidence)
    checkpoint = read_checkpoint(told["checkpoint"], by, directories) if told["checkpoint"] else ()
    lines = [f"Referral {told['reference']}, as {by} exported it at {told['at']}"]
    for message in told["messages"]:
        ends = (message["from"], message["to"])
        must(set(ends) == set(directories), "a message between others")
        must(re.fullmatch("[0-9a-f]{32}[0-9a-f]{64}", message["mid"] + message["sha256"]), "number")
        lines.append(f"{message['mid']} {ends[0]} > {ends[1]}, SHA-256 {message['sha256']}")
        notes = [read_receipt(unb64(r), message, directories) for r in message["receipts"]]
        lines += [f"  {at.isoformat()}: {SAYS[rank].format(ends[1])}" for rank, at in sorted(notes)]
        said = [read_entry(e, message, by, checkpoint, notes) for e in message["entries"]]
        lines += [f"  {line}" for line in said] or ["  no witnessed entry yet"]
        must(notes or said, "a message of which nothing is proven")
    return lines


if __name__ == "__main__":
    try:
        file = Path(sys.argv[1]).read_bytes().decode()
        proven = verify(file, {re.sub(r"\s", "", root) for root in sys.argv[2:]})
    except Exception as wrong:  # noqa: BLE001 - whatever a stranger's bytes do here proves nothing
        sys.exit(f"NOT PROVEN: {type(wrong).__name__} {str(wrong)[:200]!a}")
    print("\n".join(line.encode("ascii", "backslashreplace").decode() for line in proven))
