"""The story of letters: what stands, what answers what, who owes a word by when. Pure.

Both ends fold the same message log, without opening anything: an acceptance and a refusal are
different kinds, and a cancellation names in its header what it takes back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amana.referrals.rules import Said, Terms, Watch
from amana.standards import messages
from amana.standards.clocks import UnknownClock
from amana.standards.messages import Family, Wait

READ, ACCEPT, DECLINE, CANCEL = "letter.read", "letter.accept", "letter.decline", "cancel"
RECORD, COUNTERSIGN = "handover.complete", "handover.countersign"
# What a desk says with one press, on the letter itself.
BY_HAND = frozenset({READ, ACCEPT, DECLINE, COUNTERSIGN})
# A word that was given cannot be taken back by a cancellation.
STAYS_SAID = frozenset({*BY_HAND, CANCEL, "trace.answer"})
# Every kind that answers a letter.
ANSWERS = frozenset({DECLINE} | {w.kind for f in messages.letters() for w in f.waits})


@dataclass(frozen=True)
class Setting:
    """Where letters are written: between whom, and how far the referral around them has come.

    A thread of its own has no referral: who began it asks, the other country is the host.
    """

    asking: str
    host: str
    tier: str
    is_thread: bool = False
    is_offered: bool = False
    is_accepted: bool = False
    is_recalled: bool = False
    is_named_there: bool = False

    def other(self, country: str) -> str:
        """Return the country on the other side."""
        return self.host if country == self.asking else self.asking


@dataclass(frozen=True)
class Letter:
    """One letter, what was said to it, and the cancellation that takes it back."""

    said: Said
    family: Family
    answers: tuple[Said, ...] = ()
    cancelled_by: Said | None = None

    def answer(self, kind: str) -> Said | None:
        """Return the first answer of a kind."""
        return next((a for a in self.answers if a.kind == kind), None)

    @property
    def is_declined(self) -> bool:
        """Say whether the other country said no."""
        return self.answer(DECLINE) is not None


def letters(lines: Iterable[Said]) -> list[Letter]:
    """Fold a message log into its letters. Doubles and order of arrival change nothing."""
    once = {line.mid: line for line in lines}
    said = sorted(once.values(), key=lambda m: (m.sender, m.inc, m.seq, m.mid))
    families = messages.families()
    replies: dict[str, list[Said]] = {}
    for line in said:
        replies.setdefault(line.in_reply_to, []).append(line)
    found = []
    for line in said:
        family = families.get(line.kind)
        if family is None or family.room != messages.LETTERS:
            continue
        to_it = replies.get(line.mid, [])
        cancelled = (r for r in to_it if r.kind == CANCEL and r.sender == line.sender)
        answers = tuple(r for r in to_it if _answers(family, r, line))
        found.append(Letter(line, family, answers, next(cancelled, None)))
    return found


def _answers(family: Family, reply: Said, to: Said) -> bool:
    wait = _wait_for(family, reply.kind)
    # What the host owes it may owe to itself: an arrival follows also its own record.
    return wait is not None and (wait.owes == messages.HOST or reply.sender != to.sender)


def _wait_for(family: Family, kind: str) -> Wait | None:
    """Return what an answer of this kind meets; a refusal meets what waits for a yes."""
    wanted = ACCEPT if kind == DECLINE else kind
    return next((wait for wait in family.waits if wait.kind == wanted), None)


def objections_to_writing(
    lines: Sequence[Said], kind: str, *, sender: str, setting: Setting, to: str = ""
) -> list[str]:
    """Return what stands against this letter from this country now; both ends ask the same."""
    family = messages.families().get(kind)
    if family is None or family.room != messages.LETTERS:
        return ["LETTER_OUT_OF_PLACE"]
    if setting.is_recalled:
        return ["WAS_RECALLED"]
    held = letters(lines)
    against = [] if _has_place(family, sender, setting) else ["LETTER_OUT_OF_PLACE"]
    if kind == CANCEL:
        against += _objections_to_cancelling(held, sender, to)
    elif kind in ANSWERS:
        against += _objections_to_answering(held, family, sender, setting, to)
    if family.follows and not _stands_answered(held, *family.follows):
        against.append("STEP_BEFORE_NOT_ANSWERED")
    return list(dict.fromkeys(against))


def _has_place(family: Family, sender: str, setting: Setting) -> bool:
    wrong = messages.REFERRAL if setting.is_thread else messages.THREAD
    if family.where == wrong:
        return False
    if family.writer != messages.EITHER and not setting.is_thread:
        wanted = setting.asking if family.writer == messages.ASKING else setting.host
        if sender != wanted:
            return False
    reached = {"": True, "offered": setting.is_offered, "accepted": setting.is_accepted}
    return setting.is_thread or (setting.is_offered and reached[family.after])


def _objections_to_cancelling(held: Sequence[Letter], sender: str, to: str) -> list[str]:
    target = next((one for one in held if one.said.mid == to), None)
    if target is None or target.said.sender != sender or target.said.kind in STAYS_SAID:
        return ["LETTER_OUT_OF_PLACE"]
    return ["LETTER_WAS_CANCELLED"] if target.cancelled_by else []


def _objections_to_answering(
    held: Sequence[Letter], family: Family, sender: str, setting: Setting, to: str
) -> list[str]:
    target = next((one for one in held if one.said.mid == to), None)
    wait = _wait_for(target.family, family.kind) if target else None
    if target is None or wait is None:
        return ["LETTER_OUT_OF_PLACE"]
    if sender != _owing(wait, target.said, setting):
        return ["NOT_THEIRS_TO_SAY"]
    against = ["LETTER_WAS_CANCELLED"] if target.cancelled_by else []
    said = {a.kind for a in target.answers}
    is_over = {ACCEPT, DECLINE} & said if family.kind in (ACCEPT, DECLINE) else {family.kind} & said
    if is_over and not family.repeats:
        against.append("LETTER_IS_ANSWERED")
    return against


def _owing(wait: Wait, said: Said, setting: Setting) -> str:
    return setting.host if wait.owes == messages.HOST else setting.other(said.sender)


def _stands_answered(held: Iterable[Letter], kind: str, answer: str) -> bool:
    return any(
        one.said.kind == kind and one.cancelled_by is None and one.answer(answer) for one in held
    )


def open_to(lines: Sequence[Said], kind: str, *, sender: str, setting: Setting) -> Said | None:
    """Return the letter that this one would answer: the first that still waits, else the last."""
    fitting = [
        one.said
        for one in letters(lines)
        if not _objections_to_answering(
            [one], messages.families()[kind], sender, setting, one.said.mid
        )
    ]
    return fitting[0] if fitting else None


# Time.


@dataclass(frozen=True)
class Owed:
    """One word that is owed: by which clock, by whom, and the answer that met it."""

    letter: Said
    answer_kind: str
    watch: Watch
    tier: str
    met_by: Said | None


def owed(lines: Iterable[Said], setting: Setting, terms: Terms) -> list[Owed]:
    """Return what letters wait for or waited for. What was cancelled waits for nothing more.

    A decision is also met by the thing itself; after a refusal nothing else is owed.
    """
    return [one for letter in letters(lines) for one in _owed(letter, setting, terms)]


def _owed(letter: Letter, setting: Setting, terms: Terms) -> Iterator[Owed]:
    tier = letter.family.tier or setting.tier
    for wait in letter.family.waits:
        met_by = _met(letter, wait)
        if met_by is None and letter.cancelled_by is not None:
            continue
        country, read = _owing(wait, letter.said, setting), terms.clocks.clock(wait.clock, tier)
        watch = Watch(
            key=wait.clock,
            mid=letter.said.mid,
            country=country,
            started_at=letter.said.written_at,
            due_at=terms.due(read, country, letter.said.written_at),
            met_at=met_by.written_at if met_by else None,
            is_met=met_by is not None,
            clock=read,
        )
        yield Owed(letter.said, wait.kind, watch, tier, met_by)


def _met(letter: Letter, wait: Wait) -> Said | None:
    if wait.kind == ACCEPT:
        return next(iter(letter.answers), None)
    return letter.answer(wait.kind) or letter.answer(DECLINE)


def is_too_soon(
    family: Family, body: Mapping[str, Any], *, setting: Setting, terms: Terms, now: datetime
) -> bool:
    """Say whether what is announced lies nearer than the time that the other country needs.

    In an emergency no such clock is kept: it is said as soon as it is known.
    """
    if family.lead is None or family.lead[0] not in body:
        return False
    try:
        needed = terms.clocks.clock(family.lead[1], setting.tier)
    except UnknownClock:
        return False
    said = datetime.fromisoformat(str(body[family.lead[0]]))
    return said < terms.due(needed, setting.host, now)


# Two people.


def needs_second(family: Family, body: Mapping[str, Any]) -> bool:
    """Say whether a second person must agree before this letter leaves."""
    second = family.second
    if second is None:
        return False
    return not second.field or body.get(second.field) in second.codes


def objections_to_agreeing(*, written_by: str, agreed_by: str, is_over: bool, by: str) -> list[str]:
    """Return what stands against giving the second word: it is over, or she is the first person."""
    if is_over:
        return ["LETTER_HAS_LEFT"]
    if agreed_by:
        return ["NOTHING_TO_CONFIRM"]
    return ["SECOND_PERSON_IS_THE_FIRST"] if written_by == by else []


def objections_to_releasing(
    *, needs_second: bool, agreed_by: str, is_over: bool, by: str
) -> list[str]:
    """Return what stands against releasing: it is over, or a second person has not agreed."""
    if is_over:
        return ["LETTER_HAS_LEFT"]
    if not needs_second:
        return []
    if not agreed_by:
        return ["NEEDS_SECOND_WORD"]
    return ["SECOND_PERSON_IS_THE_FIRST"] if agreed_by == by else []
