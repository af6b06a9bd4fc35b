"""Two countries watch each other: what is vouched for, what is an alarm, and what is nothing."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from amana.audit import queries as record
from amana.audit.actions import record as put_on_record
from amana.audit.models import Witnessed
from amana.crypto import merkle, notes
from amana.crypto.framing import pack, read
from amana.crypto.notes import Checkpoint, Note, Request
from amana.crypto.secrets import Seed, new_id, new_seed
from amana.exchange import actions, queries, rules, witness
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.rules import Outer, Reason, ThirdWitness, Unacceptable
from amana.exchange.tests.builders import OtherCountry, other_country
from amana.exchange.witness import Listener, tell_all
from tests.cast import THE_MOMENT as NOW
from tests.cast import StoppedClock

pytestmark = pytest.mark.django_db
THEIR_LOG = "amana/CI/1"
LEAVES = [bytes([n]) * 32 for n in range(12)]


@pytest.fixture
def there(db: None) -> OtherCountry:
    """The other country, pinned here."""
    other = other_country()
    file = other.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    return other


def asked(  # each part of an honest request, so that a test can spoil any of them
    other: OtherCountry,
    leaves: list[bytes],
    *,
    old: int = 0,
    at: int = 0,
    name: str = THEIR_LOG,
    signer: Seed | None = None,
    to: str = "MA",
    exp: timedelta = timedelta(minutes=5),
) -> bytes:
    """Return what the other node posts."""
    checkpoint = Checkpoint(name, len(leaves), merkle.root(leaves))
    note = notes.signed(signer or other.node, checkpoint, at=at or int(NOW.timestamp()))
    request = Request(old, merkle.consistency_proof(leaves, min(old, len(leaves))), bytes(note))
    outer = Outer(1, to, new_id(), (NOW + exp).isoformat())
    return pack(rules.CHECKPOINT, rules.encode(outer), bytes(request), other.node, padded=False)


def alarms() -> list[tuple[str, str]]:
    return [(alarm.country, alarm.kind) for alarm in record.open_alarms()]


def test_a_log_that_grew_gets_both_cosignatures(there: OtherCountry) -> None:
    status, lines = witness.answer(asked(there, LEAVES[:5]), caller="CI", now=NOW)

    own = queries.own()
    keys = notes.of_kinds(notes.keys_of(own.seed, own.log_name), notes.WITNESS_KINDS)
    text = Checkpoint(THEIR_LOG, 5, merkle.root(LEAVES[:5])).text
    assert status == 200
    assert notes.signed_at(Note(text, tuple(notes.read_lines(lines))), keys) == NOW.timestamp()
    assert witness.answer(asked(there, LEAVES, old=5), caller="CI", now=NOW)[0] == 200
    assert alarms() == []


def test_a_stale_request_is_told_the_size_that_is_known(there: OtherCountry) -> None:
    witness.answer(asked(there, LEAVES[:5]), caller="CI", now=NOW)

    assert witness.answer(asked(there, LEAVES, old=3), caller="CI", now=NOW) == (409, b"5\n")
    assert alarms() == []


def test_a_fork_is_refused_and_an_alarm(there: OtherCountry) -> None:
    witness.answer(asked(there, LEAVES[:5]), caller="CI", now=NOW)

    assert witness.answer(asked(there, LEAVES[::-1], old=5), caller="CI", now=NOW)[0] == 422
    assert witness.answer(asked(there, LEAVES[4::-1], old=5), caller="CI", now=NOW)[0] == 409
    assert alarms() == [("CI", "forked")]


def test_a_rollback_is_an_alarm_and_an_old_checkpoint_again_is_not(there: OtherCountry) -> None:
    at = int(NOW.timestamp())
    witness.answer(asked(there, LEAVES, at=at), caller="CI", now=NOW)

    old = asked(there, LEAVES[:5], old=5, at=at - 60)
    assert witness.answer(old, caller="CI", now=NOW) == (409, b"12\n")
    assert alarms() == []
    new = asked(there, LEAVES[:5], old=5, at=at + 60)
    assert witness.answer(new, caller="CI", now=NOW) == (409, b"12\n")
    assert alarms() == [("CI", "shorter")]


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"name": "amana/CI/2"}, Reason.UNKNOWN_SENDER),
        ({"name": "amana/MA/1"}, Reason.UNKNOWN_SENDER),
        ({"signer": Seed(b"\x07" * 32)}, Reason.MALFORMED),
        ({"to": "SN"}, Reason.NOT_FOR_US),
        ({"exp": -timedelta(minutes=1)}, Reason.EXPIRED),
        ({"at": int((NOW + timedelta(days=3)).timestamp())}, Reason.FROM_THE_FUTURE),
        ({"old": 20}, Reason.MALFORMED),
    ],
)
def test_what_is_not_the_partner_s_word_has_no_effect(
    there: OtherCountry, spoiled: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(Unacceptable) as refused:
        witness.answer(asked(there, LEAVES, **spoiled), caller="CI", now=NOW)

    assert refused.value.reason is reason
    assert not Witnessed.objects.exists()


def test_a_stranger_can_neither_speak_for_a_partner_nor_ring_its_alarm(
    there: OtherCountry, client: Client, stopped_clock: StoppedClock
) -> None:
    """The checkpoint is the partner's own, seen on a printed proof; the frame is not."""
    stranger = replace(there, node=new_seed())
    forged = asked(stranger, LEAVES, signer=there.node)

    def post(parcel: bytes, caller: str) -> Any:
        return client.post(
            "/exchange/checkpoints",
            parcel,
            content_type="application/octet-stream",
            headers={"Amana-Node": caller},
        )

    for parcel, caller in ((forged, "CI"), (asked(there, LEAVES), "SN"), (b"", "CI"), (b"x", "")):
        assert post(parcel, caller).status_code == 403
    assert alarms() == []
    assert post(asked(there, LEAVES), "CI").status_code == 200
    assert client.get("/exchange/checkpoints").status_code == 405


