"""Giving a seed back to who lost every way in: two of the officers, a day, and nobody alone.

The person holds a one-time seed on paper. Each officer opens her own share in her own session and
seals it to that seed's public key; the node never holds two shares that it could open.
"""

from datetime import datetime

from django.db import transaction

from amana.access import actions, queries, rules
from amana.access.models import (
    Account,
    Failure,
    Lock,
    Recovery,
    RecoveryApproval,
    RecoveryShare,
    Session,
)
from amana.access.queries import keeper
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.crypto import shares
from amana.crypto.hybrid import public_of, unwrap, wrap
from amana.crypto.secrets import CannotOpen, Seed, new_id, new_seed
from amana.crypto.totp import matching_step
from amana.keeper.rules import KeeperRefused


def ask(*, sign_in_name: str, address: str, now: datetime) -> Seed:
    """Open a recovery and return its one-time seed, of which nothing is kept.

    The answer is the same for a name that nobody has. The person herself and every officer hear
    of it at their next page.
    """
    _slow_down(sign_in_name, address, now)
    one_time = new_seed()
    recipient = public_of(one_time)
    account = Account.objects.filter(sign_in_name=sign_in_name, is_open=True).first()
    if account is not None:
        _open(account, recipient, now)
    return one_time


@transaction.atomic
def _open(account: Account, recipient: bytes, now: datetime) -> None:
    if len(queries.own_recoveries(account.pk, now)) >= rules.RECOVERIES_OPEN:
        return
    recovery = Recovery.objects.create(
        id=new_id(), account=account, asked_at=now, one_time_recipient=recipient
    )
    _tell(account, "RECOVERY_ASKED", recovery, now)
    record(at=now, actor="", verb="access.ask_recovery", subject=account.pk)


def _tell(account: Account, kind: str, recovery: Recovery, now: datetime) -> None:
    officers = [officer.pk for officer in queries.recovery_officers()]
    actions.tell([account.pk, *officers], kind, reference=recovery.pk, now=now)


def _slow_down(sign_in_name: str, address: str, now: datetime) -> None:
    """Count every knock at this door as a failure: none of them proves anything."""
    subjects = {
        "name": actions.subject_of("recovery", sign_in_name),
        "address": actions.subject_of("address", address),
    }
    if queries.must_wait(subjects, now):
        raise Refused(["TRY_LATER"])
    Failure.objects.bulk_create([Failure(subject=s, at=now) for s in subjects.values()])


def _for_officer(recovery_id: str, actor: Actor, now: datetime) -> Recovery:
    found = next((r for r in queries.recoveries(now) if r.pk == recovery_id), None)
    is_officer = queries.account(actor.account_id).is_recovery_officer
    if found is None or not is_officer or found.account_id == actor.account_id:
        raise NotFound
    return found


@transaction.atomic
def approve(*, recovery_id: str, actor: Actor, now: datetime) -> None:
    """Open one's own share of the seed and seal it to the key that the person alone holds."""
    recovery = _for_officer(recovery_id, actor, now)
    rules.require_step_up(actor, now)
    share = RecoveryShare.objects.filter(
        account=recovery.account, officer_id=actor.account_id
    ).first()
    if share is None:
        raise Refused(["NO_SHARE"])
    info = queries.wrap_info(f"share:{recovery.account_id}")
    words = unwrap(actor.seed, bytes(share.sealed), info)
    sealed = wrap(bytes(recovery.one_time_recipient), words, _info(recovery))
    RecoveryApproval.objects.update_or_create(
        recovery=recovery, officer_id=actor.account_id, defaults={"sealed": sealed, "at": now}
    )
    _tell(recovery.account, "RECOVERY_APPROVED", recovery, now)
    record(
        at=now, actor=actor.account_id, verb="access.approve_recovery", subject=recovery.account_id
    )


def _info(recovery: Recovery) -> bytes:
    return queries.wrap_info(f"recovery:{recovery.pk}")


@transaction.atomic
def stop(*, recovery_id: str, actor: Actor, now: datetime) -> None:
    """End a recovery: any officer may, and so may the person whose seed was asked for."""
    recovery = Recovery.objects.select_related("account").filter(pk=recovery_id).first()
    if recovery is None or recovery.account_id != actor.account_id:
        recovery = _for_officer(recovery_id, actor, now)
    _tell(recovery.account, "RECOVERY_STOPPED", recovery, now)
    record(at=now, actor=actor.account_id, verb="access.stop_recovery", subject=recovery.account_id)
    Recovery.objects.filter(pk=recovery.pk).delete()


