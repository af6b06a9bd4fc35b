"""Signing in and out, making accounts and teams, locks, notices."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from amana.access import queries, rules
from amana.access.actions.keys import renew_team_key
from amana.access.models import (
    Account,
    Failure,
    Lock,
    Membership,
    Notice,
    Recovery,
    RecoveryApproval,
    RecoveryShare,
    Session,
    Spent,
    Team,
)
from amana.access.queries import keeper
from amana.access.rules import Actor, NotFound, Refused, Role, TeamKeys
from amana.audit.actions import record
from amana.crypto import passwords, shares
from amana.crypto.boxes import seal, unseal
from amana.crypto.hybrid import public_of, wrap
from amana.crypto.secrets import (
    SIZE,
    CannotOpen,
    Key,
    Seed,
    digest,
    new_id,
    new_key,
    new_seed,
    token,
)
from amana.crypto.signing import sign_public_of
from amana.crypto.totp import TotpSecret, new_totp
from amana.keeper.client import KeeperGone, Opened
from amana.keeper.rules import KeeperRefused

# Argon2 takes 64 MiB a run: a crowd at the door must queue instead of filling the memory.
_ARGON2_PLACES = threading.BoundedSemaphore(4)
COST = passwords.Cost()

# Asks the keeper for its half of a password.
Half = Callable[[bytes], Key]


@dataclass(frozen=True)
class FirstLock:
    """What a new person is handed, on paper, once: a password, and a secret for her phone.

    `cost` is kept beside the lock, so that later ones may cost a guess more.
    """

    password: str = field(repr=False)
    totp: TotpSecret = field(default_factory=new_totp, repr=False)
    cost: passwords.Cost = COST


def new_team_keys(kind: str) -> TeamKeys:
    """Return the keys of a team that is about to be made."""
    return TeamKeys(new_seed(), new_key(), kind)


def make_team(*, code: str, address: str, keys: TeamKeys, institution: str = "national") -> Team:
    """Set up a team with its keys; who knows them must at once admit the first members."""
    return Team.objects.create(
        code=code,
        kind=keys.kind,
        institution=institution,
        address=address,
        recipient=public_of(keys.seed),
        signer=sign_public_of(keys.seed),
    )


@transaction.atomic
def make_account(
    *,
    sign_in_name: str,
    name: str,
    role: Role,
    first: FirstLock,
    now: datetime,
    by: str,
    is_recovery_officer: bool = False,
    ends_at: datetime | None = None,
) -> Account:
    """Open an account with its own key, locked by password, phone and keeper. In no team yet.

    Its mandate ends at `ends_at`, or after a year; never later than that.
    """
    longest = now + rules.ACCOUNT_LIFE
    if role in rules.WITHOUT_ACCOUNT:
        raise Refused(["ROLE_WITHOUT_ACCOUNT"])
    if Account.objects.filter(sign_in_name=sign_in_name).exists():
        raise Refused(["NAME_TAKEN"])
    seed, account_id = new_seed(), new_id()
    account = Account.objects.create(
        id=account_id,
        sign_in_name=sign_in_name,
        name=name,
        role=role,
        is_recovery_officer=is_recovery_officer,
        created_at=now,
        ends_at=min(ends_at or longest, longest),
        recipient=public_of(seed),
        signer=sign_public_of(seed),
    )

    def half(question: bytes) -> Key:
        return keeper().enrol(
            account=account_id,
            signer=bytes(account.signer),
            role=role,
            totp=first.totp,
            stretched=question,
        )

    _put_password(account, seed, first.password, half, now, first.cost)
    share_for_recovery(account=account, seed=seed, now=now)
    record(at=now, actor=by, verb="access.make_account", subject=account_id, role=role)
    return account


@transaction.atomic
def set_password(
    *, account: Account, seed: Seed, ticket: bytes, password: str, now: datetime
) -> None:
    """Put a new password's lock in place of the old one, in a session of that account."""

    def half(question: bytes) -> Key:
        return keeper().restretch(ticket=ticket, stretched=question)

    _put_password(account, seed, password, half, now, COST)
    record(at=now, actor=account.pk, verb="access.set_password", subject=account.pk)


