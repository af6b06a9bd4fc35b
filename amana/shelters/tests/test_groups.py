"""Many people of one operation: files at once, beds at once, nobody parted and nobody forgotten."""

import re
from datetime import datetime
from typing import Any

import pytest

from amana.access.models import Notice
from amana.access.rules import NotFound, Refused, Role
from amana.cases.actions import open_case
from amana.cases.models import Case, Compartment
from amana.cases.queries import access_compartment, is_before_decision
from amana.cases.rules import ACCOUNT
from amana.field import operations
from amana.field.actions import operations as field_acts
from amana.field.rules import Urgency
from amana.field.tests.builders import CHILD, a_phone, open_all, screened, send
from amana.identification.actions import decide
from amana.identification.models import Screening
from amana.shelters import actions, groups, queries
from amana.shelters.actions import Room
from amana.shelters.actions import groups as acts
from amana.shelters.models import Ask, Request, Stay, Unmet
from amana.shelters.tests.builders import a_shelter, staff
from amana.shelters.tests.checker import faults
from amana.shelters.tests.people import OF_CHILDREN
from amana.shelters.tests.visiting import MANAGER, SUPERVISOR, visit, words
from amana.standards.need_to_know import CARE_FILE
from tests.cast import Cast

pytestmark = pytest.mark.django_db

WOMAN = {"minor": "no", "age_band": "25_34", "sex": "F", "situation": "alone", "language": "dyu"}
GIRL = {**CHILD, "sex": "F"}


class Night:
    """An operation with two sisters, a boy in danger, and a woman."""

    woman_band = WOMAN["age_band"]

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast, self.now = cast, now
        self.supervisor = cast.actor(Role.SUPERVISOR)
        row = field_acts.open_operation(
            name="Une gare inventée",
            team="care",
            expected=4,
            n_wristbands=4,
            begins_at=now,
            actor=self.supervisor,
            now=now,
        )
        self.code = row.pk
        self.bands = [band for _, band in operations.wristbands(row)]
        phone = self.phone = a_phone(cast, now)
        sister, other, boy, woman = self.bands
        phone.keep(screened("P1", person={**GIRL, "alias": "Awa"}, wristband=sister))
        phone.keep(
            screened("P1", person={**GIRL, "alias": "Bintou"}, wristband=other, siblings=[sister])
        )
        phone.keep(
            screened("P1", person={**CHILD, "alias": "Issa"}, wristband=boy),
            urgency=Urgency.DANGER,
        )
        phone.keep(screened("P1", person={**WOMAN, "alias": "Mariam"}, wristband=woman))
        send(phone, now)
        open_all(self.supervisor, now)

    def furnish(self, *, boys: bool = True, girls: int = 3) -> None:
        self.house, _ = a_shelter(self.cast, self.now, beds=4)
        self._room(self.house.pk, "Filles", "F", tuple(sorted(OF_CHILDREN)), girls)
        if boys:
            self._room(self.house.pk, "Garçons", "M", tuple(sorted(OF_CHILDREN)), 2)

    def _room(self, house: str, label: str, sex: str, ages: tuple[str, ...], beds: int) -> None:
        manager = staff(self.cast)
        room = Room(label, beds, sex, ages)
        unit = actions.add_unit(code=house, room=room, actor=manager, now=self.now)
        actions.count_free(unit_id=unit.pk, free=beds, actor=manager, now=self.now)

    def files(self) -> acts.Done:
        return acts.open_files(code=self.code, country="MA", actor=self.supervisor, now=self.now)

    def beds(self, *agreed: str) -> acts.Done:
        return acts.ask_beds(code=self.code, agreed=agreed, actor=self.supervisor, now=self.now)

    def adults(self) -> list[str]:
        return [g.case for g in self.guests() if g.line.age_band == self.woman_band]

    def guests(self) -> list[groups.Guest]:
        return groups.guests(self.supervisor, self.code)

    def stages(self) -> list[str]:
        return [one.stage for one in self.guests()]

    def proposed(self, **more: Any) -> groups.Proposal:
        return groups.proposal(self.supervisor, self.code, self.now, **more)

    def ask(self, proposal: groups.Proposal) -> acts.Done:
        places = list(proposal.rows)
        return acts.ask_houses(code=self.code, places=places, actor=self.supervisor, now=self.now)

    def answer(self, reason: str = "") -> acts.Done:
        manager = staff(self.cast)
        open_ = [row.pk for row in groups.asks_of(manager, self.code)]
        return acts.answer_all(
            code=self.code, asks=open_, reason=reason, actor=manager, now=self.now
        )

    def take(self) -> acts.Done:
        by = dict.fromkeys([self.house.pk], self.supervisor.account_id)
        return acts.take_all(code=self.code, escorts=by, actor=self.supervisor, now=self.now)


