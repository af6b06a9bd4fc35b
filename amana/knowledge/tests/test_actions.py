"""Counting in a statistician's session, publishing for ever, and making it again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from amana.access.queries import held_keys
from amana.access.rules import NotFound, Refused, Role, StepUp
from amana.audit.models import Entry
from amana.cases.actions import parts
from amana.cases.models import Case, Compartment
from amana.knowledge import actions, publications, queries, rules
from amana.knowledge.models import Publication
from amana.knowledge.rules import CASE, EPISODE, EVENT, NONE, PERSON, Definition
from amana.standards import codes
from tests.cast import Cast

SINCE = date(2026, 1, 1)
A_DAY = timedelta(days=1)


@pytest.fixture
def wanted(now: datetime) -> Definition:
    return Definition(PERSON, SINCE, (now - A_DAY).date(), (("age", "sex"),), 5)


@pytest.fixture
def later(now: datetime) -> datetime:
    """Today; the cases are of yesterday, as a period must be over before it is published."""
    return now


def a_coded_case(
    cast: Cast, number: int, now: datetime, *, sex: str = "F", minor: str = "yes",
    origin: str = "screening", citizenship: str = "CI", signs: Sequence[str] = ("T1", "X1"),
    decided: str = "TRAITE_PRESUMEE",
) -> Case:  # fmt: skip
    """A case of which only what may be counted is told; all else is other rooms' story."""
    case = Case.objects.create(
        code=f"CI-{number:04}", team="care", opened_at=now, origin=origin, age_band="10_14",
        sex=sex, tier="child",
    )  # fmt: skip
    said = {
        "indicators": list(signs), "minor": minor, "situation": "alone",
        "citizenship": citizenship,
    }  # fmt: skip
    worker = cast.actor(Role.CASE_WORKER)
    parts.count(case, said, {"class": decided}, worker, now - A_DAY)
    return case


def some(cast: Cast, now: datetime, girls: int, boys: int) -> list[Case]:
    sexes = ["F"] * girls + ["M"] * boys
    return [a_coded_case(cast, at, now, sex=sex) for at, sex in enumerate(sexes, start=1)]