def _put_password(
    account: Account, seed: Seed, password: str, half: Half, now: datetime, cost: passwords.Cost
) -> None:
    against = rules.objections_to_password(password, account.sign_in_name)
    if against:
        raise Refused(against)
    salt = passwords.new_salt()
    key = _lock_key(password, salt, cost, half)
    sealed = seal(key, seed.reveal(), queries.lock_place(account.pk, rules.PASSWORD))
    Lock.objects.update_or_create(
        account=account,
        kind=rules.PASSWORD,
        defaults={
            "made_at": now,
            "salt": salt,
            "cost": [cost.memory_kib, cost.passes, cost.lanes],
            "sealed_seed": sealed,
        },
    )


def _lock_key(password: str, salt: bytes, cost: passwords.Cost, half: Half) -> Key:
    with _ARGON2_PLACES:
        stretched = passwords.stretch(password, salt, cost)
    return passwords.key_of(stretched, half(passwords.question_of(stretched)))


@transaction.atomic
def share_for_recovery(*, account: Account, seed: Seed, now: datetime) -> bool:
    """Cut the seed into shares for the officers of today, unless they hold them already.

    Nobody holds a share of her own seed. Returns whether new shares were made.
    """
    officers = {o.pk: o for o in queries.recovery_officers() if o.pk != account.pk}
    have = set(RecoveryShare.objects.filter(account=account).values_list("officer_id", flat=True))
    if have == set(officers) or len(officers) < rules.OFFICERS_NEEDED:
        return False
    RecoveryShare.objects.filter(account=account).delete()
    # What an officer gave of the old cut does not fit the new one.
    RecoveryApproval.objects.filter(recovery__account=account).delete()
    cut = shares.split(seed, needed=rules.OFFICERS_NEEDED, of=len(officers))
    RecoveryShare.objects.bulk_create(
        RecoveryShare(
            account=account,
            officer=officer,
            sealed=wrap(
                bytes(officer.recipient), words.encode(), queries.wrap_info(f"share:{account.pk}")
            ),
            made_at=now,
        )
        for officer, words in zip(officers.values(), cut, strict=True)
    )
    return True


@transaction.atomic
def admit(*, team: Team, keys: TeamKeys, account: Account, now: datetime, by: str) -> None:
    """Give a person a team's keys. Only who holds them can do it."""
    if team.kind not in rules.TEAM_KINDS.get(Role(account.role), ()):
        raise Refused(["ROLE_NOT_IN_SUCH_A_TEAM"])
    if Team.objects.select_for_update().get(pk=team.pk).generation != keys.generation:
        # The newcomer would hold a key that the team has left behind.
        raise Refused(["CHANGED_MEANWHILE"])
    Membership.objects.update_or_create(
        team=team,
        account=account,
        defaults={
            "wrapped_keys": wrap(
                bytes(account.recipient), keys.packed(), queries.wrap_info(f"team:{team.pk}")
            )
        },
    )
    record(at=now, actor=by, verb="access.admit", subject=account.pk, team=team.pk)


def admit_colleague(*, team_code: str, account_id: str, actor: Actor, now: datetime) -> None:
    """Admit somebody to a team of one's own, on one's own word.

    Refuses while she still has the password that the administrator handed her: whoever made the
    account could open the team's cases with it.
    """
    fit = {a.pk: a for a in queries.may_be_admitted(actor).get(team_code, [])}
    if account_id not in fit:
        raise NotFound
    rules.require_step_up(actor, now)
    if not queries.has_own_password(fit[account_id]):
        raise Refused(["FIRST_PASSWORD_STILL"])
    admit(
        team=queries.team(team_code),
        keys=actor.teams[team_code],
        account=fit[account_id],
        now=now,
        by=actor.account_id,
    )
    tell([account_id], "ADMITTED", reference=team_code, now=now)