def find(*, sign_in_name: str, one_time: Seed, now: datetime) -> Recovery | None:
    """Return the open recovery of this name whose one-time seed somebody brought back."""
    recipient = public_of(one_time)
    return next(
        (
            r
            for r in queries.recoveries(now)
            if r.account.sign_in_name == sign_in_name
            and r.account.is_open
            and bytes(r.one_time_recipient) == recipient
        ),
        None,
    )


def restore(*, sign_in_name: str, one_time: Seed, address: str, now: datetime) -> Seed:
    """Return the seed that the officers' shares give back, or refuse; changes nothing but a count.

    Refuses with RECOVERY_NOT_OPEN, RECOVERY_NEEDS_TWO or RECOVERY_WAITS_A_DAY, or TRY_LATER.
    """
    _slow_down(sign_in_name, address, now)
    recovery = find(sign_in_name=sign_in_name, one_time=one_time, now=now)
    if recovery is None:
        raise Refused(["RECOVERY_NOT_OPEN"])
    given = queries.approvals(recovery)
    against = rules.objections_to_recovery(
        asked_at=recovery.asked_at, approvals=len(given), now=now
    )
    if against:
        raise Refused(against)
    try:
        words = [
            unwrap(one_time, bytes(a.sealed), _info(recovery)).decode()
            for a in given[: rules.OFFICERS_NEEDED]
        ]
        seed = shares.combine(words)
    except CannotOpen:
        raise Refused(["RECOVERY_NOT_OPEN"]) from None
    if public_of(seed) != bytes(recovery.account.recipient):
        raise Refused(["RECOVERY_NOT_OPEN"])
    return seed


def finish(
    *,
    sign_in_name: str,
    one_time: Seed,
    password: str,
    code: str,
    address: str,
    now: datetime,
) -> None:
    """Give the seed back behind a new password and a new phone; every older way in is gone.

    Passkeys and sessions go too: what was lost may lie in somebody's hands.
    """
    seed = restore(sign_in_name=sign_in_name, one_time=one_time, address=address, now=now)
    totp = rules.phone_after_recovery(one_time)
    if matching_step(totp, code, now) is None:
        raise Refused(["CODE_WRONG"])
    with transaction.atomic():
        recovery = find(sign_in_name=sign_in_name, one_time=one_time, now=now)
        if recovery is None:
            raise Refused(["RECOVERY_NOT_OPEN"])
        account = recovery.account
        try:
            ticket = keeper().open(account=account.pk, seed=seed).ticket
        except KeeperRefused:
            raise Refused(["RECOVERY_NOT_OPEN"]) from None
        actions.set_password(account=account, seed=seed, ticket=ticket, password=password, now=now)
        Lock.objects.filter(account=account, kind=rules.PASSKEY).delete()
        Session.objects.filter(account=account).delete()
        _tell(account, "RECOVERY_DONE", recovery, now)
        record(at=now, actor=account.pk, verb="access.recover", subject=account.pk)
        Recovery.objects.filter(account=account).delete()
        # Last, since the keeper knows no rollback; asked again it sets the same secret.
        keeper().set_totp(ticket=ticket, totp=totp)
        keeper().leave(ticket)


@transaction.atomic
def make_officer(*, account_id: str, actor: Actor, now: datetime) -> None:
    """Name a further recovery officer. Only an officer does, and every officer hears of it.

    Whoever makes accounts cannot: she could make two, and open everybody's seed with them.
    """
    if not queries.account(actor.account_id).is_recovery_officer:
        raise NotFound
    rules.require_step_up(actor, now)
    if account_id not in {a.pk for a in queries.may_be_officers()}:
        raise NotFound
    Account.objects.filter(pk=account_id).update(is_recovery_officer=True)
    officers = [officer.pk for officer in queries.recovery_officers()]
    actions.tell(officers, "OFFICER_NAMED", reference=account_id, now=now)
    record(at=now, actor=actor.account_id, verb="access.make_officer", subject=account_id)
