"""Who must not meet: two opaque codes, and no reason anywhere."""

from datetime import datetime

from django.db import transaction

from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases.models import Case
from amana.shelters import people
from amana.shelters.models import Incompatible, Shelter
from amana.standards.references import is_reference


@transaction.atomic
def keep_apart(*, case: Case, other: str, actor: Actor, now: datetime) -> None:
    """Write that a person must not be where a house or another person is: two codes, no reason.

    Whoever may write about offenders may write it, and so does not say of whom she knows what. A
    code is judged by its check character alone: whether a case of others exists, nobody is told.
    """
    if not people.writes_of_offenders(actor):
        raise NotFound
    is_house = Shelter.objects.filter(pk=other).exists()
    if other == case.pk or not (is_house or is_reference(other)):
        raise Refused(["CODE_UNKNOWN"])
    # Who writes it again answers for it from now on, and is not told that it stood there already.
    Incompatible.objects.update_or_create(
        case=case, other=other, defaults={"at": now, "by": actor.account_id}
    )
    # The record says that it was written; of what other, only the row says.
    record(at=now, actor=actor.account_id, verb="shelters.keep_apart", subject=case.pk)


@transaction.atomic
def let_meet(*, case: Case, other: str, actor: Actor, now: datetime) -> None:
    """Take back that a person must be kept apart; only who wrote it may, and it is on record."""
    if not people.writes_of_offenders(actor):
        raise NotFound
    row = people.kept_apart(actor, case).filter(other=other).first()
    if row is None:
        raise NotFound
    row.delete()
    record(at=now, actor=actor.account_id, verb="shelters.let_meet", subject=case.pk)
