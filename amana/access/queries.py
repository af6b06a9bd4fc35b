"""Who is signed in, and which keys that opens."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from amana.access import rules
from amana.access.models import (
    Account,
    Erased,
    Failure,
    KeyWrap,
    Lock,
    Membership,
    Notice,
    Recovery,
    RecoveryApproval,
    RecoveryShare,
    Session,
    Team,
)
from amana.access.rules import GLASS, Actor, NotFound, Role, TeamKeys
from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.hybrid import unwrap, wrap
from amana.crypto.layers import add_layer, remove_layers
from amana.crypto.secrets import CannotOpen, Key, Secret, Seed, derive, digest
from amana.keeper.client import Keeper

WRAP_INFO = b"amana/wrap/v1/"
TEAM_FORM, HYBRID_FORM = "team", "hybrid"
NO_EPOCH = 0


def keeper() -> Keeper:
    """Return the line to this node's keeper."""
    found: Keeper = settings.KEEPER
    return found


def session_id_of(cookie: bytes) -> str:
    """Return the row that belongs to a cookie; the row does not give the cookie back."""
    return digest(b"amana/session/v1" + cookie).hex()


def session_key_of(cookie: bytes) -> Key:
    """Return the key under which the session row holds the user's seed."""
    return derive(Secret(cookie), "session")


def session_place(session_id: str, account_id: str) -> Place:
    """Return where a session's sealed seed lies; it opens for no account but its own."""
    return Place("access_session", session_id, "sealed", account_id)


def lock_place(account_id: str, kind: str) -> Place:
    """Return where a lock's sealed seed lies."""
    return Place("access_lock", account_id, "sealed_seed", kind)


def passkey_place(account_id: str, credential_id: bytes) -> Place:
    """Return where the seed of one passkey lies; it opens for no other credential's row."""
    return lock_place(account_id, f"{rules.PASSKEY}/{digest(credential_id).hex()}")


def wrap_info(what: str) -> bytes:
    """Return the context that a wrapped key is bound to."""
    return WRAP_INFO + what.encode()


def wrap_place(key_id: str, team: str) -> Place:
    """Return where a key that members wrapped lies: for one team, under one number."""
    return Place("access_keywrap", key_id, "wrapped", team)


def open_teams(account: Account, seed: Seed) -> dict[str, TeamKeys]:
    """Return the keys of every team in which the owner of this seed stands."""
    memberships = Membership.objects.select_related("team").filter(account=account)
    return {m.team_id: _team_keys(m, seed) for m in memberships}


def _team_keys(membership: Membership, seed: Seed) -> TeamKeys:
    info = wrap_info(f"team:{membership.team_id}")
    packed = unwrap(seed, bytes(membership.wrapped_keys), info)
    team = membership.team
    return rules.team_keys_in(packed, kind=team.kind, generation=team.generation)


def team_seeds(actor: Actor, team_code: str) -> tuple[Seed, ...]:
    """Return the seeds to which strangers, phones among them, sealed for a team; newest first."""
    if not actor.holds(team_code):
        raise NotFound
    return actor.teams[team_code].seeds


def published_keys(team: Team) -> tuple[bytes, bytes]:
    """Return the key to seal to and the key that signs, as partners know them of a team."""
    if team.published_recipient is None or team.published_signer is None:
        return bytes(team.recipient), bytes(team.signer)
    return bytes(team.published_recipient), bytes(team.published_signer)


def held_keys(actor: Actor, key_ids: Iterable[str]) -> dict[str, Key]:
    """Return the keys among `key_ids` that this person can open: one query, layers off in bulk.

    The supervisors' team is never among those that open by themselves: its wraps lie under a layer
    that the keeper takes off for two of them.
    """
    teams = [code for code, keys in actor.teams.items() if keys.kind != GLASS]
    wraps = list(KeyWrap.objects.filter(key_id__in=set(key_ids), team_id__in=teams))
    return {w.key_id: open_wrap(actor, w, inner) for w, inner in peeled(actor, wraps)}


def peeled(actor: Actor, wraps: list[KeyWrap]) -> list[tuple[KeyWrap, bytes]]:
    """Return wraps with their week's layer off; those whose week is over are not among them."""
    by_epoch: dict[int, list[KeyWrap]] = {}
    for row in wraps:
        by_epoch.setdefault(row.epoch, []).append(row)
    found: list[tuple[KeyWrap, bytes]] = []
    for epoch, rows in by_epoch.items():
        boxes = [bytes(r.wrapped) for r in rows]
        if epoch != NO_EPOCH:
            outer = actor.epochs.get(epoch)
            if outer is None:  # its week is over and its key destroyed: noise, in every copy
                continue
            boxes = remove_layers(outer, boxes)
        found += zip(rows, boxes, strict=True)
    return found


