"""A partner's directory: what may follow what, and that no byte of it can be another."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.crypto.secrets import Seed, new_seed
from amana.crypto.signing import key_id, sign_public_of
from amana.exchange import trust
from amana.exchange.directory import fingerprint_in, open_directory, root_fingerprint
from amana.exchange.rules import Reason, Unacceptable
from amana.exchange.tests.builders import OtherCountry, other_country
from amana.exchange.trust import Pinned, check_not_revoked, cross_signed, newer, signers
from amana.standards.ceremony import are_words_of, words_of
from tests.cast import THE_MOMENT as NOW

THERE = other_country()
FILE = THERE.directory_file(NOW, version=5, revoked={"ab" * 8: NOW.isoformat()})
ROOT = fingerprint_in(FILE)
HELD = Pinned(ROOT, FILE)


def refused(file: bytes, held: Pinned = HELD) -> Reason:
    with pytest.raises(Unacceptable) as found:
        newer(held, file, now=NOW)
    return found.value.reason


def after(there: OtherCountry = THERE, **more: object) -> bytes:
    fields: dict[str, Any] = {"version": 6, "revoked": {"ab" * 8: NOW.isoformat()}, **more}
    return there.directory_file(NOW, **fields)


def test_not_one_of_all_bytes_of_a_directory_can_be_another() -> None:
    accepted = []
    for at in range(len(FILE)):
        spoiled = bytearray(FILE)
        spoiled[at] ^= 1 << at % 8
        try:
            open_directory(bytes(spoiled), pinned=ROOT, now=NOW)
        except Unacceptable:
            continue
        accepted.append(at)

    assert len(FILE) > 8000
    assert accepted == []


@pytest.mark.parametrize("spelled", [b"%b\n", b" %b"])
def test_a_directory_has_one_spelling(spelled: bytes) -> None:
    with pytest.raises(Unacceptable):
        open_directory(spelled % FILE, pinned=ROOT, now=NOW)
    with pytest.raises(Unacceptable):
        open_directory(json.dumps(json.loads(FILE)).encode(), pinned=ROOT, now=NOW)


def test_a_higher_version_of_the_same_root_follows() -> None:
    found, root = newer(HELD, after(), now=NOW)

    assert (found.version, root) == (6, ROOT)


@given(version=st.integers(1, 5))
@settings(max_examples=5, deadline=None)
def test_no_lower_version_follows_and_none_of_the_same_number(version: int) -> None:
    file = after(version=version, phone="111")

    assert refused(file) is Reason.ROLLED_BACK


def test_the_very_bytes_again_are_no_news() -> None:
    assert refused(FILE) is Reason.REPLAYED


def test_a_directory_that_stands_still_ends_by_itself() -> None:
    frozen = THERE.directory_file(NOW - timedelta(days=400), version=7)

    assert refused(frozen) is Reason.DIRECTORY_EXPIRED


def test_another_root_follows_only_when_the_last_directory_announced_it() -> None:
    heir = OtherCountry("CI", new_seed(), THERE.node, THERE.desk, THERE.unit)
    next_root = root_fingerprint(sign_public_of(heir.root))
    told = THERE.directory_file(NOW, version=6, next_root=next_root)

    assert refused(after(heir, version=7)) is Reason.UNKNOWN_SENDER
    assert newer(Pinned(ROOT, told), after(heir, version=7), now=NOW)[1] == next_root
    stranger = after(other_country(), version=7)
    assert refused(stranger, Pinned(ROOT, told)) is Reason.UNKNOWN_SENDER


@pytest.mark.parametrize("revoked", [{}, {"ab" * 8: (NOW + timedelta(days=1)).isoformat()}])
def test_a_revocation_is_never_taken_back(revoked: dict[str, str]) -> None:
    assert refused(after(revoked=revoked)) is Reason.CONFLICT


def test_a_new_key_of_a_desk_counts_beside_the_old_one_for_thirty_days() -> None:
    fresh = OtherCountry("CI", THERE.root, THERE.node, new_seed(), THERE.unit)
    row = cross_signed(THERE.desk, "desk", sign_public_of(fresh.desk), now=NOW)

    found, _ = newer(HELD, after(fresh, former=[row]), now=NOW)

    old, new = sign_public_of(THERE.desk), sign_public_of(fresh.desk)
    assert signers(found, "desk", now=NOW + timedelta(days=30)) == [new, old]
    assert signers(found, "desk", now=NOW + timedelta(days=30, seconds=1)) == [new]
    assert signers(found, "node", now=NOW) == [sign_public_of(THERE.node)]


@pytest.mark.parametrize(("by", "party"), [(new_seed(), "desk"), (THERE.node, "desk")])
def test_an_old_key_that_did_not_hand_over_itself_does_not_count(by: Seed, party: str) -> None:
    fresh = OtherCountry("CI", THERE.root, THERE.node, new_seed(), THERE.unit)
    row = cross_signed(by, party, sign_public_of(fresh.desk), now=NOW)
    row["signer"] = cross_signed(THERE.desk, party, b"", now=NOW)["signer"]

    assert refused(after(fresh, former=[row])) is Reason.CHANGED


@given(written=st.integers(-90, 90), came=st.integers(-90, 90), since=st.integers(-90, 90))
@settings(deadline=None)
def test_what_a_revoked_key_signed_counts_only_when_it_lay_here_before(
    written: int, came: int, since: int
) -> None:
    day = timedelta(days=1)
    signer = sign_public_of(THERE.desk)
    file = after(
        revoked={"ab" * 8: NOW.isoformat(), key_id(signer): (NOW + since * day).isoformat()}
    )
    directory = open_directory(file, pinned=ROOT, now=NOW)
    reason = None
    try:
        check_not_revoked(
            signer, directory, written_at=NOW + written * day, came_at=NOW + came * day
        )
    except Unacceptable as found:
        reason = found.reason

    if written >= since:
        assert reason is Reason.REVOKED
    elif came >= since:
        assert reason is Reason.IN_DOUBT
    else:
        assert reason is None


def test_twelve_words_name_a_root_and_forgive_how_they_were_typed() -> None:
    words = words_of(ROOT)

    assert len(words) == 12
    assert are_words_of(" ".join(words).upper().replace("É", "E"), ROOT)
    assert not are_words_of(" ".join(words[:11]), ROOT)
    assert not are_words_of(" ".join([*words[1:], words[0]]), ROOT)
    assert words_of(root_fingerprint(sign_public_of(new_seed()))) != words


def test_a_directory_without_a_proof_is_nowhere() -> None:
    head = trust.Head(THERE_LOG, 3, b"\0" * 32)
    for proof in (b"", b"c2sp.org/tlog-proof@v1\nindex 0\n\n", b"\xff" * 40):
        with pytest.raises(Unacceptable) as found:
            trust.check_logged(FILE, proof, head)
        assert found.value.reason is Reason.NOT_LOGGED


THERE_LOG = "amana/CI/1"
