"""Finding one's own cases by name, and asking blindly about everybody else's."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings

from amana.access.actions import sign_out
from amana.access.models import Notice
from amana.access.rules import CARE, IDLE, Actor, NotFound, Role
from amana.cases import actions, queries
from amana.cases.actions.parts import write_new
from amana.cases.models import Card, Case, Involved, MatchToken
from amana.crypto.secrets import token
from amana.search.holder import Holder
from amana.search.rules import LOOK_AROUND, Asked
from tests.cast import THE_MOMENT, Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db
NOW = THE_MOMENT


def a_case(actor: Actor, code: str, names: str, birth: str = "", town: str = "") -> Case:
    team = actor.team_of(CARE)
    assert team is not None
    case = Case.objects.create(
        code=code,
        team=team,
        worker=actor.account_id if actor.role is Role.CASE_WORKER else "",
        opened_at=NOW,
        origin="referral",
        age_band="10_14",
        sex="M",
        tier="child",
    )
    Involved.objects.create(case=case, team=team, since=NOW)
    write_new(case, "identity", {"full_name": names, "birth": birth}, actor, NOW)
    write_new(case, "location", {"family_area": town}, actor, NOW)
    return case


@pytest.fixture
def worker(cast: Cast) -> Iterator[Actor]:
    with override_settings(CLOCK=StoppedClock(NOW)):
        yield cast.actor(Role.CASE_WORKER)


def find(holder: Holder, cast: Cast, role: Role, name: str, year: int | None = None) -> list[str]:
    cookie = cast.cookie(name_of(role))
    return holder.find(cookie, Asked(name, year, "", ""), NOW)


def test_a_name_finds_its_case_in_either_script_and_any_order(cast: Cast, worker: Actor) -> None:
    for code, names in (("MA-1", "Youssouf Kouadio"), ("MA-2", "Aminata Ouattara")):
        case = a_case(worker, code, names, "vers 2009")
        assert actions.card_and_compare(case=case, actor=worker, now=NOW) is False
    holder = Holder()

    assert find(holder, cast, Role.CASE_WORKER, "Kwadjo Yusuf")[0] == "MA-1"
    assert find(holder, cast, Role.CASE_WORKER, "يوسف")[0] == "MA-1"
    assert find(holder, cast, Role.CASE_WORKER, "Watara Aminata", 2010)[0] == "MA-2"


def test_a_new_card_is_found_at_once_and_an_erased_one_no_more(cast: Cast, worker: Actor) -> None:
    holder = Holder()
    assert find(holder, cast, Role.CASE_WORKER, "Zoumana Gbagbelé") == []

    case = a_case(worker, "MA-3", "Zoumana Gbagbelé")
    actions.card_and_compare(case=case, actor=worker, now=NOW)
    assert find(holder, cast, Role.CASE_WORKER, "Zoumana Gbagbelé") == ["MA-3"]

    Card.objects.all().delete()
    cookie, later = cast.cookie(name_of(Role.CASE_WORKER)), NOW + LOOK_AROUND
    assert holder.find(cookie, Asked("Zoumana Gbagbelé", None, "", ""), later) == []


def test_a_colleague_s_case_is_not_found_and_the_supervisor_finds_both(
    cast: Cast, worker: Actor
) -> None:
    cast.hire("second", "Deuxième Inventée", Role.CASE_WORKER)
    case = a_case(worker, "MA-4", "Fodé Traoly")
    actions.card_and_compare(case=case, actor=worker, now=NOW)
    holder, question = Holder(), Asked("Fodé Traoly", None, "", "")

    assert holder.find(cast.cookie("second"), question, NOW) == []
    assert find(holder, cast, Role.SUPERVISOR, "Fodé Traoly") == ["MA-4"]


@pytest.mark.parametrize("role", [Role.DESK, Role.FIRST_RESPONDER, Role.ADMINISTRATOR])
def test_who_cares_for_nobody_may_not_search(cast: Cast, worker: Actor, role: Role) -> None:
    with pytest.raises(NotFound):
        find(Holder(), cast, role, "Fodé Traoly")


def test_the_process_forgets_at_sign_out_and_when_nobody_asks(cast: Cast, worker: Actor) -> None:
    holder = Holder()
    find(holder, cast, Role.CASE_WORKER, "Fodé")
    find(holder, cast, Role.SUPERVISOR, "Fodé")
    assert len(holder) == 2

    sign_out(actor=worker, now=NOW)
    holder.look_around(NOW)
    assert len(holder) == 1
    with pytest.raises(NotFound):
        find(holder, cast, Role.CASE_WORKER, "Fodé")

    holder.look_around(NOW + IDLE)
    assert len(holder) == 0


def test_a_cookie_of_no_session_opens_nothing(cast: Cast, worker: Actor) -> None:
    with pytest.raises(NotFound):
        Holder().find(token(), Asked("Fodé", None, "", ""), NOW)


def test_the_same_person_at_another_team_is_one_bit_and_a_notice_to_its_supervisor(
    cast: Cast, worker: Actor
) -> None:
    cast.hire("elsewhere", "Khadija Inventée", Role.CASE_WORKER, ("care-2",))
    other = cast.who("elsewhere")
    theirs = a_case(other, "MA-5", "Issouf Sawadeba Tenkoura", "2012", "Tenkoura-Yargo")
    assert not actions.card_and_compare(case=theirs, actor=other, now=NOW)

    ours = a_case(worker, "MA-6", "Issouf Sawadeba Tenkoura", "2012", "Tenkoura-Yargo")
    assert actions.card_and_compare(case=ours, actor=worker, now=NOW)

    told = Notice.objects.get(kind="POSSIBLE_DUPLICATE")
    assert (told.account.sign_in_name, told.reference) == ("driss", "MA-5")
    assert queries.cases_among(worker, ["MA-5"]) == []


def test_another_person_with_one_name_in_common_is_no_duplicate(cast: Cast, worker: Actor) -> None:
    cast.hire("elsewhere", "Khadija Inventée", Role.CASE_WORKER, ("care-2",))
    other = cast.who("elsewhere")
    theirs = a_case(other, "MA-7", "Issouf Ouédraogo", "2001", "Banfora")
    actions.card_and_compare(case=theirs, actor=other, now=NOW)

    ours = a_case(worker, "MA-8", "Issouf Tenkoura", "2012", "Dori")

    assert not actions.card_and_compare(case=ours, actor=worker, now=NOW)
    assert not Notice.objects.exists()


def test_what_is_kept_to_compare_says_nothing_and_differs_from_card_to_card(
    cast: Cast, worker: Actor
) -> None:
    case = a_case(worker, "MA-9", "Issouf Tenkoura", "2012", "Dori")
    actions.card_and_compare(case=case, actor=worker, now=NOW)

    kept = [bytes(t.output) for t in MatchToken.objects.all()]
    assert len(kept) >= 5
    assert {len(o) for o in kept} == {32}
    assert len(set(kept)) == len(kept)
    card = bytes(Card.objects.get().wrapped)
    assert b"Issouf" not in card
    assert settings.SEARCH_FOLDER
    assert timedelta(0) < IDLE
