"""The story of a referral, as a law: the same at both ends, whatever the order of arrival."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from amana.referrals import rules
from amana.referrals.rules import State
from amana.standards import clocks
from amana.standards.calendars import calendar_of

MA, CI = "MA", "CI"
TERMS = rules.Terms(clocks.load(), calendar_of)
START = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
KINDS = sorted(rules.NUMBER)


@dataclass(frozen=True)
class Message:
    """A message as the fold sees it."""

    mid: str
    kind: str
    sender: str
    seq: int
    in_reply_to: str = ""
    written_at: datetime = START
    rank: int = 1
    inc: int = 1


@st.composite
def logs(draw: st.DrawFn) -> list[Message]:
    """Draw any log that two countries could end up with, sensible or not."""
    found: list[Message] = []
    seqs = {MA: 0, CI: 0}
    for number in range(draw(st.integers(0, 8))):
        sender = draw(st.sampled_from([MA, CI]))
        seqs[sender] += 1
        earlier = [m.mid for m in found] or [""]
        found.append(
            Message(
                mid=f"m{number}",
                kind=draw(st.sampled_from(KINDS)),
                sender=sender,
                seq=seqs[sender],
                in_reply_to=draw(st.sampled_from(earlier)),
                rank=draw(st.integers(0, 4)),
            )
        )
    return found


@given(log=logs(), data=st.data())
def test_messages_in_any_order_and_repeated_tell_the_same_story(
    log: list[Message], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(log))
    doubled = [
        *shuffled,
        *data.draw(st.lists(st.sampled_from(log), max_size=4) if log else st.just([])),
    ]

    assert rules.story(doubled) == rules.story(log)


@st.composite
def honest_logs(draw: st.DrawFn) -> list[Message]:
    """Draw a log in which both countries said only what nothing stood against."""
    log: list[Message] = []
    seqs = {MA: 0, CI: 0}
    for number in range(draw(st.integers(1, 10))):
        may = [
            (sender, kind)
            for sender in (MA, CI)
            for kind in KINDS
            if not rules.objections_to_saying(log, kind, sender=sender) and (log or sender == MA)
        ]
        if not may:
            break
        sender, kind = draw(st.sampled_from(may))
        seqs[sender] += 1
        question = rules.story(log).open_question
        log.append(
            Message(
                mid=f"m{number}",
                kind=kind,
                sender=sender,
                seq=seqs[sender],
                in_reply_to=question.mid if question and kind == rules.REPLY else "",
                written_at=START + timedelta(hours=number),
                rank=draw(st.integers(1, 3)),
            )
        )
    return log


@given(log=honest_logs())
def test_an_identity_never_leaves_before_an_acceptance(log: list[Message]) -> None:
    for number, message in enumerate(log):
        if message.kind == rules.CASE:
            before = {m.kind for m in log[:number]}
            assert rules.ACCEPT in before


@given(log=honest_logs())
def test_a_decision_is_made_once_and_by_the_country_that_was_asked(log: list[Message]) -> None:
    decisions = [m for m in log if m.kind in (rules.ACCEPT, rules.DECLINE)]

    assert len(decisions) <= 1
    assert all(m.sender == CI for m in decisions)


@given(log=honest_logs())
def test_nobody_decides_before_a_person_has_acknowledged(log: list[Message]) -> None:
    kinds = [m.kind for m in log]

    for kind in (rules.ACCEPT, rules.DECLINE):
        if kind in kinds:
            assert rules.ACKNOWLEDGE in kinds[: kinds.index(kind)]


@given(log=honest_logs(), wait=st.integers(0, 24 * 60))
def test_silence_is_neither_a_yes_nor_a_no(log: list[Message], wait: int) -> None:
    """However long nobody speaks, the state stays; only the clocks say that time has passed."""
    told = rules.story(log)
    later = START + timedelta(hours=wait)

    silent = [
        w for w in rules.watches(log, tier="adult", host=CI, terms=TERMS) if w.is_silent(later)
    ]

    assert rules.story(log).state is told.state
    assert all(not w.is_met for w in silent)


def say(*kinds: tuple[str, str]) -> Sequence[Message]:
    seqs = {MA: 0, CI: 0}
    log = []
    for number, (sender, kind) in enumerate(kinds):
        seqs[sender] += 1
        log.append(Message(f"m{number}", kind, sender, seqs[sender]))
    return log


def test_only_the_country_that_was_asked_answers() -> None:
    offered = say((MA, rules.OFFER))

    assert rules.objections_to_saying(offered, rules.ACKNOWLEDGE, sender=CI) == []
    assert rules.objections_to_saying(offered, rules.ACKNOWLEDGE, sender=MA) == [
        "NOT_THEIRS_TO_SAY"
    ]
    assert rules.objections_to_saying(offered, rules.CASE, sender=MA) == ["NO_ACCEPTANCE"]
    assert rules.objections_to_saying(offered, rules.ACCEPT, sender=CI) == ["ACKNOWLEDGE_FIRST"]


def test_a_declined_referral_never_releases_an_identity() -> None:
    declined = say((MA, rules.OFFER), (CI, rules.ACKNOWLEDGE), (CI, rules.DECLINE))

    assert rules.story(declined).state is State.DECLINED
    assert rules.objections_to_saying(declined, rules.CASE, sender=MA) == ["NO_ACCEPTANCE"]


def test_an_open_question_keeps_the_decision_possible() -> None:
    asked = say((MA, rules.OFFER), (CI, rules.ACKNOWLEDGE), (CI, rules.ASK))

    assert rules.story(asked).state is State.QUESTION_OPEN
    assert rules.objections_to_saying(asked, rules.ACCEPT, sender=CI) == []
    assert rules.objections_to_saying(asked, rules.ASK, sender=CI) == ["QUESTION_IS_OPEN"]


def test_a_child_is_answered_sooner_than_an_adult_and_an_emergency_sooner_than_a_child() -> None:
    offered = say((MA, rules.OFFER))

    due = {
        tier: {w.key: w.due_at for w in rules.watches(offered, tier=tier, host=CI, terms=TERMS)}
        for tier in ("emergency", "child", "adult")
    }

    for key in ("human_acknowledgement", "decision"):
        assert due["emergency"][key] < due["child"][key] < due["adult"][key]


def test_working_days_are_those_of_the_country_that_must_answer() -> None:
    """7 December is the eve of a long week: the 18 November is a holiday in Morocco alone."""
    before_holiday = [
        Message("m0", rules.OFFER, CI, 1, written_at=datetime(2026, 11, 17, 9, tzinfo=UTC))
    ]

    in_morocco = rules.watches(before_holiday, tier="child", host=MA, terms=TERMS)[-1].due_at
    in_cote_d_ivoire = rules.watches(before_holiday, tier="child", host=CI, terms=TERMS)[-1].due_at

    assert in_cote_d_ivoire.date() < in_morocco.date()


def test_who_fears_persecution_is_not_made_known_to_the_country_of_origin() -> None:
    asked = {
        "sharing": [],
        "indicators": ["P4"],
        "country": CI,
        "own_country": MA,
        "needs": ["SHELTER"],
    }

    for citizenship, expected in ((CI, ["FEAR_OF_RETURN"]), ("", ["FEAR_OF_RETURN"]), ("GN", [])):
        against = rules.objections_to_offering(citizenship=citizenship, **asked)  # type: ignore[arg-type]
        assert against == expected
