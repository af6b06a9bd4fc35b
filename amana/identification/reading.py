"""The reading of answers: open rules over the signs found. They propose; people decide.

The rules themselves are data of an instrument (`standards/data/instruments`). The same reading
stands in `static/identification/reading.js`, held to the same vectors. Pure.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amana.identification.answers import Given, Walk, is_open, shown, walk
from amana.standards import laws, next_steps
from amana.standards.instrument import Coded, Instrument, Question, Reader
from amana.standards.instruments import shelf
from amana.standards.laws import Element, Law
from amana.standards.logic import State

MINOR = ("yes", "no", "doubtful")
SITUATIONS = ("alone", "separated", "accompanied", "unknown")
FIELD_CATALOGUE = "field-catalogue"


class BadFacts(ValueError):
    """Facts that cannot be read; `field` says which."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field


@dataclass(frozen=True)
class Facts:
    """What was found; a word the rules do not know is refused, never taken for `no`."""

    minor: str
    situation: str
    indicators: Collection[str]

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("minor", self.minor, MINOR),
            ("situation", self.situation, SITUATIONS),
        ):
            if value not in allowed:
                raise BadFacts(name, f"{value!r} is none of {', '.join(allowed)}")
        if isinstance(self.indicators, str) or not isinstance(self.indicators, Collection):
            raise BadFacts("indicators", "must be a list of codes")

    @property
    def is_child(self) -> bool:
        """Age in doubt means a child."""
        return self.minor != "no"


@dataclass(frozen=True)
class Missing:
    """A question still open whose answer could change the class, and to what."""

    question: str
    codes: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class Dimension:
    """How many signs of each strength a dimension holds, and whether that makes it positive."""

    strong: int
    medium: int
    weak: int
    is_positive: bool


