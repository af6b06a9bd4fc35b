"""What a phone and the node say to each other, and what stands against it. Pure.

The contract is `docs/field.md`; the phone's half of it stands in `phone/`.
"""

import base64
import binascii
import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from amana.crypto.phones import SMALLEST, is_public, verify
from amana.crypto.secrets import digest
from amana.standards.references import is_reference

# How long an invitation is good for, and how often: once.
INVITATION_LIFE = timedelta(hours=1)
# So much travels at once, and no more: a cheap phone's line breaks often.
MOST_ITEMS = 20
LARGEST_BODY = 64 * 1024
LARGEST_REQUEST = 1024 * 1024
# A file is carried by hand, and may hold the work of days.
MOST_IN_FILE = 2000
LARGEST_FILE = 32 * 1024 * 1024
# What one phone may have lying unopened here; and one that was withdrawn, whoever holds it now.
MOST_WAITING = 2000
MOST_QUARANTINED = 200
# What was read is kept beside its screening for so long: another phone's part may still come.
RECORD_LIFE = timedelta(days=30)
# That an item was taken is remembered for so long: its phone may not have heard of it.
MEMORY = timedelta(days=90)

WRITE, RESUME = "WRITE", "RESUME"
HEX32 = re.compile("[0-9a-f]{32}")
HEX16 = re.compile("[0-9a-f]{16}")
BAND = "B"


class Urgency(enum.StrEnum):
    """The one thing that a sealed item says of what is in it."""

    DANGER = "DANGER"
    CHILD_ALONE = "CHILD_ALONE"
    OTHER = "OTHER"


# The first rings loudest.
BY_URGENCY = tuple(Urgency)
RINGS = frozenset({Urgency.DANGER, Urgency.CHILD_ALONE})


class Answer(enum.StrEnum):
    """What the node says of one item."""

    TAKEN = "TAKEN"
    KNOWN = "KNOWN"
    LATE = "LATE"
    OTHER_TEAM = "OTHER_TEAM"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    BAD_ITEM = "BAD_ITEM"
    TOO_LARGE = "TOO_LARGE"


# After one of these the phone may forget its copy; they are signed.
FINAL = frozenset({Answer.TAKEN, Answer.KNOWN, Answer.LATE})


class BadRequest(ValueError):
    """What came is no request of a phone; the code says why, in the words of `docs/field.md`."""


class UnknownDevice(LookupError):
    """A phone that this node never enrolled."""


@dataclass(frozen=True)
class Item:
    """One sealed screening as it travels: all that can be read of it without the team's key."""

    record: str
    seq: int
    team: str
    key: str
    urgency: Urgency
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def info(self) -> bytes:
        return info_of(self.team, self.record, self.seq)

    def signed(self, device: str) -> bytes:
        """Return what the phone signed."""
        parts = (device, self.record, str(self.seq), self.team, self.key, self.urgency)
        return _lines("item", *parts, digest(self.body).hex())


def info_of(team: str, record: str, seq: int) -> bytes:
    """Return what the sealed bytes are bound to."""
    return f"amana/field/v1/{team}/{record}/{seq}".encode()


def enrolment(token: str) -> bytes:
    """Return what a phone signs to show that it holds the key it brings."""
    return _lines("enrol", token)


def receipt(device: str, record: str, seq: int, answer: Answer) -> bytes:
    """Return what the node signs when the phone may forget an item."""
    return _lines("receipt", device, record, str(seq), answer)


def _lines(kind: str, *parts: str) -> bytes:
    return "\n".join((f"amana/field/{kind}/v1", *parts)).encode()


def print_of(recipient: bytes, node_key: bytes) -> str:
    """Return the print by which a phone knows, from the QR code, whom it seals to."""
    return unpadded(digest(recipient + node_key)[:16])


def key_of(recipient: bytes) -> str:
    """Return the short name of a team's key."""
    return digest(recipient).hex()[:16]


def unpadded(data: bytes) -> str:
    """Return base64url without padding, as it stands in a QR code."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Reading what comes.


def read_request(data: bytes) -> dict[str, Any]:
    """Return a request's mapping. Raises BadRequest when it is cut in half or no request."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BadRequest("BAD_REQUEST") from None
    if not isinstance(found, dict) or found.get("v") != 1:
        raise BadRequest("BAD_REQUEST")
    return found


def read_parcel(data: bytes, most: int) -> tuple[str, list[Any]]:
    """Return which phone sends, and its items, unread. Raises BadRequest."""
    found = read_request(data)
    device, items = found.get("device"), found.get("items")
    if not isinstance(device, str) or not HEX32.fullmatch(device) or not isinstance(items, list):
        raise BadRequest("BAD_REQUEST")
    if len(items) > most:
        raise BadRequest("BAD_REQUEST")
    return device, items


def name_of(raw: object) -> tuple[str, int]:
    """Return by which record and number an unread item is answered, "" and 0 where it has none."""
    held = raw if isinstance(raw, dict) else {}
    record, seq = held.get("record"), held.get("seq")
    is_named = isinstance(record, str) and HEX32.fullmatch(record) and _is_count(seq)
    return (str(record), int(str(seq))) if is_named else ("", 0)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10**6


