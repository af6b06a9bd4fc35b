"""Roles, and what may be said of a sign-in. Pure."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from amana.crypto.secrets import Key, Seed


class Role(enum.StrEnum):
    """What a person is here for. The codes R01-R26 are the field's own list of roles."""

    FIRST_RESPONDER = "R01"
    CASE_WORKER = "R03"
    SUPERVISOR = "R04"
    DESK = "R06"
    COORDINATOR = "R07"
    ADMINISTRATOR = "R26"


CARE = "care"
DESK = "desk"
# Which team a role works in. Whoever stands in no team opens nothing.
TEAM_OF = {Role.CASE_WORKER: CARE, Role.SUPERVISOR: CARE, Role.DESK: DESK}

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=8)

# After this many failures within the window the next try must wait. Many people may sit behind one
# address, so it is given more than one name is.
FAILURES_ALLOWED = {"name": 8, "address": 60}
FAILURE_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Actor:
    """The person of this request, with the keys that her sign-in opened.

    `own_key` seals what is hers alone: drafts that no team has yet.
    """

    account_id: str
    name: str
    role: Role
    session_id: str
    teams: Mapping[str, Seed] = field(repr=False)
    own_key: Key = field(repr=False)

    def holds(self, team: str) -> bool:
        """Say whether this person is a member of the team and so holds its key."""
        return team in self.teams


class Refused(Exception):
    """An act that the rules stand against. Carries every objection at once, as codes."""

    def __init__(self, objections: list[str]) -> None:
        super().__init__(", ".join(objections))
        self.objections = objections


class NotFound(Exception):
    """What was asked for is missing, or is not for this person: the two are one answer."""


def is_live(*, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Say whether a session still stands: 20 minutes idle, 8 hours at most."""
    return now - last_seen_at < IDLE and now - created_at < LONGEST
