"""A person's own ways in: passkeys, her password, her phone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from amana.access import actions, passkeys, queries, rules
from amana.access.models import Account, Failure, Lock, Spent
from amana.access.passkeys import SIGN_IN, Site
from amana.access.queries import keeper
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.secrets import CannotOpen, Secret, Seed, derive
from amana.crypto.totp import TotpSecret, matching_step, new_totp


def site() -> Site:
    """Return where this node's passkeys work."""
    node = settings.NODE
    usual = 443 if settings.IS_HTTPS else 80
    port = "" if node.public_port == usual else f":{node.public_port}"
    origin = f"http{'s' * settings.IS_HTTPS}://{node.host}{port}"
    return Site(node.host, origin, node.name, Secret(settings.SECRET_KEY.encode()))


def require_two_locks(actor: Actor) -> None:
    """Refuse to whom a case may not be entrusted: with her only way in the case would be lost."""
    if not rules.may_own_cases(queries.kinds_of_locks(actor.account_id)):
        raise Refused(["NEEDS_TWO_LOCKS"])


# Passkeys


@transaction.atomic
def add_passkey(*, actor: Actor, answer: str, prf: str, now: datetime) -> Lock:
    """Put a lock that a new passkey opens beside those that are there."""
    rules.require_step_up(actor, now)
    made = passkeys.registered(site(), _read(answer), actor.account_id, now)
    key = passkeys.key_of(prf)
    _spend(made.challenge, now)
    place = queries.passkey_place(actor.account_id, made.credential_id)
    if Lock.objects.filter(credential_id=made.credential_id).exists():
        raise Refused(["PASSKEY_NOT_KNOWN"])
    lock = Lock.objects.create(
        account_id=actor.account_id,
        kind=rules.PASSKEY,
        made_at=now,
        sealed_seed=seal(key, actor.seed.reveal(), place),
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
    )
    _note(actor, "access.add_passkey", now)
    return lock


@transaction.atomic
def remove_passkey(*, actor: Actor, lock_id: int, now: datetime) -> None:
    """Take a passkey's lock away; never the last lock, without which nothing opens again."""
    rules.require_step_up(actor, now)
    own = Lock.objects.select_for_update().filter(account_id=actor.account_id)
    if not any(lock.pk == lock_id and lock.kind == rules.PASSKEY for lock in own):
        raise NotFound
    if len(own) == 1:
        raise Refused(["LAST_LOCK"])
    Lock.objects.filter(pk=lock_id, account_id=actor.account_id).delete()
    _note(actor, "access.remove_passkey", now)


def _note(actor: Actor, verb: str, now: datetime) -> None:
    """Enter a change of her ways in, and tell her: if it was not she, she learns of it."""
    record(at=now, actor=actor.account_id, verb=verb, subject=actor.account_id)
    actions.tell([actor.account_id], "WAYS_CHANGED", reference="", now=now)


def sign_in_by_passkey(*, answer: str, prf: str, address: str, now: datetime) -> bytes:
    """Open a session for whoever holds a passkey of this node, and return its cookie."""
    subjects = {"address": actions.subject_of("address", address)}
    if queries.must_wait(subjects, now):
        raise Refused(["TRY_LATER"])
    try:
        account, seed = _unlock(_read(answer), prf, SIGN_IN, now)
    except Refused:
        Failure.objects.create(subject=subjects["address"], at=now)
        raise
    return actions.open_session(account, seed, now)


def step_up_by_passkey(*, actor: Actor, answer: str, prf: str, now: datetime) -> None:
    """Note that it is still she who sits there, on the word of a passkey of hers."""
    account, _ = _unlock(_read(answer), prf, actor.account_id, now)
    if account.pk != actor.account_id:
        raise Refused(["PASSKEY_NOT_KNOWN"])
    actions.mark_stepped_up(actor=actor, now=now)


def _unlock(
    answer: Mapping[str, Any], prf: str, purpose: str, now: datetime
) -> tuple[Account, Seed]:
    """Return whose passkey this is, and her seed out of its lock."""
    credential_id = passkeys.credential_of(answer)
    with transaction.atomic():
        lock = (
            Lock.objects.select_for_update()
            .select_related("account")
            .filter(kind=rules.PASSKEY, credential_id=credential_id)
            .first()
        )
        if lock is None or not actions.is_in_office(lock.account, now):
            raise Refused(["PASSKEY_NOT_KNOWN"])
        kept = (bytes(lock.public_key or b""), lock.sign_count)
        count, challenge = passkeys.proven(site(), answer, purpose, kept=kept, now=now)
        key = passkeys.key_of(prf)
        _spend(challenge, now)
        Lock.objects.filter(pk=lock.pk).update(sign_count=count)
    place = queries.passkey_place(lock.account_id, credential_id)
    try:
        return lock.account, Seed(unseal(key, bytes(lock.sealed_seed), place))
    except CannotOpen:
        raise Refused(["PASSKEY_NOT_KNOWN"]) from None


def _read(answer: str) -> Mapping[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(["PASSKEY_NOT_KNOWN"])
    return found


def _spend(challenge: bytes, now: datetime) -> None:
    """Note that a challenge was answered; refuse the second answer."""
    try:
        with transaction.atomic():
            Spent.objects.create(challenge=challenge.hex(), at=now)
    except IntegrityError:
        raise Refused(["PASSKEY_TOO_LATE"]) from None


# The password and the phone


@transaction.atomic
def change_password(*, actor: Actor, password: str, now: datetime) -> None:
    """Put a new password in place of the old one."""
    rules.require_step_up(actor, now)
    actions.set_password(
        account=queries.account(actor.account_id),
        seed=actor.seed,
        ticket=actor.ticket,
        password=password,
        now=now,
    )
    actions.tell([actor.account_id], "WAYS_CHANGED", reference="", now=now)


def offer_phone(actor: Actor) -> tuple[TotpSecret, str]:
    """Return a fresh secret for a phone, and the same sealed for the page that confirms it."""
    totp = new_totp()
    box = seal(derive(actor.seed, "phone"), totp.reveal(), _phone_place(actor))
    return totp, box.hex()


def offered_phone(actor: Actor, box: str) -> TotpSecret:
    """Return the secret that this session offered; raises NotFound for any other."""
    try:
        return TotpSecret(
            unseal(derive(actor.seed, "phone"), bytes.fromhex(box), _phone_place(actor))
        )
    except (CannotOpen, ValueError):
        raise NotFound from None


def _phone_place(actor: Actor) -> Place:
    return Place("access_account", actor.account_id, "phone", actor.session_id)


def change_phone(*, actor: Actor, totp: TotpSecret, code: str, now: datetime) -> None:
    """Let another phone show the codes, once it has shown one."""
    rules.require_step_up(actor, now)
    if matching_step(totp, code, now) is None:
        raise Refused(["CODE_WRONG"])
    with transaction.atomic():
        _note(actor, "access.set_phone", now)
        keeper().set_totp(ticket=actor.ticket, totp=totp)