@transaction.atomic
def close_account(*, account_id: str, actor: Actor, now: datetime) -> None:
    """End an account at once: here, and at the keeper, which opens nothing for it again."""
    account = Account.objects.filter(pk=account_id, is_open=True).first()
    if account is None:
        raise NotFound
    if account.pk == actor.account_id:
        raise Refused(["OWN_ACCOUNT"])
    end_account(account=account, now=now, by=actor.account_id)


@transaction.atomic
def end_account(*, account: Account, now: datetime, by: str) -> None:
    """Close an account whose mandate is over; its teams renew their keys."""
    memberships = list(Membership.objects.select_related("team").filter(account=account))
    for membership in memberships:
        if Membership.objects.filter(team=membership.team_id).count() == 1:
            # The last member takes the team's key along; then nobody reads those cases again.
            raise Refused(["LAST_MEMBER"])
    Team.objects.filter(pk__in=[m.team_id for m in memberships]).update(is_renewal_due=True)
    Membership.objects.filter(account=account).delete()
    Session.objects.filter(account=account).delete()
    Lock.objects.filter(account=account).delete()
    RecoveryShare.objects.filter(account=account).delete()
    Recovery.objects.filter(account=account).delete()
    Account.objects.filter(pk=account.pk).update(is_open=False, is_recovery_officer=False)
    keeper().close(account=account.pk)
    record(at=now, actor=by, verb="access.close_account", subject=account.pk)


def end_accounts(now: datetime) -> None:
    """Close the accounts whose day has come; a last member stays until another is admitted."""
    for account in Account.objects.filter(is_open=True, ends_at__lte=now):
        try:
            end_account(account=account, now=now, by="worker")
        except Refused:
            # She can't sign in any more; her team's key waits for who succeeds her.
            continue


def sign_in(*, sign_in_name: str, password: str, code: str, address: str, now: datetime) -> bytes:
    """Open a session and return its cookie. Wrong name, password and code are one answer.

    Refuses with TRY_LATER after too many failures for the name or the address, or when the keeper
    has been asked too often.
    """
    subjects = {"name": subject_of("name", sign_in_name), "address": subject_of("address", address)}
    if queries.must_wait(subjects, now):
        raise Refused(["TRY_LATER"])
    account = _open_account(sign_in_name, now)
    try:
        seed = unlock(account, password=password, code=code, nobody=subjects["name"][:32])
    except CannotOpen:
        Failure.objects.bulk_create([Failure(subject=s, at=now) for s in subjects.values()])
        raise Refused(["NAME_OR_PASSWORD_WRONG"]) from None
    if account is None:  # unlock opens nothing for nobody
        raise Refused(["NAME_OR_PASSWORD_WRONG"])
    failed = Failure.objects.filter(subject=subjects["name"])
    if failed.count() >= rules.FAILURES_TOLD:
        tell([account.pk], "FAILED_SIGN_INS", reference="", now=now)
    failed.delete()
    return open_session(account, seed, now)


def _open_account(sign_in_name: str, now: datetime) -> Account | None:
    found = Account.objects.filter(sign_in_name=sign_in_name).first()
    return found if found and is_in_office(found, now) else None


def is_in_office(account: Account, now: datetime) -> bool:
    """Say whether an account is open and its mandate has not ended."""
    return account.is_open and (account.ends_at is None or account.ends_at > now)


