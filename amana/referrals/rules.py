"""The story of a referral: what was said, what may be said next, who owes a word by when. Pure."""

import enum
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from amana.standards.calendars import Calendar, due
from amana.standards.clocks import Clock, Clocks

OFFER, CASE = "referral.offer", "referral.case"
ACKNOWLEDGE, ASK, REPLY = "referral.acknowledge", "info.request", "referral.update"
ACCEPT, DECLINE = "referral.accept", "referral.refuse"
ERASE, ERASED = "erase.request", "erase.done"

# The field's own number of each message kind.
NUMBER = {
    OFFER: "M01",
    CASE: "M01",
    ACKNOWLEDGE: "M02",
    ASK: "M03",
    REPLY: "M03",
    ACCEPT: "M04",
    DECLINE: "M04",
    ERASE: "M14",
    ERASED: "M14",
}
RELAYED, DELIVERED = 1, 2


class Said(Protocol):
    """A message of the conversation, as both countries see it."""

    @property
    def mid(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def inc(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def in_reply_to(self) -> str: ...
    @property
    def written_at(self) -> datetime: ...
    @property
    def rank(self) -> int: ...


class State(enum.StrEnum):
    """Where a referral stands. Silence is no state: it is told beside it."""

    NOT_OFFERED = "not_offered"
    OFFERED = "offered"
    ACKNOWLEDGED = "acknowledged"
    QUESTION_OPEN = "question_open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DOSSIER_SENT = "dossier_sent"
    DOSSIER_RECEIVED = "dossier_received"
    RECALLED = "recalled"
    RECALL_ANSWERED = "recall_answered"


@dataclass(frozen=True)
class PartRecall:
    """A request to erase a part of the dossier, and its answer. The story goes on beside it."""

    asked: Said
    answer: Said | None


@dataclass(frozen=True)
class Story:
    """What the message log says, the same at both ends whatever the order of arrival."""

    state: State
    offer: Said | None = None
    acknowledgement: Said | None = None
    open_question: Said | None = None
    decision: Said | None = None
    dossier: Said | None = None
    recall: Said | None = None
    recall_answer: Said | None = None
    part_recalls: tuple[PartRecall, ...] = ()

    @property
    def open_parts(self) -> tuple[PartRecall, ...]:
        """Return the requests for a part that nobody has answered, oldest first."""
        return tuple(part for part in self.part_recalls if part.answer is None)

    @property
    def waits_for_the_host(self) -> bool:
        """Say whether the country that was asked owes a decision, or the answer to a recall."""
        if self.recall is not None:
            return self.recall_answer is None
        return self.decision is None


def story(messages: Iterable[Said]) -> Story:
    """Fold a message log into its story. Doubles and order of arrival change nothing."""
    said = _in_order(messages)
    offer = next((m for m in said if m.kind == OFFER), None)
    if offer is None:
        return Story(State.NOT_OFFERED)
    theirs = [m for m in said if m.sender != offer.sender]
    ours = [m for m in said if m.sender == offer.sender]
    decision = next((m for m in theirs if m.kind in (ACCEPT, DECLINE)), None)
    dossier = next((m for m in ours if m.kind == CASE), None)
    answered = {m.in_reply_to for m in ours if m.kind == REPLY}
    question = next((m for m in theirs if m.kind == ASK and m.mid not in answered), None)
    acknowledgement = next((m for m in theirs if m.kind == ACKNOWLEDGE), None)
    # What a request replies to is what shall go: the dossier, in part; else all of it.
    asked = [m for m in ours if m.kind == ERASE]
    parts = [m for m in asked if dossier is not None and m.in_reply_to == dossier.mid]
    said_erased = [m for m in theirs if m.kind == ERASED]
    to_part = {m.in_reply_to: m for m in reversed(said_erased)}
    recall = next((m for m in asked if m not in parts), None)
    of_parts = {m.mid for m in parts}
    answer = next((m for m in said_erased if m.in_reply_to not in of_parts), None)
    part_recalls = tuple(PartRecall(m, to_part.get(m.mid)) for m in parts)
    state = _state(acknowledgement, question, decision, dossier)
    if recall is not None:
        state = State.RECALLED if answer is None else State.RECALL_ANSWERED
    return Story(
        state, offer, acknowledgement, question, decision, dossier, recall, answer, part_recalls
    )


def _in_order(messages: Iterable[Said]) -> list[Said]:
    once = {m.mid: m for m in messages}
    return sorted(once.values(), key=lambda m: (m.sender, m.inc, m.seq, m.mid))


def _state(
    acknowledgement: Said | None, question: Said | None, decision: Said | None, dossier: Said | None
) -> State:
    if decision is not None:
        if decision.kind == DECLINE:
            return State.DECLINED
        if dossier is None:
            return State.ACCEPTED
        return State.DOSSIER_RECEIVED if dossier.rank >= DELIVERED else State.DOSSIER_SENT
    if question is not None:
        return State.QUESTION_OPEN
    return State.OFFERED if acknowledgement is None else State.ACKNOWLEDGED


def objections_to_saying(
    messages: Sequence[Said], kind: str, *, sender: str, to: str = ""
) -> list[str]:
    """Return what stands against this message from this country now; both ends ask the same.

    `to` is the message that it replies to: of a request to erase it says what shall go.
    """
    told = story(messages)
    if kind == OFFER:
        return [] if told.state is State.NOT_OFFERED else ["ALREADY_OFFERED"]
    if told.offer is None:
        return ["NOT_OFFERED"]
    is_ours = sender == told.offer.sender
    if is_ours != (kind in (CASE, REPLY, ERASE)):
        return ["NOT_THEIRS_TO_SAY"]
    if kind == ERASE and told.dossier is not None and to == told.dossier.mid:
        return [] if told.recall is None else ["WAS_RECALLED"]
    part = next((p for p in told.part_recalls if kind == ERASED and p.asked.mid == to), None)
    if part is not None:
        return [] if part.answer is None else ["RECALL_WAS_ANSWERED"]
    if kind in (ERASE, ERASED) or told.recall is not None:
        return _objections_around_recall(told, kind)
    return _objections_in(told, kind)


def _objections_around_recall(told: Story, kind: str) -> list[str]:
    """Once a country asked for erasure, the answer to that is all that is left to say."""
    if kind == ERASE:
        return [] if told.recall is None else ["WAS_RECALLED"]
    if told.recall is None:
        return ["NOT_RECALLED"]
    if kind == ERASED:
        return [] if told.recall_answer is None else ["RECALL_WAS_ANSWERED"]
    return ["WAS_RECALLED"]


def _objections_in(told: Story, kind: str) -> list[str]:
    if kind == CASE:
        if told.dossier is not None:
            return ["DOSSIER_WAS_SENT"]
        accepted = told.decision is not None and told.decision.kind == ACCEPT
        return [] if accepted else ["NO_ACCEPTANCE"]
    if kind == REPLY:
        # It may cross the decision on its way: an answer to a question is never out of place.
        return [] if told.open_question is not None else ["NO_OPEN_QUESTION"]
    if told.decision is not None:
        return ["ALREADY_DECIDED"]
    if kind == ACKNOWLEDGE:
        return [] if told.acknowledgement is None else ["ALREADY_ACKNOWLEDGED"]
    if told.acknowledgement is None:
        return ["ACKNOWLEDGE_FIRST"]
    if kind == ASK and told.open_question is not None:
        return ["QUESTION_IS_OPEN"]
    return []


@dataclass(frozen=True)
class Terms:
    """The clocks that hold between two countries, and whose days are days of rest.

    Both countries read the same: the clocks of the agreement, the calendar of who owes the word.
    """

    clocks: Clocks
    calendar: Callable[[str], Calendar]

    def due(self, clock: Clock, country: str, start: datetime) -> datetime:
        """Return the last moment of a clock for the country that owes."""
        return due(start, clock, self.calendar(country))


@dataclass(frozen=True)
class Watch:
    """One step that somebody owes: who, by when, and whether it was done."""

    key: str
    # The message that started it: both countries know it by this number.
    mid: str
    country: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    is_met: bool
    clock: Clock

    def is_silent(self, now: datetime) -> bool:
        """Say whether the time has passed and nothing was said: neither a yes nor a no."""
        return not self.is_met and now > self.due_at


def watches(messages: Sequence[Said], *, tier: str, host: str, terms: Terms) -> list[Watch]:
    """Return the clocks of a referral: those that run, and those that were met.

    `host` is the country that must answer; working days are its own. A question stops nobody's
    clock: it starts one for the country that was asked.
    """

    def watch(
        key: str, country: str, start: Said, met_by: Said | None, *, is_met: bool = False
    ) -> Watch:
        read = terms.clocks.clock(key, tier)
        return Watch(
            key=key,
            mid=start.mid,
            country=country,
            started_at=start.written_at,
            due_at=terms.due(read, country, start.written_at),
            met_at=met_by.written_at if met_by else None,
            is_met=is_met or met_by is not None,
            clock=read,
        )

    told = story(messages)
    if told.offer is None:
        return []
    offer = told.offer
    found = [
        watch("technical_receipt", host, offer, None, is_met=offer.rank >= RELAYED),
        watch("human_acknowledgement", host, offer, told.acknowledgement),
        watch("decision", host, offer, told.decision),
    ]
    found += [
        watch("completeness_check", offer.sender, question, reply)
        for question, reply in _questions(messages, offer.sender)
        if reply is not None or told.decision is None
    ]
    if told.recall is not None:
        # Nobody waits for a decision any more.
        found = [w for w in found if w.is_met]
        found.append(watch("data_recall", host, told.recall, told.recall_answer))
    found += [watch("data_recall", host, p.asked, p.answer) for p in told.part_recalls]
    return found


def _questions(messages: Sequence[Said], asked: str) -> list[tuple[Said, Said | None]]:
    """Return every question to the country that asked for help, with its first answer."""
    said = _in_order(messages)
    replies = [m for m in reversed(said) if m.kind == REPLY and m.sender == asked]
    by_question = {m.in_reply_to: m for m in replies}
    questions = (m for m in said if m.kind == ASK and m.sender != asked)
    return [(question, by_question.get(question.mid)) for question in questions]


def to_recall(
    *, shared: Collection[str], back: Collection[str], asked: Collection[str]
) -> set[str]:
    """Return which groups of a dossier the other country is now to be asked to erase.

    `back` is what the person took back of what was shared; `asked` what it was asked for already.
    """
    return (set(back) & set(shared)) - set(asked)


def is_whole_recall(
    *, shared: Collection[str], back: Collection[str], basis: Collection[str]
) -> bool:
    """Say whether all must go: nothing is left, or what the offer stood on was taken back."""
    return bool(back) and (bool(set(back) & set(basis)) or set(shared) <= set(back))


def objections_to_offering(
    *,
    sharing: Sequence[str],
    indicators: Iterable[str],
    citizenship: str,
    country: str,
    own_country: str,
    needs: Sequence[str],
) -> list[str]:
    """Return everything that stands against offering this case to this country.

    Whoever fears persecution is not made known to the country of origin, whatever the consent,
    before specialised legal advice.
    """
    against = list(sharing)
    if country == own_country:
        against.append("SAME_COUNTRY")
    if "P4" in set(indicators) and citizenship in ("", country):
        against.append("FEAR_OF_RETURN")
    if not needs:
        against.append("NO_NEED_NAMED")
    return against


# A declined referral may be asked once more; the third time two countries meet over it.
ASKED_ALONE = 2


def objections_to_asking_again(before: Sequence[set[str]], new: set[str]) -> list[str]:
    """Return what stands against asking what was declined: too often, or nothing new in it."""
    if len(before) >= ASKED_ALONE:
        return ["CASE_CONFERENCE"]
    return ["NOTHING_NEW"] if any(new <= said for said in before) else []
