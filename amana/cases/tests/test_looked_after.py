"""Whether somebody cares for a person: asked by the list of an operation, which stands below."""

from datetime import datetime

import pytest

from amana.access.rules import Refused, Role
from amana.cases import actions, queries
from amana.field import operations
from amana.field.actions import operations as acts
from amana.field.models import Record
from amana.field.tests.builders import a_phone, open_all, screened, send
from amana.identification.actions import decide
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_person_of_an_operation_is_looked_after_once_a_worker_has_her_case(
    cast: Cast, now: datetime
) -> None:
    supervisor, worker = cast.actor(Role.SUPERVISOR), cast.actor(Role.CASE_WORKER)
    row = acts.open_operation(
        name="Gare",
        team="care",
        expected=1,
        n_wristbands=1,
        begins_at=now,
        actor=supervisor,
        now=now,
    )
    ((_, band),) = operations.wristbands(row)
    phone = a_phone(cast, now)
    phone.keep(screened("T1", "R1", "X1", wristband=band))
    send(phone, now)
    open_all(supervisor, now)
    code = str(Record.objects.get().screening_id)
    decide(code=code, decided_class="TRAITE_PRESUMEE", reason="", actor=supervisor, now=now)

    # A decision that found something is no owner yet, and neither is a case that nobody took.
    case = actions.open_case(screening_code=code, country="CI", actor=supervisor, now=now)
    assert operations.overview(supervisor, row.pk).n_without_owner == 1
    with pytest.raises(Refused, match="PEOPLE_WITHOUT_OWNER"):
        acts.end_operation(code=row.pk, actor=supervisor, now=now)

    actions.assign(case=case, account_id=worker.account_id, actor=supervisor, now=now)

    assert queries.looked_after([code, "unknown"]) == {code}
    assert operations.overview(supervisor, row.pk).n_without_owner == 0
    acts.end_operation(code=row.pk, actor=supervisor, now=now)
