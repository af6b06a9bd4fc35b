"""Conditions in the words of a form: the one language of `logic.py` said as XPath.

`${name}` is how an XLSForm points to a question. What a form has not answered is empty, and an
empty answer is no answer: never a no.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amana.standards.datafile import BadData
from amana.standards.form_nodes import Nodes, nodes_of
from amana.standards.instrument import Answer, Instrument, Question, Section

CHILD, ADULT = "child", "adult"
MINOR, ADULT_ANSWER = "minor", "no"
NEVER = "false()"


@dataclass(frozen=True)
class _Said:
    """An answer that may have been given, where it stands, and its own condition in XPath."""

    section: Section
    question: Question
    answer: Answer
    when: Any


class Writer:
    """Writes the conditions of one instrument as XPath."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.nodes: Nodes = nodes_of(instrument)
        raw = {
            (question["id"], answer["id"]): answer.get("when")
            for section in instrument.resolved["sections"]
            for question in section["questions"]
            for answer in question.get("answers", [])
        }
        self.said = [
            _Said(section, question, answer, raw.get((question.id, answer.id)))
            for section in instrument.sections
            for question in section.questions
            for answer in question.offered
        ]
        self.places = {question.id: i for i, question in enumerate(instrument.questions)}

    def __call__(self, condition: Mapping[str, Any], *, at: str = "", me: str = "") -> str:
        """Return a condition as XPath.

        `at` is the question or section before which it is asked: signs found later do not
        count. `me` is the question whose own constraint this is, which XPath calls `.`.
        """
        return _Sentence(self, self._before(at), me, self._repeat_of(at)).said(condition)

    def _before(self, at: str) -> int:
        section = self.instrument.find_section(at)
        if at in self.places:
            return self.places[at]
        return self.places[section.questions[0].id] if section else len(self.places)

    def _repeat_of(self, at: str) -> str:
        for section in self.instrument.sections:
            if section.repeats and at in {q.id for q in section.questions}:
                return section.id
        return ""


@dataclass(frozen=True)
class _Sentence:
    """One condition on its way to XPath."""

    writer: Writer
    before: int
    me: str
    repeat: str

    def said(self, condition: Mapping[str, Any]) -> str:
        if "has" in condition:
            return self._has(condition)
        if "all" in condition:
            return _joined(" and ", (self._in_brackets(c) for c in condition["all"]))
        if "any" in condition:
            return _joined(" or ", (self._in_brackets(c) for c in condition["any"]))
        if "not" in condition:
            return f"not({self.said(condition['not'])})"
        if "positive" in condition:
            return self._positive(condition["positive"])
        return self._number(condition)

    def _in_brackets(self, condition: Mapping[str, Any]) -> str:
        return _bracketed(self.said(condition))

    def _has(self, condition: Mapping[str, Any]) -> str:
        atoms: list[str] = []
        for atom in condition["has"]:
            atoms += sorted(self._set(atom[1:])) if atom.startswith("@") else [atom]
        atoms = list(dict.fromkeys(atoms))
        least = condition.get("at_least", 1)
        if least == 1:
            return _joined(" or ", (part for atom in atoms for part in self._atom(atom)))
        return f"{self._sum(atoms)} >= {least}"

    def _set(self, name: str) -> frozenset[str]:
        return self.writer.instrument.alphabet.sets[name]

    def _sum(self, atoms: Iterable[str]) -> str:
        """Count atoms: a sign that several answers stand for is one sign."""
        counted = [f"if({_joined(' or ', self._atom(a))}, 1, 0)" for a in atoms]
        return f"({' + '.join(counted)})" if counted else "0"

    def _positive(self, code: str) -> str:
        alphabet = self.writer.instrument.alphabet
        dimension = alphabet.dimensions[code]
        sums = [
            self._sum(alphabet.codes_in(mask))
            for mask in (dimension.strong, dimension.medium, dimension.weak)
        ]
        patterns = []
        for wanted in dimension.patterns:
            parts = [f"{s} >= {n}" for s, n in zip(sums, wanted, strict=True) if n]
            patterns.append(_bracketed(" and ".join(parts)))
        return _joined(" or ", patterns)

    def _number(self, condition: Mapping[str, Any]) -> str:
        number = self._pointer(condition["number"])
        parts = [f"{number} != ''"]
        if "from" in condition:
            parts.append(f"{number} >= {condition['from']}")
        if "below" in condition:
            parts.append(f"{number} < {condition['below']}")
        return " and ".join(parts)

    def _atom(self, atom: str) -> list[str]:
        """Return the ways in which an atom can be there; none when nothing before says it."""
        if atom == CHILD:
            return [f"not({self._pointer(MINOR)} = '{ADULT_ANSWER}')"]
        if atom == ADULT:
            return [f"{self._pointer(MINOR)} = '{ADULT_ANSWER}'"]
        question, _, answer = atom.partition(".")
        if answer:
            return [
                self._given(said)
                for said in self.writer.said
                if said.question.id == question and said.answer.id == answer
            ]
        return [self._given(said) for said in self.writer.said if self._is_before(said, atom)]

    def _is_before(self, said: _Said, code: str) -> bool:
        """Say whether an answer stands for a sign, and stands before this place."""
        if code not in said.answer.codes:
            return False
        if said.section.id == self.repeat:
            raise BadData(
                f"{said.question.id}: a condition inside {self.repeat!r} leans on {code}, which"
                " another entry may have said; an XLSForm cannot say that"
            )
        return self.writer.places[said.question.id] < self.before

    def _given(self, said: _Said) -> str:
        if said.section.repeats and said.section.id != self.repeat:
            return self._given_in_some_entry(said)
        chosen = _chosen(said, self._pointer(said.question.id))
        if said.when is None:
            return chosen
        own = _Sentence(self.writer, self.writer.places[said.question.id], self.me, self.repeat)
        return f"({chosen} and {_bracketed(own.said(said.when))})"

    def _given_in_some_entry(self, said: _Said) -> str:
        if said.when is not None:
            raise BadData(f"{said.question.id}: an XLSForm cannot say who may answer in an entry")
        nodes = self.writer.nodes
        inside = _chosen(said, f"./{nodes.questions[said.question.id]}")
        return f"count(${{{nodes.sections[said.section.id]}}}[{inside}]) > 0"

    def _pointer(self, question_id: str) -> str:
        if question_id == self.me:
            return "."
        return f"${{{self.writer.nodes.questions[question_id]}}}"


def _chosen(said: _Said, pointer: str) -> str:
    if said.question.kind == "many":
        return f"selected({pointer}, '{said.answer.id}')"
    return f"{pointer} = '{said.answer.id}'"


def _joined(word: str, parts: Iterable[str]) -> str:
    return word.join(dict.fromkeys(parts)) or NEVER


def _bracketed(text: str) -> str:
    return f"({text})" if " and " in text or " or " in text else text