@pytest.fixture
def night(cast: Cast, now: datetime) -> Night:
    return Night(cast, now)


# A file before the decision.


def the_woman(night: Night) -> Case:
    """Return the case of the woman of the night."""
    return Case.objects.get(age_band=night.woman_band)


def kinds(case: Case) -> set[str]:
    """Return what happened in a case."""
    return set(case.milestone_set.values_list("kind", flat=True))


def decided(night: Night, case: Case, as_class: str) -> None:
    """Let the supervisor decide about the screening of a case."""
    decide(
        code=str(case.screening_id),
        decided_class=as_class,
        reason="Une raison inventée.",
        actor=night.supervisor,
        now=night.now,
    )


def account_of(night: Night, case: Case) -> dict[str, Any]:
    """Return what lies in the account."""
    found: dict[str, Any] = access_compartment(night.supervisor, case, ACCOUNT)[1]
    return found


def test_a_file_is_opened_before_the_decision_and_follows_it_afterwards(night: Night) -> None:
    night.cast.team("statistics")
    told = night.files()

    assert (told.n, told.n_left, told.against) == (4, 0, set())
    case = the_woman(night)
    assert is_before_decision(case)
    assert "opened" in kinds(case)
    assert "decided" not in kinds(case)
    # Counted is a case from its decision on.
    assert not Compartment.objects.filter(case=case, name="stats").exists()
    read = account_of(night, case)["class"]

    other = "TRAITE_A_APPROFONDIR" if read != "TRAITE_A_APPROFONDIR" else "TRAITE_PRESUMEE"
    decided(night, case, other)

    case = the_woman(night)
    assert not is_before_decision(case)
    assert "decided" in kinds(case)
    assert account_of(night, case)["class"] == other
    assert Compartment.objects.filter(case=case, name="stats").count() == 1


def test_nothing_found_closes_no_file_and_the_one_who_cares_is_told(night: Night) -> None:
    night.files()
    case = the_woman(night)
    worker = night.cast.actor(Role.CASE_WORKER)
    Case.objects.filter(pk=case.pk).update(worker=worker.account_id)

    decided(night, case, "AUCUN_INDICATEUR")

    assert account_of(night, case)["class"] == "AUCUN_INDICATEUR"
    assert Notice.objects.filter(account=worker.account_id, kind="DECIDED_NOTHING").exists()
    assert Case.objects.filter(pk=case.pk).exists()


def test_what_a_phone_brings_later_goes_on_from_a_file_that_was_opened(night: Night) -> None:
    """The screening on which a file was built stays, and the decision of the next one counts."""
    night.files()
    case = the_woman(night)
    later = screened("P1", "T1", person={**WOMAN, "alias": "Mariam"}, wristband=night.bands[3])
    night.phone.keep(later)
    send(night.phone, night.now)

    told = open_all(night.supervisor, night.now)

    assert told.n_faults == 0
    assert Case.objects.filter(pk=case.pk, screening=case.screening_id).exists()
    newest = Screening.objects.order_by("-received_at", "-code").exclude(follows=None).get()
    decide(
        code=newest.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="Une raison inventée.",
        actor=night.supervisor,
        now=night.now,
    )
    case = the_woman(night)
    assert not is_before_decision(case)
    assert account_of(night, case)["class"] == "TRAITE_PRESUMEE"


