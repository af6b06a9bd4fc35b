"""Handing facts to the police: a second file, joined to the first by a receipt in one direction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access import policy
from amana.access.queries import teams_of_kind
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases import rules
from amana.cases.actions.parts import mark, write_compartment, write_new
from amana.cases.models import Case, Involved
from amana.cases.queries import access_compartment, objections_to
from amana.crypto.secrets import digest, new_id
from amana.standards import codes
from amana.standards.need_to_know import POLICE_FILE
from amana.standards.references import new_reference

POLICE = "police"


@transaction.atomic
def report(
    *, case: Case, facts: Mapping[str, str], ground: str, actor: Actor, now: datetime
) -> str:
    """Open a police file with facts and suspects, and return the receipt of it.

    The two files do not know each other: the receipt lies sealed in the social file, its digest in
    the police file, so that the investigators can say "it is with us" and nobody can walk back.
    """
    codes.check("REPORT_GROUND", ground)
    if policy.way_of_writing(actor.role, rules.OFFENDERS) != "add" or case.file == POLICE_FILE:
        raise NotFound
    # Where the law obliges or a life is in danger she is not asked; where she wants it, she was.
    if ground == rules.CONSENT and (against := objections_to(case, rules.POLICE_REPORT, now=now)):
        raise Refused(against)
    teams = teams_of_kind(POLICE)
    if not teams:
        raise Refused(["NO_SUCH_TEAM_HERE"])
    receipt = new_id()
    file = Case.objects.create(
        code=new_reference("P"),
        file=POLICE_FILE,
        team=teams[0].pk,
        opened_at=now,
        origin="report",
        age_band="UNK",
        sex="UNK",
        tier=case.tier,
        receipt=digest(receipt.encode()).hex(),
    )
    Involved.objects.create(case=file, team=teams[0].pk, since=now)
    write_new(file, rules.FACTS, {"text": facts["text"]}, actor, now)
    write_new(file, rules.OFFENDERS, {"suspects": facts["suspects"]}, actor, now)
    _keep_receipt(case, receipt, actor, now)
    # Who reported and for whom stands in the record of the social file alone.
    mark(case, "facts_reported", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.report", subject=case.code, ground=ground)
    return receipt


def _keep_receipt(case: Case, receipt: str, actor: Actor, now: datetime) -> None:
    kept: dict[str, Any] = {}
    version = 1
    try:
        row, kept = access_compartment(actor, case, rules.LEGAL)
        version = row.version
    except NotFound:
        pass
    receipts = [r for r in (kept.get("police_receipt", ""), receipt) if r]
    write_compartment(
        case=case,
        name=rules.LEGAL,
        changes={"police_receipt": " ".join(receipts)},
        version=version,
        actor=actor,
        now=now,
    )


def is_ours(case: Case, receipt: str) -> bool:
    """Say, to the investigators, whether a receipt that somebody shows belongs to this file."""
    return case.receipt == digest(receipt.strip().encode()).hex()
