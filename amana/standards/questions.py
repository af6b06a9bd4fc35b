"""The danger check and the twelve questions: what is asked, and which sign an answer is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import catalogue, citations
from amana.standards.datafile import MARKS, BadData, Place, Words, once, opened

N_QUESTIONS = 12


class BadAnswers(ValueError):
    """Answers that this instrument cannot hold; `question` says where."""

    def __init__(self, question: str, fault: str) -> None:
        super().__init__(f"{question}: {fault}")
        self.question = question


@dataclass(frozen=True)
class Answer:
    """One answer that may be ticked, and the signs it stands for."""

    id: str
    label: Words
    codes: tuple[str, ...]
    is_for_children_only: bool


@dataclass(frozen=True)
class Standing:
    """An answer every question has: none of these, does not know, prefers not to answer."""

    id: str
    label: Words


@dataclass(frozen=True)
class Question:
    """One question as it is said aloud, with a hint that only the responder sees."""

    id: str
    ask: Words
    child_ask: Words | None
    hint: Words
    answers: tuple[Answer, ...]

    def said_to(self, minor: str) -> Words:
        """Return the wording for this person; a doubtful age is spoken to as a child."""
        return self.child_ask if self.child_ask and minor != "no" else self.ask

    def shown(self, minor: str) -> tuple[Answer, ...]:
        """Return the answers to show; signs of children are asked of children only."""
        return tuple(a for a in self.answers if minor != "no" or not a.is_for_children_only)


@dataclass(frozen=True)
class Instrument:
    """What is looked at before speaking, what is asked, and the three standing answers."""

    name: str
    version: str
    mark: str
    source: str
    danger: tuple[Question, ...]
    questions: tuple[Question, ...]
    standing: tuple[Standing, ...]

    def question(self, question_id: str) -> Question:
        for question in (*self.danger, *self.questions):
            if question.id == question_id:
                return question
        raise BadAnswers(question_id, "is no question of this instrument")

    def indicators(self, answers: Mapping[str, Collection[str]], *, minor: str) -> tuple[str, ...]:
        """Return the signs that the ticked answers stand for, in the order of the catalogue."""
        found = {code for key in answers for code in self._signs(key, answers[key], minor)}
        return catalogue.load().in_order(found)

    def still_offered(
        self, answers: Mapping[str, Collection[str]], *, minor: str
    ) -> dict[str, list[str]]:
        """Return the answers that are still offered once the age is known better."""
        standing = {answer.id for answer in self.standing}
        return {
            key: [
                ticked
                for ticked in answers[key]
                if ticked in standing | {a.id for a in self.question(key).shown(minor)}
            ]
            for key in answers
        }

    def _signs(self, question_id: str, ticked: Collection[str], minor: str) -> set[str]:
        """Refuse an answer that is not offered, or a standing answer beside another."""
        offered = {answer.id: answer for answer in self.question(question_id).shown(minor)}
        standing = {answer.id for answer in self.standing}
        if len(set(ticked)) > 1 and standing & set(ticked):
            raise BadAnswers(question_id, "a standing answer stands alone")
        for answer_id in ticked:
            if answer_id not in offered and answer_id not in standing:
                raise BadAnswers(question_id, f"{answer_id!r} is not offered here")
        return {code for key in ticked if key in offered for code in offered[key].codes}


def read(root: Place) -> Instrument:
    """Return the instrument a file describes, or say where it is at fault."""
    instrument = Instrument(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        mark=root.at("mark").one_of(MARKS),
        source=root.at("source").one_of(citations.load()),
        danger=tuple(_question(place) for place in root.at("danger").each()),
        questions=tuple(_question(place) for place in root.at("questions").each()),
        standing=tuple(
            Standing(place.at("id").text(), place.at("label").words())
            for place in root.at("standing").each()
        ),
    )
    once(root, [question.id for question in (*instrument.danger, *instrument.questions)])
    _whole(root, instrument)
    return instrument


def _question(place: Place) -> Question:
    child_ask = place.maybe("child_ask")
    answers = tuple(_answer(each) for each in place.at("answers").each())
    once(place.at("answers"), [answer.id for answer in answers])
    return Question(
        id=place.at("id").text(),
        ask=place.at("ask").words(),
        child_ask=child_ask.words() if child_ask else None,
        hint=place.at("hint").words(),
        answers=answers,
    )


def _answer(place: Place) -> Answer:
    known = [indicator.code for indicator in catalogue.load().indicators]
    children_only = place.maybe("children_only")
    return Answer(
        id=place.at("id").text(),
        label=place.at("label").words(),
        codes=place.at("codes").each_one_of(known),
        is_for_children_only=children_only.flag() if children_only else False,
    )


def _whole(root: Place, instrument: Instrument) -> None:
    """An instrument that cannot say a sign would hide it: refuse it."""
    if len(instrument.questions) != N_QUESTIONS:
        raise BadData(f"{root.path}: there must be exactly {N_QUESTIONS} questions")
    said = {
        code
        for question in (*instrument.danger, *instrument.questions)
        for answer in question.answers
        for code in answer.codes
    }
    for indicator in catalogue.load().indicators:
        if indicator.code not in said:
            raise BadData(f"{root.path}: no answer can say {indicator.code!r}")


@cache
def load() -> Instrument:
    return read(opened("questions.json"))