# Having the own log witnessed.


@dataclass
class Abroad:
    """A witness at the other end of the wire, that remembers as tlog-witness says."""

    seed: Seed
    name: str
    is_partner: bool = True
    size: int = 0
    root: bytes = merkle.EMPTY
    asked: list[str] = field(default_factory=list)
    lies: bool = False

    def __call__(self, *, url: str, parcel: bytes, **_: str) -> Answer:
        """Answer as a witness does."""
        self.asked.append(url)
        body = read(parcel, padded=False).body if self.is_partner else parcel
        request = notes.read_request(body)
        checkpoint = notes.read_checkpoint(notes.read_note(request.note).text)
        if request.old != self.size:
            return Answer(409, f"{self.size}\n".encode())
        if not merkle.is_consistent(
            self.size, self.root, checkpoint.size, checkpoint.root, request.proof
        ):
            return Answer(422, b"")
        self.size, self.root = checkpoint.size, checkpoint.root
        signer = new_seed() if self.lies else self.seed
        lines = notes.cosigned(signer, self.name, checkpoint, at=int(NOW.timestamp()))
        return Answer(200, "".join(map(str, lines)).encode())


@pytest.fixture
def abroad(there: OtherCountry) -> Abroad:
    return Abroad(there.node, THEIR_LOG)


def act(n: int = 1) -> None:
    for _ in range(n):
        put_on_record(at=NOW, actor="a", verb="case.open", subject="x")


def test_the_partner_s_word_is_kept_and_the_next_proof_starts_from_it(abroad: Abroad) -> None:
    act(3)
    assert tell_all(NOW, via=abroad) == 1
    act(4)
    assert tell_all(NOW, via=abroad) == 1

    assert abroad.asked == ["http://127.0.0.1:9/exchange/checkpoints"] * 2
    assert record.cosigned_size(THEIR_LOG) == abroad.size == record.length()
    own = queries.own()
    keys = notes.keys_of(abroad.seed, THEIR_LOG)
    assert (
        record.faults_of_witnesses(notes.keys_of(own.seed, own.log_name), {THEIR_LOG: keys}) == []
    )


