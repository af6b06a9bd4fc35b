"""A certificate is its own witness, has one fingerprint, and ends."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amana.crypto.certificates import LIFE, ends_at, fingerprint, make

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


def test_a_certificate_has_its_own_fingerprint_and_ends_after_its_life() -> None:
    (one, _), (two, _) = make("keeper", NOW), make("keeper", NOW)

    assert fingerprint(one) == fingerprint(one) != fingerprint(two)
    assert len(fingerprint(one).split()) == 16
    assert ends_at(one) == NOW + LIFE


def test_the_key_belongs_to_the_certificate(tmp_path: Path) -> None:
    (certificate, _), (_, strange) = make("a", NOW), make("b", NOW)
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "key").write_bytes(strange)

    with pytest.raises(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tmp_path / "crt", tmp_path / "key")


def test_what_is_not_one_certificate_that_signed_itself_has_no_fingerprint() -> None:
    one, two = make("a", NOW)[0], make("b", NOW)[0]

    for strange in (b"", b"nonsense", one + two, one[:200]):
        with pytest.raises(ValueError, match=r".+"):
            fingerprint(strange)
