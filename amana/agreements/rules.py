"""Where an agreement stands, when it ends, and what may flow by it on which article. Pure."""

import calendar
import enum
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from amana.standards.agreements import Agreement, Clause, Term


class State(enum.StrEnum):
    """Where an agreement stands."""

    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    DENOUNCED = "DENOUNCED"
    EXPIRED = "EXPIRED"


SIGNED, IN_FORCE, RENEWED = "SIGNED", "IN_FORCE", "RENEWED"
SUSPENDED, RESUMED, DENOUNCED = "SUSPENDED", "RESUMED", "DENOUNCED"
# A new rendering of the same text takes the place of the one before.
RENDERED = "RENDERED"
# What counts from the second person's word on, whatever day stands beside it.
AT_ONCE = frozenset({SUSPENDED, RESUMED, RENDERED})
# What alone may be noted of a day to come: a denunciation has its term of notice.
MAY_BE_TO_COME = frozenset({DENOUNCED})

FOLLOWS: dict[tuple[State, str], State] = {
    (State.DRAFT, SIGNED): State.SIGNED,
    (State.SIGNED, IN_FORCE): State.IN_FORCE,
    (State.SIGNED, DENOUNCED): State.DENOUNCED,
    (State.IN_FORCE, SUSPENDED): State.SUSPENDED,
    (State.IN_FORCE, DENOUNCED): State.DENOUNCED,
    (State.IN_FORCE, RENEWED): State.IN_FORCE,
    (State.SUSPENDED, RESUMED): State.IN_FORCE,
    (State.SUSPENDED, DENOUNCED): State.DENOUNCED,
    (State.SUSPENDED, RENEWED): State.SUSPENDED,
    (State.EXPIRED, RENEWED): State.IN_FORCE,
    **{(state, RENDERED): state for state in State},
}


class Counted(Protocol):
    """A step that two people noted: what happened, and from which moment it counts."""

    @property
    def kind(self) -> str: ...
    @property
    def since(self) -> datetime: ...


@dataclass(frozen=True)
class Bound:
    """An agreement with what became of it at this node: the steps that count, in their order."""

    agreement: Agreement
    steps: Sequence[Counted]

    def state(self, at: datetime) -> State:
        """Return where it stands at a moment; the steps are folded, nothing is stored."""
        found = self._said(at)
        end = self.ends_on(at)
        has_ended = end is not None and at.date() >= end
        if found in (State.IN_FORCE, State.SUSPENDED) and has_ended:
            return State.EXPIRED
        return found

    def _said(self, at: datetime) -> State:
        found = State.DRAFT
        for step in self._until(at):
            found = FOLLOWS.get((found, step.kind), found)
        return found

    def _until(self, at: datetime) -> list[Counted]:
        return sorted((s for s in self.steps if s.since <= at), key=lambda step: step.since)

    def ends_on(self, at: datetime) -> date | None:
        """Return the day on which it ends unless it is renewed; None where no day is known."""
        term = self.agreement.term
        if term is None or term.is_tacit:
            return None
        return self._turn(term, 1 + sum(s.kind == RENEWED for s in self._until(at)), at)

    def turns_on(self, at: datetime) -> date | None:
        """Return the day on which it ends or, by itself, begins anew."""
        term = self.agreement.term
        if term is None:
            return None
        if not term.is_tacit:
            return self.ends_on(at)
        turns = 1
        while (day := self._turn(term, turns, at)) is not None and day <= at.date():
            turns += 1
        return day

    def _turn(self, term: Term, turns: int, at: datetime) -> date | None:
        begun = next((s.since for s in self._until(at) if s.kind == IN_FORCE), None)
        return None if begun is None else after_months(begun.date(), term.months * turns)


def after_months(day: date, months: int) -> date:
    """Return the same day so many months later; the last of a month that is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def counts_from(kind: str, *, on: date, confirmed_at: datetime) -> datetime:
    """Return from when a step counts: at once, or from the beginning of the day it names."""
    return confirmed_at if kind in AT_ONCE else datetime.combine(on, time(), UTC)


def objections_to_step(
    bound: Bound, kind: str, *, on: date, is_waiting: bool, now: datetime
) -> list[str]:
    """Return everything that stands against noting this step now."""
    against = []
    if is_waiting:
        against.append("AGREEMENT_STEP_WAITS")
    if (bound.state(now), kind) not in FOLLOWS:
        against.append("AGREEMENT_STEP_OUT_OF_PLACE")
    last = max((s.since.date() for s in bound.steps), default=date.min)
    is_to_come = on > now.date() and kind not in MAY_BE_TO_COME
    if kind not in AT_ONCE and (is_to_come or on < last):
        against.append("AGREEMENT_DAY")
    return against


def objections_to_confirming(*, asked_by: str, by: str, is_answered: bool) -> list[str]:
    """Return what stands against a second person's word: it is given, or she is the first."""
    against = []
    if is_answered:
        against.append("NOTHING_TO_CONFIRM")
    if asked_by == by:
        against.append("SECOND_PERSON_IS_THE_FIRST")
    return against


# What may flow.

# A category that no row may name: what stands in no table of what may leave.
OTHER = "OTHER"


