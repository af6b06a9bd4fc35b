"""Who must not meet: two codes, written by who writes about offenders, and read by nobody else."""

from datetime import datetime

import pytest

from amana.access.rules import NotFound, Refused, Role
from amana.audit.models import Entry
from amana.cases.models import Case
from amana.cases.tests.builders import a_case
from amana.shelters import actions, queries
from amana.shelters.models import Incompatible
from amana.shelters.tests.builders import a_request, a_shelter
from amana.shelters.tests.visiting import MANAGER, SUPERVISOR, WORKER, visit, words
from amana.standards.references import new_reference
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db


def test_a_house_is_chosen_by_its_name_and_the_search_says_one_word_of_it(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    page = f"/cases/{case.pk}/apart"
    assert house.alias in words(visit(cast, WORKER, page))

    assert visit(cast, WORKER, page, house=house.pk).status_code == 302

    a_request(cast, now, case)
    shown = words(visit(cast, WORKER, f"/cases/{case.pk}/bed/"))
    assert "Incompatible." in shown
    assert "No place fits now." in shown


def test_the_code_of_another_case_is_taken_whether_it_exists_or_not(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    page = f"/cases/{case.pk}/apart"
    there, nowhere = a_case(cast).pk, new_reference("MA")
    Case.objects.filter(pk=there).update(worker="somebody else")

    answers = [visit(cast, WORKER, page, other=code.lower()) for code in (there, nowhere)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert set(Incompatible.objects.values_list("other", flat=True)) == {there, nowhere}
    # One letter wrong is seen by the letter that checks the others.
    wrong = nowhere[:-1] + ("2" if nowhere[-1] != "2" else "3")
    refused = visit(cast, WORKER, page, other=wrong)
    assert 'data-objection="CODE_UNKNOWN"' in words(refused)


@pytest.mark.parametrize("said", [{}, {"house": "x", "other": "MA-2222-2222"}])
def test_one_of_the_two_is_named_and_not_both(
    cast: Cast, now: datetime, stopped_clock: StoppedClock, said: dict[str, str]
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    if said:
        said = {**said, "house": house.pk}

    answer = visit(cast, WORKER, f"/cases/{case.pk}/apart", **said, act="keep")

    assert answer.status_code == 422
    assert not Incompatible.objects.exists()


def test_what_others_wrote_is_shown_to_nobody_and_taken_back_by_nobody_else(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    actions.keep_apart(case=case, other=house.pk, actor=cast.who(WORKER), now=now)
    cast.hire("colleague", "Collègue Inventée", Role.CASE_WORKER, ("care",))
    Case.objects.filter(pk=case.pk).update(worker="")
    page = f"/cases/{case.pk}/apart"

    assert f'name="takes_back" value="{house.pk}"' in words(visit(cast, WORKER, page))
    assert "takes_back" not in words(visit(cast, "colleague", page))
    assert visit(cast, "colleague", page, takes_back=house.pk).status_code == 404
    assert Incompatible.objects.exists()


def test_the_other_side_of_two_codes_sees_nothing_of_it(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, other = a_case(cast), a_case(cast)
    actions.keep_apart(case=case, other=other.pk, actor=cast.who(WORKER), now=now)

    page = words(visit(cast, WORKER, f"/cases/{other.pk}/apart"))

    assert case.pk not in page
    # And still neither is placed beside the other.
    assert queries.incompatibilities([other.pk]) == {other.pk: frozenset({case.pk})}


def test_it_is_taken_back_on_record_and_the_record_says_not_of_whom(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    actions.keep_apart(case=case, other=house.pk, actor=cast.who(WORKER), now=now)

    gone = visit(cast, WORKER, f"/cases/{case.pk}/apart", takes_back=house.pk)

    assert gone.status_code == 302
    assert not Incompatible.objects.exists()
    events = [bytes(e.event).decode() for e in Entry.objects.all() if e.event]
    ours = [text for text in events if "shelters.let_meet" in text]
    assert len(ours) == 1
    assert case.pk in ours[0]
    assert house.pk not in ours[0]


def test_who_may_not_write_about_offenders_finds_no_such_page(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    page = f"/cases/{case.pk}/apart"

    for name in (SUPERVISOR, MANAGER):
        assert visit(cast, name, page).status_code == 404
        assert visit(cast, name, page, house=house.pk).status_code == 404
    assert visit(cast, WORKER, "/cases/MA-NOWHERE/apart").status_code == 404
    with pytest.raises(NotFound):
        actions.let_meet(case=case, other=house.pk, actor=cast.actor(Role.SUPERVISOR), now=now)


def test_nobody_is_kept_apart_from_herself_or_from_no_code(cast: Cast, now: datetime) -> None:
    case = a_case(cast)

    for other in (case.pk, "Moussa", ""):
        with pytest.raises(Refused, match="CODE_UNKNOWN"):
            actions.keep_apart(case=case, other=other, actor=cast.who(WORKER), now=now)
