"""What may be believed of a parcel, an envelope, a receipt. Pure: bytes in, a reason out."""

import enum
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from amana.audit.rules import log_name
from amana.crypto.secrets import Seed

PARCEL = b"amana/parcel/v1\0"
ENVELOPE = b"amana/envelope/v1\0"
RECEIPT = b"amana/receipt/v1\0"
DIRECTORY = b"amana/directory/v1\0"
CHECKPOINT = b"amana/checkpoint/v1\0"
UPDATE = b"amana/directory-update/v1\0"
CROSS = b"amana/cross/v1\0"

# An envelope that nobody opened in this time is void; a receiver's clock may be this wrong.
LIFETIME = timedelta(days=30)
CLOCK_TOLERANCE = timedelta(hours=48)
# A partner whose directory has lapsed is still read and answered, and gets nothing new.
READING_GRACE = timedelta(days=60)
# A proof is for decades; the directory of its day has lapsed long before.
FOR_EVER = timedelta(days=365 * 100)
LARGEST_PARCEL = 512 * 1024
# What one parcel takes along as long as there are several: half a minute on a line of 2G.
ROOM = 256 * 1024
# As in the name of a log; a restored node takes the second of its restore.
LARGEST_INCARNATION = 9_999_999_999
EARLIEST_YEAR, LATEST_YEAR = 2020, 2200

_TYPES: dict[Any, type] = {int: int, str: str, list[str]: list}


class Reason(enum.StrEnum):
    """Why something that came from outside was refused. Each is logged and has no effect."""

    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    UNKNOWN_SENDER = "unknown_sender"
    CHANGED = "changed"
    NOT_FOR_US = "not_for_us"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    REPLAYED = "replayed"
    CONFLICT = "conflict"
    OUT_OF_ORDER = "out_of_order"
    OUT_OF_PLACE = "out_of_place"
    DIRECTORY_EXPIRED = "directory_expired"
    NOT_THEIRS = "not_theirs"
    UNKNOWN_KIND = "unknown_kind"
    # Said before the partner was restored from a backup that no longer holds it.
    FORGOTTEN = "forgotten"
    # Of directories and the keys in them.
    ROLLED_BACK = "rolled_back"
    NOT_LOGGED = "not_logged"
    REVOKED = "revoked"
    IN_DOUBT = "in_doubt"
    SCHEMA = "schema"


