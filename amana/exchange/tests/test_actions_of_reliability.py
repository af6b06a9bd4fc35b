"""The law of security C2.6: exactly once, in order, no receipt without the fact, never back.

The real actions of one node against another country that is written down here in a page, over a
line that loses, doubles and reorders, with crashes before and after a commit.
"""

import json
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from amana.access.actions.keys import issue_key
from amana.access.rules import DESK, Actor, Role
from amana.audit.actions import record
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from amana.crypto import age
from amana.crypto.framing import read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Key, digest, new_id
from amana.crypto.signing import Signer
from amana.exchange import actions, parcels, queries, rules
from amana.exchange.actions import arrivals
from amana.exchange.actions.delivery import deliver_due
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Header, Opened, Rank, Reason
from amana.exchange.tests.builders import (
    OtherCountry,
    Sealed,
    header_for,
    offer_body,
    other_country,
    parcel,
    receipt,
    sealed,
)
from tests.cast import THE_MOMENT, Cast

pytestmark = pytest.mark.django_db
KIND = "referral.offer"


class Crash(BaseException):
    """The power went off."""


def _crash(is_now: bool) -> None:
    if is_now:
        raise Crash


@dataclass
class There:
    """The other country: what it wrote, what it holds, what it has vouched for."""

    hands: OtherCountry
    outbox: dict[str, Sealed] = field(default_factory=dict)  # until the node says RELAYED
    written: dict[str, Sealed] = field(default_factory=dict)
    heard: dict[str, Rank] = field(default_factory=dict)
    held: dict[str, Header] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    applied: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    vouched: dict[tuple[str, Rank], bytes] = field(default_factory=dict)
    unsaid: set[tuple[str, Rank]] = field(default_factory=set)

    def take(self, carried: bytes) -> bytes:
        """Take a parcel of messages; the same again has no effect."""
        pairs = parcels.pairs(read(carried, padded=False).body)
        said: list[bytes] = []
        for outer, container in pairs:
            mid = rules.read_outer(outer).mid
            frame = read(age.decrypt(self.hands.desk, container), padded=True)
            self.held.setdefault(mid, rules.read_header(frame.header))
            known = self.sha256.setdefault(mid, digest(container).hex())
            assert known == digest(container).hex(), "other bytes under one number"
            said += [b"", self.vouch(mid, Rank.RELAYED)]
        own = queries.own()
        return age.encrypt([public_of(own.seed)], parcels.join(said))

    def vouch(self, mid: str, rank: Rank) -> bytes:
        """Return the one receipt that it signs for this."""
        if (mid, rank) not in self.vouched:
            self.vouched[mid, rank] = receipt(
                self.hands, mid=mid, sha256=self.sha256[mid], rank=rank, now=THE_MOMENT
            )
        return self.vouched[mid, rank]

    def open(self) -> None:
        """Act on what is next in each conversation."""
        for header in sorted(self.held.values(), key=lambda h: h.seq):
            done = self.applied[header.conv]
            if header.seq == len(done) + 1:
                done.append(header.seq)
                self.vouch(header.mid, Rank.DELIVERED)
                self.unsaid.add((header.mid, Rank.DELIVERED))

    def hear(self, signed: bytes) -> None:
        """Believe a receipt only of what is true over there, and never less than before."""
        note = rules.read_receipt(read(signed, padded=True).header)
        row = Message.objects.get(pk=note.mid)
        assert bytes(row.container), "a receipt of a message that nobody keeps"
        if note.rank == Rank.DELIVERED:
            assert row.kind == KIND, "a receipt of a message that nobody opened"
        self.heard[note.mid] = max(self.heard.get(note.mid, Rank.QUEUED), Rank(note.rank))
        self.outbox.pop(note.mid, None)


FATES = ("arrives", "lost", "answer lost", "doubled", "cut", "crash before", "crash after")
ARRIVES = "arrives"