def open_wrap(actor: Actor, row: KeyWrap, inner: bytes) -> Key:
    """Return the key inside one wrap whose layer is off; raises CannotOpen."""
    keys = actor.teams[row.team_id]
    if row.form == TEAM_FORM:
        return Key(unseal(keys.data_key, inner, wrap_place(row.key_id, row.team_id)))
    info = wrap_info(row.key_id)
    for seed in keys.seeds:
        # A former one where it was sealed before the renewal, or by who had read the team before.
        with suppress(CannotOpen):
            return Key(unwrap(seed, inner, info))
    raise CannotOpen


def wrapped_for(team: Team, key_id: str, key: Key) -> tuple[str, bytes]:
    """Return the form and the bytes of a key's wrap as a stranger makes it, to the team's seed."""
    return HYBRID_FORM, wrap(bytes(team.recipient), key.reveal(), wrap_info(key_id))


def wrapped_by_member(actor: Actor, code: str, key_id: str, key: Key) -> tuple[str, bytes]:
    """Return the form and the bytes of a key's wrap as a member makes it: a third as long."""
    box = seal(actor.teams[code].data_key, key.reveal(), wrap_place(key_id, code))
    return TEAM_FORM, box


def layered(box: bytes, actor: Actor) -> tuple[int, bytes]:
    """Return the newest epoch and a wrap under its layer."""
    return actor.epoch, add_layer(actor.epochs[actor.epoch], box)


def access_key(actor: Actor, key_id: str) -> Key:
    """Return one key, or NotFound when no team of this person holds it."""
    try:
        return held_keys(actor, {key_id})[key_id]
    except (KeyError, CannotOpen):
        raise NotFound from None


def holds_key(actor: Actor, field: str = "key_id") -> models.Exists:
    """Return the filter for rows whose key a team of this person holds: list and check from one."""
    teams = [code for code, keys in actor.teams.items() if keys.kind != GLASS]
    return models.Exists(KeyWrap.objects.filter(key_id=models.OuterRef(field), team_id__in=teams))


def team(code: str) -> Team:
    """Return a team of this node."""
    return Team.objects.get(pk=code)


def all_teams() -> list[Team]:
    """Return every team of this node, by code."""
    return list(Team.objects.order_by("pk"))


def teams_of_kind(kind: str) -> list[Team]:
    """Return the teams of one kind, by code."""
    return list(Team.objects.filter(kind=kind).order_by("pk"))


def institution_of(team_code: str) -> str:
    """Return the institution to which a team belongs; "" for a team that is not there."""
    found = Team.objects.filter(pk=team_code).values_list("institution", flat=True).first()
    return found or ""


def of_role(role: Role) -> list[Account]:
    """Return everybody who holds a role."""
    return list(Account.objects.filter(role=role, is_open=True).order_by("name"))


def accounts() -> list[Account]:
    """Return all accounts, for the administrator: names and roles, no key."""
    return list(Account.objects.order_by("role", "name"))


def account_names() -> dict[str, str]:
    """Return the names of the people who work here, by account."""
    return dict(Account.objects.values_list("pk", "name"))


def members(team_code: str, role: Role | None = None) -> list[Account]:
    """Return who stands in a team, of one role or of all."""
    found = Account.objects.filter(membership__team_id=team_code, is_open=True).order_by("name")
    return list(found.filter(role=role) if role else found)


def recovery_officers() -> list[Account]:
    """Return who keeps shares of the others' seeds, by name."""
    return list(Account.objects.filter(is_recovery_officer=True, is_open=True).order_by("name"))


def live_sessions(ids: set[str], now: datetime) -> set[str]:
    """Return which of these sessions still stand."""
    rows = Session.objects.filter(pk__in=ids, account__is_open=True)
    return {
        s.pk
        for s in rows
        if rules.is_live(created_at=s.created_at, last_seen_at=s.last_seen_at, now=now)
    }


def kinds_of_locks(account_id: str) -> set[str]:
    """Return the kinds of ways that an account has to its seed."""
    kinds = set(Lock.objects.filter(account_id=account_id).values_list("kind", flat=True))
    shares = RecoveryShare.objects.filter(account_id=account_id).count()
    return kinds | ({rules.RECOVERY} if shares >= rules.OFFICERS_NEEDED else set())


def account(account_id: str) -> Account:
    """Return one account."""
    return Account.objects.get(pk=account_id)


def locks(account_id: str) -> list[Lock]:
    """Return an account's locks, the password first."""
    return list(Lock.objects.filter(account_id=account_id).order_by("-kind", "made_at"))


