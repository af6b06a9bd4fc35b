"""Phones: invited, enrolled, withdrawn. No phone ever holds a key that opens anything here."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from amana.access import queries as access
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.crypto.phones import sign_public_of
from amana.crypto.secrets import digest, new_id, token
from amana.field import queries, rules
from amana.field.models import Device, Invitation, Resumable

# Whoever shows the QR code to a colleague, and takes a lost phone off the list.
INVITING = frozenset({Role.COORDINATOR, Role.SUPERVISOR})


@transaction.atomic
def invite(*, account_id: str, team: str, mode: str, actor: Actor, now: datetime) -> str:
    """Make an invitation for one phone; return what its QR code says behind `#enrol=`.

    The code is shown once: here only its digest is kept. Refuses work that can be read again where
    no administrator allowed it to the team.
    """
    if actor.role not in INVITING:
        raise NotFound
    against = []
    if team not in {t.pk for t in access.teams_of_kind(CARE)}:
        against.append("TEAM_TAKES_NO_PHONES")
    if account_id not in {a.pk for a in queries.may_carry()}:
        against.append("ACCOUNT_CARRIES_NO_PHONE")
    if mode == rules.RESUME and not queries.is_resumable(team):
        against.append("RESUMING_NOT_ALLOWED")
    if against:
        raise Refused(against)
    secret = rules.unpadded(token())
    Invitation.objects.create(
        digest=digest(secret.encode()).hex(),
        account_id=account_id,
        team_id=team,
        mode=mode,
        made_by=actor.account_id,
        made_at=now,
        ends_at=now + rules.INVITATION_LIFE,
    )
    record(at=now, actor=actor.account_id, verb="field.invite", subject=account_id)
    recipient = bytes(access.team(team).recipient)
    return f"{secret}.{rules.print_of(recipient, node_key())}"


def node_key() -> bytes:
    """Return the public key that verifies this node's receipts on a phone."""
    return sign_public_of(settings.OWN.seed)


def enrol(*, request: bytes, now: datetime) -> dict[str, Any]:
    """Enrol the phone that brings an invitation; the same phone with the same one twice is once.

    Raises BadRequest, and NotFound for an invitation that is unknown, over, or another phone's.
    """
    secret, public = rules.read_enrolment(request)
    name = digest(secret.encode()).hex()
    try:
        device = _enrol(name, public, now)
    except IntegrityError:  # two at once: the first has it
        raise NotFound from None
    return queries.enrolled(device, node_key(), now)


@transaction.atomic
def _enrol(name: str, public: bytes, now: datetime) -> Device:
    again = Device.objects.filter(invited_by=name).first()
    if again is not None:
        if bytes(again.public) != public:
            raise NotFound
        return again
    invitation = Invitation.objects.select_for_update().filter(pk=name, ends_at__gt=now).first()
    if invitation is None:
        raise NotFound
    # The same phone once more: it keeps its number, and with it what it has not sent yet.
    device = Device.objects.filter(public=public).first() or Device(
        id=new_id(), public=public, enrolled_at=now
    )
    device.account_id, device.team_id = invitation.account_id, invitation.team_id
    device.mode, device.invited_by, device.seen_at = invitation.mode, name, now
    device.withdrawn_at, device.withdrawn_by = None, ""
    device.save()
    invitation.delete()
    record(at=now, actor=device.account_id, verb="field.enrol", subject=device.pk)
    return device


@transaction.atomic
def withdraw(*, device_id: str, actor: Actor, now: datetime) -> None:
    """Withdraw a phone: what it still sends lies apart, and it is asked to clear itself."""
    if actor.role not in INVITING:
        raise NotFound
    device = Device.objects.select_for_update().filter(pk=device_id, withdrawn_at=None).first()
    if device is None:
        raise NotFound
    device.withdrawn_at, device.withdrawn_by = now, actor.account_id
    device.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record(at=now, actor=actor.account_id, verb="field.withdraw", subject=device_id)


@transaction.atomic
def allow_resuming(*, team: str, is_allowed: bool, actor: Actor, now: datetime) -> None:
    """Let a team's new phones keep readable drafts for a day, or let them no longer."""
    if actor.role is not Role.ADMINISTRATOR or team not in {
        t.pk for t in access.teams_of_kind(CARE)
    }:
        raise NotFound
    if is_allowed:
        Resumable.objects.update_or_create(
            team_id=team, defaults={"allowed_by": actor.account_id, "allowed_at": now}
        )
    else:
        Resumable.objects.filter(team_id=team).delete()
        Device.objects.filter(team_id=team, mode=rules.RESUME).update(mode=rules.WRITE)
        Invitation.objects.filter(team_id=team, mode=rules.RESUME).delete()
    verb = "field.allow_resuming" if is_allowed else "field.forbid_resuming"
    record(at=now, actor=actor.account_id, verb=verb, subject=team)


def is_withdrawn(device_id: str) -> bool:
    """Say whether this phone was withdrawn. Raises UnknownDevice."""
    return queries.device(device_id).withdrawn_at is not None