class Exchange(RuleBasedStateMachine):
    """Two conversations in each direction, and everything that can happen to them."""

    cast: Cast
    desk: Actor

    @initialize()
    def begin(self) -> None:
        """Two countries that trust each other, in a transaction that is undone at the end."""
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.there, self.now = There(other_country()), THE_MOMENT
        file = self.there.hands.directory_file(self.now)
        pinned = fingerprint_in(file)
        actions.pin_peer(file=file, fingerprint=pinned, now=self.now, by="test")
        self.ours = [new_id(), new_id()]
        self.theirs = [new_id(), new_id()]
        self.key_id, self.key = issue_key(DESK)
        self.ranks: dict[str, int] = {}
        self.installed = dict(actions._HANDLERS), dict(actions._HOLDS), tuple(actions._AT_THE_TRAY)
        actions.install({KIND: self.act}, self.installed[1])

    def act(self, opened: Opened, _actor: Actor, _now: datetime) -> tuple[str, Key]:
        """Act on a message: its effect stands in the record, under its number."""
        at = f"{opened.header.conv}/{opened.header.seq}"
        record(at=self.now, actor="test", verb="test.effect", subject=at)
        if opened.body["by"] == "Bad":
            raise ValueError("nobody foresaw this")
        return self.key_id, self.key

    def teardown(self) -> None:
        """Let the line heal: everything arrives, once and in order, and both know it."""
        if not hasattr(self, "undone"):
            return
        try:
            self.heal()
        finally:
            actions.install(*self.installed)
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    # What happens.

    @rule(conv=st.integers(0, 1))
    def we_write(self, conv: int) -> None:
        """The desk writes."""
        letter = actions.Letter(
            KIND,
            "CI",
            self.ours[conv],
            offer_body(),
            legal_basis="CONSENT",
            purpose="CARE_AFTER_RETURN",
        )
        actions.post(letter, actor=self.desk, key_id_=self.key_id, key=self.key, now=self.now)

    @rule(conv=st.integers(0, 1), is_bad=st.booleans())
    def they_write(self, conv: int, is_bad: bool) -> None:
        """The other desk writes; now and then what no handler can bear."""
        there = self.there
        public = public_of(self.cast.keys[DESK].seed)
        seq = 1 + sum(m.header.conv == self.theirs[conv] for m in there.written.values())
        header = header_for(
            there.hands,
            to=queries.own().desk,
            to_public=public,
            kind=KIND,
            conversation=self.theirs[conv],
            seq=seq,
            now=THE_MOMENT,
        )
        body = offer_body(by="Bad" if is_bad else "Good")
        message = sealed(header, body, signer=there.hands.desk, to_public=public, to_country="MA")
        there.outbox[header.mid] = there.written[header.mid] = message

    @rule(fate=st.sampled_from(FATES))
    def we_carry(self, fate: str) -> None:
        """Our worker carries what is due, over the line as it is."""
        self.now += timedelta(minutes=2)

        def via(*, url: str, parcel: bytes, **_: object) -> Answer:
            if fate == "lost":
                raise NotCarried("lost")
            if fate == "crash before":
                raise Crash
            answer = self._over_there(url, parcel)
            if fate == "doubled":
                answer = self._over_there(url, parcel)
            if fate == "crash after":
                raise Crash
            if fate == "answer lost":
                raise NotCarried("the answer was lost")
            return Answer(200, answer[: len(answer) // 2] if fate == "cut" else answer)

        with suppress(Crash):
            deliver_due(now=self.now, clock=lambda: self.now, jitter=0.5, via=via)

    @rule(fate=st.sampled_from(("lost", "crash before")))
    def what_we_write_does_not_arrive(self, fate: str) -> None:
        """A message leaves and nobody ever sees it."""
        self.we_write(1)
        self.we_carry(fate)

    def _over_there(self, url: str, carried: bytes) -> bytes:
        if url.endswith("/messages"):
            return self.there.take(carried)
        body = read(carried, padded=False).body
        signed = parcels.part(age.decrypt(self.there.hands.node, body))
        for one in signed:
            self.there.hear(one)
        return parcels.join(b"" for _ in signed)

    @rule(data=st.data(), fate=st.sampled_from(FATES))
    def they_bring(self, data: st.DataObject, fate: str) -> None:
        """Their worker brings some of what it has, in any order, some of it for the second time."""
        all_ = list(self.there.written)
        if not all_ or fate == "lost":
            return
        picked = data.draw(st.lists(st.sampled_from(all_), min_size=1, max_size=4))
        first, *more = (self.there.written[mid] for mid in picked)
        carried = parcel(first, self.there.hands.node, *more)
        answers = [self._bring(carried, fate) for _ in range(2 if fate == "doubled" else 1)]
        for answer in answers:
            if answer is not None and fate in (ARRIVES, "doubled"):
                said = parcels.pairs(age.decrypt(self.there.hands.node, answer))
                assert [reason for reason, _ in said] == [b""] * len(picked)
                for _, signed in said:
                    self.there.hear(signed)

    def _bring(self, carried: bytes, fate: str) -> bytes | None:
        with suppress(Crash), transaction.atomic():
            answer = arrivals.receive_messages(carried, caller="CI", now=self.now)
            _crash(fate == "crash before")
            return answer
        return None

    @rule(is_crash=st.booleans())
    def we_open(self, is_crash: bool) -> None:
        """A person of our desk opens what is there; or the power goes before the commit."""
        with suppress(Crash), transaction.atomic():
            actions.open_messages(actor=self.desk, now=self.now)
            _crash(is_crash)

    @rule()
    def they_open(self) -> None:
        """A person of their desk opens what is there."""
        self.there.open()

    @rule(data=st.data())
    def they_vouch(self, data: st.DataObject) -> None:
        """Their worker brings receipts, old ones too, in any order."""
        if self.there.vouched:
            known = sorted(self.there.vouched)
            picked = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=4))
            self._vouch(picked)

    @rule()
    def their_words_overtake_each_other(self) -> None:
        """Our answer is lost, their desk is quick: the higher receipt comes first."""
        self.we_write(0)
        self.we_carry("answer lost")
        self.there.open()
        for one in sorted(self.there.vouched, key=lambda one: -one[1])[:6]:
            self._vouch([one])

    def _vouch(self, picked: list[tuple[str, Rank]]) -> None:
        there = self.there
        body = parcels.join(there.vouched[one] for one in picked)
        sealed_ = age.encrypt([public_of(queries.own().seed)], body)
        hand = Signer(there.hands.node)
        carried = parcels.close(sealed_, to="MA", signer=hand, now=self.now)
        answer = arrivals.receive_receipts(carried, caller="CI", now=self.now)
        assert parcels.reasons(answer, len(picked)) == [None] * len(picked)
        there.unsaid -= set(picked)

    # What must hold at every moment.

    @invariant()
    def each_has_its_effect_once_and_in_order(self) -> None:
        if not hasattr(self, "undone"):
            return
        found = [json.loads(bytes(e.event or b"{}")) for e in Entry.objects.order_by("seq")]
        effects = [e["subject"].split("/") for e in found if e["verb"] == "test.effect"]
        assert all(n == 1 for n in Counter(map(tuple, effects)).values())
        for conv in self.theirs:
            seqs = [int(seq) for of, seq in effects if of == conv]
            assert seqs == sorted(seqs)
            taken = Message.objects.filter(conversation=conv, is_ours=False).order_by("seq")
            assert [m.seq for m in taken if m.kind] == seqs
            assert [m.seq for m in taken] == list(range(1, len(taken) + 1))

    @invariant()
    def no_rank_goes_back_and_none_is_above_the_fact(self) -> None:
        if not hasattr(self, "undone"):
            return
        for row in Message.objects.filter(is_ours=True):
            assert row.rank >= self.ranks.get(row.mid, 0)
            self.ranks[row.mid] = row.rank
            header = self.there.held.get(row.mid)
            assert row.rank == Rank.QUEUED or header is not None
            if header is not None and row.rank == Rank.DELIVERED:
                assert header.seq in self.there.applied[header.conv]

    # How it ends.

    def heal(self) -> None:
        """Carry, bring and open until nothing is left to do; then both know the same."""
        for _ in range(12):
            self.now += timedelta(hours=2)
            self.we_carry(ARRIVES)
            for mid in list(self.there.outbox):
                answer = self._bring(
                    parcel(self.there.written[mid], self.there.hands.node), ARRIVES
                )
                assert answer is not None
                for _, signed in parcels.pairs(age.decrypt(self.there.hands.node, answer)):
                    self.there.hear(signed)
            actions.open_messages(actor=self.desk, now=self.now)
            self.there.open()
            if self.there.unsaid:
                self._vouch(sorted(self.there.unsaid)[: parcels.MOST])
        self.each_has_its_effect_once_and_in_order()
        assert queries.waiting() == (0, 0)
        ours = Message.objects.filter(is_ours=True)
        assert {m.rank for m in ours} <= {Rank.DELIVERED}
        assert set(self.there.held) == {m.mid for m in ours}
        for mid, message in self.there.written.items():
            row = Message.objects.get(pk=mid)
            assert row.kind == KIND or row.refused_for == Reason.MALFORMED
            end = Rank.REFUSED if row.refused_for else Rank.DELIVERED
            assert self.there.heard[mid] == end, message.header.seq
        assert not Receipt.objects.filter(is_ours=True, is_carried=False).exists()
        assert first_fault() is None


def test_every_message_has_its_effect_once_and_in_order_whatever_the_line_does(cast: Cast) -> None:
    class Here(Exchange):
        pass

    Here.cast, Here.desk = cast, cast.actor(Role.DESK)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            # Every step is real signatures: to find the shortest way to a fault would take hours.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