def unlock(account: Account | None, *, password: str, code: str, nobody: str = "0" * 32) -> Seed:
    """Return the seed behind a password, or raise CannotOpen.

    For an account that is not there the same steps are walked, so that the time tells nothing. The
    keeper counts those tries under `nobody`, an id that belongs to the name alone: were they
    counted together, TRY_LATER would tell which names exist.
    """
    lock = Lock.objects.filter(account=account, kind=rules.PASSWORD).first() if account else None
    cost = passwords.Cost(*lock.cost) if lock and lock.cost else COST
    salt = bytes(lock.salt) if lock and lock.salt else bytes(16)
    account_id = account.pk if account else nobody

    def half(question: bytes) -> Key:
        return keeper().stretch(account=account_id, stretched=question, code=code)

    try:
        key = _lock_key(password, salt, cost, half)
    except KeeperRefused as refused:
        if refused.code == "TRY_LATER":
            raise Refused(["TRY_LATER"]) from None
        raise CannotOpen from None
    if lock is None:
        raise CannotOpen
    place = queries.lock_place(account_id, rules.PASSWORD)
    return Seed(unseal(key, bytes(lock.sealed_seed), place))


def open_session(account: Account, seed: Seed, now: datetime) -> bytes:
    """Open a session for who holds the seed: the keeper hears a proof of it and gives a ticket."""
    try:
        opened = keeper().open(account=account.pk, seed=seed)
    except KeeperRefused as refused:
        code = "TRY_LATER" if refused.code == "TRY_LATER" else "NAME_OR_PASSWORD_WRONG"
        raise Refused([code]) from None
    with transaction.atomic():
        cookie = token()
        session_id = queries.session_id_of(cookie)
        Session.objects.create(
            id=session_id,
            account=account,
            created_at=now,
            last_seen_at=now,
            stepped_up_at=now,
            sealed=_sealed_session(cookie, session_id, account.pk, seed, opened.ticket),
        )
        share_for_recovery(account=account, seed=seed, now=now)
        record(at=now, actor=account.pk, verb="access.sign_in", subject=account.pk)
    _renew_due(account, seed, session_id, opened, now)
    return cookie


def _renew_due(
    account: Account, seed: Seed, session_id: str, opened: Opened, now: datetime
) -> None:
    """Do what waits for a member's session: a team that lost somebody gets new keys."""
    for code in Team.objects.filter(is_renewal_due=True, membership__account=account).values_list(
        "pk", flat=True
    ):
        actor = _actor(account, seed, session_id, now, opened)
        renew_team_key(team_code=code, actor=actor, now=now)


def _sealed_session(
    cookie: bytes, session_id: str, account_id: str, seed: Seed, ticket: bytes
) -> bytes:
    place = queries.session_place(session_id, account_id)
    return seal(queries.session_key_of(cookie), seed.reveal() + ticket, place)


def find_actor(cookie: bytes, now: datetime) -> Actor | None:
    """Return the person whose live session this cookie opens, with her teams' keys, or None.

    Asks the keeper for the epochs; raises KeeperGone when it does not answer. A keeper that was
    started anew is shown the proof again.
    """
    found = (
        Session.objects.select_related("account").filter(pk=queries.session_id_of(cookie)).first()
    )
    if found is None or not _stands(found, now):
        return None
    account = found.account
    place = queries.session_place(found.pk, account.pk)
    try:
        inside = unseal(queries.session_key_of(cookie), bytes(found.sealed), place)
        seed, ticket = Seed(inside[:SIZE]), inside[SIZE:]
        opened = _opened(cookie, found, seed, ticket)
        if opened is None:
            return None
        return _actor(account, seed, found.pk, found.stepped_up_at, opened)
    except CannotOpen:
        return None


def _stands(found: Session, now: datetime) -> bool:
    if not is_in_office(found.account, now):
        return False
    return rules.is_live(created_at=found.created_at, last_seen_at=found.last_seen_at, now=now)


def _opened(cookie: bytes, found: Session, seed: Seed, ticket: bytes) -> Opened | None:
    try:
        return Opened(ticket, keeper().epochs(ticket))
    except KeeperRefused:
        pass
    try:
        opened = keeper().open(account=found.account_id, seed=seed)
    except KeeperRefused:
        return None
    sealed = _sealed_session(cookie, found.pk, found.account_id, seed, opened.ticket)
    Session.objects.filter(pk=found.pk).update(sealed=sealed)
    return opened