@dataclass(frozen=True)
class LawState:
    """One element of one law: present, not established, or not needed because a child."""

    element: str
    state: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What the rules propose, and why."""

    primary: str
    also: tuple[str, ...]
    field_class: str
    rules: tuple[int, ...]
    why: Mapping[int, tuple[str, ...]]
    fired: tuple[str, ...]
    noted: tuple[str, ...]
    next_steps: tuple[str, ...]
    rescreen_in_days: int | None
    vulnerabilities: tuple[str, ...]
    contradictions: tuple[str, ...]
    dimensions: Mapping[str, Dimension]
    law: Mapping[str, tuple[LawState, ...]]
    missing: tuple[Missing, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def reader_of_facts() -> Reader:
    """Return the rules that read bare facts: those of the field catalogue, newest."""
    return shelf().find(FIELD_CATALOGUE).reader


def facts_from(given: Mapping[str, Any], reader: Reader) -> Facts:
    """Return the facts a mapping holds, or refuse it and name the field."""
    fields = ("minor", "situation", "indicators")
    for name in (*fields, *given):
        if name not in given:
            raise BadFacts(name, "is missing")
        if name not in fields:
            raise BadFacts(str(name), "is not a field of the facts")
    facts = Facts(**given)
    for code in facts.indicators:
        if code not in reader.alphabet.codes:
            raise BadFacts("indicators", f"unknown indicator code {code!r}")
    return facts


def facts_of(done: Walk) -> Facts:
    """Return what a walk found, as the rules look at it; a silence about age protects a child."""
    return Facts(
        minor=_answered(done, "minor", "doubtful"),
        situation=_answered(done, "situation", "unknown"),
        indicators=tuple(done.found),
    )


def _answered(done: Walk, question: str, otherwise: str) -> str:
    prefix = f"{question}."
    return next((a.removeprefix(prefix) for a in done.atoms if a.startswith(prefix)), otherwise)


def read_facts(facts: Facts, reader: Reader) -> Reading:
    """Read bare facts: signs without the questions that found them."""
    state = _state(facts, reader)
    held = _held(reader, state)
    first = _first_held(reader, held)
    missing = tuple(_signs_that_raise(reader, state, first))
    return _reading(facts, reader, held, state, missing=missing)


def read_answers(instrument: Instrument, given: Given, known: Collection[str] = ()) -> Reading:
    """Read the answers to an instrument, and say what is still open that could change the class."""
    reader = instrument.reader
    done = walk(instrument, given, known)
    facts = facts_of(done)
    state = _state(facts, reader)
    held = _held(reader, state)
    seen = State(instrument.alphabet.mask(done.atoms), done.numbers)
    first = _first_held(reader, held)
    return _reading(
        facts,
        reader,
        held,
        state,
        missing=tuple(_open_questions(instrument, given, done, state, first)),
        sources={code: tuple(dict.fromkeys(said)) for code, said in done.found.items()},
        contradictions=_holding(instrument.contradictions, seen),
        again_in_days=instrument.again_in_days,
    )


def class_of(minor: str, indicators: Sequence[str]) -> str:
    """Return the class of a record that does not say who was with the person."""
    reader = reader_of_facts()
    first = outcomes_of(Facts(minor, "unknown", indicators), reader)[0]
    return reader.outcome(first).field_class


def outcomes_of(facts: Facts, reader: Reader) -> list[str]:
    """Return only what the facts are read as: the outcomes that hold, the first first."""
    return _outcomes(reader, _held(reader, _state(facts, reader)))


def _state(facts: Facts, reader: Reader) -> State:
    return State(reader.alphabet.mask(_atoms(facts)))


def _atoms(facts: Facts) -> set[str]:
    return {
        *facts.indicators,
        "child" if facts.is_child else "adult",
        f"minor.{facts.minor}",
        f"situation.{facts.situation}",
    }


def _held(reader: Reader, state: State) -> dict[int, int]:
    """Return each rule that holds, in order, with the bits of the signs that made it hold."""
    held: dict[int, int] = {}
    bits = reader.alphabet.bits
    for rule in reader.rules:
        fired = rule.when(state)
        if fired is not None:
            held[rule.number] = fired
            state = State(state.seen | bits[f"rule.{rule.number}"], state.numbers)
    return held or {reader.otherwise.number: 0}


def _outcomes(reader: Reader, held: Mapping[int, int]) -> list[str]:
    rules = (*reader.rules, reader.otherwise)
    return list(dict.fromkeys(rule.outcome for rule in rules if rule.number in held))


def _first_held(reader: Reader, held: Mapping[int, int]) -> int:
    """Return how many rules come before the first that holds."""
    return next(
        (n for n, rule in enumerate(reader.rules) if rule.number in held), len(reader.rules)
    )


def _raised(reader: Reader, state: State, first: int, more: int) -> str:
    """Return the outcome of an earlier rule that would hold with more signs, "" when none would.

    Only rules before the first that holds are asked: no sign ever lowers a reading.
    """
    state = State(state.seen | more, state.numbers)
    current = reader.rules[first].outcome if first < len(reader.rules) else ""
    for rule in reader.rules[:first]:
        if rule.when(state) is not None:
            return rule.outcome if rule.outcome != current else ""
    return ""


def _signs_that_raise(reader: Reader, state: State, first: int) -> Iterator[Missing]:
    """Give each sign that is not there and would raise the reading; like signs are asked once."""
    bits, reached = reader.alphabet.bits, dict[int, str]()
    for code, kind in _kinds_of_signs(reader):
        if state.seen & bits[code] or not kind:
            continue
        if kind not in reached:
            reached[kind] = _raised(reader, state, first, bits[code])
        if reached[kind]:
            yield Missing("", (code,), reached[kind])


_KINDS: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {}


def _kinds_of_signs(reader: Reader) -> tuple[tuple[str, int], ...]:
    """Return each sign with its kind: signs of one kind stand together wherever a rule names one.

    0 is the kind of those that no rule names. Kept, since rules never change.
    """
    key = (reader.name, reader.version)
    if key not in _KINDS:
        groups = [g for rule in reader.document["rules"] for g in _named(rule["when"], reader)]
        _KINDS[key] = tuple(
            (
                code,
                sum(1 << n for n, group in enumerate(groups) if group & reader.alphabet.bits[code]),
            )
            for code in reader.alphabet.codes
        )
    return _KINDS[key]


def _named(when: Mapping[str, Any], reader: Reader) -> Iterator[int]:
    """Give the groups of atoms that a condition names, as bits."""
    alphabet = reader.alphabet
    if "has" in when:
        yield alphabet.mask(
            one
            for atom in when["has"]
            for one in (alphabet.sets[atom[1:]] if atom.startswith("@") else (atom,))
        )
    elif "positive" in when:
        dimension = alphabet.dimensions[when["positive"]]
        yield from (dimension.strong, dimension.medium, dimension.weak)
    elif "not" in when:
        yield from _named(when["not"], reader)
    for part in (*when.get("all", ()), *when.get("any", ())):
        yield from _named(part, reader)


def _open_questions(
    instrument: Instrument, given: Given, done: Walk, state: State, first: int
) -> Iterator[Missing]:
    for question in done.asked:
        if is_open(question, given) and first:
            found = _would_raise(instrument, question, done, state, first)
            if found is not None:
                yield found


def _would_raise(
    instrument: Instrument, question: Question, done: Walk, state: State, first: int
) -> Missing | None:
    """Return the highest outcome that one answer to this question could lead to."""
    reader = instrument.reader
    order = [o.code for o in reader.outcomes]
    reached: dict[str, list[str]] = {}
    for answer in shown(question, done):
        outcome = _raised(reader, state, first, reader.alphabet.mask(answer.codes))
        if outcome:
            reached.setdefault(outcome, []).extend(answer.codes)
    if not reached:
        return None
    best = min(reached, key=order.index)
    codes = reader.alphabet.codes_in(reader.alphabet.mask(reached[best]))
    return Missing(question.id, codes, best)


def _holding(coded: Collection[Coded], state: State) -> tuple[str, ...]:
    return tuple(one.code for one in coded if one.when(state) is not None)


def _reading(
    facts: Facts,
    reader: Reader,
    held: Mapping[int, int],
    state: State,
    *,
    missing: tuple[Missing, ...],
    sources: Mapping[str, tuple[str, ...]] | None = None,
    contradictions: tuple[str, ...] = (),
    again_in_days: int = 0,
) -> Reading:
    alphabet = reader.alphabet
    outcomes = _outcomes(reader, held)
    classes = list(dict.fromkeys(reader.outcome(o).field_class for o in outcomes))
    known = {f"rule.{n}" for n in held} | {f"class.{c}" for c in classes} | {f"first.{classes[0]}"}
    state = State(state.seen | alphabet.mask(known), state.numbers)
    kinds = _holding(reader.kinds, state)
    state = State(state.seen | alphabet.mask(f"kind.{k}" for k in kinds), state.numbers)
    days = [w.days for w in reader.waits if w.when(state) is not None]
    days += [again_in_days] if again_in_days else []
    atoms = _atoms(facts) | known | {f"kind.{k}" for k in kinds}
    fired = 0
    for bits in held.values():
        fired |= bits
    signs = alphabet.mask(facts.indicators)
    return Reading(
        primary=outcomes[0],
        also=tuple(outcomes[1:]),
        field_class=classes[0],
        rules=tuple(held),
        why={number: alphabet.codes_in(bits) for number, bits in held.items()},
        fired=alphabet.codes_in(fired),
        noted=alphabet.codes_in(signs & ~fired),
        next_steps=next_steps.load().applying(atoms | ({"rescreen"} if days else set())),
        rescreen_in_days=min(days, default=None),
        vulnerabilities=kinds,
        contradictions=_holding(reader.contradictions, state) + contradictions,
        dimensions={
            code: Dimension(*d.counts(signs), d.is_positive(signs))
            for code, d in alphabet.dimensions.items()
        },
        law=read_law(facts, reader),
        missing=missing,
        sources=sources or {},
    )


def read_law(facts: Facts, reader: Reader) -> dict[str, tuple[LawState, ...]]:
    """Return, for each law that bears on the signs, the state of each of its elements.

    An element is present when a sign stands for it and cites the law. Never a legal finding: it
    shows the jurist what the field found, element by element.
    """
    signs = reader.alphabet.mask(facts.indicators)
    return {
        law.id: tuple(_element(element, facts, signs, coded) for element, coded in elements)
        for law, elements, all_bits in _signs_of_laws(reader)
        if signs & all_bits and law.speaks_of(is_child=facts.is_child)
    }


# The signs that stand for an element, each with its bit.
Signs = tuple[tuple[str, int], ...]


def _element(element: Element, facts: Facts, signs: int, standing: Signs) -> LawState:
    codes = tuple(code for code, bit in standing if bit & signs)
    if codes:
        return LawState(element.element, "present", codes)
    if facts.is_child and not element.is_needed_for_child:
        return LawState(element.element, "not_needed_child", ())
    return LawState(element.element, "not_established", ())


Signed = tuple[Law, tuple[tuple[Element, Signs], ...], int]
_SIGNS_OF: dict[tuple[str, str], tuple[Signed, ...]] = {}


def _signs_of_laws(reader: Reader) -> tuple[Signed, ...]:
    """Return each law with the signs that stand for its elements, and the bits of all of them.

    Kept, since instruments never change.
    """
    key = (reader.name, reader.version)
    if key not in _SIGNS_OF:
        _SIGNS_OF[key] = tuple(_signed(law, reader) for law in laws.load().laws)
    return _SIGNS_OF[key]


def _signed(law: Law, reader: Reader) -> Signed:
    elements = tuple((element, _standing_for(law, element, reader)) for element in law.elements)
    return law, elements, reader.alphabet.mask(code for _, coded in elements for code, _ in coded)


def _standing_for(law: Law, element: Element, reader: Reader) -> Signs:
    """Return the signs that stand for an element: it names them, or they cite its law."""
    return tuple(
        (i.code, reader.alphabet.bits[i.code])
        for i in reader.indicators
        if i.code in element.codes or (i.element == element.element and law.citation in i.legal)
    )


def as_json(read: Reading) -> dict[str, Any]:
    """Return the reading as another program, and the browser, write it."""
    return {
        "primary": read.primary,
        "also": list(read.also),
        "rules": list(read.rules),
        "fired": list(read.fired),
        "noted": list(read.noted),
        "next_steps": list(read.next_steps),
        "rescreen_in_days": read.rescreen_in_days,
        "class": read.field_class,
        "vulnerabilities": list(read.vulnerabilities),
        "why": {str(number): list(codes) for number, codes in read.why.items()},
        "missing": [
            {"question": m.question, "codes": list(m.codes), "outcome": m.outcome}
            for m in read.missing
        ],
        "contradictions": list(read.contradictions),
        "dimensions": {
            code: {
                "strong": d.strong,
                "medium": d.medium,
                "weak": d.weak,
                "positive": d.is_positive,
            }
            for code, d in read.dimensions.items()
        },
        "law": {
            law: [{"element": s.element, "state": s.state, "codes": list(s.codes)} for s in states]
            for law, states in read.law.items()
        },
        "sources": {code: list(said) for code, said in read.sources.items()},
    }
