"""A country's directory: its node, desk, receiving unit and their keys, signed by its root.

Partners pin the root, never a key in the directory. The file is JSON text and two signatures
over exactly that text. Beside the keys it says whom to call, on which days nobody is there, which
keys no longer count, and which root comes next. What may follow what: exchange.trust.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
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
class Contact:
    """Whom to call for what: a function and its numbers, never the name of a person.

    `opens` and `closes` are hours of the clock there, as "HH:MM"; both empty means at any hour.
    """

    function: str
    phones: tuple[str, ...]
    languages: tuple[str, ...] = ()
    opens: str = ""
    closes: str = ""

    def is_open(self, there: datetime, *, is_rest_day: bool) -> bool:
        """Say whether somebody answers at this local time; without hours at any, also on feasts."""
        if not self.opens or not self.closes:
            return True
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        at = there.time()
        if opens <= closes:
            return not is_rest_day and opens <= at < closes
        return not is_rest_day and (at >= opens or at < closes)


@dataclass(frozen=True)
class Holiday:
    """A day on which nobody is at the desk; a moon-sighted feast is at first an estimate."""

    day: date
    names: Mapping[str, str]
    is_estimate: bool


@dataclass(frozen=True)
class Former:
    """The signing key that a party had before; it counts until its overlap ends.

    `cross` is the former key's own signature over the new one: whoever takes over a root cannot
    pretend that the old key agreed.
    """

    party: str
    signer: bytes
    until: datetime
    cross: bytes


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
    contacts: tuple[Contact, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    # The years of which all holidays are named; of other years nobody there has spoken.
    years: tuple[int, ...] = ()
    schemas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    next_root: str = ""
    revoked: Mapping[str, datetime] = field(default_factory=dict)
    former: tuple[Former, ...] = ()

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


def directory_text(fields: Mapping[str, Any]) -> str:
    """Return the text of a directory, as officers read it before they sign it."""
    return json.dumps(fields, ensure_ascii=False, indent=1)


def sign_directory(fields: Mapping[str, Any], root: Seed) -> bytes:
    """Return the signed file of a directory."""
    return sign_text(directory_text(fields), root)


def sign_text(text: str, root: Seed) -> bytes:
    """Return the signed file of a directory's exact text."""
    return _file(sign_public_of(root), sign(root, DIRECTORY, text.encode()), text)


def _file(root: bytes, signature: bytes, text: str) -> bytes:
    outer = {"root": _b64(root), "signature": _b64(signature), "directory": text}
    return json.dumps(outer, indent=1).encode()


def read_text(text: str) -> Directory:
    """Return a directory that nobody has signed yet; raises Unacceptable for what is none."""
    return _read(text)


def text_of(file: bytes) -> str:
    """Return the text in a signed file, which nobody has verified; raises Unacceptable."""
    return _parts(file)[2]


@lru_cache(maxsize=8)
def read_file(file: bytes) -> Directory:
    """Return what a signed file says, which nobody has verified; raises Unacceptable.

    The same bytes are read once: of this node's own file every conversation asks for its calendar.
    """
    return read_text(text_of(file))


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
    root, signature, text = _parts(file)
    if root_fingerprint(root) != pinned:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    if not verify(root, signature, DIRECTORY, text.encode()):
        raise Unacceptable(Reason.CHANGED)
    return _read(text)


def fingerprint_in(file: bytes) -> str:
    """Return the fingerprint of the root that a file claims; to be compared before it is pinned."""
    return root_fingerprint(_parts(file)[0])


def _parts(file: bytes) -> tuple[bytes, bytes, str]:
    """Return root, signature and text; only the one spelling of a file is a file."""
    try:
        outer = json.loads(file)
        root, signature = _bytes(outer["root"]), _bytes(outer["signature"])
        text = str(outer["directory"])
        # Base64 and JSON have several spellings of the same bytes: a digest must mean one file.
        is_exact = _file(root, signature, text) == file
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unacceptable(Reason.MALFORMED) from None
    if not is_exact:
        raise Unacceptable(Reason.MALFORMED)
    return root, signature, text


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
            **_more(fields),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unacceptable(Reason.MALFORMED) from None


def _more(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a directory may say beside its keys; what it does not say is empty."""
    return {
        "contacts": tuple(_contact(row) for row in fields.get("contacts", [])),
        "holidays": tuple(
            Holiday(date.fromisoformat(row["day"]), dict(row["names"]), row["estimate"] is True)
            for row in fields.get("holidays", [])
        ),
        "years": tuple(int(year) for year in fields.get("years", [])),
        "schemas": {
            str(kind): tuple(map(str, versions))
            for kind, versions in fields.get("schemas", {}).items()
        },
        "next_root": str(fields.get("next_root", "")),
        "revoked": {str(name): moment(since) for name, since in fields.get("revoked", {}).items()},
        "former": tuple(
            Former(
                str(row["party"]),
                _bytes(row["signer"]),
                moment(row["until"]),
                _bytes(row["cross"]),
            )
            for row in fields.get("former", [])
        ),
    }


def _contact(row: Mapping[str, Any]) -> Contact:
    opens, closes = (str(row.get(key, "")) for key in ("opens", "closes"))
    for hour in filter(None, (opens, closes)):
        time.fromisoformat(hour)
    phones = tuple(map(str, row["phones"]))
    # It becomes a link that a worker taps: digits and nothing that a browser would run.
    if not all(re.fullmatch(r"\+?[0-9 ]{2,20}", phone) for phone in phones):
        raise ValueError("no telephone number")
    languages = tuple(map(str, row.get("languages", [])))
    return Contact(str(row["function"]), phones, languages, opens, closes)


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