def _actor(
    account: Account, seed: Seed, session_id: str, stepped_up_at: datetime, opened: Opened
) -> Actor:
    return Actor(
        account_id=account.pk,
        name=account.name,
        role=Role(account.role),
        session_id=session_id,
        stepped_up_at=stepped_up_at,
        seed=seed,
        ticket=opened.ticket,
        teams=queries.open_teams(account, seed),
        epochs=opened.epochs,
    )


def step_up(*, actor: Actor, password: str, code: str, now: datetime) -> None:
    """Note that it is still she who sits there, or refuse; failures count as at the door."""
    subjects = {"name": subject_of("step-up", actor.account_id)}
    if queries.must_wait(subjects, now):
        raise Refused(["TRY_LATER"])
    try:
        unlock(Account.objects.get(pk=actor.account_id), password=password, code=code)
    except CannotOpen:
        Failure.objects.create(subject=subjects["name"], at=now)
        raise Refused(["NAME_OR_PASSWORD_WRONG"]) from None
    mark_stepped_up(actor=actor, now=now)


@transaction.atomic
def mark_stepped_up(*, actor: Actor, now: datetime) -> None:
    """Note when the person last showed who she is."""
    Session.objects.filter(pk=actor.session_id).update(stepped_up_at=now)
    record(at=now, actor=actor.account_id, verb="access.step_up", subject=actor.account_id)


def sweep(now: datetime) -> None:
    """Delete what has ended: sessions, failures, challenges, recoveries, old notices."""
    Session.objects.filter(created_at__lte=now - rules.LONGEST).delete()
    Session.objects.filter(last_seen_at__lte=now - rules.IDLE).delete()
    Failure.objects.filter(at__lte=now - rules.FAILURE_WINDOW).delete()
    Spent.objects.filter(at__lte=now - rules.CHALLENGE_LIFE).delete()
    Recovery.objects.filter(asked_at__lte=now - rules.RECOVERY_ENDS).delete()
    Notice.objects.filter(at__lte=now - rules.NOTICE_LIFE).delete()
    end_accounts(now)


@transaction.atomic
def sign_out(*, actor: Actor, now: datetime) -> None:
    """End the session; the seed under its cookie is gone."""
    Session.objects.filter(pk=actor.session_id).delete()
    record(at=now, actor=actor.account_id, verb="access.sign_out", subject=actor.account_id)
    with suppress(KeeperGone):
        keeper().leave(actor.ticket)


@transaction.atomic
def end_session(*, cookie: bytes, now: datetime) -> None:
    """End the session of a cookie that nobody can open just now, because the keeper is away."""
    found = Session.objects.filter(pk=queries.session_id_of(cookie)).first()
    if found is not None:
        found.delete()
        record(at=now, actor=found.account_id, verb="access.sign_out", subject=found.account_id)


def keep_alive(actor: Actor, now: datetime) -> None:
    """Note that the person is still there, at most once a minute."""
    Session.objects.filter(pk=actor.session_id, last_seen_at__lt=now - rules.IDLE / 20).update(
        last_seen_at=now
    )


def tell(accounts: Iterable[str], kind: str, *, reference: str, now: datetime) -> None:
    """Leave a notice for each of these people, shown on their next page."""
    Notice.objects.bulk_create(
        Notice(account_id=a, kind=kind, reference=reference, at=now) for a in set(accounts)
    )


def mark_seen(*, notice_id: int, actor: Actor, now: datetime) -> None:
    """Take a notice away that this person has read."""
    own = Notice.objects.filter(pk=notice_id, account_id=actor.account_id)
    if not own.update(seen_at=now):
        raise NotFound


def count_failure(subject: str, now: datetime) -> None:
    """Count what was asked in vain at a public door; `queries.must_wait` then slows the next."""
    Failure.objects.create(subject=subject, at=now)


def subject_of(kind: str, value: str) -> str:
    """Return what is kept of a name or an address that failed: a digest, to count by."""
    return digest(f"amana/failure/v1/{kind}/{value}".encode()).hex()
