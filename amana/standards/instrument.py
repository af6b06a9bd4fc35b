"""What an instrument is: questions, the signs that answers are, and the rules that read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from amana.standards.datafile import Words
from amana.standards.logic import Alphabet, Condition


class NotLoaded(LookupError):
    """An instrument or a version that this node does not have; `is_newer` when it is to come."""

    def __init__(self, name: str, version: str, *, is_newer: bool = False) -> None:
        why = "is newer than any that is loaded here" if is_newer else "is not loaded here"
        super().__init__(f"{name} {version} {why}".replace("  ", " "))
        self.name, self.version, self.is_newer = name, version, is_newer


@dataclass(frozen=True)
class Indicator:
    """One sign; the weight guides the eye, the class comes from the rules."""

    code: str
    label: Words
    weight: str
    element: str
    legal: tuple[str, ...]
    source: str
    mark: str
    dimension: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer that may be given, and the signs it stands for."""

    id: str
    label: Words
    codes: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True)
class Question:
    """One question as it is said aloud, with a hint that only the worker sees."""

    id: str
    kind: str
    ask: Words
    child_ask: Words | None
    hint: Words | None
    answers: tuple[Answer, ...]
    standing: tuple[Answer, ...]
    is_required: bool
    has_words: bool
    when: Condition | None
    list: str
    least: int
    most: int
    longest: int

    def said_to(self, *, is_child: bool) -> Words:
        """Return the wording for this person; a doubtful age is spoken to as a child."""
        return self.child_ask if self.child_ask and is_child else self.ask

    @property
    def offered(self) -> tuple[Answer, ...]:
        """Every answer, the standing ones last."""
        return (*self.answers, *self.standing)

    def answer(self, answer_id: str) -> Answer | None:
        return next((a for a in self.offered if a.id == answer_id), None)

    @property
    def is_coded(self) -> bool:
        """Whether its answers are codes, and not figures, days or words."""
        return self.kind in {"many", "one", "yesno"}


@dataclass(frozen=True)
class Section:
    """Questions that belong together: one page, or one page for each."""

    id: str
    title: Words
    hint: Words | None
    is_one_page: bool
    may_skip: bool
    repeats: int
    when: Condition | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Check:
    """Answers that cannot be; the words are told at the question `at`."""

    code: str
    at: str
    words: Words
    when: Condition


@dataclass(frozen=True)
class Outcome:
    """A level that the rules may lead to, and the class of the field that it stands for."""

    code: str
    label: Words
    field_class: str


@dataclass(frozen=True)
class Rule:
    """One rule: when it holds, the reading has its outcome."""

    number: int
    key: str
    outcome: str
    label: Words
    when: Condition


@dataclass(frozen=True)
class Coded:
    """A code that holds under a condition; words where people read it."""

    code: str
    when: Condition
    words: Words | None = None


@dataclass(frozen=True)
class Wait:
    """After how many days the person is screened again, under a condition."""

    days: int
    when: Condition


@dataclass(frozen=True)
class Reader:
    """The signs and the rules by which answers are read."""

    name: str
    version: str
    indicators: tuple[Indicator, ...]
    alphabet: Alphabet
    dimensions: tuple[tuple[str, Words], ...]
    outcomes: tuple[Outcome, ...]
    rules: tuple[Rule, ...]
    otherwise: Rule
    kinds: tuple[Coded, ...]
    waits: tuple[Wait, ...]
    contradictions: tuple[Coded, ...]
    document: Mapping[str, Any] = field(repr=False)
    by_code: Mapping[str, Indicator] = field(repr=False)

    def indicator(self, code: str) -> Indicator:
        return self.by_code[code]

    def outcome(self, code: str) -> Outcome:
        return next(o for o in self.outcomes if o.code == code)

    def rule(self, number: int) -> Rule:
        return next(r for r in (*self.rules, self.otherwise) if r.number == number)


@dataclass(frozen=True)
class Instrument:
    """One version of one instrument."""

    name: str
    version: str
    title: Words
    about: Words
    source: str
    edition: str
    mark: str
    persons: tuple[str, ...]
    matter: str
    reader: Reader
    sections: tuple[Section, ...]
    checks: tuple[Check, ...]
    contradictions: tuple[Coded, ...]
    alphabet: Alphabet
    document: Mapping[str, Any]
    resolved: Mapping[str, Any] = field(repr=False)
    # A first pass, which cannot say every sign: the person is seen again within so many days.
    again_in_days: int = 0

    @property
    def questions(self) -> Iterator[Question]:
        return (question for section in self.sections for question in section.questions)

    def find_question(self, question_id: str) -> Question | None:
        return next((q for q in self.questions if q.id == question_id), None)

    def section_of(self, question_id: str) -> Section | None:
        return next((s for s in self.sections if question_id in {q.id for q in s.questions}), None)

    def find_section(self, section_id: str) -> Section | None:
        return next((s for s in self.sections if s.id == section_id), None)
