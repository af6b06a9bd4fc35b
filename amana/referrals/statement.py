"""What a person is told of her own file: who works on it, what was asked back, who obeyed. Pure.

It reads the message log and the milestones of the case: no content, and nobody else’s name.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from amana.referrals.rules import Said, Story, Watch

# The languages in which this paper can be written.
WRITTEN = ("fr", "ar", "en")
INVOLVED, RELEASED, REPORTED = "team_involved", "team_released", "facts_reported"


class Marked(Protocol):
    """A milestone of the case."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def reference(self) -> str: ...


@dataclass(frozen=True)
class Work:
    """A kind of team that works, or worked, on the case."""

    kind: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Fate:
    """What became of a request to erase: asked, due, and what was answered, if anything was."""

    asked_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    # Groups of content; empty where all was asked back.
    content: tuple[str, ...] = ()
    erased_on: date | None = None
    in_backups_until: date | None = None
    kept_for: str = ""
    kept: tuple[str, ...] = ()

    def is_silent(self, now: datetime) -> bool:
        """Say whether the time has passed and nothing was answered."""
        return self.answered_at is None and self.due_at is not None and now > self.due_at


def must_be_read_aloud(language: str) -> bool:
    """Say whether the person's language is none in which this paper is written; "" is unknown."""
    return language not in WRITTEN


def works(milestones: Iterable[Marked], *, own: str, since: datetime) -> list[Work]:
    """Return who worked on a case here, the own unit first; a release ends the newest open turn."""
    found = [Work(own, since)]
    for m in sorted(milestones, key=lambda m: m.at):
        if m.kind == INVOLVED:
            found.append(Work(m.reference, m.at))
        elif m.kind == RELEASED:
            for n in range(len(found) - 1, 0, -1):
                if found[n].kind == m.reference and found[n].until is None:
                    found[n] = replace(found[n], until=m.at)
                    break
    return found


def reports(milestones: Iterable[Marked]) -> list[datetime]:
    """Return when facts were handed to the police. That, and no more, stands in this file."""
    return sorted(m.at for m in milestones if m.kind == REPORTED)


def fates(
    told: Story,
    *,
    whole: Mapping[str, Any],
    said: Mapping[str, Mapping[str, Any]],
    watches: Sequence[Watch],
) -> list[Fate]:
    """Return every request to erase with its answer, oldest first.

    `whole` holds what was answered of all of it; `said` the contents that can be opened, by number:
    of an answer that cannot be, only its day is told.
    """
    due = {w.mid: w.due_at for w in watches if w.key == "data_recall"}
    found = []
    for part in told.part_recalls:
        asked = said.get(part.asked.mid, {})
        answer = said.get(part.answer.mid, {}) if part.answer else {}
        found.append(_fate(part.asked, part.answer, due, asked.get("content", ()), answer))
    if told.recall is not None:
        found.append(_fate(told.recall, told.recall_answer, due, (), whole))
    return sorted(found, key=lambda f: f.asked_at)


def _fate(
    asked: Said,
    answer: Said | None,
    due: Mapping[str, datetime],
    content: Collection[str],
    became: Mapping[str, Any],
) -> Fate:
    if answer is None:
        return Fate(asked.written_at, due.get(asked.mid), None, tuple(content))
    return Fate(
        asked.written_at,
        due.get(asked.mid),
        answer.written_at,
        tuple(content),
        _day(became.get("erased_on")),
        _day(became.get("in_backups_until")),
        str(became.get("kept_for", "")),
        tuple(became.get("kept", ())),
    )


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None
