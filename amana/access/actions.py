"""Signing in and out, making accounts and teams, wrapping keys."""

import threading
from datetime import datetime

from django.db import transaction

from amana.access import queries, rules
from amana.access.models import Account, Failure, KeyWrap, Membership, Session, Team
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.crypto import passwords
from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.hybrid import public_of, wrap
from amana.crypto.secrets import (
    Key,
    Seed,
    digest,
    new_id,
    new_key,
    new_seed,
    same,
    token,
)
from amana.crypto.signing import sign_public_of

# Argon2 takes 64 MiB a run: a crowd at the door must queue instead of filling the memory.
_ARGON2_PLACES = threading.BoundedSemaphore(4)
COST = passwords.Cost()


def make_team(*, code: str, address: str, seed: Seed) -> Team:
    """Set up a team with its key; who knows `seed` must at once admit the first members."""
    return Team.objects.create(
        code=code, address=address, recipient=public_of(seed), signer=sign_public_of(seed)
    )


@transaction.atomic
def make_account(
    *,
    sign_in_name: str,
    name: str,
    role: Role,
    password: str,
    now: datetime,
    by: str,
    cost: passwords.Cost = COST,
) -> Account:
    """Open an account with its own key, locked by the password. It stands in no team yet.

    `cost` is kept beside the account, so that later ones may cost a guess more.
    """
    if Account.objects.filter(sign_in_name=sign_in_name).exists():
        raise Refused(["NAME_TAKEN"])
    seed, account_id = new_seed(), new_id()
    salt = passwords.new_salt()
    verifier, key = _split(password, salt, cost)
    account = Account.objects.create(
        id=account_id,
        sign_in_name=sign_in_name,
        name=name,
        role=role,
        created_at=now,
        salt=salt,
        cost=[cost.memory_kib, cost.passes, cost.lanes],
        verifier=verifier,
        sealed_seed=seal(key, seed.reveal(), _lock_place(account_id)),
        recipient=public_of(seed),
    )
    record(at=now, actor=by, verb="access.make_account", subject=account_id, role=role)
    return account


@transaction.atomic
def admit(*, team: Team, seed: Seed, account: Account, now: datetime, by: str) -> None:
    """Give a person a team's key. Only who holds the team's seed can do it."""
    Membership.objects.update_or_create(
        team=team,
        account=account,
        defaults={
            "wrapped_seed": wrap(
                bytes(account.recipient), seed.reveal(), queries.wrap_info(f"team:{team.pk}")
            )
        },
    )
    record(at=now, actor=by, verb="access.admit", subject=account.pk, team=team.pk)


@transaction.atomic
def close_account(*, account_id: str, actor: Actor, now: datetime) -> None:
    """End an account at once: its sessions fall, its team keys are withdrawn."""
    account = Account.objects.filter(pk=account_id, is_open=True).first()
    if account is None:
        raise NotFound
    if account.pk == actor.account_id:
        raise Refused(["OWN_ACCOUNT"])
    for membership in Membership.objects.filter(account=account):
        if Membership.objects.filter(team=membership.team_id).count() == 1:
            # The last member takes the team's key along; then nobody reads those cases again.
            raise Refused(["LAST_MEMBER"])
    Membership.objects.filter(account=account).delete()
    Session.objects.filter(account=account).delete()
    Account.objects.filter(pk=account.pk).update(is_open=False)
    record(at=now, actor=actor.account_id, verb="access.close_account", subject=account.pk)


def sign_in(*, sign_in_name: str, password: str, address: str, now: datetime) -> bytes:
    """Open a session and return its cookie. A wrong name and a wrong password are one answer.

    Refuses with TRY_LATER after too many failures for the name or the address.
    """
    subjects = {"name": _subject("name", sign_in_name), "address": _subject("address", address)}
    if queries.must_wait(subjects, now):
        raise Refused(["TRY_LATER"])
    account = Account.objects.filter(sign_in_name=sign_in_name, is_open=True).first()
    cost = passwords.Cost(*account.cost) if account else COST
    salt = bytes(account.salt) if account else bytes(16)
    verifier, key = _split(password, salt, cost)
    if account is None or not same(verifier, bytes(account.verifier)):
        Failure.objects.bulk_create([Failure(subject=s, at=now) for s in subjects.values()])
        raise Refused(["NAME_OR_PASSWORD_WRONG"])
    seed = Seed(unseal(key, bytes(account.sealed_seed), _lock_place(account.pk)))
    Failure.objects.filter(subject=subjects["name"]).delete()
    return _open_session(account, seed, now)


@transaction.atomic
def _open_session(account: Account, seed: Seed, now: datetime) -> bytes:
    cookie = token()
    session_id = queries.session_id_of(cookie)
    Session.objects.create(
        id=session_id,
        account=account,
        created_at=now,
        last_seen_at=now,
        sealed_seed=seal(
            queries.session_key_of(cookie),
            seed.reveal(),
            queries.session_place(session_id, account.pk),
        ),
    )
    record(at=now, actor=account.pk, verb="access.sign_in", subject=account.pk)
    return cookie


def sweep(now: datetime) -> None:
    """Delete sessions that have ended and failures that no longer slow anybody."""
    Session.objects.filter(created_at__lte=now - rules.LONGEST).delete()
    Session.objects.filter(last_seen_at__lte=now - rules.IDLE).delete()
    Failure.objects.filter(at__lte=now - rules.FAILURE_WINDOW).delete()


@transaction.atomic
def sign_out(*, actor: Actor, now: datetime) -> None:
    """End the session; the seed under its cookie is gone."""
    Session.objects.filter(pk=actor.session_id).delete()
    record(at=now, actor=actor.account_id, verb="access.sign_out", subject=actor.account_id)


def keep_alive(actor: Actor, now: datetime) -> None:
    """Note that the person is still there, at most once a minute."""
    Session.objects.filter(pk=actor.session_id, last_seen_at__lt=now - rules.IDLE / 20).update(
        last_seen_at=now
    )


def issue_key(*teams: str) -> tuple[str, Key]:
    """Make a new key and wrap it to the teams' public keys. Needs nobody's session."""
    key_id, key = new_id(), new_key()
    for code in teams:
        _wrap_to(code, key_id, key)
    return key_id, key


def share_key(*, key_id: str, key: Key, team: str) -> None:
    """Give a further team a key that the caller has opened."""
    if not KeyWrap.objects.filter(key_id=key_id, team_id=team).exists():
        _wrap_to(team, key_id, key)


def _wrap_to(code: str, key_id: str, key: Key) -> None:
    team = queries.team(code)
    wrapped = wrap(bytes(team.recipient), key.reveal(), queries.wrap_info(key_id))
    KeyWrap.objects.create(key_id=key_id, team=team, wrapped=wrapped)


def _split(password: str, salt: bytes, cost: passwords.Cost) -> tuple[bytes, Key]:
    with _ARGON2_PLACES:
        return passwords.split(password, salt, cost)


def _lock_place(account_id: str) -> Place:
    return Place("access_account", account_id, "sealed_seed", "password")


def _subject(kind: str, value: str) -> str:
    return digest(f"amana/failure/v1/{kind}/{value}".encode()).hex()