def passkey_ids(account_id: str) -> list[bytes]:
    """Return the credentials that an account has registered."""
    return [bytes(k.credential_id or b"") for k in locks(account_id) if k.kind == rules.PASSKEY]


def share_holders(account_id: str) -> list[str]:
    """Return the names of those who hold a share of this account's seed."""
    shares = RecoveryShare.objects.filter(account_id=account_id, officer__is_open=True)
    return list(shares.order_by("officer__name").values_list("officer__name", flat=True))


def has_own_password(account: Account) -> bool:
    """Say whether a person has chosen her own password, or still has the one she was handed."""
    return Lock.objects.filter(
        account=account, kind=rules.PASSWORD, made_at__gt=account.created_at
    ).exists()


def recoveries(now: datetime) -> list[Recovery]:
    """Return the open recoveries, oldest first."""
    rows = Recovery.objects.select_related("account").order_by("asked_at")
    return list(rows.filter(asked_at__gt=now - rules.RECOVERY_ENDS))


def own_recoveries(account_id: str, now: datetime) -> list[Recovery]:
    """Return the open recoveries of one account: somebody says that she lost every way in."""
    return [r for r in recoveries(now) if r.account_id == account_id]


def approvals(recovery: Recovery) -> list[RecoveryApproval]:
    """Return the approvals of a recovery, oldest first."""
    rows = RecoveryApproval.objects.select_related("officer").filter(recovery=recovery)
    return list(rows.order_by("at", "pk"))


def accounts_not_shared(now: datetime) -> list[Account]:
    """Return whose shares are older than 30 days and do not lie with today's officers.

    A sign-in cuts them anew; whoever never comes could not be given her seed back.
    """
    officers = {o.pk for o in recovery_officers()}
    held: dict[str, set[str]] = {}
    fresh: set[str] = set()
    for share in RecoveryShare.objects.all():
        held.setdefault(share.account_id, set()).add(share.officer_id)
        if share.made_at > now - rules.SHARES_AGE:
            fresh.add(share.account_id)
    old = Account.objects.filter(is_open=True, created_at__lte=now - rules.SHARES_AGE)
    return [
        a
        for a in old.exclude(pk__in=fresh).order_by("name")
        if held.get(a.pk, set()) != officers - {a.pk}
    ]


def may_be_officers() -> list[Account]:
    """Return who could become a recovery officer and has a password of her own."""
    fit = Account.objects.filter(
        is_open=True, is_recovery_officer=False, role__in=rules.OFFICER_ROLES
    )
    return [a for a in fit.order_by("name") if has_own_password(a)]


def may_be_admitted(actor: Actor) -> dict[str, list[Account]]:
    """Return who could be admitted to each team of this person, by the team's code."""
    found = {}
    for code, keys in sorted(actor.teams.items()):
        roles = [role for role, kinds in rules.TEAM_KINDS.items() if keys.kind in kinds]
        fit = Account.objects.filter(is_open=True, role__in=roles).exclude(membership__team_id=code)
        found[code] = list(fit.order_by("name"))
    return found


def notices(actor: Actor) -> list[Notice]:
    """Return what this person must still be told, newest first."""
    return list(Notice.objects.filter(account_id=actor.account_id, seen_at=None).order_by("-at"))


def newest_notice(role: Role, kind: str = "") -> datetime | None:
    """Return when the newest notice that somebody in a role has not read was left."""
    rows = Notice.objects.filter(account__role=role, account__is_open=True, seen_at=None)
    rows = rows.filter(kind=kind) if kind else rows
    newest: datetime | None = rows.aggregate(at=models.Max("at"))["at"]
    return newest


def key_counts() -> dict[str, int]:
    """Return how many wraps lie under which epoch, and how many keys were erased."""
    rows = KeyWrap.objects.values_list("epoch").annotate(n=models.Count("pk")).order_by("epoch")
    return {**{str(epoch): n for epoch, n in rows}, "erased": Erased.objects.count()}


def wraps_without_layer() -> int:
    """Return how many wraps wait for the keeper to enclose them."""
    return KeyWrap.objects.filter(epoch=NO_EPOCH).count()


def erased_key_ids() -> models.QuerySet[Erased, str]:
    """Return the numbers of the erased keys, to be asked for within another query."""
    return Erased.objects.values_list("key_id", flat=True)


def erased_keys() -> dict[str, datetime]:
    """Return the erasure ledger: which keys must never open again, and since when."""
    return dict(Erased.objects.order_by("key_id").values_list("key_id", "at"))


def accounts_at_risk() -> list[str]:
    """Return the sign-in names of open accounts that one loss would shut out for good."""
    found = Account.objects.filter(is_open=True).order_by("sign_in_name")
    return [a.sign_in_name for a in found if not rules.may_own_cases(kinds_of_locks(a.pk))]


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
