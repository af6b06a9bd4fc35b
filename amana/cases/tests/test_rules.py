"""When a consent carries a step, and everything that stands against it when it does not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from amana.cases import rules

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
GROUPS = ["FIRST_NAME", "IDENTITY", "NEEDS", "CLASS", "WISHES"]


@dataclass(frozen=True)
class Given:
    """A consent or a ground, as the rules see it."""

    country: str = "CI"
    ground: str = rules.CONSENT
    given_by: str = "PERSON"
    content: Collection[str] = ("NEEDS", "CLASS")
    is_confirmed: bool = False
    expires_at: datetime = NOW + timedelta(days=1)
    is_withdrawn: bool = False


CONSENTS = st.builds(
    Given,
    country=st.sampled_from(["CI", "SN"]),
    ground=st.sampled_from([rules.CONSENT, "VITAL_INTEREST", rules.HISTORICAL]),
    content=st.sets(st.sampled_from(GROUPS)),
    is_confirmed=st.booleans(),
    expires_at=st.sampled_from([NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=1)]),
    is_withdrawn=st.booleans(),
)


@given(consents=st.lists(CONSENTS, max_size=4), content=st.sets(st.sampled_from(GROUPS)))
def test_what_is_carried_has_no_objection_and_what_has_none_is_carried(
    consents: list[Given], content: set[str]
) -> None:
    against = rules.objections_to_sharing(consents, country="CI", content=content, now=NOW)
    carried = rules.carrying(consents, country="CI", content=content, now=NOW)

    assert (against == []) == (carried is not None)


@given(consents=st.lists(CONSENTS, max_size=4), content=st.sets(st.sampled_from(GROUPS)))
def test_asking_for_less_never_brings_more_objections(
    consents: list[Given], content: set[str]
) -> None:
    all_of_it = rules.objections_to_sharing(consents, country="CI", content=content, now=NOW)
    none_of_it = rules.objections_to_sharing(consents, country="CI", content=set(), now=NOW)

    assert len(none_of_it) <= len(all_of_it)


def test_everything_that_stands_against_is_told_at_once() -> None:
    worn_out = Given(
        ground="VITAL_INTEREST", expires_at=NOW, is_withdrawn=True, content=(), is_confirmed=False
    )

    against = rules.objections_to_sharing([worn_out], country="CI", content={"NEEDS"}, now=NOW)

    assert against == [
        "CONSENT_WITHDRAWN",
        "CONSENT_EXPIRED",
        "GROUND_NEEDS_SECOND_PERSON",
        "CONTENT_NOT_COVERED",
    ]


def test_a_consent_for_one_country_says_nothing_about_another() -> None:
    against = rules.objections_to_sharing([Given()], country="SN", content={"NEEDS"}, now=NOW)

    assert against == ["NO_CONSENT_FOR_THIS_COUNTRY"]


def test_a_child_s_consent_takes_the_guardian_and_the_child() -> None:
    asked = {"ground": rules.CONSENT, "content": ["NEEDS"], "is_historical": False}

    alone = rules.objections_to_consent(given_by="PERSON", tier="child", **asked)  # type: ignore[arg-type]
    both = rules.objections_to_consent(given_by="GUARDIAN_WITH_ASSENT", tier="child", **asked)  # type: ignore[arg-type]

    assert alone == ["CHILD_NEEDS_GUARDIAN"]
    assert both == []


def test_only_a_historical_case_carries_the_historical_ground_and_it_carries_no_other() -> None:
    asked = {"given_by": "NOBODY", "tier": "adult", "content": ["NEEDS"]}

    against = rules.objections_to_consent(ground=rules.HISTORICAL, is_historical=False, **asked)  # type: ignore[arg-type]
    assert against == ["GROUND_ONLY_FOR_HISTORICAL"]
    against = rules.objections_to_consent(ground=rules.CONSENT, is_historical=True, **asked)  # type: ignore[arg-type]
    assert against == ["HISTORICAL_HAS_ITS_GROUND"]


def test_a_ground_without_consent_holds_three_days_and_a_child_s_consent_half_a_year() -> None:
    def until(ground: str, tier: str) -> timedelta:
        return rules.consent_expires_at(ground=ground, tier=tier, now=NOW) - NOW

    assert until("VITAL_INTEREST", "adult") == timedelta(hours=72)
    assert until(rules.CONSENT, "child") < until(rules.CONSENT, "adult")


def test_no_case_is_opened_before_a_supervisor_decided_or_where_nothing_was_found() -> None:
    against = rules.objections_to_opening(is_decided=False, has_case=False, decided_class="")
    assert against == ["NOT_DECIDED"]

    against = rules.objections_to_opening(
        is_decided=True, has_case=True, decided_class="AUCUN_INDICATEUR"
    )
    assert against == ["HAS_A_CASE", "NOTHING_INDICATES_A_CASE"]
