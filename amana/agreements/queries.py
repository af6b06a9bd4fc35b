"""What the register says: which agreements bind this node, and where each stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from amana.agreements import rules
from amana.agreements.models import Step, Word
from amana.agreements.rules import Bound, Flow, Verdict
from amana.standards import agreements, clocks
from amana.standards.clocks import Clocks


@dataclass(frozen=True)
class Recorded:
    """One step of the register with the word on it; `since` is None while it does not count."""

    number: int
    agreement: str
    version: str
    kind: str
    on: date
    reason: str
    asked_by: str
    asked_at: datetime
    answered_by: str
    answered_at: datetime | None
    is_declined: bool
    since: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Say whether it waits for a second person."""
        return self.answered_at is None


@dataclass(frozen=True)
class Counting:
    """A step that counts, for the fold."""

    kind: str
    since: datetime


@dataclass(frozen=True)
class Entry:
    """An agreement as the register has it: bound to its steps, and all that was noted of it."""

    bound: Bound
    recorded: list[Recorded]

    @property
    def waiting(self) -> list[Recorded]:
        """Return the steps that wait for a second person."""
        return [step for step in self.recorded if step.is_waiting]


def own_country() -> str:
    """Return the country of this node."""
    return str(settings.NODE.country)


def entries() -> list[Entry]:
    """Return every agreement to which this country is a party, by name."""
    held = agreements.every(settings.AGREEMENTS)
    names = sorted({a.name for a in held if own_country() in a.countries})
    recorded = _recorded(names)
    found = [(name, recorded[name]) for name in names]
    return [entry for name, steps in found if (entry := _entry(name, steps)) is not None]


def entry(name: str) -> Entry | None:
    """Return one agreement of this country, or None."""
    return next((e for e in entries() if e.bound.agreement.name == name), None)


def newest(name: str) -> str:
    """Return the newest version of an agreement's rendering."""
    return agreements.find(name, "", settings.AGREEMENTS).version


def _entry(name: str, recorded: list[Recorded]) -> Entry | None:
    """Bind an agreement in the version that its last counting step names, or in its newest.

    A version that was taken away binds nothing: what is not there allows nothing.
    """
    # Of two that count from the same moment, the one noted first comes first.
    counted = sorted((s.since, s.number, s.kind, s.version) for s in recorded if s.since)
    version = counted[-1][3] if counted else ""
    try:
        agreement = agreements.find(name, version, settings.AGREEMENTS)
    except agreements.NotLoaded:
        return None
    steps = [Counting(kind, since) for since, _number, kind, _version in counted]
    return Entry(Bound(agreement, steps), recorded)


def _recorded(names: Collection[str]) -> dict[str, list[Recorded]]:
    found: dict[str, list[Recorded]] = {name: [] for name in names}
    rows = Step.objects.filter(agreement__in=found).select_related("word").order_by("pk")
    for row in rows:
        found[row.agreement].append(_one(row))
    return found


def _one(row: Step) -> Recorded:
    word: Word | None = getattr(row, "word", None)
    since = None
    if word is not None and word.is_yes:
        since = rules.counts_from(row.kind, on=row.on, confirmed_at=word.at)
    return Recorded(
        number=row.pk,
        agreement=row.agreement,
        version=row.version,
        kind=row.kind,
        on=row.on,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        answered_by=word.by if word else "",
        answered_at=word.at if word else None,
        is_declined=word is not None and not word.is_yes,
        since=since,
    )


def verdict(
    country: str, flow: Flow, *, at: datetime, among: Sequence[Entry] | None = None
) -> Verdict:
    """Return what the agreements with a country say of a flow at a moment.

    Who asks for many at once hands over what `entries` said: it is then read once for all.
    """
    held = entries() if among is None else among
    found = [e for e in held if country in e.bound.agreement.countries]
    return rules.best(rules.may_flow(e.bound, flow, on=at) for e in found)


def clocks_with(country: str, at: datetime, held: Sequence[Entry]) -> Clocks:
    """Return the clocks of the agreement in force with a country at a moment, else our own set.

    `held` is what `entries` returned, so that many cases are read with one look at the register.
    """
    for one in held:
        agreement = one.bound.agreement
        if country in agreement.countries and one.bound.state(at) is rules.State.IN_FORCE:
            return clocks.named(*agreement.clocks, settings.AGREEMENTS)
    return clocks.load()


def holding(at: datetime) -> frozenset[str]:
    """Return every row of every agreement that holds at a moment, as it stands in a message."""
    return frozenset(
        e.bound.agreement.reference(clause.id)
        for e in entries()
        for clause in e.bound.agreement.clauses
        if e.bound.state(at) in clause.states
    )


def waiting_for(account_id: str) -> list[Recorded]:
    """Return the steps that wait for the word of somebody who did not note them herself."""
    return [s for e in entries() for s in e.waiting if s.asked_by != account_id]


def n_alerts(at: datetime) -> int:
    """Return how many alerts somebody can act on."""
    return sum(len(rules.pressing(rules.alerts(e.bound, at))) for e in entries())
