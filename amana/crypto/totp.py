"""The six digits of a phone that has no network (TOTP, RFC 6238: SHA-1, 30 seconds, 6 digits)."""

import base64
import secrets as randomness
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from amana.crypto.secrets import Secret, same

STEP_SECONDS = 30
DIGITS = 6
# A phone's clock may be one step ahead or behind.
SLACK = (0, -1, 1)


class TotpSecret(Secret):
    """What a phone and the keeper share."""

    __slots__ = ()
    size = 20


def new_totp() -> TotpSecret:
    """Return a fresh secret of 160 bits, as RFC 4226 recommends."""
    return TotpSecret(randomness.token_bytes(20))


def code_at(secret: TotpSecret, now: datetime) -> str:
    """Return the six digits of this moment."""
    return _code(secret, _step(now))


def matching_step(secret: TotpSecret, code: str, now: datetime) -> int | None:
    """Return the number of the step whose code this is, or None. All steps are always compared."""
    typed = code.encode("utf-8", "replace")
    found = None
    for slack in SLACK:
        step = _step(now) + slack
        if same(_code(secret, step).encode(), typed) and found is None:
            found = step
    return found


def address(secret: TotpSecret, *, issuer: str) -> str:
    """Return the otpauth address for a QR code. It names the node and never the person."""
    words = base64.b32encode(secret.reveal()).decode()
    return f"otpauth://totp/{issuer}?secret={words}&issuer={issuer}"


def typed_form(secret: TotpSecret) -> str:
    """Return the secret as groups of four letters, for a phone that cannot read a QR code."""
    words = base64.b32encode(secret.reveal()).decode()
    return " ".join(words[at : at + 4] for at in range(0, len(words), 4))


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def _code(secret: TotpSecret, step: int) -> str:
    # SHA-1 is what every authenticator speaks; in HMAC its collisions do not matter.
    totp = TOTP(secret.reveal(), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
    return totp.generate(step * STEP_SECONDS).decode()
