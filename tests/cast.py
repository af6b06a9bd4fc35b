"""The people of the tests: one account for each role of the bench node, made by the real actions.

A guess of their passwords costs next to nothing, so that a test can make them all anew.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from amana.access import actions, queries
from amana.access.models import Account
from amana.access.rules import CARE, DESK, TEAM_OF, Actor, Role
from amana.crypto.passwords import Cost
from amana.crypto.secrets import Seed, new_seed
from amana.node.cast import staff

PASSWORD = "an invented password"
CHEAP = Cost(memory_kib=8, passes=1)

# A Saturday, four in the afternoon.
THE_MOMENT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@dataclass
class Cast:
    """Who works at the bench node; `cookies` and `actors` hold those who signed in."""

    now: datetime
    seeds: dict[str, Seed]
    cookies: dict[str, bytes] = field(default_factory=dict)

    def hire(self, sign_in_name: str, name: str, role: Role) -> Account:
        """Make an account and admit it to the team of its role."""
        account = actions.make_account(
            sign_in_name=sign_in_name,
            name=name,
            role=role,
            password=PASSWORD,
            now=self.now,
            by="test",
            cost=CHEAP,
        )
        code = TEAM_OF.get(role)
        if code:
            team, seed = queries.team(code), self.seeds[code]
            actions.admit(team=team, seed=seed, account=account, now=self.now, by="test")
        return account

    def cookie(self, sign_in_name: str, now: datetime | None = None) -> bytes:
        """Sign this person in, once, and return the cookie that opens her keys."""
        if sign_in_name not in self.cookies:
            self.cookies[sign_in_name] = actions.sign_in(
                sign_in_name=sign_in_name,
                password=PASSWORD,
                address="127.0.0.1",
                now=now or self.now,
            )
        return self.cookies[sign_in_name]

    def who(self, sign_in_name: str) -> Actor:
        """Return this person, signed in."""
        actor = queries.find_actor(self.cookie(sign_in_name), self.now)
        assert actor is not None, f"{sign_in_name} cannot sign in"
        return actor

    def actor(self, role: Role) -> Actor:
        """Return the person who holds this role, signed in."""
        return self.who(name_of(role))


def name_of(role: Role) -> str:
    """Return the sign-in name of who holds this role at the bench node."""
    return next(login for login, _, held in staff(settings.NODE.country) if held is role)


def assemble(now: datetime = THE_MOMENT) -> Cast:
    """Make both teams and one account for each role."""
    cast = Cast(now, {CARE: new_seed(), DESK: new_seed()})
    for code, address in ((CARE, settings.NODE.unit), (DESK, settings.NODE.desk)):
        actions.make_team(code=code, address=address, seed=cast.seeds[code])
    for login, name, role in staff(settings.NODE.country):
        cast.hire(login, name, role)
    return cast


class StoppedClock:
    """A clock that stands: what a page takes for the present moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.moment