@dataclass(frozen=True)
class Flow:
    """What a message would carry: its kind, purpose, data, direction, and the ground for it."""

    kind: str
    purpose: str
    categories: frozenset[str]
    direction: tuple[str, str]
    ground: str


@dataclass(frozen=True)
class Against:
    """One thing that stands against a flow, and the article that says so."""

    code: str
    article: str


@dataclass(frozen=True)
class Verdict:
    """The rows that let a flow pass, or everything that stands against it with its article."""

    clauses: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    against: tuple[Against, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Say whether it may flow: only where some article says so and nothing stands against."""
        return bool(self.clauses) and not self.against

    @property
    def codes(self) -> list[str]:
        """Return what stands against it, as codes."""
        return [one.code for one in self.against]

    @property
    def under(self) -> dict[str, str]:
        """Return the article by which each of them stands against it."""
        return {one.code: one.article for one in self.against}


# Nothing binds this country and that one at all.
UNBOUND = Verdict(against=(Against("AGREEMENT_MISSING", ""),))

NOT_NOW: dict[State, tuple[str, str]] = {
    State.DRAFT: ("AGREEMENT_NOT_IN_FORCE", "in_force"),
    State.SIGNED: ("AGREEMENT_NOT_IN_FORCE", "in_force"),
    State.IN_FORCE: ("AGREEMENT_NOT_IN_FORCE", "exchange"),
    State.SUSPENDED: ("AGREEMENT_SUSPENDED", "suspension"),
    State.DENOUNCED: ("AGREEMENT_ENDED", "end"),
    State.EXPIRED: ("AGREEMENT_ENDED", "end"),
}


def may_flow(bound: Bound, flow: Flow, *, on: datetime) -> Verdict:
    """Return by which articles a message may flow at a moment, or all that stands against it.

    Only what a row names flows. An emergency is a row like any other, with its own grounds, and
    holds in the states that it names. Two rows together may cover what one alone does not.
    """
    agreement, state = bound.agreement, bound.state(on)
    code, rule = NOT_NOW[state]
    rows: Sequence[Clause] = agreement.clauses
    against: list[Against] = []
    tests: tuple[tuple[str, str, Callable[[Clause], bool]], ...] = (
        ("AGREEMENT_KIND", agreement.rules.exchange, lambda c: flow.kind in c.kinds),
        ("AGREEMENT_DIRECTION", "", lambda c: flow.direction in c.directions),
        ("AGREEMENT_GROUND", "", lambda c: flow.ground in c.grounds),
        ("AGREEMENT_PURPOSE", "", lambda c: flow.purpose in c.purposes),
        (code, getattr(agreement.rules, rule), lambda c: state in c.states),
    )
    for objection, article, holds in tests:
        left = [row for row in rows if holds(row)]
        if left:
            rows = left
        else:
            against.append(Against(objection, agreement.reference(article or rows[0].article)))
    if not flow.categories <= frozenset().union(*(row.categories for row in rows)):
        against.append(Against("AGREEMENT_CATEGORY", agreement.reference(rows[0].article)))
    if against:
        return Verdict(against=tuple(against))
    used = [row for row in rows if not flow.categories or row.categories & flow.categories]
    return Verdict(
        clauses=tuple(agreement.reference(row.id) for row in used),
        articles=tuple(dict.fromkeys(agreement.reference(row.article) for row in used)),
    )


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that lets pass, of several agreements; else that with least against it."""
    found = list(verdicts)
    if not found:
        return UNBOUND
    return min(found, key=lambda v: (not v.is_allowed, len(v.against)))


# What somebody must be told.


@dataclass(frozen=True)
class Alert:
    """Something of an agreement that a coordinator must look after; `document` where it is one."""

    code: str
    on: date | None = None
    document: str = ""


def alerts(bound: Bound, at: datetime) -> list[Alert]:
    """Return what must be looked after now: computed, never stored."""
    state, agreement = bound.state(at), bound.agreement
    found = []
    if state in (State.DRAFT, State.SIGNED):
        found.append(Alert("NOT_IN_FORCE"))
    elif state in (State.EXPIRED, State.DENOUNCED):
        found.append(Alert("HAS_ENDED"))
    elif agreement.term is None:
        found.append(Alert("TERM_NOT_LOADED"))
    else:
        found += _soon(agreement.term, bound.turns_on(at), at)
    for document in agreement.documents:
        if document.term is None:
            found.append(Alert("TERM_NOT_LOADED", document=document.id))
            continue
        end = after_months(document.signed_on, document.term.months)
        found += _soon(document.term, end, at, document=document.id)
    return found


def _soon(term: Term, end: date | None, at: datetime, *, document: str = "") -> list[Alert]:
    if end is None:
        return []
    if at.date() >= end:
        return [Alert("HAS_ENDED", end, document)]
    if at.date() < end - timedelta(days=term.alert_days):
        return []
    return [Alert("RENEWS_SOON" if term.is_tacit else "ENDS_SOON", end, document)]


def pressing(found: Collection[Alert]) -> list[Alert]:
    """Return the alerts that somebody can act on; that a term is not loaded only stands there."""
    return [alert for alert in found if alert.code != "TERM_NOT_LOADED"]
