"""What was answered: which questions were asked, which signs the answers are, what cannot be.

Pure. The same walk stands in `static/identification/reading.js`, held to the same vectors.
"""

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from amana.standards.instrument import Answer, Instrument, Question, Section
from amana.standards.logic import Alphabet, Condition, State

STANDING = frozenset({"none", "unknown", "declined"})
SKIPPED = ("NOT_READY", "ALREADY_TOLD", "NOT_RELEVANT", "REFUSED", "UNSAFE")
DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
OLDEST = 1900
LONGEST_WORDS = 500
# Longer texts are written on several lines.
ONE_LINE = 200
# What no answer may hold: it would turn a line around, or end it where nobody sees.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udfff]"
)


@dataclass(frozen=True)
class Fault:
    """One thing that cannot be; `code` is a word of the list ANSWER_FAULT, filled with `values`."""

    field: str
    code: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


class BadAnswers(ValueError):
    """Answers that an instrument cannot hold: every fault at once, each with its field."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{f.field}: {f.code}" for f in self.faults))


@dataclass(frozen=True)
class Given:
    """What one person answered, as it is kept; entries of a section that repeats under its id."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What one page changes; the answers to other questions stay."""

    said: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    cleared: Collection[str] = ()
    unsaid: Collection[str] = ()
    unskipped: Collection[str] = ()

    def applied(self, given: Given) -> Given:
        """Return the answers as they are afterwards."""
        cleared, unsaid = set(self.cleared), {*self.cleared, *self.unsaid}
        return Given(
            without({**given.answers, **self.said}, cleared),
            without({**given.words, **self.words}, unsaid),
            without({**given.skipped, **self.skipped}, set(self.unskipped)),
        )


def without(held: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """Return what is held, less what is gone."""
    return {key: value for key, value in held.items() if key not in gone}


@dataclass
class Walk:
    """An instrument gone through with answers: what was asked, and what is there at its end."""

    atoms: set[str]
    # The same atoms as the bits that conditions look at.
    seen: int
    numbers: dict[str, int] = field(default_factory=dict)
    # Each sign, and the questions whose answers said it.
    found: dict[str, list[str]] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)

    def note(self, atom: str, alphabet: Alphabet) -> None:
        """Have an atom from here on."""
        self.atoms.add(atom)
        self.seen |= alphabet.bits.get(atom, 0)

    @property
    def asked_ids(self) -> set[str]:
        return {q.id for q in self.asked}


def is_child(answers: Mapping[str, Any]) -> bool:
    """Say whether to act as for a child: everybody of whom nobody answered that she is adult."""
    return answers.get("minor") != "no"


def walk(instrument: Instrument, given: Given, known: Collection[str] = ()) -> Walk:
    """Go through the questions in their order, as far as the answers lead.

    `known` are signs found before, by the screening that an interview follows.
    """
    atoms = {"child" if is_child(given.answers) else "adult", *known}
    done = Walk(atoms, instrument.alphabet.mask(atoms))
    for code in known:
        done.found.setdefault(code, [])
    for section in instrument.sections:
        if not _holds(section.when, done):
            continue
        done.sections.append(section)
        if section.id in given.skipped:
            continue
        if section.repeats:
            _walk_entries(instrument, section, given, done)
        else:
            _walk_questions(instrument, section, given.answers, done)
    return done


def _walk_questions(
    instrument: Instrument, section: Section, answers: Mapping[str, Any], done: Walk
) -> None:
    for question in section.questions:
        if not _holds(question.when, done):
            continue
        done.asked.append(question)
        value = answers.get(question.id)
        if question.kind == "number" and isinstance(value, int):
            done.numbers[question.id] = value
        for answer in given_answers(question, value):
            _note(instrument, question, answer, done)


def _walk_entries(instrument: Instrument, section: Section, given: Given, done: Walk) -> None:
    """Each entry is told by itself; only its signs are there afterwards."""
    for entry in given.answers.get(section.id, ()):
        inner = Walk(set(done.atoms), done.seen, dict(done.numbers))
        _walk_questions(instrument, section, entry, inner)
        for code, said in inner.found.items():
            done.found.setdefault(code, []).extend(said)
            done.note(code, instrument.alphabet)


def _note(instrument: Instrument, question: Question, answer: Answer, done: Walk) -> None:
    if not _holds(answer.when, done):
        return
    done.note(f"{question.id}.{answer.id}", instrument.alphabet)
    for code in answer.codes:
        said = done.found.setdefault(code, [])
        if question.id not in said:
            said.append(question.id)
        done.note(code, instrument.alphabet)


