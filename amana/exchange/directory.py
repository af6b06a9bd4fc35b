"""A country's directory: its node, desk, receiving unit and their keys, signed by its root.

Partners pin the root, never a key in the directory. The file is JSON text and two signatures
over exactly that text.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from amana.audit.rules import is_log_of
from amana.crypto import notes
from amana.crypto.age import public_from, recipient
from amana.crypto.secrets import Seed, digest
from amana.crypto.signing import sign, sign_public_of, verify
from amana.exchange.rules import DIRECTORY, Reason, Unacceptable, moment


@dataclass(frozen=True)
class Party:
    """A desk or a receiving unit: an address, the key to seal to, the key that it signs with."""

    address: str
    name: Mapping[str, str]
    public: bytes
    signer: bytes


@dataclass(frozen=True)
class Directory:
    """What one country publishes of itself."""

    country: str
    version: int
    expires_at: datetime
    url: str
    host: str
    node: Party
    desk: Party
    unit: Party
    phone: str
    log: tuple[notes.VerifierKey, ...]

    @property
    def log_name(self) -> str:
        """Return the name of this country's log, which is also its witness's."""
        return self.log[0].name

    @property
    def incarnation(self) -> int:
        """Return how often this country's node was made or restored, as its root signs it."""
        return int(self.log_name.rpartition("/")[2])


def root_fingerprint(root_public: bytes) -> str:
    """Return what two people compare by voice: 64 hex digits in groups of four."""
    digits = digest(b"amana/root/v1" + root_public).hex()
    return " ".join(digits[i : i + 4] for i in range(0, 64, 4))


def sign_directory(fields: Mapping[str, Any], root: Seed) -> bytes:
    """Return the signed file of a directory."""
    text = json.dumps(fields, ensure_ascii=False, indent=1)
    signature = sign(root, DIRECTORY, text.encode())
    return json.dumps(
        {"root": _b64(sign_public_of(root)), "signature": _b64(signature), "directory": text},
        indent=1,
    ).encode()


def open_directory(
    file: bytes, *, pinned: str, now: datetime, grace: timedelta = timedelta()
) -> Directory:
    """Return the directory when its root is the pinned one and its signature holds.

    Raises Unacceptable: unknown_sender for another root, changed for a bad signature,
    directory_expired when it lapsed longer ago than `grace`.
    """
    directory = _signed_by(file, pinned)
    if directory.expires_at + grace < now:
        raise Unacceptable(Reason.DIRECTORY_EXPIRED)
    return directory


@lru_cache(maxsize=64)
def _signed_by(file: bytes, pinned: str) -> Directory:
    """Return what a file says, under the pinned root; the same bytes are verified only once.

    What is kept is public, and is found by the file's very bytes and the very root. That a file was
    refused is never kept.
    """
    try:
        outer = json.loads(file)
        # Only the one spelling that was signed: what JSON and base64 read alike is not the same.
        if json.dumps(outer, indent=1).encode() != file:
            raise Unacceptable(Reason.MALFORMED)
        root, signature = _bytes(outer["root"]), _bytes(outer["signature"])
        text = str(outer["directory"])
    except (ValueError, KeyError, TypeError):
        raise Unacceptable(Reason.MALFORMED) from None
    if root_fingerprint(root) != pinned:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    if not verify(root, signature, DIRECTORY, text.encode()):
        raise Unacceptable(Reason.CHANGED)
    return _read(text)


def fingerprint_in(file: bytes) -> str:
    """Return the fingerprint of the root that a file claims; to be compared before it is pinned."""
    try:
        return root_fingerprint(_bytes(json.loads(file)["root"]))
    except (ValueError, KeyError, TypeError):
        raise Unacceptable(Reason.MALFORMED) from None


def party_fields(
    address: str, name: Mapping[str, str], public: bytes, signer: bytes
) -> dict[str, Any]:
    """Return a party as it stands in the file."""
    return {
        "address": address,
        "name": name,
        "recipient": recipient(public),
        "signer": _b64(signer),
    }


def _read(text: str) -> Directory:
    try:
        fields = json.loads(text)
        node, desk, unit = (_party(fields[key]) for key in ("node", "desk", "unit"))
        return Directory(
            country=str(fields["country"]),
            version=int(fields["version"]),
            expires_at=moment(fields["expires_at"]),
            url=str(fields["url"]),
            host=str(fields["host"]),
            node=node,
            desk=desk,
            unit=unit,
            phone=str(fields["phone"]),
            log=_log_keys(fields["log"], str(fields["country"])),
        )
    except (ValueError, KeyError, TypeError):
        raise Unacceptable(Reason.MALFORMED) from None


def _log_keys(vkeys: list[str], country: str) -> tuple[notes.VerifierKey, ...]:
    """Return the keys of the country's log and witness, one of each type, under one own name."""
    keys = tuple(notes.read_key(str(vkey)) for vkey in vkeys)
    kinds = {*notes.LOG_KINDS, *notes.WITNESS_KINDS}
    if len(keys) != len(kinds) or {key.kind for key in keys} != kinds:
        raise ValueError("a log has one key of each type")
    if len({key.name for key in keys}) != 1 or not is_log_of(keys[0].name, country):
        raise ValueError("a log under a name that is not its country's")
    return keys


def _party(fields: Mapping[str, Any]) -> Party:
    return Party(
        address=str(fields["address"]),
        name=dict(fields["name"]),
        public=public_from(fields["recipient"]),
        signer=_bytes(fields["signer"]),
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if _b64(data) != text:
        raise ValueError("base64 in another spelling")
    return data
