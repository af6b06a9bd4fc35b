"""Reading an instrument's file: its shape by the schema, then what a shape cannot say.

The format is described in docs/instruments.md. A file at fault is refused by its place.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import fastjsonschema

from amana.standards import citations, codes
from amana.standards.datafile import FOLDER, BadData, Place, Words, once
from amana.standards.instrument import (
    Answer,
    Check,
    Coded,
    Indicator,
    Instrument,
    NotLoaded,
    Outcome,
    Question,
    Reader,
    Rule,
    Section,
    Wait,
)
from amana.standards.logic import Alphabet, Condition, Dimension, State, compiled

FORMAT = 1
STANDING = ("none", "unknown", "declined")
# Words that an atom may begin with; no question may take them.
RESERVED = ("rule", "class", "first", "kind", "rescreen", "child", "adult")
YES = "yes"
LONGEST_TEXT = 200

Of = Callable[[str, str], Instrument]


@cache
def _shape() -> Callable[[object], object]:
    path = FOLDER / "instrument.schema.json"
    found: Callable[[object], object] = fastjsonschema.compile(
        json.loads(path.read_text(encoding="utf-8"))
    )
    return found


def read(root: Place, of: Of) -> Instrument:
    """Return the instrument a file describes, or say where it is at fault.

    `of` gives other instruments by name and version: those it begins with or is read by.
    """
    _refuse_other_formats(root)
    try:
        _shape()(root.value)
    except fastjsonschema.JsonSchemaValueException as fault:
        raise BadData(f"{_path(root, fault)}: {_fault(fault)}") from None
    return _Building(root, of).instrument()


def _refuse_other_formats(root: Place) -> None:
    given = root.value.get("format") if isinstance(root.value, dict) else None
    if isinstance(given, int) and not isinstance(given, bool) and given > FORMAT:
        raise root.bad(f"is of format {given}, from the future: this node reads format {FORMAT}")


def _path(root: Place, fault: fastjsonschema.JsonSchemaValueException) -> str:
    steps = [f"[{s}]" if s.isdigit() else f".{s}" for s in map(str, fault.path[1:])]
    return root.path + "".join(steps)


def _fault(fault: fastjsonschema.JsonSchemaValueException) -> str:
    message = str(fault.message)
    return message.removeprefix(str(fault.name)).strip() or "is not as the schema asks"


class _Building:
    """One file on its way to an instrument; each step refuses what leads nowhere."""

    def __init__(self, root: Place, of: Of) -> None:
        self.root, self.of = root, of
        self.parts = root.keyed()
        begins, reads = self.parts.get("begins_with"), self.parts.get("reads_by")
        self.before = self._other(begins) if begins else None
        self.reader = self._other(reads).reader if reads else self._reader()
        taken = self._taken(begins)
        own = list(self.parts["sections"].value)  # type: ignore[call-overload]
        raw: dict[str, Any] = dict(self.root.value)  # type: ignore[call-overload]
        inherited = self.before.resolved if self.before else {}
        raw["standing"] = raw.get("standing") or inherited.get("standing") or []
        raw["sections"] = [*taken, *own]
        # What belongs to a section that was taken over comes with it.
        ids = {q["id"] for s in taken for q in s["questions"]}
        raw["checks"] = [c for c in inherited.get("checks", []) if c["at"] in ids] + [
            *raw.get("checks", [])
        ]
        raw.pop("begins_with", None)
        self.resolved = raw
        self.alphabet = Alphabet(
            codes=self.reader.alphabet.codes,
            sets=self.reader.alphabet.sets,
            dimensions=self.reader.alphabet.dimensions,
        )
        self.alphabet.allow(("child", "adult"))
        self.standing = {
            p.at("id").text(): Answer(p.at("id").text(), p.at("label").words())
            for p in self._list("standing")
        }

    def _other(self, place: Place) -> Instrument:
        name, version = place.at("name").text(), place.at("version").text()
        try:
            return self.of(name, version)
        except NotLoaded as missing:
            raise place.bad(str(missing)) from None

    def _taken(self, begins: Place | None) -> list[dict[str, Any]]:
        if begins is None or self.before is None:
            return []
        there = {s["id"]: s for s in self.before.resolved["sections"]}
        return [there[p.one_of(there)] for p in begins.at("sections").each()]

    def _list(self, key: str) -> Iterator[Place]:
        """Give the resolved members of a list, each with its place in this file."""
        members = self.resolved.get(key, [])
        n_taken = len(members) - len(self.root.value.get(key, []))  # type: ignore[attr-defined]
        for number, value in enumerate(members):
            own = number - n_taken
            yield Place(value, f"{self.root.path}.{key}[{own if own >= 0 else f'taken {number}'}]")

    def instrument(self) -> Instrument:
        day, known = self.parts["version"].day(), citations.load()
        sections = tuple(self._section(p) for p in self._list("sections"))
        once(self.root.at("sections"), [s.id for s in sections])
        once(self.root.at("sections"), [q.id for s in sections for q in s.questions])
        checks = tuple(self._check(p) for p in self._list("checks"))
        own_reader = "rules" in self.parts
        instrument = Instrument(
            name=self.parts["name"].text(),
            version=day.isoformat(),
            title=self.parts["title"].words(),
            about=self.parts["about"].words(),
            source=self.parts["source"].one_of(known),
            edition=self.parts["edition"].text(),
            mark=self.parts["mark"].text(),
            persons=self.parts["profile"].at("persons").texts(),
            matter=self.parts["profile"].at("matter").text(),
            reader=self.reader,
            sections=sections,
            checks=checks,
            contradictions=()
            if own_reader
            else tuple(self._coded(p, self.alphabet) for p in self._list("contradictions")),
            alphabet=self.alphabet,
            document=self.root.value,  # type: ignore[arg-type]
            resolved=self.resolved,
            again_in_days=self.parts["again_in_days"].count()
            if "again_in_days" in self.parts
            else 0,
        )
        self._refuse_what_is_missing(instrument)
        return instrument

    def _refuse_what_is_missing(self, instrument: Instrument) -> None:
        asked = {q.id for q in instrument.questions}
        for needed in ("minor", "situation"):
            if needed not in asked:
                raise self.root.bad(f"nobody asks {needed!r}: begin with the section `person`")
        if instrument.again_in_days:
            return
        said = {code for q in instrument.questions for a in q.answers for code in a.codes}
        for code in self.reader.alphabet.codes:
            if code not in said:
                raise self.root.bad(f"no answer can say {code!r}")

    # What is asked.

    def _section(self, place: Place) -> Section:
        parts = place.keyed()
        when = self._when(parts)
        repeats = parts["repeats"].count() if "repeats" in parts else 0
        if repeats:
            inner = Alphabet(
                codes=self.alphabet.codes,
                sets=self.alphabet.sets,
                dimensions=self.alphabet.dimensions,
                numbers=set(self.alphabet.numbers),
                bits=dict(self.alphabet.bits),
            )
            outer, self.alphabet = self.alphabet, inner
        questions = tuple(self._question(p) for p in parts["questions"].each())
        if repeats:
            # Nothing outside may lean on what is said inside; the bits stay apart.
            outer.allow(f"\0{n}" for n in range(len(outer.bits), len(inner.bits)))
            self.alphabet = outer
        return Section(
            id=parts["id"].text(),
            title=parts["title"].words(),
            hint=parts["hint"].words() if "hint" in parts else None,
            is_one_page=parts["layout"].value == "together",
            may_skip=bool(parts["may_skip"].value) if "may_skip" in parts else False,
            repeats=repeats,
            when=when,
            questions=questions,
        )

    def _when(self, parts: Mapping[str, Place]) -> Condition | None:
        return compiled(parts["when"], self.alphabet) if "when" in parts else None

    def _question(self, place: Place) -> Question:
        parts = place.keyed()
        question_id, kind = parts["id"].text(), str(parts["kind"].value)
        if question_id in RESERVED:
            raise place.bad(f"{question_id!r} is a word of the conditions")
        when = self._when(parts)
        answers = self._answers(place, kind, parts)
        if kind == "number":
            self.alphabet.numbers.add(question_id)
        standing = self._standing(place, kind, parts)
        once(place, [a.id for a in (*answers, *standing)])
        self.alphabet.allow(f"{question_id}.{a.id}" for a in (*answers, *standing))
        is_coded = kind in {"many", "one", "yesno"}
        return Question(
            id=question_id,
            kind=kind,
            ask=self._ask(place, parts),
            child_ask=parts["child_ask"].words() if "child_ask" in parts else None,
            hint=parts["hint"].words() if "hint" in parts else None,
            answers=answers,
            standing=standing,
            is_required=_said(parts, "required", default=is_coded),
            has_words=_said(parts, "words", default=is_coded and "list" not in parts),
            when=when,
            list=parts["list"].text() if "list" in parts else "",
            least=_whole(parts, "least", 0),
            most=_whole(parts, "most", 1_000_000),
            longest=_whole(parts, "longest", LONGEST_TEXT),
        )

    def _ask(self, place: Place, parts: Mapping[str, Place]) -> Words:
        if "ask" in parts:
            return parts["ask"].words()
        if "indicator" not in parts:
            raise place.bad("'ask' is missing")
        return self.reader.indicator(parts["indicator"].one_of(self.alphabet.codes)).label

    def _answers(self, place: Place, kind: str, parts: Mapping[str, Place]) -> tuple[Answer, ...]:
        if kind == "yesno":
            return self._yes_and_no(parts)
        if "list" in parts and kind == "one":
            name = parts["list"].one_of(codes.load())
            return tuple(Answer(code, words) for code, words in codes.values(name).items())
        if kind in {"many", "one"}:
            return tuple(self._answer(p) for p in place.at("answers").each())
        return ()

    def _yes_and_no(self, parts: Mapping[str, Place]) -> tuple[Answer, ...]:
        signs = tuple(parts["codes"].each_one_of(self.alphabet.codes)) if "codes" in parts else ()
        if "indicator" in parts:
            signs = (*signs, parts["indicator"].one_of(self.alphabet.codes))
        words = codes.values("YES_NO")
        return (Answer(YES, words["yes"], signs), Answer("no", words["no"]))

    def _answer(self, place: Place) -> Answer:
        return Answer(
            id=place.at("id").text(),
            label=place.at("label").words(),
            codes=place.at("codes").each_one_of(self.alphabet.codes),
            when=self._when(place.keyed()),
        )

    def _standing(self, place: Place, kind: str, parts: Mapping[str, Place]) -> tuple[Answer, ...]:
        if "standing" in parts:
            wanted = parts["standing"].texts()
        elif kind == "many":
            wanted = STANDING
        else:
            wanted = STANDING[1:] if kind == "yesno" or "answers" in parts else ()
        for one in wanted:
            if one not in self.standing:
                raise place.bad(f"the standing answer {one!r} has no words in this instrument")
        return tuple(self.standing[one] for one in wanted)

    def _check(self, place: Place) -> Check:
        asked = {q["id"] for s in self.resolved["sections"] for q in s["questions"]}
        return Check(
            code=place.at("code").text(),
            at=place.at("at").one_of(asked),
            words=place.at("words").words(),
            when=compiled(place.at("when"), self.alphabet),
        )

    # How it is read.

    def _reader(self) -> Reader:
        for key in ("indicators", "outcomes", "rules", "otherwise"):
            if key not in self.parts:
                raise self.root.bad(f"{key!r} is missing, and no 'reads_by' says who reads it")
        indicators = tuple(_indicator(p) for p in self.parts["indicators"].each())
        known = [i.code for i in indicators]
        once(self.parts["indicators"], known)
        alphabet = Alphabet(codes=known, sets=self._sets(known))
        alphabet.allow(("child", "adult"))
        alphabet.allow(f"minor.{a}" for a in ("yes", "no", "doubtful"))
        alphabet.allow(f"situation.{a}" for a in codes.values("SITUATION"))
        dimensions = self._dimensions(indicators, alphabet)
        outcomes = self._outcomes()
        rules = self._rules(alphabet, [o.code for o in outcomes])
        alphabet.allow(f"class.{c}" for c in codes.values("CLASS"))
        alphabet.allow(f"first.{c}" for c in codes.values("CLASS"))
        kinds = tuple(self._coded(p, alphabet) for p in self._own("kinds"))
        for place, kind in zip(self._own("kinds"), kinds, strict=True):
            place.at("code").one_of(codes.values("AUTRE_VULN_TYPE"))
            alphabet.allow((f"kind.{kind.code}",))
        waits = tuple(
            Wait(p.at("days").count(), compiled(p.at("when"), alphabet))
            for p in self._own("rescreen")
        )
        contradictions = tuple(self._coded(p, alphabet) for p in self._own("contradictions"))
        reader = Reader(
            name=self.parts["name"].text(),
            version=self.parts["version"].text(),
            indicators=indicators,
            alphabet=alphabet,
            dimensions=dimensions,
            outcomes=outcomes,
            rules=rules[:-1],
            otherwise=rules[-1],
            kinds=kinds,
            waits=waits,
            contradictions=contradictions,
            document=self.root.value,  # type: ignore[arg-type]
            by_code={i.code: i for i in indicators},
        )
        self._refuse_a_lost_child(reader)
        return reader

    def _own(self, key: str) -> Iterator[Place]:
        return self.parts[key].each() if key in self.parts else iter(())

    def _sets(self, known: list[str]) -> dict[str, frozenset[str]]:
        named = self.parts["sets"].keyed() if "sets" in self.parts else {}
        return {name: frozenset(place.each_one_of(known)) for name, place in named.items()}

    def _dimensions(
        self, indicators: tuple[Indicator, ...], alphabet: Alphabet
    ) -> tuple[tuple[str, Words], ...]:
        found = tuple((p.at("code").text(), p.at("label").words()) for p in self._own("dimensions"))
        patterns = [
            (text.count("S"), text.count("M"), text.count("W"))
            for text in (p.text() for p in self._own("patterns"))
        ]
        for place in self._own("indicators"):
            if "dimension" in place.keyed():
                place.at("dimension").one_of([code for code, _ in found])
        for code, _ in found:
            strong, medium, weak = (
                alphabet.mask(
                    i.code for i in indicators if i.dimension == code and i.weight == weight
                )
                for weight in ("strong", "medium", "weak")
            )
            alphabet.dimensions[code] = Dimension(code, strong, medium, weak, patterns)
        return found

    def _outcomes(self) -> tuple[Outcome, ...]:
        place = self.parts["outcomes"]
        classes = codes.values("CLASS")
        if place.value == "CLASS":
            return tuple(Outcome(code, words, code) for code, words in classes.items())
        found = tuple(
            Outcome(p.at("code").text(), p.at("label").words(), p.at("class").one_of(classes))
            for p in place.each()
        )
        once(place, [o.code for o in found])
        return found

    def _rules(self, alphabet: Alphabet, outcomes: list[str]) -> tuple[Rule, ...]:
        found, last = [], -1
        for place in self.parts["rules"].each():
            outcome = place.at("outcome").one_of(outcomes)
            if outcomes.index(outcome) < last:
                raise place.bad("rules must stand in the order of precedence of their outcomes")
            last = outcomes.index(outcome)
            found.append(_rule(place, compiled(place.at("when"), alphabet)))
            alphabet.allow((f"rule.{found[-1].number}",))
        otherwise = self.parts["otherwise"]
        otherwise.at("outcome").one_of(outcomes[-1:])
        found.append(_rule(otherwise, lambda _: 0))
        once(self.parts["rules"], [str(rule.number) for rule in found])
        once(self.parts["rules"], [rule.key for rule in found])
        return tuple(found)

    def _coded(self, place: Place, alphabet: Alphabet) -> Coded:
        parts = place.keyed()
        return Coded(
            code=parts["code"].text(),
            when=compiled(parts["when"], alphabet),
            words=parts["words"].words() if "words" in parts else None,
        )

    def _refuse_a_lost_child(self, reader: Reader) -> None:
        """A child alone must never end where nothing was found (domain rule 7)."""
        for situation in ("alone", "separated"):
            seen = reader.alphabet.mask(("child", "minor.doubtful", f"situation.{situation}"))
            if all(rule.when(State(seen)) is None for rule in reader.rules):
                raise self.root.bad(f"a child who is {situation} would end as 'otherwise'")


def _rule(place: Place, when: Condition) -> Rule:
    return Rule(
        number=place.at("number").count(),
        key=place.at("key").text(),
        outcome=place.at("outcome").text(),
        label=place.at("label").words(),
        when=when,
    )


def _indicator(place: Place) -> Indicator:
    parts = place.keyed()
    return Indicator(
        code=parts["code"].text(),
        label=parts["label"].words(),
        weight=parts["weight"].text(),
        element=parts["element"].text(),
        legal=parts["legal"].each_one_of(citations.load()),
        source=parts["source"].one_of(citations.load()),
        mark=parts["mark"].text(),
        dimension=parts["dimension"].text() if "dimension" in parts else "",
    )


def _said(parts: Mapping[str, Place], key: str, *, default: bool) -> bool:
    return parts[key].flag() if key in parts else default


def _whole(parts: Mapping[str, Place], key: str, default: int) -> int:
    return int(parts[key].value) if key in parts else default  # type: ignore[call-overload]
