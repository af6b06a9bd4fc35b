"""The people of the tests: one account for each role of the bench node, made by the real actions.

A guess of their passwords costs next to nothing, so that a test can make them all anew.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from amana.access import actions, queries
from amana.access.actions import FirstLock
from amana.access.models import Account, Team
from amana.access.rules import CARE, DESK, GLASS, TEAM_KINDS, Actor, Role, TeamKeys
from amana.agreements.actions import take_as_in_force
from amana.crypto.passwords import Cost
from amana.keeper.rules import DEMO_CODE
from amana.node.cast import staff
from amana.node.lifecycle import OFFICERS, kind_of

PASSWORD = "an invented password"
CHEAP = Cost(memory_kib=8, passes=1)

# A Saturday, four in the afternoon.
THE_MOMENT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@dataclass
class Cast:
    """Who works at the bench node; `cookies` and `actors` hold those who signed in."""

    now: datetime
    keys: dict[str, TeamKeys]
    cookies: dict[str, bytes] = field(default_factory=dict)

    def hire(
        self, sign_in_name: str, name: str, role: Role, teams: tuple[str, ...] = ()
    ) -> Account:
        """Make an account and admit it to its teams: those named, or the first of its role."""
        account = actions.make_account(
            sign_in_name=sign_in_name,
            name=name,
            role=role,
            first=FirstLock(PASSWORD, cost=CHEAP),
            now=self.now,
            by="test",
            is_recovery_officer=role in OFFICERS,
        )
        for code in teams or TEAM_KINDS.get(role, ()):
            actions.admit(
                team=self.team(code),
                keys=self.keys[code],
                account=account,
                now=self.now,
                by="test",
            )
        return account

    def team(self, code: str) -> Team:
        """Return a team, made with its first mention."""
        if code not in self.keys:
            self.keys[code] = actions.new_team_keys(kind_of(code))
            known = {CARE: settings.NODE.unit, DESK: settings.NODE.desk}
            address = known.get(code, f"{settings.NODE.country}/GOV/bench/{code}")
            actions.make_team(code=code, address=address, keys=self.keys[code])
        return queries.team(code)

    def cookie(self, sign_in_name: str, now: datetime | None = None) -> bytes:
        """Sign this person in, once, and return the cookie that opens her keys."""
        if sign_in_name not in self.cookies:
            self.cookies[sign_in_name] = actions.sign_in(
                sign_in_name=sign_in_name,
                password=PASSWORD,
                code=DEMO_CODE,
                address="127.0.0.1",
                now=now or self.now,
            )
        return self.cookies[sign_in_name]

    def who(self, sign_in_name: str) -> Actor:
        """Return this person, signed in."""
        actor = actions.find_actor(self.cookie(sign_in_name), self.now)
        assert actor is not None, f"{sign_in_name} cannot sign in"
        return actor

    def actor(self, role: Role) -> Actor:
        """Return the person who holds this role, signed in."""
        return self.who(name_of(role))


def name_of(role: Role) -> str:
    """Return the sign-in name of who holds this role at the bench node."""
    own = role.name.lower().replace("_", "-")
    return next((m.sign_in_name for m in staff(settings.NODE.country) if m.role is role), own)


# The others are made only where a test needs them all.
CORE = frozenset(
    {
        Role.FIRST_RESPONDER,
        Role.CASE_WORKER,
        Role.SUPERVISOR,
        Role.DESK,
        Role.COORDINATOR,
        Role.ADMINISTRATOR,
    }
)


def assemble(now: datetime = THE_MOMENT, *, everybody: bool = False) -> Cast:
    """Make the teams that every node has, and everybody who works there."""
    cast = Cast(now, {})
    for code in (CARE, DESK, GLASS):
        cast.team(code)
    for member in staff(settings.NODE.country):
        if everybody or member.role in CORE:
            cast.hire(member.sign_in_name, member.name, member.role, member.teams)
    take_as_in_force(by="test", now=now)
    return cast


class StoppedClock:
    """A clock that stands: what a page takes for the present moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.moment
