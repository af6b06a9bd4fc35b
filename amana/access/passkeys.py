"""The ceremonies of passkeys (WebAuthn level 3) with the PRF extension. Nothing else knows them.

A passkey signs a challenge of this node, for this address alone, and gives 32 bytes that nobody
else can make it give: they become the key of a lock. The browser posts them in a field of their
own, since here the server opens the seed; nothing keeps them.
"""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from amana.access import rules
from amana.access.rules import Refused
from amana.crypto.secrets import SIZE, Key, Secret, derive, digest, keyed, same, token

# What every passkey is asked; it is no secret, and must never change.
PRF_QUESTION = digest(b"amana/passkey/prf/v1")
SIGN_IN = "sign-in"
# Who is there must be checked (by finger, face or code): a passkey's answer to the PRF question
# differs with and without it.
CHECKED = UserVerificationRequirement.REQUIRED
# What a browser may hand over that is not as it should be.
MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True)
class Site:
    """Where passkeys of this node work: its host, its origin, its name, what its challenges bear.

    A challenge is not stored: it carries its moment and is sealed with what only the node knows.
    """

    host: str
    origin: str
    name: str
    secret: Secret = field(repr=False)

    def challenge(self, purpose: str, now: datetime) -> bytes:
        """Return a fresh challenge for one purpose: signing in, or one account's act."""
        body = struct.pack(">Q", int(now.timestamp())) + token()
        return body + keyed(self.secret, b"amana/challenge/v1|" + purpose.encode() + b"|" + body)

    def check(self, challenge: bytes, purpose: str, now: datetime) -> None:
        """Refuse a challenge that is not ours, was for something else, or is too old."""
        body, seal = challenge[:40], challenge[40:]
        ours = keyed(self.secret, b"amana/challenge/v1|" + purpose.encode() + b"|" + body)
        if len(body) < 40 or not same(seal, ours):
            raise Refused(["PASSKEY_NOT_KNOWN"])
        age = int(now.timestamp()) - struct.unpack(">Q", body[:8])[0]
        if not 0 <= age < rules.CHALLENGE_LIFE.total_seconds():
            raise Refused(["PASSKEY_TOO_LATE"])


@dataclass(frozen=True)
class Registered:
    """A new passkey: what is kept of it, and the challenge that it answered."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    challenge: bytes


def options_to_register(
    site: Site, *, account_id: str, sign_in_name: str, known: Sequence[bytes], now: datetime
) -> dict[str, Any]:
    """Return what the browser needs to make a passkey that this device does not have yet."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=bytes.fromhex(account_id),
        user_name=sign_in_name,
        challenge=site.challenge(account_id, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=CHECKED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return _with_question(options_to_json_dict(options))


def options_to_prove(
    site: Site, purpose: str, *, known: Sequence[bytes], now: datetime
) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: one of those known, or any of this node."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=site.challenge(purpose, now),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=CHECKED,
    )
    return _with_question(options_to_json_dict(options))


def _with_question(options: dict[str, Any]) -> dict[str, Any]:
    question = {"eval": {"first": bytes_to_base64url(PRF_QUESTION)}}
    return options | {"extensions": {"prf": question}}


def registered(site: Site, answer: Mapping[str, Any], purpose: str, now: datetime) -> Registered:
    """Return the passkey that a browser made, or refuse."""
    try:
        challenge = _challenge_of(answer)
        site.check(challenge, purpose, now)
        made = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except MALFORMED:
        raise Refused(["PASSKEY_NOT_KNOWN"]) from None
    return Registered(
        made.credential_id, made.credential_public_key, made.sign_count, digest(challenge)
    )


def credential_of(answer: Mapping[str, Any]) -> bytes:
    """Return which passkey says that it answers; raises Refused for what is no answer."""
    try:
        return base64url_to_bytes(answer["id"])
    except MALFORMED:
        raise Refused(["PASSKEY_NOT_KNOWN"]) from None


def proven(
    site: Site, answer: Mapping[str, Any], purpose: str, *, kept: tuple[bytes, int], now: datetime
) -> tuple[int, bytes]:
    """Return how often the passkey has signed and the challenge's digest, or refuse.

    `kept` is its public key and how often it had signed: a copy that lags behind is refused.
    """
    public_key, sign_count = kept
    try:
        challenge = _challenge_of(answer)
        site.check(challenge, purpose, now)
        shown = webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except MALFORMED:
        raise Refused(["PASSKEY_NOT_KNOWN"]) from None
    return shown.new_sign_count, digest(challenge)


def _challenge_of(answer: Mapping[str, Any]) -> bytes:
    said = base64url_to_bytes(answer["response"]["clientDataJSON"])
    return parse_client_data_json(said).challenge


def key_of(prf: str) -> Key:
    """Return the key of a passkey's lock out of its answer to the question, or refuse.

    A passkey that gives no answer can prove who somebody is, but opens nothing.
    """
    try:
        secret = base64.urlsafe_b64decode(prf + "=" * (-len(prf) % 4))
    except ValueError:
        secret = b""
    if len(secret) != SIZE:
        raise Refused(["PASSKEY_OPENS_NOTHING"])
    return derive(Secret(secret), "passkey/key")
