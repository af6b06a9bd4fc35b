"""Verify the evidence of one referral, with nothing of Amana: Python and `cryptography` alone.

    python verify_evidence.py FILE FINGERPRINT FINGERPRINT

FILE is what `amana evidence` wrote; the fingerprints are those of the two countries' roots, as the
two countries published them. Says for every message what is proven. Exit code 0: all of it holds;
1: something does not, and nothing in the file is to be relied on. The format: docs/evidence.md.
"""

import base64
import hashlib
import json
import re
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


def signed(public: bytes, signature: bytes, context: bytes, message: bytes) -> None:
    """Check both signatures of a country's own kind: Ed25519 and ML-DSA-65, over the same bytes."""
    said = struct.pack(">I", len(context)) + context + message
    Ed25519PublicKey.from_public_bytes(public[:32]).verify(signature[:64], said)
    MLDSA65PublicKey.from_public_bytes(public[32:]).verify(signature[64:], said)


def read_directory(file: str, roots: set[str]) -> tuple[str, Any]:
    """Return what a country published of itself, under one of the two roots."""
    outer = json.loads(file)
    must(json.dumps(outer, indent=1) == file, "a directory in another spelling")
    root = unb64(outer["root"])
    fingerprint = digest(b"amana/root/v1" + root).hex()
    must(fingerprint in roots, "a directory under a root that you did not give")
    text = outer["directory"].encode()
    signed(root, unb64(outer["signature"]), b"amana/directory/v1\0", text)
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
    country = message["to"]
    party = directories[country]["node" if note["rank"] == 1 else "desk"]
    must(note["v"] == 1 and note["rank"] in RANKS, "a receipt of another kind")
    must(note["mid"] == message["mid"], "a receipt of another message")
    must(note["sha256"] == message["sha256"], "a receipt of other bytes")
    must(note["signer"] == (country if note["rank"] == 1 else party["address"]), "another signer")
    framed = struct.pack(">I", size) + header + bytes(8)
    signed(unb64(party["signer"]), signature, b"amana/receipt/v1\0", framed)
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
    text, _, under = note.rpartition("\n\n")
    text += "\n"
    found = [re.fullmatch(r"— (\S+) (\S+)", line) for line in under.removesuffix("\n").split("\n")]
    must(under.endswith("\n") and all(found), "a checkpoint in another form")
    lines = {(m[1], unb64(m[2])[:4]): unb64(m[2])[4:] for m in found}
    must(len(lines) == len(found), "a signature twice")
    origin, size, root, end = text.split("\n")
    log = directories[by]["log"]
    must(end == "" and origin == log[0].split("+")[0], "a checkpoint of another log")
    checked_by(log, (1, 6), lines, text)
    (other,) = (country for country in directories if country != by)
    vouched = checked_by(directories[other]["log"], (4, 6), lines, text)
    must(not lines, "a signature of somebody else")
    return origin, int(size), unb64(root), f"vouched for by {other} at {vouched.isoformat()}"


def read_entry(head: str, message: Any, by: str, checkpoint: Any, ranks: set[str]) -> str:
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
        must(event["rank"] in ranks, "an entry about a receipt that is not here")
    return f"entry {index + 1} of {origin}, {event['at']}: {verb}, {vouched}"


def verify(file: str, roots: set[str]) -> list[str]:
    """Return what is proven, line by line. Raises for whatever does not hold."""
    outer = json.loads(file)
    must(json.dumps(outer, indent=1) == file, "the file in another spelling")
    told = json.loads(outer["evidence"])
    must(told["format"] == "amana/evidence/v1" and len(roots) == 2, "not evidence of two countries")
    read = dict(read_directory(each, roots) for each in told["directories"])
    must(set(read) == roots and len(told["directories"]) == 2, "not one directory for each root")
    directories = {fields["country"]: fields for fields in read.values()}
    must(len(directories) == 2, "two directories of one country")
    by = told["by"]
    key = unb64(directories[by]["node"]["signer"])
    signed(key, unb64(outer["signature"]), b"amana/evidence/v1\0", outer["evidence"].encode())
    checkpoint = read_checkpoint(told["checkpoint"], by, directories) if told["checkpoint"] else ()
    must(told["messages"], "no message")
    lines = [f"Referral {told['reference']}, as {by} exported it at {told['at']}"]
    for message in told["messages"]:
        ends = (message["from"], message["to"])
        must(set(ends) == set(directories), "a message between others")
        must(re.fullmatch("[0-9a-f]{32}[0-9a-f]{64}", message["mid"] + message["sha256"]), "number")
        lines.append(f"{message['mid']} {ends[0]} > {ends[1]}, SHA-256 {message['sha256']}")
        notes = [read_receipt(unb64(r), message, directories) for r in message["receipts"]]
        lines += [f"  {at.isoformat()}: {SAYS[rank].format(ends[1])}" for rank, at in sorted(notes)]
        ranks = {RANKS[rank] for rank, _ in notes}
        said = [read_entry(e, message, by, checkpoint, ranks) for e in message["entries"]]
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