def test_an_answer_that_got_lost_is_made_good_by_asking_once_more(abroad: Abroad) -> None:
    act(3)

    def lost(**words: Any) -> Answer:
        abroad(**words)
        raise NotCarried("lost")

    assert tell_all(NOW, via=lost) == 0
    assert record.cosigned_size(THEIR_LOG) == 0
    act()
    assert tell_all(NOW, via=abroad) == 1
    assert len(abroad.asked) == 3
    assert alarms() == []


def test_a_checkpoint_that_the_line_doubled_is_no_fork(abroad: Abroad) -> None:
    """The first is vouched for and its answer lost; the second, the same, is one that came late."""
    act(3)

    def doubled(**words: Any) -> Answer:
        abroad(**words)
        return abroad(**words)

    assert tell_all(NOW, via=doubled) == 1
    act(4)
    assert tell_all(NOW, via=doubled) == 1
    assert alarms() == []


def test_a_cosignature_that_does_not_hold_is_not_kept(abroad: Abroad) -> None:
    abroad.lies = True
    act()

    assert tell_all(NOW, via=abroad) == 0
    assert record.cosigned() == []


def test_a_node_that_forgot_what_others_saw_learns_it_from_them(abroad: Abroad) -> None:
    act(5)
    tell_all(NOW, via=abroad)
    abroad.size += 3

    assert tell_all(NOW, via=abroad) == 0
    assert alarms() == [("MA", "shorter")]


def test_a_node_whose_past_was_rewritten_is_told_so(abroad: Abroad) -> None:
    act(5)
    tell_all(NOW, via=abroad)
    abroad.root = bytes(32)
    act()

    assert tell_all(NOW, via=abroad) == 0
    assert alarms() == [("MA", "forked")]


@pytest.mark.parametrize(
    "said", [Answer(500, b""), Answer(200, b"\xff"), Answer(409, b"many"), Answer(409, b"")]
)
def test_whatever_a_witness_answers_the_next_one_is_told(
    there: OtherCountry, settings: Settings, said: Answer
) -> None:
    third = Abroad(Seed(b"\x09" * 32), "ombudsman.example/w1", is_partner=False)
    key = notes.keys_of(third.seed, third.name)[2]
    settings.OWN = replace(
        queries.own(),
        witnesses=(ThirdWitness("ombudsman", "https://ombudsman.example/w", str(key)),),
    )
    act()

    def wire(**words: Any) -> Answer:
        return third(**words) if "ombudsman" in words["host"] else said

    assert tell_all(NOW, via=wire) == 1
    assert third.asked == ["https://ombudsman.example/w/add-checkpoint"]
    assert [row.witness for row in record.cosigned()] == ["ombudsman"]


# Silence.


def test_a_partner_that_says_nothing_for_an_hour_is_an_alarm_until_it_speaks(
    there: OtherCountry,
) -> None:
    tick = [0.0]
    listener = Listener(lambda: tick[0])
    witness.answer(asked(there, LEAVES), caller="CI", now=NOW)
    for tick[0] in (1000.0, 3000.0, 4600.0):
        listener.listen(NOW)
    assert alarms() == []

    tick[0] = 4601.0
    listener.listen(NOW)
    listener.listen(NOW)
    assert alarms() == [("CI", "silent")]

    later = NOW + timedelta(minutes=1)
    word = asked(there, LEAVES, old=12, at=int(later.timestamp()))
    assert witness.answer(word, caller="CI", now=later)[0] == 200
    listener.listen(later)
    assert alarms() == []


def test_a_partner_that_never_spoke_is_silent_too(there: OtherCountry) -> None:
    tick = [0.0]
    listener = Listener(lambda: tick[0])
    listener.listen(NOW)
    tick[0] = 3601.0
    listener.listen(NOW)

    assert alarms() == [("CI", "silent")]


def test_an_old_word_sent_again_does_not_end_a_silence(there: OtherCountry) -> None:
    word = asked(there, LEAVES)
    witness.answer(word, caller="CI", now=NOW)
    heard = record.last_heard(THEIR_LOG)

    status, _ = witness.answer(
        asked(there, LEAVES, old=12), caller="CI", now=NOW + timedelta(minutes=1)
    )

    assert status == 200
    assert record.last_heard(THEIR_LOG) == heard
