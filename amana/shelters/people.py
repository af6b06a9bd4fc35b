"""The people of the network, for who answers for them: open requests, stays, what is raised.

Codes only. What is said in words of a stay is opened here alone, for whoever holds its key.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from amana.access import policy
from amana.access.documents import open_document
from amana.access.queries import held_keys, members
from amana.access.rules import CARE, Actor
from amana.cases import queries as cases
from amana.cases import rules as case_rules
from amana.cases.models import Case
from amana.crypto.boxes import Place
from amana.shelters import queries, rules
from amana.shelters.models import Ask, Incompatible, Member, Request, Stay, Unmet
from amana.shelters.rules import Standing
from amana.standards.need_to_know import CARE_FILE
from amana.standards.shelters import load

# So many cases are offered as belonging together; who waits longer is named by her own page.
MOST_OFFERED = 60
# Who disappeared, or was expected and never arrived, and of whom nobody said what came of it.
LOST = Q(exit__in=("MISSING", "NEVER_CAME"), settled="", accepted_at__isnull=False)
SAME_DAYS, LIKELY = timedelta(days=2), 2


def sheet_place(stay: str, key_id: str) -> Place:
    """Return where what was asked at the door lies."""
    return Place("shelters_stay", stay, "sealed", key_id)


# Requests.


def could_come_along(actor: Actor, case: Case) -> list[tuple[Case, bool]]:
    """Return whose beds may be asked for together with this person's, the likely ones first.

    They are there for the actor, her unit leads them, and no bed is asked for them yet. Likely is
    whose case was opened within two days of this one, the more so with one citizenship.
    """
    teams = [code for code, keys in actor.teams.items() if keys.kind == CARE]
    asked = Member.objects.filter(request__state="OPEN").values("case")
    rows = cases.visible_to(actor).filter(team__in=teams, file=CARE_FILE).exclude(pk=case.pk)
    found = rows.exclude(origin="historical").exclude(pk__in=asked).order_by("-opened_at", "pk")
    newest = list(found[:MOST_OFFERED])
    near = list(found.filter(**_near(case))[:MOST_OFFERED])
    both = {one.pk: one for one in (*near, *newest)}
    order = sorted(both.values(), key=lambda one: -_likeness(one, case))[:MOST_OFFERED]
    return [(one, _likeness(one, case) >= LIKELY) for one in order]


def _near(case: Case) -> dict[str, Any]:
    return {"opened_at__range": (case.opened_at - SAME_DAYS, case.opened_at + SAME_DAYS)}


def _likeness(one: Case, case: Case) -> int:
    near = abs(one.opened_at - case.opened_at) <= SAME_DAYS
    return 2 * near + (bool(case.citizenship) and one.citizenship == case.citizenship)


@dataclass(frozen=True)
class Waiting:
    """An open request in a list: for whom, where it stands, by when somebody must act."""

    request: Request
    codes: tuple[str, ...]
    standing: Standing


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Return the open requests that are there for this person, the oldest first."""
    rows = queries.open_requests(actor)
    asked: dict[str, list[Ask]] = defaultdict(list)
    for one in Ask.objects.filter(request__in=rows):
        asked[one.request_id].append(one)
    return [
        Waiting(
            row,
            tuple(sorted(member.case_id for member in row.members.all())),
            rules.standing(_asked(asked[row.pk]), row.opened_at, now, load()),
        )
        for row in rows
    ]


def _asked(rows: Iterable[Ask]) -> list[rules.Asked]:
    return [
        rules.Asked(
            row.state,
            {"HELD": row.hold_until, "OPEN": row.answer_due}.get(row.state),
            row.answered_at,
        )
        for row in rows
    ]


def rungs(request: Request) -> list[tuple[str, datetime | None]]:
    """Return the steps of the ladder in their order, and when each was tried; None if not yet."""
    tried = dict(Unmet.objects.filter(request=request).order_by("-at").values_list("step", "at"))
    return [(step, tried.get(step)) for step in load().ladder]


# Stays.


def stays(actor: Actor) -> QuerySet[Stay]:
    """Return the stays that are there for this person: of her house, or of a case she leads.

    Never of somebody whom she knows: whoever declared a conflict sees nothing of that case.
    """
    rows = Stay.objects.select_related("unit__shelter", "ask", "case").exclude(state=rules.HELD)
    if actor.role in queries.STAFF:
        mine = rows.filter(unit__shelter__team__in=queries.own_teams(actor))
        return mine.filter(cases.no_conflict(actor, "case"))
    if actor.role in queries.ASKING:
        return rows.filter(case__in=cases.visible_to(actor))
    return rows.none()