def _holds(when: Condition | None, done: Walk) -> bool:
    return when is None or when(State(done.seen, done.numbers)) is not None


def given_answers(question: Question, value: object) -> Iterator[Answer]:
    """Give the answers that a value names, in the order in which they are offered."""
    if value is None:
        return iter(())
    chosen = value if isinstance(value, list) else [value]
    return (a for a in question.offered if a.id in chosen)


def shown(question: Question, done: Walk) -> list[Answer]:
    """Return the answers to show; signs of children are offered for children only."""
    return [a for a in question.offered if _holds(a.when, done)]


def is_open(question: Question, given: Given) -> bool:
    """Say whether a question still has no answer: not asked yet, not known, or not told."""
    value = given.answers.get(question.id)
    return value in (None, [], "unknown", "declined", ["unknown"], ["declined"])


def kept(instrument: Instrument, given: Given, known: Collection[str] = ()) -> Given:
    """Return the answers without those whose question or answer is no longer asked.

    A sign of children that was ticked before the age was known better is no longer one.
    """
    answers = dict(given.answers)
    while True:
        done = walk(instrument, Given(answers, given.words, given.skipped), known)
        left = _still(answers, done, given.skipped)
        if left == answers:
            break
        answers = left
    asked = set(answers)
    words = {q: w for q, w in given.words.items() if q in asked}
    there = {s.id for s in done.sections}
    return Given(answers, words, {s: r for s, r in given.skipped.items() if s in there})


