"""Two nodes on one bench: the desk of the other country, as a sender of every kind of message.

Only bytes pass between them. The other side's keys live here, never in the database.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from amana.audit.rules import log_name
from amana.crypto import age
from amana.crypto.framing import pack
from amana.crypto.hybrid import public_of
from amana.crypto.notes import keys_of
from amana.crypto.secrets import Seed, new_id, new_seed
from amana.crypto.signing import Signer, key_id, sign_public_of
from amana.exchange import parcels, rules
from amana.exchange.actions import arrivals
from amana.exchange.directory import (
    Directory,
    fingerprint_in,
    open_directory,
    party_fields,
    sign_directory,
)
from amana.exchange.rules import Header, Outer, Rank, Reason, ReceiptNote, Unacceptable
from amana.standards.references import new_reference


@dataclass(frozen=True)
class OtherCountry:
    """Everything that a partner country holds: its root, its node, its desk, its unit."""

    country: str
    root: Seed
    node: Seed
    desk: Seed
    unit: Seed

    def directory_file(
        self, now: datetime, *, version: int = 1, incarnation: int = 1, **more: Any
    ) -> bytes:
        """Return the signed directory that this country publishes."""
        parties: dict[str, Any] = {
            name: party_fields(
                f"{self.country}/GOV/invented/{name}",
                {"en": "Invented"},
                public_of(seed),
                sign_public_of(seed),
            )
            for name, seed in (("node", self.node), ("desk", self.desk), ("unit", self.unit))
        }
        fields = {
            "format": "amana/directory/v1",
            "country": self.country,
            "version": version,
            "expires_at": (now + timedelta(days=365)).isoformat(),
            "url": "http://127.0.0.1:9",
            "host": "other.localhost",
            "phone": "000",
            "log": [str(key) for key in keys_of(self.node, log_name(self.country, incarnation))],
            **parties,
            **more,
        }
        return sign_directory(fields, self.root)

    @property
    def desk_address(self) -> str:
        """Return the address of its desk."""
        return f"{self.country}/GOV/invented/desk"


def other_country(country: str = "CI") -> OtherCountry:
    """Return a partner with fresh keys."""
    return OtherCountry(country, new_seed(), new_seed(), new_seed(), new_seed())


def own_directory(seeds: dict[str, Seed], country: str, now: datetime) -> Directory:
    """Return this node's directory as its partner would read it."""
    here = OtherCountry(country, new_seed(), seeds["node"], seeds["desk"], seeds["unit"])
    file = here.directory_file(now)
    return open_directory(file, pinned=fingerprint_in(file), now=now)


@dataclass(frozen=True)
class Sealed:
    """A message of the other desk, in its parts, so that a test can spoil any of them."""

    header: Header
    outer: Outer
    container: bytes


def header_for(
    other: OtherCountry,
    *,
    to: str,
    to_public: bytes,
    kind: str,
    conversation: str,
    seq: int,
    now: datetime,
    in_reply_to: str = "",
) -> Header:
    """Return an honest header of the other desk."""
    return Header(
        v=1,
        type=kind,
        schema=f"{kind}/1.0.0",
        mid=new_id(),
        conv=conversation,
        inc=1,
        seq=seq,
        in_reply_to=in_reply_to,
        sender=other.desk_address,
        to=to,
        to_kids=[key_id(to_public)],
        iat=now.isoformat(),
        exp=(now + rules.LIFETIME).isoformat(),
        urgency="adult",
        legal_basis="CONSENT",
        consent_ref="1",
        purpose="CARE_AFTER_RETURN",
        handling="no-onward",
        minimum_dataset="offer",
        attachments=[],
        receipt_policy="relayed,delivered",
    )


def sealed(
    header: Header, body: dict[str, Any], *, signer: Seed, to_public: bytes, to_country: str
) -> Sealed:
    """Return a message signed by one desk and sealed to another."""
    frame = pack(
        rules.ENVELOPE, rules.encode(header), json.dumps(body).encode(), signer, padded=True
    )
    container = age.encrypt([to_public], frame)
    return Sealed(header, Outer(1, to_country, header.mid, header.exp), container)


def parcel(message: Sealed, node: Seed, *more: Sealed) -> bytes:
    """Return what the other node's worker would post: one message, or several."""
    held = [(rules.encode(one.outer), one.container) for one in (message, *more)]
    body = parcels.join(piece for both in held for piece in both)
    outer = replace(message.outer, mid=new_id())
    return pack(rules.PARCEL, rules.encode(outer), body, node, padded=False)


def receive_messages(carried: bytes, *, by: OtherCountry, now: datetime) -> list[Reason | bytes]:
    """Let a node bring a parcel; return what it hears of each message: a reason or a receipt."""
    answer = arrivals.receive_messages(carried, caller=by.country, now=now)
    said = parcels.pairs(age.decrypt(by.node, answer))
    return [parcels.reason_in(reason) or signed for reason, signed in said]


def receive_message(carried: bytes, *, by: OtherCountry, now: datetime) -> bytes:
    """Let a node bring one message; return the receipt, or raise Unacceptable if it is refused."""
    (said,) = receive_messages(carried, by=by, now=now)
    if isinstance(said, Reason):
        raise Unacceptable(said)
    return said


def receive_receipt(carried: bytes, *, caller: str, now: datetime) -> None:
    """Let a node bring one receipt; raises Unacceptable if it is refused."""
    (reason,) = parcels.reasons(arrivals.receive_receipts(carried, caller=caller, now=now), 1)
    if reason:
        raise Unacceptable(reason)


def receipt(
    other: OtherCountry,
    *,
    mid: str,
    sha256: str,
    rank: Rank,
    now: datetime,
    signer: Seed | None = None,
) -> bytes:
    """Return a signed receipt of the other country."""
    by_node = rank is Rank.RELAYED
    name = other.country if by_node else other.desk_address
    note = ReceiptNote(1, mid, rank, sha256, now.isoformat(), name, "")
    return parcels.signed_note(note, Signer(signer or (other.node if by_node else other.desk)))


def receipt_parcel(
    other: OtherCountry, *, own_public: bytes, own_country: str, now: datetime, **said: Any
) -> bytes:
    """Return a receipt of the other country, as its worker would post it."""
    signed = receipt(other, now=now, **said)
    body = age.encrypt([own_public], parcels.join([signed]))
    return parcels.close(body, to=own_country, signer=Signer(other.node), now=now)


def offer_body(**more: Any) -> dict[str, Any]:
    """Return what an honest offer says, under a reference of its own."""
    return {
        "m": "M01",
        "reference": new_reference("R"),
        "cover": {
            "age_band": "18_24",
            "sex": "F",
            "is_child": False,
            "needs": ["SHELTER"],
            "class": "TRAITE_PRESUMEE",
            "risk": "HIGH",
        },
        "purpose": "CARE_AFTER_RETURN",
        "urgency": "normal",
        "ground": "CONSENT",
        "by": "Inventée",
        **more,
    }
