"""The register: one person notes a step, another confirms it, and only then it counts."""

from dataclasses import replace

import pytest

from amana.access.models import Notice
from amana.access.rules import STEP_UP, Actor, NotFound, Refused, Role, StepUp
from amana.agreements import actions, queries
from amana.agreements.models import Step, Word
from amana.agreements.rules import State
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db

NAME = "ci-ma-memorandum"


@pytest.fixture
def people(cast: Cast) -> Cast:
    """The cast with a second coordinator and a data protection officer."""
    cast.hire("second", "Deuxième Inventée", Role.COORDINATOR)
    cast.hire("protection", "Protectrice Inventée", Role.DATA_PROTECTION)
    return cast


def state() -> State:
    entry = queries.entry(NAME)
    assert entry is not None
    return entry.bound.state(NOW)


def note(actor: Actor, kind: str = "SUSPENDED") -> Step:
    return actions.note_step(
        name=NAME, kind=kind, on=NOW.date(), reason="INCIDENT", actor=actor, now=NOW
    )


def test_a_suspension_counts_with_the_second_persons_word_and_not_before(people: Cast) -> None:
    step = note(people.actor(Role.COORDINATOR))
    assert state() is State.IN_FORCE

    actions.confirm_step(name=NAME, number=step.pk, actor=people.who("second"), now=NOW)

    assert state() is State.SUSPENDED
    assert first_fault() is None


def test_the_data_protection_officer_may_be_the_second_person(people: Cast) -> None:
    step = note(people.actor(Role.COORDINATOR))

    actions.confirm_step(name=NAME, number=step.pk, actor=people.who("protection"), now=NOW)

    assert state() is State.SUSPENDED


def test_the_first_person_is_not_the_second(people: Cast) -> None:
    step = note(people.actor(Role.COORDINATOR))

    with pytest.raises(Refused) as refused:
        actions.confirm_step(
            name=NAME, number=step.pk, actor=people.actor(Role.COORDINATOR), now=NOW
        )

    assert refused.value.objections == ["SECOND_PERSON_IS_THE_FIRST"]
    assert state() is State.IN_FORCE


def test_who_could_confirm_is_told_that_a_step_waits(people: Cast) -> None:
    note(people.actor(Role.COORDINATOR))

    told = set(Notice.objects.filter(kind="AGREEMENT_STEP").values_list("account_id", flat=True))
    assert told == {people.who("second").account_id, people.who("protection").account_id}


def test_a_step_that_was_set_aside_never_counts(people: Cast) -> None:
    step = note(people.actor(Role.COORDINATOR))
    actions.decline_step(name=NAME, number=step.pk, actor=people.who("second"), now=NOW)

    with pytest.raises(Refused) as refused:
        actions.confirm_step(name=NAME, number=step.pk, actor=people.who("protection"), now=NOW)

    assert refused.value.objections == ["NOTHING_TO_CONFIRM"]
    assert state() is State.IN_FORCE
    assert Step.objects.filter(pk=step.pk).exists()


def test_a_second_step_waits_for_the_word_on_the_first(people: Cast) -> None:
    note(people.actor(Role.COORDINATOR))

    with pytest.raises(Refused) as refused:
        note(people.who("second"), "DENOUNCED")

    assert refused.value.objections == ["AGREEMENT_STEP_WAITS"]


def test_a_step_out_of_place_is_not_noted(people: Cast) -> None:
    with pytest.raises(Refused) as refused:
        note(people.actor(Role.COORDINATOR), "RESUMED")

    assert refused.value.objections == ["AGREEMENT_STEP_OUT_OF_PLACE"]


@pytest.mark.parametrize("role", [Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_nobody_else_notes_or_confirms_a_step(people: Cast, role: Role) -> None:
    with pytest.raises(NotFound):
        note(people.actor(role))
    step = note(people.actor(Role.COORDINATOR))
    with pytest.raises(NotFound):
        actions.confirm_step(name=NAME, number=step.pk, actor=people.actor(role), now=NOW)


def test_an_agreement_of_nobody_is_not_there(people: Cast) -> None:
    with pytest.raises(NotFound):
        actions.note_step(
            name="another",
            kind="SUSPENDED",
            on=NOW.date(),
            reason="NOTE",
            actor=people.actor(Role.COORDINATOR),
            now=NOW,
        )


def test_who_did_not_show_lately_who_she_is_is_asked_first(people: Cast) -> None:
    long_ago = replace(people.actor(Role.COORDINATOR), stepped_up_at=NOW - STEP_UP)

    with pytest.raises(StepUp):
        note(long_ago)


def test_every_step_and_every_word_is_on_record(people: Cast) -> None:
    step = note(people.actor(Role.COORDINATOR))
    actions.confirm_step(name=NAME, number=step.pk, actor=people.who("second"), now=NOW)

    said = b" ".join(bytes(e.event or b"") for e in Entry.objects.order_by("seq"))
    assert b"agreements.note_step" in said
    assert b"agreements.confirm_step" in said


def test_only_an_empty_register_is_begun_by_one_hand(people: Cast) -> None:
    with pytest.raises(Refused):
        actions.take_as_in_force(by="test", now=NOW)

    assert Word.objects.count() == Step.objects.count() == 2


def test_a_rendering_that_was_taken_away_binds_nothing(people: Cast) -> None:
    Step.objects.update(version="2020-01-01")

    assert queries.entry(NAME) is None
    assert queries.holding(NOW) == frozenset()


def test_what_waits_is_counted_for_everybody_but_who_noted_it(people: Cast) -> None:
    first = people.actor(Role.COORDINATOR)
    note(first)

    assert len(queries.waiting_for(people.who("second").account_id)) == 1
    assert queries.waiting_for(first.account_id) == []
    assert queries.n_alerts(NOW) == 1
