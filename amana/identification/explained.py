"""A reading in the reader's words: rules, signs with what was said, law, steps, what is open."""

from collections.abc import Mapping
from typing import Any

from amana.identification import reading
from amana.identification.answers import Given
from amana.look.coded import label, language
from amana.standards import laws, next_steps
from amana.standards.instrument import Instrument, Reader
from amana.standards.laws import Law

MATTERS = (
    *("trafficking", "smuggling", "aggravated_smuggling"),
    *("child_at_risk", "other_vulnerability"),
)


def explained(
    read: Mapping[str, Any], instrument: Instrument | None, given: Given
) -> dict[str, Any]:
    """Return what a page shows of a reading; of a version that is gone, codes without words."""
    reader = instrument.reader if instrument else reading.reader_of_facts()
    spoken = language()
    steps = [next_steps.step(code) for code in read["next_steps"]]
    return {
        "reading": read,
        "primary": _outcome(reader, read["primary"]),
        "also": [_outcome(reader, code) for code in read["also"]],
        "fired": [_sign(code, reader, read, given) for code in read["fired"]],
        "noted": [_sign(code, reader, read, given) for code in read["noted"]],
        "rules": _rules(reader, read),
        "contradictions": _contradictions(reader, instrument, read),
        "missing": [_missing(one, reader, instrument) for one in read.get("missing", [])],
        "dimensions": [
            {"label": words.said_in(spoken), **read["dimensions"][code]}
            for code, words in reader.dimensions
            if code in read.get("dimensions", {})
        ],
        "matters": _matters(read, reader),
        "to_do": [s.words.said_in(spoken) for s in steps if s.kind == "do"],
        "never": [s.words.said_in(spoken) for s in steps if s.kind == "never"],
    }


def _outcome(reader: Reader, code: str) -> str:
    found = next((o for o in reader.outcomes if o.code == code), None)
    return found.label.said_in(language()) if found else label("CLASS", code)


def _sign(
    code: str,
    reader: Reader,
    read: Mapping[str, Any],
    given: Given,
) -> dict[str, Any]:
    indicator = reader.by_code.get(code)
    said = read.get("sources", {}).get(code, [])
    return {
        "code": code,
        "label": indicator.label.said_in(language()) if indicator else code,
        "weight": indicator.weight if indicator else "",
        "element": indicator.element if indicator else "none",
        "mark": indicator.mark if indicator else "",
        "words": [given.words[q] for q in said if q in given.words],
    }


def _rules(reader: Reader, read: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {rule.number: rule for rule in (*reader.rules, reader.otherwise)}
    return [
        {
            "number": number,
            "label": known[number].label.said_in(language()) if number in known else "",
            "codes": read.get("why", {}).get(str(number), []),
        }
        for number in read["rules"]
    ]


def _contradictions(
    reader: Reader, instrument: Instrument | None, read: Mapping[str, Any]
) -> list[str]:
    known = {c.code: c.words for c in reader.contradictions}
    known |= {c.code: c.words for c in (instrument.contradictions if instrument else ())}
    found = (known.get(code) for code in read.get("contradictions", []))
    return [words.said_in(language()) for words in found if words]


def _missing(
    one: Mapping[str, Any], reader: Reader, instrument: Instrument | None
) -> dict[str, Any]:
    question = instrument.find_question(one["question"]) if instrument else None
    section = instrument.section_of(one["question"]) if instrument and question else None
    page = (section.id if section.is_one_page else one["question"]) if section else ""
    return {
        "question": question.ask.said_in(language()) if question else "",
        "page": page,
        "outcome": _outcome(reader, one["outcome"]),
        "signs": [reader.by_code[c].label.said_in(language()) for c in one["codes"]],
    }


def _matters(read: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return the legal reading by matter: each kept apart, several allowed together."""
    by_matter: dict[str, list[dict[str, Any]]] = {}
    for law in laws.load().laws:
        states = read.get("law", {}).get(law.id)
        if states:
            by_matter.setdefault(law.matter, []).append(_law(law, states, reader))
    return [{"matter": m, "laws": by_matter[m]} for m in MATTERS if m in by_matter]


def _law(law: Law, states: list[dict[str, Any]], reader: Reader) -> dict[str, Any]:
    spoken = language()
    elements = {e.element: e for e in law.elements}
    return {
        "title": law.title.said_in(spoken),
        "adopted_on": law.adopted_on,
        "mark": law.mark,
        "note": law.note.said_in(spoken) if law.note else "",
        "elements": [
            {
                "words": elements[s["element"]].words.said_in(spoken),
                "article": elements[s["element"]].article,
                "state": s["state"],
                "codes": s["codes"],
                "signs": [reader.by_code[c].label.said_in(spoken) for c in s["codes"]],
            }
            for s in states
            if s["element"] in elements
        ],
    }
