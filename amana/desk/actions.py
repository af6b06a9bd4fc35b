"""What the face writes: that somebody took figures out."""

from datetime import datetime

from amana.access.rules import Actor
from amana.audit.actions import record


def note_export(*, actor: Actor, what: str, now: datetime) -> None:
    """Put on record who took which table out of the node."""
    record(at=now, actor=actor.account_id, verb="desk.export", subject=what)