def _still(answers: Mapping[str, Any], done: Walk, skipped: Mapping[str, str]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for section in done.sections:
        if section.repeats and section.id in answers and section.id not in skipped:
            left[section.id] = answers[section.id]
    for question in done.asked:
        if question.id not in answers:
            continue
        value = answers[question.id]
        if question.kind == "many":
            offered = {a.id for a in shown(question, done)}
            value = [v for v in value if v in offered]
            if not value:
                continue
        left[question.id] = value
    return left


# What cannot be.


def faults_in(
    instrument: Instrument, given: Given, today: date, known: Collection[str] = ()
) -> list[Fault]:
    """Return everything that stands against these answers, each with the field to look at."""
    shape = [*_shape_faults(instrument, given, today)]
    if shape:
        return shape
    done = walk(instrument, given, known)
    asked, there = done.asked_ids, {s.id for s in done.sections}
    faults = [
        Fault(key, "NOT_ASKED")
        for key in given.answers
        if key not in asked and not (key in there and _repeats(instrument, key))
    ]
    faults += [Fault(key, "NOT_ASKED") for key in given.skipped if key not in there]
    for question in done.asked:
        faults += _not_offered(question, given, done)
    return faults + check_faults(instrument, done)


def check_faults(instrument: Instrument, done: Walk) -> list[Fault]:
    """Return the checks that fire: answers of which both cannot be."""
    return [Fault(c.at, c.code) for c in instrument.checks if _holds(c.when, done)]


def _repeats(instrument: Instrument, section_id: str) -> bool:
    section = instrument.find_section(section_id)
    return section is not None and section.repeats > 0


def _not_offered(question: Question, given: Given, done: Walk) -> list[Fault]:
    if question.id not in given.answers or not question.is_coded:
        return []
    value = given.answers[question.id]
    offered = {a.id for a in shown(question, done)}
    chosen = value if isinstance(value, list) else [value]
    return [Fault(question.id, "NOT_OFFERED", {"code": v}) for v in chosen if v not in offered]


def _shape_faults(instrument: Instrument, given: Given, today: date) -> Iterator[Fault]:
    for key, value in given.answers.items():
        question, section = instrument.find_question(key), instrument.find_section(key)
        if section is not None and section.repeats:
            yield from _entry_faults(section, value, today)
        elif question is None or _is_inside(instrument, key):
            yield Fault(key, "UNKNOWN_QUESTION")
        else:
            yield from value_faults(question, value, today)
    for key, text in given.words.items():
        if instrument.find_question(key) is None:
            yield Fault(key, "UNKNOWN_QUESTION")
        else:
            yield from words_faults(key, text)
    yield from _skip_faults(instrument, given.skipped)


def _skip_faults(instrument: Instrument, skipped: Mapping[str, object]) -> Iterator[Fault]:
    for key, reason in skipped.items():
        section = instrument.find_section(key)
        if section is None or not section.may_skip:
            yield Fault(key, "NOT_TO_BE_SKIPPED")
        elif reason not in SKIPPED:
            yield Fault(key, "UNKNOWN_ANSWER", {"code": str(reason)[:40]})


def _is_inside(instrument: Instrument, question_id: str) -> bool:
    return any(
        section.repeats and question_id in {q.id for q in section.questions}
        for section in instrument.sections
    )


def _entry_faults(section: Section, entries: object, today: date) -> Iterator[Fault]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        yield Fault(section.id, "WRONG_KIND")
        return
    if len(entries) > section.repeats:
        yield Fault(section.id, "TOO_MANY", {"most": str(section.repeats)})
    inside = {q.id: q for q in section.questions}
    for entry in entries:
        for key, value in entry.items():
            if key not in inside:
                yield Fault(f"{section.id}.{key}"[:80], "UNKNOWN_QUESTION")
            else:
                yield from value_faults(inside[key], value, today)


def value_faults(question: Question, value: object, today: date) -> Iterator[Fault]:
    """Give what stands against one value by itself."""
    if question.kind == "many":
        yield from _many_faults(question, value)
    elif question.kind in {"one", "yesno"}:
        if not isinstance(value, str):
            yield Fault(question.id, "WRONG_KIND")
        elif question.answer(value) is None:
            yield Fault(question.id, "UNKNOWN_ANSWER", {"code": value[:40]})
    elif question.kind == "number":
        yield from _number_faults(question, value)
    elif question.kind == "date":
        yield from _day_faults(question.id, value, today)
    else:
        yield from _text_faults(question.id, value, question.longest)


def _many_faults(question: Question, value: object) -> Iterator[Fault]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        yield Fault(question.id, "WRONG_KIND")
        return
    for one in value:
        if question.answer(one) is None:
            yield Fault(question.id, "UNKNOWN_ANSWER", {"code": one[:40]})
    standing = {a.id for a in question.standing}
    if len(set(value)) > 1 and standing & set(value):
        yield Fault(question.id, "STANDS_ALONE")
    if len(set(value)) < len(value):
        yield Fault(question.id, "TWICE")


def _number_faults(question: Question, value: object) -> Iterator[Fault]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Fault(question.id, "WRONG_KIND")
    elif not question.least <= value <= question.most:
        bounds = {"least": str(question.least), "most": str(question.most)}
        yield Fault(question.id, "NOT_POSSIBLE", bounds)


def _day_faults(key: str, value: object, today: date) -> Iterator[Fault]:
    """A day may be a month or a year only; it is never to come."""
    match = DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        yield Fault(key, "NO_DAY")
        return
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        yield Fault(key, "NO_DAY")
        return
    if first > today:
        yield Fault(key, "DAY_TO_COME")
    elif year < OLDEST:
        yield Fault(key, "NO_DAY")


def words_faults(key: str, text: object) -> Iterator[Fault]:
    """Give what stands against the person's own words at a question."""
    yield from _text_faults(key, text, LONGEST_WORDS)


def _text_faults(key: str, value: object, longest: int) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(key, "WRONG_KIND")
    elif len(value) > longest:
        yield Fault(key, "TOO_LONG", {"most": str(longest)})
    elif UNSEEN.search(value):
        yield Fault(key, "UNSEEN_SIGNS")


def parse(document: object) -> tuple[str, str, Given]:
    """Return the instrument's name, its version ("" for the newest) and what was answered.

    Raises BadAnswers when the document has another shape than
    `{"instrument", "version"?, "answers", "words"?, "skipped"?}`.
    """
    if not isinstance(document, dict):
        raise BadAnswers([Fault("", "WRONG_KIND")])
    faults = [*_document_faults(document)]
    if faults:
        raise BadAnswers(faults)
    given = Given(document["answers"], document.get("words", {}), document.get("skipped", {}))
    return document["instrument"], document.get("version", ""), given


PARTS = {"instrument": str, "version": str, "answers": dict, "words": dict, "skipped": dict}


def _document_faults(document: Mapping[Any, Any]) -> Iterator[Fault]:
    yield from (Fault(str(key)[:40], "UNKNOWN_FIELD") for key in document if key not in PARTS)
    for key, kind in PARTS.items():
        held = document.get(key, kind())
        if key in {"instrument", "answers"} and key not in document:
            yield Fault(key, "MISSING")
        elif not isinstance(held, kind) or (key in {"words", "skipped"} and _has_no_text(held)):
            yield Fault(key, "WRONG_KIND")


def _has_no_text(held: Mapping[str, object]) -> bool:
    return not all(isinstance(value, str) for value in held.values())


def checked(
    instrument: Instrument, given: Given, today: date, known: Collection[str] = ()
) -> Given:
    """Return the answers when they can be; raises BadAnswers with every fault otherwise."""
    faults = faults_in(instrument, given, today, known)
    if faults:
        raise BadAnswers(faults)
    return given