class Unacceptable(Exception):
    """Something from outside that was refused; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Rank(enum.IntEnum):
    """How far a message has come. Receipts only ever raise it."""

    QUEUED = 0
    RELAYED = 1
    DELIVERED = 2
    ACCEPTED = 3
    REFUSED = 4

    @property
    def height(self) -> int:
        """Accepted and refused are equally high: neither overrules the other."""
        return min(self.value, 3)


def raised(rank: Rank, by: Rank) -> Rank:
    """Return the rank after a receipt: higher wins, never back, an end stays the end it was."""
    return by if by.height > rank.height else rank


@dataclass(frozen=True)
class Outer:
    """What a carrier may see of a message: nothing else stands outside the container."""

    v: int
    to: str
    mid: str
    exp: str


@dataclass(frozen=True)
class Header:
    """The signed header inside the container, as its fields travel."""

    v: int
    type: str
    schema: str
    mid: str
    conv: str
    inc: int
    seq: int
    in_reply_to: str
    sender: str
    to: str
    to_kids: list[str]
    iat: str
    exp: str
    urgency: str
    legal_basis: str
    consent_ref: str
    purpose: str
    handling: str
    minimum_dataset: str
    attachments: list[str]
    receipt_policy: str


@dataclass(frozen=True)
class ReceiptNote:
    """What a receipt says: which bytes, how far they came, when, and who says so."""

    v: int
    mid: str
    rank: int
    sha256: str
    at: str
    signer: str
    code: str


def encode(value: Outer | Header | ReceiptNote) -> bytes:
    """Return the bytes of a header; what is signed is these bytes and no re-reading of them."""
    fields = asdict(value)
    if "sender" in fields:
        fields["from"] = fields.pop("sender")
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def read_outer(data: bytes) -> Outer:
    """Return the outer header; raises Unacceptable with malformed or unsupported."""
    fields = _mapping(data)
    _supported(fields)
    outer: Outer = _built(Outer, fields)
    _check_numbers(outer.mid)
    return outer


def read_header(data: bytes) -> Header:
    """Return the inner header; raises Unacceptable with malformed or unsupported.

    Fields that this version does not know are kept out of it and do no harm.
    """
    fields = _mapping(data)
    _supported(fields)
    header: Header = _built(Header, {**fields, "sender": fields.get("from", "")})
    _check_numbers(header.mid, header.conv, *filter(None, [header.in_reply_to]))
    if not 1 <= header.inc <= LARGEST_INCARNATION:
        raise Unacceptable(Reason.MALFORMED)
    return header


def _check_numbers(*numbers: str) -> None:
    """Refuse a number that is none of ours: 128 bits in hex, so that it fits every row."""
    if not all(re.fullmatch("[0-9a-f]{32}", number) for number in numbers):
        raise Unacceptable(Reason.MALFORMED)


def read_receipt(data: bytes) -> ReceiptNote:
    """Return what a receipt says; raises Unacceptable."""
    fields = _mapping(data)
    _supported(fields)
    note = _built(ReceiptNote, fields)
    if note.rank not in set(Rank) - {Rank.QUEUED}:
        raise Unacceptable(Reason.MALFORMED)
    return note


def read_body(data: bytes) -> Mapping[str, Any]:
    """Return what a message says: a mapping of text that every database and every page can hold."""
    return _mapping(data)


def _mapping(data: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(data)
        # Half a surrogate pair is JSON and no text; a NUL is text that a database refuses.
        written = json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Unacceptable(Reason.MALFORMED) from None
    if not isinstance(fields, dict) or b"\\u0000" in written:
        raise Unacceptable(Reason.MALFORMED)
    return fields


def _supported(fields: Mapping[str, Any]) -> None:
    if fields.get("v") != 1:
        raise Unacceptable(Reason.UNSUPPORTED)


Built = TypeVar("Built", Outer, Header, ReceiptNote)


def _built(kind: type[Built], fields: Mapping[str, Any]) -> Built:
    """Build a header only from fields of the right type: a number is no text, a list is a list."""
    values: dict[str, Any] = {}
    for spec in dataclass_fields(kind):
        value = fields.get(spec.name)
        if not isinstance(value, _TYPES[spec.type]) or isinstance(value, bool):
            raise Unacceptable(Reason.MALFORMED)
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise Unacceptable(Reason.MALFORMED)
        values[spec.name] = value
    return kind(**values)


def moment(text: str) -> datetime:
    """Return a moment as it travels; raises Unacceptable when it is none or has no zone."""
    try:
        value = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Unacceptable(Reason.MALFORMED) from None
    # A year far off would overflow the first sum that anybody makes with it.
    if value.tzinfo is None or not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise Unacceptable(Reason.MALFORMED)
    return value


def check_outer(outer: Outer, *, own_country: str, now: datetime) -> None:
    """Refuse what is not for this country or has expired."""
    if outer.to != own_country:
        raise Unacceptable(Reason.NOT_FOR_US)
    if moment(outer.exp) < now:
        raise Unacceptable(Reason.EXPIRED)


def check_address(
    header: Header, outer: Outer, *, own_address: str, own_key_ids: Collection[str]
) -> None:
    """Refuse what was sealed for somebody else, or re-wrapped under other words."""
    is_to_us = len(header.to_kids) == 1 and header.to_kids[0] in own_key_ids
    if header.to != own_address or not is_to_us:
        raise Unacceptable(Reason.NOT_FOR_US)
    if header.mid != outer.mid or header.exp != outer.exp:
        raise Unacceptable(Reason.CHANGED)


def check_times(header: Header, *, now: datetime) -> None:
    """Refuse what has expired, comes from the future, or claims a life that no message has."""
    written, expires = moment(header.iat), moment(header.exp)
    if expires < now:
        raise Unacceptable(Reason.EXPIRED)
    if written > now + CLOCK_TOLERANCE:
        raise Unacceptable(Reason.FROM_THE_FUTURE)
    if not timedelta() <= expires - written <= LIFETIME:
        raise Unacceptable(Reason.MALFORMED)


def check_order(header: Header, *, applied: int) -> None:
    """Refuse a sequence number that was used before, hold one that comes too early.

    `applied` counts the messages of the same conversation and incarnation: a node that was restored
    from a backup begins to count anew, since it may have used numbers that it no longer knows.
    """
    if header.seq <= applied:
        raise Unacceptable(Reason.CONFLICT)
    if header.seq != applied + 1:
        raise Unacceptable(Reason.OUT_OF_ORDER)


def retry_after(attempts: int, *, base: float, jitter: float) -> timedelta:
    """Return how long to wait after a failed delivery: doubling to 120 times `base` seconds.

    `jitter` between 0 and 1 spreads the retries of many over half of the wait.
    """
    return timedelta(seconds=base * min(120, 2 ** min(attempts, 7)) * (0.5 + jitter / 2))


@dataclass(frozen=True)
class ThirdWitness:
    """A witness that is no partner: what people call it, where it answers, and its C2SP vkey."""

    name: str
    url: str
    key: str


@dataclass(frozen=True)
class Own:
    """What this node is to others: its country, its addresses, its own key, its incarnation.

    `silence` is how many seconds a partner's log may say nothing before that is an alarm.
    """

    country: str
    desk: str
    unit: str
    seed: Seed
    incarnation: int
    retry_base: float
    silence: float = 3600.0
    witnesses: tuple[ThirdWitness, ...] = ()

    @property
    def log_name(self) -> str:
        """Return the name under which this node's log and its cosignatures are known."""
        return log_name(self.country, self.incarnation)


@dataclass(frozen=True)
class Line:
    """One message of a conversation as both countries see it: the row that the fold reads."""

    mid: str
    kind: str
    sender: str
    seq: int
    in_reply_to: str
    written_at: datetime
    rank: Rank
    inc: int = 1
    # What stood against it by the agreement when it arrived; shown, never a reason to lose it.
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A message that was opened at the desk: verified, in order, not yet acted on."""

    header: Header
    body: Mapping[str, Any]
    country: str
