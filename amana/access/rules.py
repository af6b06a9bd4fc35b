"""Roles, teams, sessions, and what may be said of a sign-in. Pure."""

import base64
import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from amana.crypto.secrets import SIZE, CannotOpen, Key, Seed, derive, digest, joined
from amana.crypto.totp import TotpSecret


class Role(enum.StrEnum):
    """What a person is here for: the field's own list of roles. What each may see is data."""

    FIRST_RESPONDER = "R01"
    HOTLINE = "R02"
    CASE_WORKER = "R03"
    SUPERVISOR = "R04"
    FOCAL_POINT = "R05"
    DESK = "R06"
    COORDINATOR = "R07"
    SHELTER_MANAGER = "R08"
    SHELTER_WORKER = "R09"
    HEALTH = "R10"
    PSYCHOLOGIST = "R11"
    LAWYER = "R12"
    GUARDIAN = "R13"
    PANEL = "R14"
    TRACING = "R15"
    INVESTIGATOR = "R16"
    JUSTICE = "R17"
    CONSUL = "R18"
    RETURN = "R19"
    PLAN = "R20"
    FUND = "R21"
    TRAINER = "R22"
    EDITOR = "R23"
    STATISTICIAN = "R24"
    DATA_PROTECTION = "R25"
    ADMINISTRATOR = "R26"
    PERSON = "R27"
    PUBLIC = "R28"
    OBSERVER = "R29"


# Nobody signs in as these: a person speaks with a code, the public reads the portal.
WITHOUT_ACCOUNT = frozenset({Role.PERSON, Role.PUBLIC})

CARE = "care"
DESK = "desk"
GLASS = "glass"
# The kinds of team a role may stand in. Whoever stands in no team opens nothing.
TEAM_KINDS: dict[Role, tuple[str, ...]] = {
    Role.CASE_WORKER: (CARE,),
    Role.SUPERVISOR: (CARE, GLASS),
    Role.DESK: (DESK,),
    Role.SHELTER_MANAGER: ("shelter",),
    Role.SHELTER_WORKER: ("shelter",),
    Role.HEALTH: ("health",),
    Role.PSYCHOLOGIST: ("psychology",),
    Role.LAWYER: ("legal",),
    Role.GUARDIAN: ("guardian",),
    Role.PANEL: ("panel",),
    Role.TRACING: ("tracing",),
    Role.INVESTIGATOR: ("police",),
    Role.JUSTICE: ("justice",),
    Role.CONSUL: ("consulate",),
    Role.RETURN: ("return",),
    Role.STATISTICIAN: ("statistics",),
}

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=8)
# For so long after showing who she is may a person export, unmask or release over the border.
STEP_UP = timedelta(minutes=30)

# After this many failures within the window the next try must wait. Many people may sit behind one
# address, so it is given more than one name is. The keeper counts by itself, and cannot be asked
# to forget.
FAILURES_ALLOWED = {"name": 8, "address": 60}
FAILURE_WINDOW = timedelta(minutes=15)
# So many wrong tries before a right one may have been somebody else: she is told.
FAILURES_TOLD = 3

# An account ends by itself; a mandate that goes on is given a new date. Proposed; configuration.
ACCOUNT_LIFE = timedelta(days=365)

PASSWORD, PASSKEY, RECOVERY = "password", "passkey", "recovery"
# A passkey's challenge is answered within this time, and once.
CHALLENGE_LIFE = timedelta(minutes=5)

# Whose seed is in nobody's hands but two officers' together. An officer is named by an officer,
# so that whoever makes accounts cannot make herself two of them.
OFFICER_ROLES = frozenset({Role.SUPERVISOR, Role.DATA_PROTECTION})
OFFICERS_NEEDED = 2
RECOVERY_WAITS = timedelta(hours=24)
RECOVERY_ENDS = timedelta(days=14)
# More than this many at a time are not opened for one account: each of them alarms every officer.
RECOVERIES_OPEN = 3
# Shares that are older and not for today's officers are listed.
SHARES_AGE = timedelta(days=30)
NOTICE_LIFE = timedelta(days=90)

# What a phone sealed before the seed was renewed still opens for so many renewals.
FORMER_SEEDS = 3

# A password is one of two things asked for, and no dictionary can be tried without the keeper.
PASSWORD_LENGTH = 10


@dataclass(frozen=True)
class TeamKeys:
    """What the members of a team hold together.

    `seed` opens what strangers to the team seal to it; `data_key` wraps what members wrote
    themselves. Both are replaced when one of them leaves, the seed where phones seal to it;
    `generation` counts how often. `former` opens what was sealed before that, newest first.
    `first` is the seed that the team was founded with, where it is no longer the seed of today.
    """

    seed: Seed = field(repr=False)
    data_key: Key = field(repr=False)
    kind: str = ""
    generation: int = 0
    former: tuple[Seed, ...] = field(default=(), repr=False)
    first: Seed | None = field(default=None, repr=False)

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """Return every seed that strangers may have sealed to, newest first."""
        return (self.seed, *self.former)

    @property
    def ever(self) -> tuple[Seed, ...]:
        """Return every seed that is still held, newest first; the founding one last."""
        return self.seeds if self.founding in self.seeds else (*self.seeds, self.founding)

    @property
    def founding(self) -> Seed:
        """Return the seed that stays: partners know it by the directory, cards lie under it."""
        return self.first or self.seed

    def renewed(self, data_key: Key, seed: Seed | None) -> "TeamKeys":
        """Return the keys after a member left; without a new seed the team keeps the one it has."""
        if seed is None:
            return replace(self, data_key=data_key)
        former = self.seeds[:FORMER_SEEDS]
        return replace(self, seed=seed, data_key=data_key, former=former, first=self.founding)

    def packed(self) -> bytes:
        """Return all of it in the order in which `team_keys_in` reads it, to be wrapped."""
        since = () if self.first is None else (self.first, *self.former)
        return b"".join(secret.reveal() for secret in (self.seed, self.data_key, *since))