def test_elsewhere_a_file_waits_for_the_decision_as_ever(night: Night) -> None:
    screening = night.guests()[0].line.screening

    with pytest.raises(Refused) as refused:
        open_case(screening_code=screening, country="MA", actor=night.supervisor, now=night.now)
    assert refused.value.objections == ["NOT_DECIDED"]


# Beds.


def test_everybody_of_the_operation_has_a_bed_or_a_recorded_reason(night: Night) -> None:
    night.furnish(boys=False)
    night.files()
    assert set(night.stages()) == {groups.NO_REQUEST}

    assert night.beds(*night.adults()).n == 4
    requests = Request.objects.filter(operation=night.code)
    # The sisters are one request, and nobody can part them.
    assert sorted(len(queries.members_of(row)) for row in requests) == [1, 1, 2]

    proposal = night.proposed(unlocks=True)
    assert (proposal.n_placed, proposal.n_waiting) == (3, 1)
    assert night.ask(proposal).n == 2
    assert sorted(night.stages()) == [groups.ASKED] * 3 + [groups.WAITS]
    assert night.answer().n == 2
    assert night.take().n == 2
    assert sorted(night.stages()) == ["ACCEPTED"] * 3 + [groups.WAITS]

    # No bed for the boy: what was missing is noted once, however often somebody presses.
    assert acts.record_waiting(code=night.code, actor=night.supervisor, now=night.now).n == 1
    assert acts.record_waiting(code=night.code, actor=night.supervisor, now=night.now).n == 0
    (unmet,) = Unmet.objects.all()
    assert (unmet.sex, unmet.n_people) == ("M", 1)
    assert {g.line.sex for g in night.guests() if not g.has_bed} == {"M"}


def test_what_the_houses_gave_breaks_no_rule_of_the_field(night: Night) -> None:
    night.furnish()
    night.files()
    night.beds(*night.adults())
    rows = groups.open_requests(night.supervisor, night.code)
    people = [p for o in queries.opened_requests(night.supervisor, rows) for p in o.people]
    houses = queries.houses()
    night.ask(night.proposed())
    night.answer()
    night.take()

    rooms = {stay.case_id: str(stay.unit_id) for stay in Stay.objects.all()}

    assert len(rooms) == 4
    assert faults(people, houses, rooms, night.now) == []
    assert [p.risk for p in people if p.sex == "M"] == ["HIGH"]


def test_pressed_twice_or_after_a_cut_nothing_is_done_twice(night: Night) -> None:
    night.furnish()
    for _ in range(2):
        night.files()
    assert Case.objects.filter(file=CARE_FILE, origin="screening").count() == 4
    for _ in range(2):
        night.beds(*night.adults())
    assert Request.objects.count() == 3
    proposal = night.proposed()
    assert night.ask(proposal).n == 3
    again = night.ask(proposal)
    assert (again.n, again.n_left) == (0, 3)
    assert Ask.objects.count() == 3
    night.answer()
    night.take()
    assert night.take().n == 0
    assert Stay.objects.count() == 4


def test_an_adult_who_did_not_say_yes_is_placed_nowhere_until_she_does(night: Night) -> None:
    night.furnish()
    night.files()
    night.beds()

    proposal = night.proposed(unlocks=True)

    (waits,) = proposal.waiting
    assert waits.people == (the_woman(night).pk,)
    assert waits.reasons == ("ADULT_HAS_NOT_AGREED",)
    assert [(one.what, one.n_more) for one in proposal.unlocks] == [("ADULTS_AGREE", 1)]

    told = acts.agree(code=night.code, agreed=night.adults(), actor=night.supervisor, now=night.now)
    assert told.n == 1
    assert night.proposed().waiting == ()