def test_only_a_statistician_counts_and_the_case_worker_who_opens_files_does_not(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    found = actions.tried(wanted, cast.actor(Role.STATISTICIAN), later)
    assert found.ready is not None
    assert found.ready.numbers["age=CHILD&sex=F"] == 6
    for role in (Role.CASE_WORKER, Role.SUPERVISOR, Role.COORDINATOR, Role.ADMINISTRATOR):
        with pytest.raises(NotFound):
            queries.facts(cast.actor(role), wanted)


def test_the_statistician_opens_what_is_counted_and_no_other_part_of_the_file(
    cast: Cast, now: datetime
) -> None:
    (case,) = some(cast, now, 1, 0)
    parts.write_new(case, "identity", {"first_name": "Inventée"}, cast.actor(Role.CASE_WORKER), now)
    keys = held_keys(
        cast.actor(Role.STATISTICIAN), Compartment.objects.values_list("key_id", flat=True)
    )
    opened = Compartment.objects.filter(key_id__in=keys).values_list("name", flat=True)
    assert set(opened) == {"stats"}


def test_what_is_published_stands_for_ever_and_is_made_again_to_the_byte(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    statistician = cast.actor(Role.STATISTICIAN)
    row = actions.publish(wanted=wanted, actor=statistician, now=later)
    one = publications.published(row.series)
    assert one.value({"sex": "F"}) == 6
    assert one.content["licence"] == actions.LICENCE
    assert actions.reproduced(series=row.series, version=1, actor=statistician, now=later)
    # A colleague of the same team makes it again; nobody else holds its facts.
    with pytest.raises(NotFound):
        actions.reproduced(
            series=row.series, version=1, actor=cast.actor(Role.COORDINATOR), now=later
        )
    events = b"".join(bytes(e or b"") for e in Entry.objects.values_list("event", flat=True))
    for verb in (b"knowledge.count", b"knowledge.publish", b"knowledge.reproduce"):
        assert verb in events


def test_a_publication_that_somebody_changed_is_not_the_same(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    statistician = cast.actor(Role.STATISTICIAN)
    row = actions.publish(wanted=wanted, actor=statistician, now=later)
    changed = bytes(row.content).replace(b'"value": 13', b'"value": 14')
    assert changed != bytes(row.content)
    Publication.objects.filter(pk=row.pk).update(content=changed)
    assert not actions.reproduced(series=row.series, version=1, actor=statistician, now=later)


def test_one_boy_is_not_published_bare_and_the_refusal_says_what_could_be(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 9, 1)
    statistician = cast.actor(Role.STATISTICIAN)
    bare = replace(wanted, method=NONE)
    found = actions.tried(bare, statistician, later)
    assert found.objections == ["FIGURES_EXPOSE"]
    assert found.ways
    with pytest.raises(Refused, match="FIGURES_EXPOSE"):
        actions.publish(wanted=bare, actor=statistician, now=later)
    assert not Publication.objects.exists()
    row = actions.publish(wanted=found.ways[0].definition, actor=statistician, now=later)
    assert b'"value": 1\n' not in bytes(row.content)


def test_whoever_came_after_a_release_does_not_show_beside_it(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    statistician = cast.actor(Role.STATISTICIAN)
    first = actions.publish(wanted=wanted, actor=statistician, now=later)
    a_coded_case(cast, 99, now, sex="F")
    second = actions.publish(wanted=wanted, actor=statistician, now=later)
    assert (first.series, first.version, second.version) == (second.series, 1, 2)
    assert publications.published(first.series).value({"sex": "F"}) is None
    assert publications.published(first.series).value({"sex": "M"}) == 7
    # The first one is what it was.
    assert publications.published(first.series, 1).value({"sex": "F"}) == 6


def test_a_table_that_would_take_too_long_is_refused_and_not_begun(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    needs = tuple(sorted(f"{rules.NEED}{need}" for need in codes.values("NEED_DOMAIN")))[:11]
    large = replace(wanted, crossings=(needs,))
    found = actions.tried(large, cast.actor(Role.STATISTICIAN), later)
    assert found.objections == ["TABLE_TOO_LARGE"]
    assert found.ready is None


def test_rounded_numbers_stand_alone_in_their_days(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    statistician = cast.actor(Role.STATISTICIAN)
    actions.publish(wanted=wanted, actor=statistician, now=later)
    with pytest.raises(Refused, match="ROUNDED_STANDS_ALONE"):
        actions.publish(wanted=replace(wanted, method=rules.ROUND), actor=statistician, now=later)


def test_days_that_overlap_with_a_published_table_are_refused(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    statistician = cast.actor(Role.STATISTICIAN)
    actions.publish(wanted=wanted, actor=statistician, now=later)
    with pytest.raises(Refused, match="PERIOD_OVERLAPS"):
        actions.publish(
            wanted=replace(wanted, since=date(2026, 2, 1)), actor=statistician, now=later
        )


def test_person_case_and_episode_are_counted_as_what_they_are(
    cast: Cast, now: datetime, wanted: Definition
) -> None:
    statistician, worker = cast.actor(Role.STATISTICIAN), cast.actor(Role.CASE_WORKER)
    some(cast, now, 5, 5)
    a_coded_case(cast, 50, now, origin="referral")
    back = a_coded_case(cast, 51, now)
    parts.count_more(back, {"episode": True}, worker, now)

    def counted(unit: str) -> int:
        return sum(n for _of, n in queries.facts(statistician, replace(wanted, unit=unit)))

    # The other country counts whom it referred; who came back is one person, twice protected.
    assert (counted(PERSON), counted(CASE), counted(EPISODE), counted(EVENT)) == (11, 12, 13, 0)


def test_needs_are_counted_by_the_last_sheet_and_not_asked_is_not_no(
    cast: Cast, now: datetime, wanted: Definition
) -> None:
    statistician, worker = cast.actor(Role.STATISTICIAN), cast.actor(Role.CASE_WORKER)
    first, _second = some(cast, now, 2, 0)
    parts.count_more(first, {"needs": ["HEALTH"]}, worker, now)
    parts.count_more(first, {"needs": ["SHELTER"]}, worker, now)
    facts = queries.facts(statistician, wanted)
    said = sorted((of["need.HEALTH"], of["need.SHELTER"]) for of, _n in facts)
    assert said == [("NO", "YES"), ("UNK", "UNK")]


def test_of_somebody_who_does_not_want_to_be_counted_nothing_is_added(
    cast: Cast, now: datetime
) -> None:
    (case,) = some(cast, now, 1, 0)
    Compartment.objects.filter(case=case, name="stats").delete()
    parts.count_more(case, {"needs": ["HEALTH"]}, cast.actor(Role.CASE_WORKER), now)
    assert not Compartment.objects.filter(case=case, name="stats").exists()


def test_nobody_publishes_long_after_showing_who_she_is(
    cast: Cast, now: datetime, wanted: Definition
) -> None:
    some(cast, now, 6, 7)
    with pytest.raises(StepUp):
        actions.publish(
            wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now + timedelta(hours=25)
        )


def test_what_everybody_reads_holds_no_code_of_a_file(
    cast: Cast, now: datetime, later: datetime, wanted: Definition
) -> None:
    cases = some(cast, now, 6, 7)
    row = actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=later)
    for case in cases:
        assert case.pk.encode() not in bytes(row.content)
    assert set(json.loads(bytes(row.content))) == {
        "series", "version", "country", "published", "source", "licence", "definition",
        "disclosure", "cells",
    }  # fmt: skip


def test_a_table_that_is_not_there_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        publications.published("person.sex.20260101.20260131.00000000")
    assert publications.newest() == []


def test_series_are_told_apart_by_all_that_they_are(wanted: Definition) -> None:
    others = {
        replace(wanted, method=rules.ROUND).series,
        replace(wanted, crossings=(("sex",),)).series,
        replace(wanted, unit=CASE).series,
        wanted.series,
    }
    assert len(others) == 4