def team_keys_in(packed: bytes, *, kind: str, generation: int) -> TeamKeys:
    """Return the keys that a membership holds; raises CannotOpen for what no team ever held."""
    parts = [packed[at : at + SIZE] for at in range(0, len(packed), SIZE)]
    n_former = len(parts) - 3
    if len(packed) % SIZE or not (n_former == -1 or 1 <= n_former <= FORMER_SEEDS):
        raise CannotOpen
    since = [Seed(part) for part in parts[2:]]
    return TeamKeys(
        seed=Seed(parts[0]),
        data_key=Key(parts[1]),
        kind=kind,
        generation=generation,
        former=tuple(since[1:]),
        first=since[0] if since else None,
    )


@dataclass(frozen=True)
class Actor:
    """The person of this request, with the keys that her sign-in opened.

    `epochs` are the outer layers' keys, asked of the keeper for this request alone.
    """

    account_id: str
    name: str
    role: Role
    session_id: str
    stepped_up_at: datetime
    seed: Seed = field(repr=False)
    ticket: bytes = field(repr=False)
    teams: Mapping[str, TeamKeys] = field(repr=False)
    epochs: Mapping[int, Key] = field(repr=False)

    def holds(self, team: str) -> bool:
        """Say whether this person is a member of the team and so holds its key."""
        return team in self.teams

    def team_of(self, kind: str) -> str | None:
        """Return the code of the team of this kind in which the person stands, or None."""
        return next((code for code, keys in self.teams.items() if keys.kind == kind), None)

    @property
    def epoch(self) -> int:
        """Return the newest epoch: what is wrapped now lies under its layer."""
        return max(self.epochs)

    def own_key(self, epoch: int) -> Key | None:
        """Return what seals her own unfinished work of one epoch; None when the epoch is gone."""
        outer = self.epochs.get(epoch)
        return None if outer is None else derive(joined(self.seed, outer), "own")


class Refused(Exception):
    """An act that the rules stand against. Carries every objection at once, as codes.

    `under` names the article by which an objection stands, where an agreement is the reason.
    """

    def __init__(self, objections: list[str], under: Mapping[str, str] | None = None) -> None:
        super().__init__(", ".join(objections))
        self.objections = objections
        self.under = dict(under or {})


class NotFound(Exception):
    """What was asked for is missing, or is not for this person: the two are one answer."""


class StepUp(Exception):
    """The person must show once more who she is before this act."""


def is_live(*, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Say whether a session still stands: 20 minutes idle, 8 hours at most."""
    return now - last_seen_at < IDLE and now - created_at < LONGEST


def require_step_up(actor: Actor, now: datetime) -> None:
    """Raise StepUp unless the person showed within half an hour who she is."""
    if now - actor.stepped_up_at >= STEP_UP:
        raise StepUp


def may_own_cases(kinds_of_locks: Collection[str]) -> bool:
    """Say whether an account may be trusted with cases: two ways in, of different kinds.

    Whoever has one alone loses her cases with it.
    """
    return len(set(kinds_of_locks)) >= 2


def objections_to_password(password: str, sign_in_name: str) -> list[str]:
    """Return what stands against a chosen password."""
    against = []
    if len(password) < PASSWORD_LENGTH:
        against.append("PASSWORD_TOO_SHORT")
    if sign_in_name.lower() in password.lower():
        against.append("PASSWORD_HOLDS_NAME")
    return against


def objections_to_recovery(*, asked_at: datetime, approvals: int, now: datetime) -> list[str]:
    """Return what stands against giving a seed back: two officers and a day, or one officer more.

    The day is for the person herself: whoever still has a way in sees the alert and stops it.
    """
    if now - asked_at >= RECOVERY_ENDS:
        return ["RECOVERY_NOT_OPEN"]
    if approvals < OFFICERS_NEEDED:
        return ["RECOVERY_NEEDS_TWO"]
    if approvals == OFFICERS_NEEDED and now - asked_at < RECOVERY_WAITS:
        return ["RECOVERY_WAITS_A_DAY"]
    return []


def ticket_of(one_time_recipient: bytes) -> str:
    """Return what a person reads out to an officer, so that both speak of the same request."""
    figures = digest(b"amana/recovery/v1" + one_time_recipient).hex()[:8].upper()
    return f"{figures[:4]}-{figures[4:]}"


def letters_of(seed: Seed) -> str:
    """Return a one-time seed as thirteen groups of four letters, to be written on paper."""
    letters = base64.b32encode(seed.reveal()).decode().rstrip("=")
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def seed_of(letters: str) -> Seed | None:
    """Return the seed that somebody typed from paper, or None for what is no seed."""
    # 0, 1 and 8 are not among the letters; whoever types one has misread its neighbour in shape.
    typed = "".join(letters.split()).replace("-", "").upper().translate(str.maketrans("018", "OIB"))
    try:
        found = base64.b32decode(typed + "=" * (-len(typed) % 8))
    except ValueError:
        return None
    return Seed(found) if len(found) == SIZE else None


def phone_after_recovery(one_time: Seed) -> TotpSecret:
    """Return the new phone's secret, which follows from the one-time seed and so lies nowhere."""
    return TotpSecret(derive(one_time, "recovery/phone").reveal()[: TotpSecret.size])
