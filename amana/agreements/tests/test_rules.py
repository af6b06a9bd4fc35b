"""Nothing flows that no article covers; a suspension blocks at once; an emergency still passes."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amana.agreements import rules
from amana.agreements.rules import FOLLOWS, Bound, Flow, State
from amana.standards import agreements, codes
from amana.standards.agreements import Document, Term

MEMORANDUM = agreements.find("ci-ma-memorandum")
SIGNED_ON = datetime(2024, 12, 18, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """A step that counts from a moment."""

    kind: str
    since: datetime


BEGUN = (Step("SIGNED", SIGNED_ON), Step("IN_FORCE", SIGNED_ON))
IN_FORCE = Bound(MEMORANDUM, BEGUN)


def after(*kinds: str) -> Bound:
    """Return the memorandum after more steps, a minute apart, the last just now."""
    more = [
        Step(kind, NOW - timedelta(minutes=len(kinds) - n)) for n, kind in enumerate(kinds, start=1)
    ]
    return Bound(MEMORANDUM, (*BEGUN, *more))


SUSPENDED, DENOUNCED = after("SUSPENDED"), after("DENOUNCED")
OFFER = Flow(
    kind="referral.offer",
    purpose="CARE_AFTER_RETURN",
    categories=frozenset({"STATUS", "NEEDS", "CLASS"}),
    direction=("MA", "CI"),
    ground="CONSENT",
)
EMERGENCY = replace(OFFER, ground="VITAL_INTEREST")


def codes_of(bound: Bound, flow: Flow, at: datetime = NOW) -> list[str]:
    return rules.may_flow(bound, flow, on=at).codes


# Where it stands.


def test_before_anybody_signed_it_is_a_draft_and_nothing_flows() -> None:
    draft = Bound(MEMORANDUM, ())

    assert draft.state(NOW) is State.DRAFT
    assert codes_of(draft, OFFER) == ["AGREEMENT_NOT_IN_FORCE"]


def test_signed_is_not_yet_in_force() -> None:
    signed = Bound(MEMORANDUM, BEGUN[:1])

    assert signed.state(NOW) is State.SIGNED
    assert codes_of(signed, OFFER) == ["AGREEMENT_NOT_IN_FORCE"]


def test_a_resumed_agreement_is_in_force_again() -> None:
    assert after("SUSPENDED", "RESUMED").state(NOW) is State.IN_FORCE


def test_what_was_denounced_does_not_come_back() -> None:
    assert after("DENOUNCED", "RESUMED").state(NOW) is State.DENOUNCED


def test_a_denunciation_counts_from_its_day_and_not_before() -> None:
    later = Bound(MEMORANDUM, (*BEGUN, Step("DENOUNCED", NOW + timedelta(days=90))))

    assert later.state(NOW) is State.IN_FORCE
    assert later.state(NOW + timedelta(days=91)) is State.DENOUNCED


def test_a_term_that_ran_out_is_an_expired_agreement() -> None:
    two_years = replace(MEMORANDUM, term=Term(24, "express", 90))

    assert Bound(two_years, BEGUN).state(datetime(2026, 12, 17, tzinfo=UTC)) is State.IN_FORCE
    assert Bound(two_years, BEGUN).state(datetime(2026, 12, 18, tzinfo=UTC)) is State.EXPIRED


def test_a_renewal_gives_it_its_term_once_more() -> None:
    two_years = replace(MEMORANDUM, term=Term(24, "express", 90))
    renewed = Bound(two_years, (*BEGUN, Step("RENEWED", NOW)))

    assert renewed.ends_on(NOW) == date(2028, 12, 18)
    assert renewed.state(datetime(2027, 6, 1, tzinfo=UTC)) is State.IN_FORCE


def test_what_renews_by_itself_does_not_end() -> None:
    tacit = Bound(replace(MEMORANDUM, term=Term(12, "tacit", 60)), BEGUN)

    assert tacit.state(datetime(2040, 1, 1, tzinfo=UTC)) is State.IN_FORCE
    assert tacit.turns_on(NOW) == date(2026, 12, 18)


@given(st.lists(st.sampled_from(list(codes.values("AGREEMENT_STEP"))), max_size=12))
def test_no_row_of_steps_leads_out_of_a_denunciation(kinds: list[str]) -> None:
    steps = [Step(k, SIGNED_ON + timedelta(days=n)) for n, k in enumerate(kinds)]
    states = [Bound(MEMORANDUM, steps[: n + 1]).state(NOW) for n in range(len(steps))]
    ended = [n for n, s in enumerate(states) if s is State.DENOUNCED]

    assert not ended or set(states[ended[0] :]) == {State.DENOUNCED}


# What may flow.


def test_an_offer_flows_by_the_article_on_offers() -> None:
    verdict = rules.may_flow(IN_FORCE, OFFER, on=NOW)

    assert verdict.is_allowed
    assert verdict.articles == (MEMORANDUM.reference("R4"),)


def test_an_identity_does_not_flow_with_an_offer() -> None:
    named = replace(OFFER, categories=OFFER.categories | {"IDENTITY"})
    verdict = rules.may_flow(IN_FORCE, named, on=NOW)

    assert verdict.under == {"AGREEMENT_CATEGORY": MEMORANDUM.reference("R4")}


def test_a_suspension_blocks_what_is_new_at_once_and_names_its_article() -> None:
    assert rules.may_flow(SUSPENDED, OFFER, on=NOW).under == {
        "AGREEMENT_SUSPENDED": MEMORANDUM.reference("R12")
    }
    assert codes_of(SUSPENDED, OFFER, NOW - timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    "kind",
    ["referral.acknowledge", "referral.accept", "referral.refuse", "erase.request", "erase.done"],
)
@pytest.mark.parametrize("bound", [SUSPENDED, DENOUNCED])
def test_answers_and_the_recall_of_data_outlive_the_agreement(kind: str, bound: Bound) -> None:
    answer = Flow(kind, "", frozenset({"STATUS"}), ("CI", "MA"), "")

    assert rules.may_flow(bound, answer, on=NOW).is_allowed


def test_an_emergency_passes_during_a_suspension_by_its_own_article() -> None:
    verdict = rules.may_flow(SUSPENDED, EMERGENCY, on=NOW)

    assert verdict.articles == (MEMORANDUM.reference("R9"),)


def test_an_emergency_does_not_pass_an_agreement_that_has_ended() -> None:
    assert codes_of(DENOUNCED, EMERGENCY) == ["AGREEMENT_ENDED"]


def test_an_urgent_wish_is_no_emergency_ground() -> None:
    assert codes_of(SUSPENDED, replace(OFFER, ground="CONSENT")) == ["AGREEMENT_SUSPENDED"]


def test_everything_that_stands_against_it_is_said_at_once() -> None:
    wrong = Flow("referral.case", "NOBODY_ASKED", frozenset({"OTHER"}), ("MA", "FR"), "NONE")

    assert codes_of(SUSPENDED, wrong) == [
        "AGREEMENT_DIRECTION",
        "AGREEMENT_GROUND",
        "AGREEMENT_PURPOSE",
        "AGREEMENT_CATEGORY",
    ]


def test_without_any_agreement_nothing_flows() -> None:
    assert rules.best([]).codes == ["AGREEMENT_MISSING"]


ANYTHING = st.sampled_from
FLOWS = st.builds(
    Flow,
    kind=ANYTHING([*codes.values("MESSAGE"), "gossip"]),
    purpose=ANYTHING([*codes.values("REFERRAL_PURPOSE"), "", "REVENGE"]),
    categories=st.frozensets(ANYTHING(list(codes.values("DATA_CATEGORY")))),
    direction=ANYTHING([("CI", "MA"), ("MA", "CI"), ("MA", "FR"), ("MA", "MA")]),
    ground=ANYTHING([*codes.values("CONSENT_GROUND"), "", "CURIOSITY"]),
)
STEPS = st.lists(ANYTHING(list(codes.values("AGREEMENT_STEP"))), max_size=8)


@given(FLOWS, STEPS)
def test_nothing_flows_that_no_article_covers(flow: Flow, kinds: list[str]) -> None:
    bound = after(*kinds)
    verdict = rules.may_flow(bound, flow, on=NOW)
    rows = [
        c
        for c in MEMORANDUM.clauses
        if flow.kind in c.kinds
        and flow.purpose in c.purposes
        and flow.direction in c.directions
        and flow.ground in c.grounds
        and bound.state(NOW) in c.states
    ]
    covered = {category for row in rows for category in row.categories}

    assert verdict.is_allowed == (bool(rows) and flow.categories <= covered)
    assert verdict.is_allowed != bool(verdict.against)


@given(FLOWS, STEPS)
def test_a_refusal_always_names_an_article_of_the_agreement(flow: Flow, kinds: list[str]) -> None:
    known = {MEMORANDUM.reference(article.id) for article in MEMORANDUM.articles}

    assert {a.article for a in rules.may_flow(after(*kinds), flow, on=NOW).against} <= known


# Found once: a journey of the past could be closed under a suspension and not before it.
PAST = Flow(
    "handover.complete", "CARE_AFTER_RETURN", frozenset(), ("CI", "MA"), "HISTORICAL_DEIDENTIFIED"
)


@example(PAST)
@given(FLOWS)
def test_a_suspension_never_lets_pass_what_was_not_allowed_before(flow: Flow) -> None:
    if rules.may_flow(SUSPENDED, flow, on=NOW).is_allowed:
        assert rules.may_flow(IN_FORCE, flow, on=NOW).is_allowed


# Noting a step.


@pytest.mark.parametrize("kind", list(codes.values("AGREEMENT_STEP")))
def test_a_step_is_noted_only_where_it_follows(kind: str) -> None:
    against = rules.objections_to_step(IN_FORCE, kind, on=NOW.date(), is_waiting=False, now=NOW)

    follows = (State.IN_FORCE, kind) in FOLLOWS
    assert against == ([] if follows else ["AGREEMENT_STEP_OUT_OF_PLACE"])


def test_a_day_to_come_is_for_a_denunciation_alone() -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    said = {
        kind: rules.objections_to_step(IN_FORCE, kind, on=tomorrow, is_waiting=False, now=NOW)
        for kind in ("RENEWED", "DENOUNCED")
    }

    assert said == {"RENEWED": ["AGREEMENT_DAY"], "DENOUNCED": []}


def test_a_second_person_is_another_person_and_speaks_once() -> None:
    assert rules.objections_to_confirming(asked_by="a", by="a", is_answered=True) == [
        "NOTHING_TO_CONFIRM",
        "SECOND_PERSON_IS_THE_FIRST",
    ]
    assert rules.objections_to_confirming(asked_by="a", by="b", is_answered=False) == []


# Alerts.


def test_the_end_of_the_action_plan_is_announced_half_a_year_before() -> None:
    plan = MEMORANDUM.documents[0].id

    def said(at: datetime) -> list[str]:
        return [a.code for a in rules.alerts(IN_FORCE, at) if a.document == plan]

    assert said(datetime(2026, 10, 9, tzinfo=UTC)) == []
    assert said(datetime(2026, 10, 10, tzinfo=UTC)) == ["ENDS_SOON"]
    assert said(datetime(2027, 4, 8, tzinfo=UTC)) == ["HAS_ENDED"]


def test_a_term_that_is_not_loaded_is_said_and_presses_nobody() -> None:
    found = [a for a in rules.alerts(IN_FORCE, NOW) if not a.document]

    assert [a.code for a in found] == ["TERM_NOT_LOADED"]
    assert rules.pressing(found) == []


@pytest.mark.parametrize(
    ("term", "said"),
    [(Term(24, "express", 30), "ENDS_SOON"), (Term(24, "tacit", 30), "RENEWS_SOON")],
)
def test_the_end_of_the_agreement_itself_is_announced(term: Term, said: str) -> None:
    bound = Bound(replace(MEMORANDUM, term=term, documents=()), BEGUN)

    assert [a.code for a in rules.alerts(bound, NOW)] == [said]
    assert rules.alerts(bound, NOW - timedelta(days=60)) == []


def test_an_agreement_that_is_not_in_force_or_has_ended_is_an_alert() -> None:
    bare = replace(MEMORANDUM, documents=())
    unloaded = Document("X", bare.title, SIGNED_ON.date(), None, "field-practice", "proposed")

    assert [a.code for a in rules.alerts(Bound(bare, ()), NOW)] == ["NOT_IN_FORCE"]
    ended = Bound(bare, DENOUNCED.steps)
    assert [a.code for a in rules.alerts(ended, NOW)] == ["HAS_ENDED"]
    with_one = Bound(replace(bare, documents=(unloaded,)), BEGUN)
    assert {a.code for a in rules.alerts(with_one, NOW)} == {"TERM_NOT_LOADED"}


def test_a_month_that_is_shorter_ends_on_its_last_day() -> None:
    assert rules.after_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert rules.after_months(date(2024, 12, 18), 24) == date(2026, 12, 18)
