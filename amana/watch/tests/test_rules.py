"""A silence climbs at the same second on both sides; a word in time stops it; nothing else does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.referrals import rules as referrals
from amana.referrals.rules import Terms, Watch
from amana.standards import clocks, ladder
from amana.standards.calendars import calendar_of
from amana.watch import rules

CI, MA = "CI", "MA"
TERMS = Terms(clocks.load(), calendar_of)
LADDER = ladder.load()
# A Friday at the desk, ten in the morning in Abidjan, eleven in Rabat.
FRIDAY = datetime(2026, 12, 4, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """A message as the fold sees it."""

    mid: str
    kind: str
    sender: str
    seq: int
    written_at: datetime
    in_reply_to: str = ""
    rank: int = 2
    inc: int = 1


def offered(at: datetime = FRIDAY, sender: str = CI) -> list[Message]:
    return [Message("m0", referrals.OFFER, sender, 1, at)]


def watch_of(
    log: Sequence[Message], tier: str, host: str = MA, key: str = "human_acknowledgement"
) -> Watch:
    found = referrals.watches(log, tier=tier, host=host, terms=TERMS)
    return next(w for w in found if w.key == key)


def moments(watch: Watch) -> list[str]:
    return [f"{r.at:%m-%d %H:%M:%S}" for r in rules.rungs(watch, TERMS, LADDER)]


def test_a_childs_acknowledgement_climbs_in_hours_then_in_working_days_of_who_owes() -> None:
    """24 h end on Saturday; a day more is Sunday; the third working day after it is Wednesday."""
    assert moments(watch_of(offered(), "child")) == [
        "12-04 22:00:00",
        "12-05 10:00:00",
        "12-06 10:00:00",
        "12-09 22:59:59",
        "12-18 22:59:59",
    ]


def test_an_adults_silence_waits_two_days_where_a_childs_waits_one() -> None:
    assert moments(watch_of(offered(), "adult"))[:3] == [
        "12-05 10:00:00",
        "12-06 10:00:00",
        "12-08 10:00:00",
    ]


def test_an_emergency_climbs_at_two_four_and_twelve_hours() -> None:
    assert moments(watch_of(offered(), "emergency"))[1:4] == [
        "12-04 12:00:00",
        "12-04 14:00:00",
        "12-04 22:00:00",
    ]


def test_a_feast_of_who_owes_moves_the_rungs_and_a_feast_of_who_waits_does_not() -> None:
    """11 and 14 January are holidays in Morocco alone: a Monday and a Thursday in 2027."""
    friday = datetime(2027, 1, 8, 9, 0, tzinfo=UTC)
    third = {
        host: rules.rungs(watch_of(offered(friday, sender), "child", host), TERMS, LADDER)[3].at
        for host, sender in ((MA, CI), (CI, MA))
    }

    assert f"{third[CI]:%d}" == "13"
    assert f"{third[MA]:%d}" == "15"


@given(
    tier=st.sampled_from(clocks.TIERS),
    host=st.sampled_from([CI, MA]),
    minutes=st.integers(-60 * 24 * 300, 60 * 24 * 400),
    key=st.sampled_from(["human_acknowledgement", "decision"]),
)
def test_rungs_rise_in_time_and_the_second_is_the_hour_at_which_the_word_was_due(
    tier: str, host: str, minutes: int, key: str
) -> None:
    sender = CI if host == MA else MA
    watch = watch_of(offered(FRIDAY + timedelta(minutes=minutes), sender), tier, host, key)
    found = rules.rungs(watch, TERMS, LADDER)

    at = [rung.at for rung in found]
    assert at == sorted(set(at))
    assert at[1] == watch.due_at
    assert watch.started_at < at[0] < watch.due_at


@given(minutes=st.integers(0, 60 * 24 * 40), now=st.integers(0, 60 * 24 * 60))
def test_a_word_stops_the_ladder_where_it_was_written_whatever_the_clock_says(
    minutes: int, now: int
) -> None:
    acknowledged = Message("m1", referrals.ACKNOWLEDGE, MA, 1, FRIDAY + timedelta(minutes=minutes))
    watch = watch_of([*offered(), acknowledged], "child")
    found = rules.rungs(watch, TERMS, LADDER)

    climbed = rules.reached(watch, found, FRIDAY + timedelta(minutes=now))

    assert all(rung.at < acknowledged.written_at for rung in climbed)
    assert set(climbed).isdisjoint(rules.void(watch, found))
    late = rules.reached(watch, found, FRIDAY + timedelta(days=400))
    assert {*late, *rules.void(watch, found)} == set(found)
    assert rules.level(watch, found, FRIDAY + timedelta(days=400)) is None


def test_the_technical_receipt_climbs_nothing_because_it_is_no_persons_silence() -> None:
    watch = watch_of(offered(), "child", key="technical_receipt")

    assert rules.rungs(watch, TERMS, LADDER) == []


def test_a_question_is_owed_by_who_asked_for_help_and_its_answer_ends_it() -> None:
    asked = Message("q", referrals.ASK, MA, 1, FRIDAY + timedelta(hours=1))
    replied = Message("r", referrals.REPLY, CI, 2, FRIDAY + timedelta(hours=80), "q")
    open_ = watch_of([*offered(), asked], "child", key="completeness_check")
    met = watch_of([*offered(), asked, replied], "child", key="completeness_check")

    assert (open_.country, open_.mid) == (CI, "q")
    assert [
        r.level
        for r in rules.reached(met, rules.rungs(met, TERMS, LADDER), FRIDAY + timedelta(days=9))
    ] == [0, 1, 2]


# Receipts.


def test_a_receipt_is_missed_after_its_time_and_only_of_our_own_messages() -> None:
    log = [
        replace(offered()[0], rank=0),
        Message("m1", referrals.ACKNOWLEDGE, MA, 1, FRIDAY, rank=0),
    ]

    found = rules.missing(log, own=CI, tier="emergency", terms=TERMS)

    assert {(one.mid, one.clock, one.at) for one in found} == {
        ("m0", "relayed", FRIDAY + timedelta(minutes=15)),
        ("m0", "delivered", FRIDAY + timedelta(hours=4)),
    }
    assert rules.missing(offered(), own=CI, tier="adult", terms=TERMS) == []
    relayed = [replace(offered()[0], rank=1)]
    (left,) = rules.missing(relayed, own=CI, tier="adult", terms=TERMS)
    assert (left.clock, left.at) == ("delivered", FRIDAY + timedelta(hours=24))


# Duty.


@dataclass(frozen=True)
class Turn:
    """Hours of somebody."""

    account_id: str
    begins: datetime
    ends: datetime
    is_alternate: bool = False


HOURS = st.integers(0, 24 * 9).map(lambda h: FRIDAY + timedelta(hours=h))


@given(spans=st.lists(st.tuples(HOURS, HOURS, st.booleans()), max_size=6), at=HOURS)
def test_a_moment_is_in_a_gap_when_nobody_is_first_on_duty(
    spans: list[tuple[datetime, datetime, bool]], at: datetime
) -> None:
    turns = [Turn(str(n), min(a, b), max(a, b), alt) for n, (a, b, alt) in enumerate(spans)]
    until = FRIDAY + rules.WARNED_AHEAD

    is_in_gap = any(a <= at < b for a, b in rules.gaps(turns, FRIDAY, until))

    somebody = rules.on_duty(turns, at, is_alternate=False)
    assert is_in_gap == (at < until and not somebody)


def test_a_rung_tells_who_is_on_duty_or_the_whole_desk_where_nobody_is() -> None:
    by_role = {"R06": {"a", "b"}, "R07": {"c"}}

    def told(*who: str, first: set[str], alternates: set[str]) -> set[str]:
        return rules.audience(who, first=first, alternates=alternates, by_role=by_role)

    assert told("DUTY", first={"a"}, alternates=set()) == {"a"}
    assert told("DUTY", first=set(), alternates=set()) == {"a", "b"}
    assert told("ALTERNATE", "R07", first={"a"}, alternates={"b"}) == {"b", "c"}
    assert told(first=set(), alternates=set()) == set()


# The monthly question.


def pinged(month: str, answered_after: int | None) -> rules.Ping:
    at = datetime(2026, int(month[-2:]), 3, 9, 0, tzinfo=UTC)
    log = [Message("p", rules.PING, CI, 1, at)]
    if answered_after is not None:
        answered = at + timedelta(hours=answered_after)
        log.append(Message("a", rules.PING_ANSWER, MA, 1, answered, "p"))
    found = rules.ping(month, log, clocks.load().clock("human_ping", "adult"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answers", "is_red"),
    [
        ((1, 2, 3), False),
        ((1, 2, None), False),
        ((1, None, None), True),
        ((1, 25, None), True),
        ((1, 25, 30), True),
        ((None, None, 3), False),
        ((None, None), True),
        ((None,), False),
    ],
)
def test_two_months_missed_in_a_row_are_red_and_an_answer_in_time_ends_it(
    answers: Sequence[int | None], is_red: bool
) -> None:
    found = [pinged(f"2026-{n:02}", hours) for n, hours in enumerate(answers, start=1)]

    assert rules.is_red(found, datetime(2026, 12, 1, tzinfo=UTC)) is is_red


def test_a_ping_whose_day_still_runs_is_no_miss() -> None:
    found = [pinged("2026-10", None), pinged("2026-11", None)]

    assert not rules.is_red(found, datetime(2026, 11, 4, 8, 0, tzinfo=UTC))
    assert rules.is_red(found, datetime(2026, 11, 4, 9, 0, 1, tzinfo=UTC))


def test_a_ping_carries_a_month_and_nothing_else() -> None:
    assert rules.categories(rules.PING, {"month": "2026-11"}) == {"STATUS"}
    assert rules.categories(rules.PING, {"month": "2026-11", "name": "x"}) == {"STATUS", "OTHER"}


def test_the_month_is_that_of_the_place_where_it_is_asked() -> None:
    midnight = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)

    assert rules.month_of(midnight, ZoneInfo("Africa/Abidjan")) == "2026-11"
    assert rules.month_of(midnight, ZoneInfo("Africa/Casablanca")) == "2026-12"


# How both answer.


def logged(code: str, waits: Sequence[int | None], origin: str = CI) -> rules.Logged:
    """Return a referral acknowledged after so many hours and then accepted, or not."""
    host = MA if origin == CI else CI
    log, kinds = offered(sender=origin), (referrals.ACKNOWLEDGE, referrals.ACCEPT)
    for seq, (kind, hours) in enumerate(zip(kinds, waits, strict=True), start=1):
        if hours is not None:
            log.append(Message(f"a{seq}", kind, host, seq, FRIDAY + timedelta(hours=hours)))
    watches = referrals.watches(log, tier="child", host=host, terms=TERMS)
    return rules.Logged(code, origin, host, FRIDAY, watches)


def test_the_figures_of_a_hand_counted_year() -> None:
    rows = [
        logged("R-1", (1, 30)),
        logged("R-2", (3, 50)),
        logged("R-3", (30, None)),
        logged("R-4", (None, None)),
        logged("R-5", (2, 4), origin=MA),
    ]
    now = FRIDAY + timedelta(days=3)

    ours, theirs = rules.reciprocity(
        rows,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2027, 1, 1, tzinfo=UTC),
        now=now,
    )

    assert (ours.origin, ours.host, ours.n_requests) == (CI, MA, 4)
    assert ours.n_answers == {"human_acknowledgement": 3, "decision": 2}
    assert ours.medians == {"human_acknowledgement": 3 * 3600, "decision": 40 * 3600}
    assert ours.n_in_time == {"human_acknowledgement": 2, "decision": 2}
    assert ours.n_over == {"human_acknowledgement": 4, "decision": 2}
    assert [(one.code, one.met_at is None) for one in ours.late] == [("R-3", False), ("R-4", True)]
    assert ours.n_silent == 1
    assert (theirs.origin, theirs.n_requests, theirs.n_silent) == (MA, 1, 0)


def test_what_was_asked_in_another_year_is_not_counted() -> None:
    year = datetime(2025, 1, 1, tzinfo=UTC)

    assert (
        rules.reciprocity(
            [logged("R-1", (1, 2))], since=year, until=year.replace(year=2026), now=FRIDAY
        )
        == []
    )


@given(values=st.lists(st.integers(0, 10**7), min_size=1), data=st.data())
def test_a_median_is_the_same_for_any_order_and_has_half_on_each_side(
    values: list[int], data: st.DataObject
) -> None:
    found = rules.median(values)

    assert rules.median(data.draw(st.permutations(values))) == found
    assert 2 * sum(v < found for v in values) <= len(values)
    assert 2 * sum(v > found for v in values) <= len(values)
