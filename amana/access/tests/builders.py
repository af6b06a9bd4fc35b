"""The small fixed cast: a bench with two teams, and people who hold their keys."""

from dataclasses import dataclass
from datetime import UTC, datetime

from amana.access.actions import make_team
from amana.access.models import Account
from amana.access.rules import CARE, DESK, TEAM_OF, Actor, Role
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed, derive, new_id, new_seed

NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Bench:
    """A node's two teams, with the seeds that only their members hold."""

    care: Seed
    desk: Seed

    def person(self, name: str, role: Role) -> Actor:
        """Return somebody who works here, signed in, with the keys of her team."""
        seed = new_seed()
        account = Account.objects.create(
            id=new_id(),
            sign_in_name=name.lower(),
            name=name,
            role=role,
            created_at=NOW,
            salt=b"",
            cost=[0, 0, 0],
            verifier=b"",
            sealed_seed=b"",
            recipient=public_of(seed),
        )
        team = TEAM_OF.get(role)
        held = {team: self.care if team == CARE else self.desk} if team else {}
        return Actor(account.pk, name, role, "bench", held, derive(seed, "own"))


def bench() -> Bench:
    """Set up the two teams of a node."""
    care, desk = new_seed(), new_seed()
    make_team(code=CARE, address="MA/GOV/bench/care", seed=care)
    make_team(code=DESK, address="MA/GOV/bench/referral-desk", seed=desk)
    return Bench(care, desk)
