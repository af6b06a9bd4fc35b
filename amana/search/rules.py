"""What may be asked of the search, and when it forgets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amana.access.rules import IDLE
from amana.names.match import Index

SHOWN = 10
# How often the process looks whether the sessions whose cards it holds still stand.
LOOK_AROUND = timedelta(seconds=10)


@dataclass
class Held:
    """The opened cards of one session, and what they were opened from."""

    index: Index
    newest: int
    checked_at: datetime
    seen_at: datetime


def is_forgotten(held: Held, *, stands: bool, now: datetime) -> bool:
    """Say whether opened cards go: the session ended, or nobody asked for 20 minutes."""
    return not stands or now - held.seen_at >= IDLE


def must_count(held: Held, now: datetime) -> bool:
    """Say whether it is time to look for cards that went.

    New cards are seen at once, by their higher numbers. One that went is never shown, since every
    answer passes the gate once more; it only takes room until it is missed.
    """
    return not timedelta() <= now - held.checked_at < LOOK_AROUND


@dataclass(frozen=True)
class Asked:
    """A question as it came over the socket."""

    name: str
    birth_year: int | None
    town: str
    sex: str


def asked(fields: Mapping[str, object]) -> Asked:
    """Read a question; raises ValueError for anything else."""
    year = fields.get("birth_year")
    texts = [fields.get(k, "") for k in ("name", "town", "sex")]
    if not all(isinstance(t, str) and len(t) <= 200 for t in texts):
        raise ValueError("a question is made of short texts")
    if year is not None and not isinstance(year, int):
        raise ValueError("a year is a number")
    return Asked(str(texts[0]), year, str(texts[1]), str(texts[2]))
