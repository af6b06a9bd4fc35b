"""How much one person carries: weighed by risk, with a ceiling that nobody passes in silence."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.access.rules import NotFound, Refused, Role
from amana.audit.models import Entry
from amana.cases import actions as cases
from amana.cases.models import Case
from amana.cases.tests.builders import a_case
from amana.protection import actions, queries
from amana.protection.models import Due
from amana.protection.rules import Wanted
from amana.standards import caseload, codes
from tests.cast import Cast


@given(levels=st.lists(st.sampled_from(["", *codes.values("RISK_LEVEL")])))
def test_no_case_weighs_nothing_and_a_higher_risk_never_weighs_less(levels: list[str]) -> None:
    """What was not assessed is no reason to carry more."""
    rule = caseload.load()

    assert rule.weigh(levels) >= len(levels)
    for low, high in (("LOW", "MEDIUM"), ("MEDIUM", "HIGH"), ("HIGH", "CRITICAL")):
        assert rule.weigh([*levels, low]) <= rule.weigh([*levels, high])
    assert rule.weigh([*levels, ""]) > rule.weigh(levels)


def says(cast: Cast, case: Case, risk: str, now: datetime) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    wanted = Wanted("", risk, now, worker.account_id, worker.role.value)
    actions.enter(case=case, wanted=wanted, reason="Zibéline", actor=worker, now=now)


@pytest.mark.django_db
def test_a_supervisor_sees_who_carries_how_much(cast: Cast, now: datetime) -> None:
    first, second = a_case(cast), a_case(cast)
    says(cast, first, "RISK_HIGH", now)
    Due.objects.filter(case=second).update(due_at=now)

    (load,) = [one for one in queries.loads(cast.actor(Role.SUPERVISOR), now) if one.count]

    rule = caseload.load()
    assert load.account == cast.actor(Role.CASE_WORKER).account_id
    assert (load.count, load.weight) == (2, rule.weights["HIGH"] + rule.unassessed)
    assert not load.is_too_much
    with pytest.raises(NotFound):
        queries.loads(cast.actor(Role.CASE_WORKER), now)


@pytest.mark.django_db
def test_nobody_passes_the_ceiling_in_silence(cast: Cast, now: datetime) -> None:
    """The supervisor says why; a worker who would take one more is told to ask."""
    worker, supervisor = cast.actor(Role.CASE_WORKER), cast.actor(Role.SUPERVISOR)
    case = a_case(cast)
    for number in range(caseload.load().ceiling):
        carried = Case.objects.create(
            code=f"MA-L{number:03}",
            team=case.team,
            worker=worker.account_id,
            opened_at=now,
            origin="screening",
            age_band="18_24",
            sex="F",
            tier="adult",
        )
        Due.objects.create(case=carried, team=case.team, due_at=now)
    Case.objects.filter(pk=case.pk).update(worker="")

    for actor in (worker, supervisor):
        with pytest.raises(Refused, match="ABOVE_THE_CEILING"):
            cases.assign(
                case=Case.objects.get(pk=case.pk),
                account_id=worker.account_id,
                actor=actor,
                now=now,
            )
    cases.assign(
        case=Case.objects.get(pk=case.pk),
        account_id=worker.account_id,
        actor=supervisor,
        now=now,
        overload_reason="SIBLINGS",
    )

    assert Case.objects.get(pk=case.pk).worker == worker.account_id
    assert b'"overload":"SIBLINGS"' in bytes(Entry.objects.order_by("-seq")[0].event or b"")
