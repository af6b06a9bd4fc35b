"""What this node can prove of one conversation, in one file that needs no node to be read.

Numbers, digests, receipts, keys and places in the record: nothing of what was said, of whom, or to
which end. The reader is tools/verify_evidence.py; the format is told in docs/evidence.md.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from amana.audit import queries as record
from amana.audit.rules import POST_OFFICE_ACTS
from amana.crypto.framing import is_signed_by, read
from amana.crypto.signing import key_id, sign
from amana.exchange import queries
from amana.exchange.directory import Directory, read_file
from amana.exchange.models import Message, Peer, Published, Receipt, Replaced
from amana.exchange.rules import FOR_EVER, RECEIPT, Rank

FORMAT = "amana/evidence/v1"
CONTEXT = b"amana/evidence/v1\0"


@dataclass(frozen=True)
class Proven:
    """One message as a person reads the evidence: whose, which bytes, and who signed what of it."""

    mid: str
    sender: str
    host: str
    sha256: str
    at: datetime
    receipts: tuple[tuple[Rank, datetime], ...]


def proven(conversation: str) -> list[Proven]:
    """Return what receipts prove of a conversation, in the order of the messages."""
    signed = _receipts(conversation)
    return [
        Proven(
            mid=message.mid,
            sender=_ends(message)[0],
            host=_ends(message)[1],
            sha256=message.sha256,
            at=message.written_at or message.stored_at,
            receipts=tuple((Rank(r.rank), r.at) for r in signed.get(message.mid, [])),
        )
        for message in _messages(conversation)
    ]


def gather(conversation: str, *, reference: str, now: datetime) -> bytes:
    """Return the signed file of a conversation's evidence; of what proves nothing yet it is silent.

    Entries of the record are proven under the last checkpoint that the other country vouched for:
    what happened since comes with the next export.
    """
    own, messages = queries.own(), _messages(conversation)
    country = messages[0].country if messages else ""
    directories, signed = _needed(_known(country), _receipts(conversation))
    note, entries = record.entries_about(
        {message.mid for message in messages}, POST_OFFICE_ACTS, witness=_log_name(country, now)
    )
    found: list[dict[str, Any]] = []
    for message in messages:
        sender, host = _ends(message)
        receipts = [_b64(bytes(r.signed)) for r in signed.get(message.mid, [])]
        places = entries.get(message.mid, [])
        if receipts or places:
            found.append(
                {
                    "mid": message.mid,
                    "from": sender,
                    "to": host,
                    "sha256": message.sha256,
                    "receipts": receipts,
                    "entries": places,
                }
            )
    told = {
        "format": FORMAT,
        "by": own.country,
        "at": now.isoformat(),
        "reference": reference,
        "directories": directories,
        "checkpoint": note,
        "messages": found,
    }
    text = json.dumps(told, indent=1)
    signature = sign(own.seed, CONTEXT, text.encode())
    return json.dumps({"evidence": text, "signature": _b64(signature)}, indent=1).encode()


def _messages(conversation: str) -> list[Message]:
    rows = Message.objects.filter(conversation=conversation).defer("container", "sealed_body")
    return list(rows.order_by("stored_at", "seq", "mid"))


def _receipts(conversation: str) -> dict[str, list[Receipt]]:
    """Return the receipts that the receiving country signed, by message: theirs, or our own."""
    ours = {m.mid: m.is_ours for m in _messages(conversation)}
    found: dict[str, list[Receipt]] = {}
    for receipt in Receipt.objects.filter(mid__in=ours).order_by("rank"):
        if receipt.is_ours != ours[receipt.mid]:
            found.setdefault(receipt.mid, []).append(receipt)
    return found


def _ends(message: Message) -> tuple[str, str]:
    own = queries.own().country
    return (own, message.country) if message.is_ours else (message.country, own)


def _log_name(country: str, now: datetime) -> str:
    return queries.peer_directory(country, now, grace=FOR_EVER).log_name if country else ""


def _known(country: str) -> list[tuple[bytes, Directory]]:
    """Return both directories of today, and after them those of former days, newest first."""
    own = Path(settings.OWN_DIRECTORY)
    peer = Peer.objects.filter(pk=country).first()
    files = [own.read_bytes() if own.is_file() else b"", bytes(peer.directory) if peer else b""]
    files += [bytes(row.file) for row in Published.objects.order_by("-version")]
    files += [bytes(r.file) for r in Replaced.objects.filter(country=country).order_by("-version")]
    return [(file, read_file(file)) for file in dict.fromkeys(files) if file]


def _needed(
    known: Sequence[tuple[bytes, Directory]], signed: Mapping[str, Sequence[Receipt]]
) -> tuple[list[str], dict[str, list[Receipt]]]:
    """Return the directories that a reader needs, and the receipts that these prove.

    A desk is given a new key, a node is restored: what was signed before is proven by the keys of
    its day, under the same root. What a revoked key signed proves nothing to somebody who cannot
    know when it came, and stays here.
    """
    today = {directory.country: directory for _file, directory in reversed(known)}
    needed = [file for file, directory in known if today[directory.country] is directory]
    proven_: dict[str, list[Receipt]] = {}
    for mid, receipts in signed.items():
        for receipt in receipts:
            file, key = next(_hands(known, receipt), (b"", b""))
            by = queries.own().country if receipt.is_ours else receipt.country
            if file and key_id(key) not in today[by].revoked:
                needed += [] if file in needed else [file]
                proven_.setdefault(mid, []).append(receipt)
    return [file.decode() for file in needed], proven_


def _hands(
    known: Sequence[tuple[bytes, Directory]], receipt: Receipt
) -> Iterator[tuple[bytes, bytes]]:
    """Give each directory that names the hand which signed a receipt, and the key."""
    by = queries.own().country if receipt.is_ours else receipt.country
    frame = read(bytes(receipt.signed), padded=True)
    for file, directory in known:
        party = directory.node if receipt.rank == Rank.RELAYED else directory.desk
        if directory.country == by and is_signed_by(frame, RECEIPT, party.signer):
            yield file, party.signer


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
