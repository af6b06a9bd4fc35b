"""Erasing a case: two people decide it, then every key and every row of it goes."""

from datetime import datetime

from django.db import transaction

from amana.access import rules as access
from amana.access.actions import tell
from amana.access.actions.keys import erase_keys
from amana.access.queries import members, of_role
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.actions.attachments import erase_attachments
from amana.cases.models import Case, Erasure
from amana.field.actions.arrivals import erase_records_of
from amana.identification.actions import erase_screening
from amana.identification.queries import chain_of
from amana.standards import codes


@transaction.atomic
def ask_erasure(*, case: Case, reason: str, actor: Actor, now: datetime) -> Erasure:
    """Ask, as a supervisor, that a case be erased. Somebody else must approve before it goes."""
    codes.check("ERASURE_REASON", reason)
    if actor.role is not Role.SUPERVISOR:
        raise NotFound
    access.require_step_up(actor, now)
    if queries.erasure_of(case.code) is not None:
        raise Refused(["ERASURE_WAS_ASKED"])
    erasure = Erasure.objects.create(
        code=case.code, team=case.team, reason=reason, asked_by=actor.account_id, asked_at=now
    )
    told = {a.pk for a in [*of_role(Role.DATA_PROTECTION), *members(case.team, Role.SUPERVISOR)]}
    tell(told - {actor.account_id}, "ERASURE_ASKED", reference=case.code, now=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.ask_erasure",
        subject=case.code,
        reason=reason,
    )
    return erasure


@transaction.atomic
def approve_erasure(*, code: str, actor: Actor, now: datetime) -> Erasure:
    """Give the second word, as another supervisor or as the data protection officer.

    The worker carries it out within seconds; from here on nobody can call it back.
    """
    erasure = _waiting(code, actor, now)
    erasure.approved_by, erasure.approved_at = actor.account_id, now
    erasure.save(update_fields=["approved_by", "approved_at"])
    record(at=now, actor=actor.account_id, verb="cases.approve_erasure", subject=code)
    return erasure


@transaction.atomic
def decline_erasure(*, code: str, actor: Actor, now: datetime) -> None:
    """Let the case stand: as the one who asked, or as the one who would have had to approve."""
    found = queries.access_erasure(actor, code)
    if found.approved_by:
        raise Refused(["NOTHING_TO_CONFIRM"])
    Erasure.objects.filter(pk=code, approved_by="").delete()
    record(at=now, actor=actor.account_id, verb="cases.decline_erasure", subject=code)


def _waiting(code: str, actor: Actor, now: datetime) -> Erasure:
    queries.access_erasure(actor, code)
    access.require_step_up(actor, now)
    erasure = Erasure.objects.select_for_update().get(pk=code)
    against = rules.objections_to_approving(
        asked_by=erasure.asked_by, approved_by=erasure.approved_by, by=actor.account_id
    )
    if against:
        raise Refused(against)
    return erasure


@transaction.atomic
def erase_case(
    *, code: str, more_counts: dict[str, int], backups_until: datetime, by: str, now: datetime
) -> Erasure:
    """Erase a case that two people gave up: keys, rows, files, and the screening it came from.

    Refused without their word. What later rooms hold of the case goes before, and they say in
    `more_counts` how much that was. What was handed to the police is another file and stays.
    """
    erasure = Erasure.objects.select_for_update().filter(pk=code).first()
    if erasure is None or not erasure.approved_by or erasure.live_at is not None:
        raise Refused(["ERASURE_NOT_APPROVED"])
    case = Case.objects.select_for_update().get(pk=code)
    erase_attachments(case)
    key_ids, screening = queries.key_ids_of(case), case.screening_id
    _, rows = case.delete()
    erase_keys(key_ids=key_ids, now=now, by=by)
    counts = {name.partition(".")[2]: n for name, n in rows.items()}
    if screening is not None:
        # Interviews and later screenings tell of the same person, and go with the first.
        chain = chain_of(screening)
        counts["Record"] = erase_records_of(chain, now=now, by=by)
        counts["Screening"] = sum(erase_screening(code=one, now=now, by=by) for one in chain)
    erasure.live_at, erasure.backups_until = now, backups_until
    erasure.counts = {name: n for name, n in {**counts, **more_counts}.items() if n}
    erasure.save(update_fields=["live_at", "backups_until", "counts"])
    record(at=now, actor=by, verb="cases.erase_case", subject=code)
    return erasure


@transaction.atomic
def give_up_restored(now: datetime) -> list[str]:
    """Give up once more the cases that a restored backup brought back; return their codes.

    A part whose key the ledger names stands in no database but one that was restored. Where all
    parts of a case are so, the case had been erased; where one is, it had been replaced.
    """
    back = queries.erased_and_back()
    for case in back:
        by = {"asked_by": "restore", "asked_at": now, "approved_by": "ledger", "approved_at": now}
        Erasure.objects.update_or_create(
            code=case.code, defaults={"team": case.team, "reason": "", "live_at": None, **by}
        )
        record(at=now, actor="restore", verb="cases.give_up_restored", subject=case.code)
    queries.erased_parts().exclude(case__in=back).delete()
    return [case.code for case in back]