def now_inside(actor: Actor) -> list[Stay]:
    """Return who sleeps in a house or is on the way to one, the longest first."""
    return list(stays(actor).filter(ended_at=None).order_by("accepted_at", "pk"))


def other_stays(actor: Actor, stay: Stay) -> list[Stay]:
    """Return with whom this person came: the stays of the same ask that are there to be seen."""
    return list(stays(actor).filter(ask=stay.ask_id).exclude(pk=stay.pk).order_by("pk"))


@dataclass(frozen=True)
class RaisedStay:
    """A stay about which something must be seen to."""

    stay: Stay
    troubles: list[str]


def n_lost(now: datetime) -> int:
    """Return how many people are missing or never arrived, of whom nobody said what came of it.

    For the coordination: a number, and nobody's code.
    """
    rows = list(Stay.objects.select_related("unit__shelter").filter(LOST))
    return sum(bool(found) for found in troubles(rows, now).values())


def raised(actor: Actor, now: datetime) -> list[RaisedStay]:
    """Return every stay of this person's about which something must be raised, gravest first."""
    rows = list(stays(actor).filter(Q(ended_at=None) | LOST).order_by("accepted_at", "pk"))
    wrong = troubles(rows, now)
    found = [RaisedStay(row, wrong[row.pk]) for row in rows if wrong[row.pk]]
    return sorted(found, key=_gravity)


def _gravity(one: RaisedStay) -> int:
    return 0 if one.stay.state == rules.ENDED else 1


def troubles(rows: Sequence[Stay], now: datetime) -> dict[str, list[str]]:
    """Return what must be seen to for the person of each of these stays."""
    back = _came_back(rows)
    return {row.pk: rules.stay_troubles(_life(row, back[row.pk]), now, load()) for row in rows}


def _came_back(rows: Sequence[Stay]) -> dict[str, bool]:
    """Say of each stay that is over whether its person was admitted somewhere after it."""
    admitted: dict[str, list[Stay]] = defaultdict(list)
    found = Stay.objects.filter(case__in={row.case_id for row in rows}, admitted_at__isnull=False)
    for one in found:
        admitted[one.case_id].append(one)
    return {row.pk: any(_follows(one, row) for one in admitted[row.case_id]) for row in rows}


def _follows(one: Stay, row: Stay) -> bool:
    if one.pk == row.pk or one.admitted_at is None or row.ended_at is None:
        return False
    return one.admitted_at >= row.ended_at


def _life(row: Stay, came_back: bool) -> rules.Life:  # noqa: FBT001 - one fact among many
    return rules.Life(
        state=row.state,
        kind=row.unit.shelter.kind,
        accepted_at=row.accepted_at,
        admitted_at=row.admitted_at,
        reviewed_at=row.reviewed_at,
        exit_planned_on=row.exit_planned_on,
        exit=row.exit,
        has_key_worker=bool(row.key_worker),
        has_sheet=bool(row.key_id),
        is_settled=bool(row.settled),
        came_back=came_back,
        own_days=row.unit.shelter.max_stay_days,
    )


def may_stay_until(row: Stay) -> datetime | None:
    """Return until when a stay may last without a further review; None before the admission."""
    if row.admitted_at is None:
        return None
    return (row.reviewed_at or row.admitted_at) + load().longest_stay(
        row.unit.shelter.kind, row.unit.shelter.max_stay_days
    )


def sheet(actor: Actor, row: Stay) -> dict[str, Any] | None:
    """Return what was asked at the door, for who holds its key; None for everybody else."""
    if row.sealed is None:
        return None
    key = held_keys(actor, {row.key_id}).get(row.key_id)
    return open_document(key, bytes(row.sealed), sheet_place(row.pk, row.key_id)) if key else None


def key_workers(row: Stay) -> list[tuple[str, str]]:
    """Return who of the house may look after somebody: account and name."""
    team = row.unit.shelter.team
    return [(a.pk, a.name) for role in queries.STAFF for a in members(team, role)]


# Who must not meet.


def writes_of_offenders(actor: Actor) -> bool:
    """Say whether a person may write about offenders, and so who must not meet whom."""
    return bool(policy.way_of_writing(actor.role, case_rules.OFFENDERS))


def kept_apart(actor: Actor, case: Case) -> QuerySet[Incompatible]:
    """Return what this person wrote of a case herself; what others wrote is not told.

    About offenders a worker writes and does not read: the matrix says so, and of the other
    side's case nothing leads here.
    """
    return Incompatible.objects.filter(case=case, by=actor.account_id).order_by("-at", "pk")