def read_item(raw: object) -> Item | Answer:
    """Return an item, or what stands against reading it."""
    record, seq = name_of(raw)
    if not isinstance(raw, dict) or not record:
        return Answer.BAD_ITEM
    team, key, urgency = (str(raw.get(name, "")) for name in ("team", "key", "urgency"))
    if not HEX16.fullmatch(key) or urgency not in set(Urgency) or not 0 < len(team) <= 20:
        return Answer.BAD_ITEM
    written = raw.get("body")
    if isinstance(written, str) and len(written) > LARGEST_BODY * 4 // 3 + 4:
        return Answer.TOO_LARGE
    body, signature = unbase64(written), unbase64(raw.get("sig"))
    if body is None or signature is None or len(body) < SMALLEST:
        return Answer.BAD_ITEM
    return Item(record, seq, team, key, Urgency(urgency), body, signature)


def base64_of(data: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(data).decode()


def unbase64(text: object) -> bytes | None:
    """Return the bytes that a text of base64 stands for, or None."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def judge(item: Item, *, device: str, public: bytes, team: str) -> Answer | None:
    """Return what stands against taking an item from this phone, or None."""
    if not verify(public, item.signature, item.signed(device)):
        return Answer.BAD_SIGNATURE
    return Answer.OTHER_TEAM if item.team != team else None


def read_enrolment(data: bytes) -> tuple[str, bytes]:
    """Return the token and the public key of a phone that shows it holds the key's other half."""
    found = read_request(data)
    token, public, proof = found.get("token"), unbase64(found.get("public")), found.get("proof")
    signature = unbase64(proof)
    if not isinstance(token, str) or public is None or signature is None or not is_public(public):
        raise BadRequest("BAD_REQUEST")
    if not verify(public, signature, enrolment(token)):
        raise BadRequest("BAD_REQUEST")
    return token, public


# What was sealed, once somebody of the team opened it.


class Unreadable(ValueError):
    """What was sealed is no screening of a phone; the code says what is wrong."""


TEXTS = {"instrument": 60, "version": 20, "observation": 4000, "shown": 40, "language": 8}
MAPPINGS = ("answers", "words", "skipped", "started")


def read_content(plaintext: bytes, item_record: str, item_seq: int) -> dict[str, Any]:
    """Return what a phone sealed, with every part there and of its kind. Raises Unreadable."""
    try:
        found = json.loads(plaintext)
    except (ValueError, RecursionError):
        raise Unreadable("NOT_JSON") from None
    if not isinstance(found, dict) or found.get("v") != 1:
        raise Unreadable("OTHER_FORMAT")
    if (found.get("record"), found.get("seq")) != (item_record, item_seq):
        raise Unreadable("OTHER_RECORD")
    content: dict[str, Any] = {"is_unfinished": bool(found.get("unfinished"))}
    for name, longest in TEXTS.items():
        held = found.get(name, "")
        if not isinstance(held, str):
            raise Unreadable("OTHER_FORMAT")
        content[name] = held[:longest]
    for name in MAPPINGS:
        held = found.get(name, {})
        if not isinstance(held, dict):
            raise Unreadable("OTHER_FORMAT")
        content[name] = held
    return content | _bands(found) | _times(found)


def _bands(found: Mapping[str, Any]) -> dict[str, Any]:
    band, siblings = found.get("wristband", ""), found.get("siblings", [])
    if not isinstance(siblings, list):
        raise Unreadable("OTHER_FORMAT")
    return {
        "wristband": band if is_band(band) else "",
        "siblings": sorted({one for one in siblings if is_band(one) and one != band}),
    }


def is_band(value: object) -> bool:
    """Say whether this is the code of a wristband, with the right check character."""
    return isinstance(value, str) and value.startswith(f"{BAND}-") and is_reference(value)


def _times(found: Mapping[str, Any]) -> dict[str, Any]:
    spent = found.get("ms", 0)
    is_number = isinstance(spent, int) and not isinstance(spent, bool)
    return {
        "ms": min(max(spent, 0), 12 * 3600 * 1000) if is_number else 0,
        "began_at": str(found.get("began_at", ""))[:30],
        "kept_at": str(found.get("kept_at", ""))[:30],
    }


def written(content: Mapping[str, Any]) -> bytes:
    """Return the plaintext of an item as a phone writes it, filled up to a multiple of 512."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 512)


def urgency_of(answers: Mapping[str, Any], found: frozenset[str] | set[str]) -> Urgency:
    """Return the one code that an item shows, from what was answered and the signs found."""
    if {"P1", "P2", "P3"} & set(found):
        return Urgency.DANGER
    is_alone = answers.get("situation") in ("alone", "separated")
    return Urgency.CHILD_ALONE if answers.get("minor") != "no" and is_alone else Urgency.OTHER
