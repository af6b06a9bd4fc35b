"""The six digits are those of RFC 6238, appendix B, and hold for a minute and a half."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto.totp import (
    STEP_SECONDS,
    TotpSecret,
    address,
    code_at,
    matching_step,
    new_totp,
    typed_form,
)

OF_THE_RFC = TotpSecret(b"12345678901234567890")
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_of_the_rfc_cut_to_six_digits(seconds: int, eight_digits: str) -> None:
    assert code_at(OF_THE_RFC, datetime.fromtimestamp(seconds, UTC)) == eight_digits[-6:]


@given(st.integers(-200, 200))
def test_a_code_is_taken_one_step_early_and_one_late_and_no_more(seconds: int) -> None:
    secret, shown = new_totp(), NOW + timedelta(seconds=seconds)
    here, there = (int(t.timestamp()) // STEP_SECONDS for t in (NOW, shown))

    found = matching_step(secret, code_at(secret, shown), NOW)

    if abs(there - here) <= 1:
        assert found in (here - 1, here, here + 1)
    else:
        # One in about 333,000 codes of another step is the same by chance.
        assert found is None or code_at(secret, shown) in {
            code_at(secret, NOW + timedelta(seconds=s)) for s in (-30, 0, 30)
        }


@given(st.text())
def test_any_typed_text_is_compared_and_never_fails(text: str) -> None:
    matching_step(OF_THE_RFC, text, NOW)


@pytest.mark.parametrize("text", ["", "1", "123 456", "٩٤٢٨٧٠", "\ud800", "1234567"])
def test_what_is_no_code_matches_nothing(text: str) -> None:
    assert matching_step(OF_THE_RFC, text, NOW) is None


def test_the_address_names_the_node_and_its_secret_alone() -> None:
    read = urlsplit(address(OF_THE_RFC, issuer="Amana CI"))

    assert (read.scheme, read.netloc) == ("otpauth", "totp")
    assert set(parse_qs(read.query)) == {"secret", "issuer"}
    assert parse_qs(read.query)["issuer"] == ["Amana CI"]
    assert typed_form(OF_THE_RFC).replace(" ", "") == parse_qs(read.query)["secret"][0]