def test_a_house_that_says_no_is_not_asked_again(night: Night) -> None:
    night.furnish()
    night.files()
    night.beds(*night.adults())
    night.ask(night.proposed())
    night.answer("FULL_AFTER_ALL")

    assert night.proposed().rows == ()
    assert night.proposed().n_waiting == 4


def test_beds_that_a_house_was_asked_for_are_promised_to_nobody_else(night: Night) -> None:
    night.furnish(girls=2)
    night.files()
    night.beds(*night.adults())
    girls = [row for row in night.proposed().rows if len(row.people) == 2]
    acts.ask_houses(
        code=night.code,
        places=girls,
        actor=night.supervisor,
        now=night.now,
    )

    houses = groups._with_pending(night.supervisor, night.code, queries.houses())

    room = next(u for h in houses for u in h.units if len(u.sleepers) == 2)
    assert {one.code for one in room.sleepers} == set(girls[0].people)
    assert sum(len(row.people) for row in night.proposed().rows) == 2


def test_nobody_but_the_unit_that_leads_it_finds_the_beds_of_an_operation(night: Night) -> None:
    night.files()

    for role in (Role.COORDINATOR, Role.DESK, Role.FIRST_RESPONDER):
        with pytest.raises(NotFound):
            groups.guests(night.cast.actor(role), night.code)
    with pytest.raises(NotFound):
        groups.asks_of(staff(night.cast), night.code)


# On the page.


@pytest.mark.usefixtures("stopped_clock")
def test_the_night_goes_from_page_to_page_to_a_bed(night: Night) -> None:
    night.furnish()
    cast, page = night.cast, f"/operations/{night.code}/beds/"

    assert "Open files for 4 people" in words(visit(cast, SUPERVISOR, page))
    assert visit(cast, SUPERVISOR, page, act="files").status_code == 302
    assert "Ask beds for all" in words(visit(cast, SUPERVISOR, page))
    visit(cast, SUPERVISOR, page, act="beds", agreed=night.adults())
    proposed = words(visit(cast, SUPERVISOR, f"{page}?propose=1"))
    assert "4 could have a bed; 0 would wait." in proposed
    places = re.findall(r'name="place" value="([^"]+)"', proposed)
    visit(cast, SUPERVISOR, page, act="houses", place=places)
    assert f"/beds/groups/{night.code}/" in words(visit(cast, MANAGER, "/beds/"))
    house_page = f"/beds/groups/{night.code}/"
    asks = re.findall(r'name="ask" value="(\d+)"', words(visit(cast, MANAGER, house_page)))
    assert len(asks) == 3
    visit(cast, MANAGER, house_page, act="yes", ask=asks)
    assert "Beds that are held" in words(visit(cast, SUPERVISOR, page))
    escort = {f"escort-{night.house.pk}": night.supervisor.account_id}
    visit(cast, SUPERVISOR, page, act="take", **escort)
    lists = words(visit(cast, SUPERVISOR, f"{page}lists"))
    assert all(band in lists for band in night.bands)
    report = words(visit(cast, SUPERVISOR, f"{page}situation"))
    assert not any(band in report for band in night.bands)
    assert not any(g.case in report for g in night.guests())
    for name in ("Awa", "Issa", "Mariam"):
        assert name not in lists + report + proposed


@pytest.mark.usefixtures("stopped_clock")
def test_an_unknown_step_or_nobody_ticked_changes_nothing(night: Night) -> None:
    night.furnish()
    page = f"/operations/{night.code}/beds/"

    assert visit(night.cast, SUPERVISOR, page, act="everything").status_code == 404
    assert visit(night.cast, SUPERVISOR, page, act="houses").status_code == 422
    assert visit(night.cast, SUPERVISOR, "/operations/O-2222-2222/beds/").status_code == 404
