"""What the home pages gather from the rooms."""

from datetime import datetime
from typing import Any

from amana.access.rules import Actor, Role
from amana.agreements import queries as agreements
from amana.agreements.actions import CONFIRMS
from amana.audit import queries as audit
from amana.cases import queries as cases
from amana.exchange import queries as exchange
from amana.field import queries as field
from amana.identification import queries as identification
from amana.protection import queries as protection
from amana.referrals import queries as referrals
from amana.shelters import people as sheltered
from amana.watch import queries as watches


def tasks(actor: Actor, now: datetime) -> list[tuple[str, str, int]]:
    """Return what waits for this person: (code of the task, name of the page, how many)."""
    found: list[tuple[str, str, int]] = []
    if actor.role in (Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR):
        found.append(("DRAFTS", "identification:start", len(identification.drafts(actor))))
    if actor.role in (Role.CASE_WORKER, Role.SUPERVISOR):
        found.append(("FROM_PHONES", "field:arrivals", field.n_waiting(actor)))
        found += _beds(actor, now)
    found += _duties(actor, now)
    if actor.role is Role.SUPERVISOR:
        found.append(("TO_DECIDE", "identification:waiting", len(identification.waiting(actor))))
        found.append(("TO_CONFIRM", "cases:grounds", len(cases.grounds_to_confirm(actor))))
    if actor.role in (Role.SUPERVISOR, Role.DATA_PROTECTION):
        n_erasures = len(cases.erasures_to_approve(actor))
        found.append(("TO_APPROVE_ERASURE", "cases:erasures", n_erasures))
    found += _agreement_tasks(actor, now)
    if actor.role is Role.CASE_WORKER:
        found.append(("DECIDED_WITHOUT_CASE", "identification:waiting", _without_case(actor)))
    if actor.role is Role.DESK:
        found += _desk_tasks(actor)
    if actor.role in (Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK):
        told = referrals.told_all(referrals.referrals(actor))
        silent = [t for t in told if t.silences(now)]
        found.append(("SILENT", "referrals:list", len(silent)))
    return found


# So many words that are owed stand on the first page; the rest one press away.
OWED_SHOWN = 5


def owed(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Return the most urgent words that are owed, in both directions, for who looks after them."""
    if actor.role not in (Role.DESK, Role.COORDINATOR):
        return []
    return [watches.row(one) for one in watches.owed(now)[:OWED_SHOWN]]


def _agreement_tasks(actor: Actor, now: datetime) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    if actor.role in CONFIRMS:
        n_steps = len(agreements.waiting_for(actor.account_id))
        found.append(("AGREEMENT_STEP", "agreements:list", n_steps))
    if actor.role in (Role.COORDINATOR, Role.PLAN):
        found.append(("AGREEMENT_ALERT", "agreements:list", agreements.n_alerts(now)))
    return found


def _without_case(actor: Actor) -> int:
    return sum(not cases.has_case(s.pk) for s in identification.decided(actor))


def _beds(actor: Actor, now: datetime) -> list[tuple[str, str, int]]:
    return [
        ("BEDS_ASKED", "shelters:places", len(sheltered.waiting(actor, now))),
        ("STAYS_RAISED", "shelters:raised", len(sheltered.raised(actor, now))),
    ]


def _duties(actor: Actor, now: datetime) -> list[tuple[str, str, int]]:
    if actor.role in (Role.CASE_WORKER, Role.SUPERVISOR, *protection.SEES_MOMENTS):
        return [("DUTIES", "protection:worklist", protection.n_late(actor, now))]
    return []


def _desk_tasks(actor: Actor) -> list[tuple[str, str, int]]:
    rows = referrals.referrals(actor)
    to_release = [r for r in rows if r.is_ours and not r.released_at and not r.returned_at]
    told = referrals.told_all(rows)
    to_answer = [t for t in told if not t.referral.is_ours and t.story.waits_for_the_host]
    to_recall = [t for t in told if referrals.must_recall(actor, t)]
    return [
        ("SEALED_MAIL", "referrals:mail", len(exchange.unopened())),
        ("TO_RELEASE", "referrals:list", len(to_release)),
        ("TO_ANSWER", "referrals:mail", len(to_answer)),
        ("TO_RECALL", "referrals:list", len(to_recall)),
    ]


def record() -> dict[str, Any]:
    """Return the state of the record: its length and its first fault, if there is one."""
    return {"length": audit.length(), "fault": audit.first_fault()}


def watch() -> dict[str, Any]:
    """Return how the countries watch each other's records: the alarms, and what was vouched for."""
    return {
        "alarms": audit.open_alarms(),
        "cosigned": audit.cosigned(),
        "witnessed": audit.witnessed(),
    }
