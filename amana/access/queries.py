"""Who is signed in, and which keys that opens."""

from datetime import datetime, timedelta

from django.db import models

from amana.access import rules
from amana.access.models import Account, Failure, KeyWrap, Membership, Session, Team
from amana.access.rules import Actor, NotFound, Role
from amana.crypto.boxes import Place, unseal
from amana.crypto.hybrid import unwrap
from amana.crypto.secrets import CannotOpen, Key, Secret, Seed, derive, digest

WRAP_INFO = b"amana/wrap/v1/"


def session_id_of(cookie: bytes) -> str:
    """Return the row that belongs to a cookie; the row does not give the cookie back."""
    return digest(b"amana/session/v1" + cookie).hex()


def session_key_of(cookie: bytes) -> Key:
    """Return the key under which the session row holds the user's seed."""
    return derive(Secret(cookie), "session")


def session_place(session_id: str, account_id: str) -> Place:
    """Return where a session's sealed seed lies; it opens for no account but its own."""
    return Place("access_session", session_id, "sealed_seed", account_id)


def find_actor(cookie: bytes, now: datetime) -> Actor | None:
    """Return the person whose live session this cookie opens, with her teams' keys, or None."""
    found = Session.objects.select_related("account").filter(pk=session_id_of(cookie)).first()
    if found is None or not found.account.is_open:
        return None
    if not rules.is_live(created_at=found.created_at, last_seen_at=found.last_seen_at, now=now):
        return None
    try:
        seed = Seed(
            unseal(
                session_key_of(cookie),
                bytes(found.sealed_seed),
                session_place(found.pk, found.account_id),
            )
        )
        teams = _open_teams(found.account, seed)
    except CannotOpen:
        return None
    account = found.account
    own_key = derive(seed, "own")
    return Actor(account.pk, account.name, Role(account.role), found.pk, teams, own_key)


def _open_teams(account: Account, seed: Seed) -> dict[str, Seed]:
    memberships = Membership.objects.filter(account=account)
    return {
        m.team_id: Seed(unwrap(seed, bytes(m.wrapped_seed), wrap_info(f"team:{m.team_id}")))
        for m in memberships
    }


def wrap_info(what: str) -> bytes:
    """Return the context that a wrapped key is bound to."""
    return WRAP_INFO + what.encode()


def held_keys(actor: Actor, key_ids: set[str]) -> dict[str, Key]:
    """Return the keys among `key_ids` that this person can open: one query, one unwrap each."""
    wraps = KeyWrap.objects.filter(key_id__in=key_ids, team_id__in=list(actor.teams))
    return {
        w.key_id: Key(unwrap(actor.teams[w.team_id], bytes(w.wrapped), wrap_info(w.key_id)))
        for w in wraps
    }


def access_key(actor: Actor, key_id: str) -> Key:
    """Return one key, or NotFound when no team of this person holds it."""
    try:
        return held_keys(actor, {key_id})[key_id]
    except KeyError:
        raise NotFound from None


def holds_key(actor: Actor, field: str = "key_id") -> models.Exists:
    """Return the filter for rows whose key a team of this person holds: list and check from one."""
    return models.Exists(
        KeyWrap.objects.filter(key_id=models.OuterRef(field), team_id__in=list(actor.teams))
    )


def team(code: str) -> Team:
    """Return a team of this node."""
    return Team.objects.get(pk=code)


def accounts() -> list[Account]:
    """Return all accounts, for the administrator: names and roles, no key."""
    return list(Account.objects.order_by("role", "name"))


def account_names() -> dict[str, str]:
    """Return the names of the people who work here, by account."""
    return dict(Account.objects.values_list("pk", "name"))


def must_wait(subjects: dict[str, str], now: datetime) -> timedelta | None:
    """Return how long a sign-in must wait for this name or this address, or None when it may go on.

    `subjects` holds the digest of the name and of the address, by kind.
    """
    since = now - rules.FAILURE_WINDOW
    for kind, subject in subjects.items():
        allowed = rules.FAILURES_ALLOWED[kind]
        failed = Failure.objects.filter(subject=subject, at__gt=since, at__lte=now)
        recent = list(failed.order_by("-at").values_list("at", flat=True)[:allowed])
        if len(recent) >= allowed:
            return recent[-1] + rules.FAILURE_WINDOW - now
    return None
