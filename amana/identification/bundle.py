"""What the browser gets of an instrument: everything that its reading needs, in one object.

Pure. Read by `static/identification/reading.js`.
"""

from typing import Any

from amana.standards.datafile import LANGUAGES, opened
from amana.standards.instrument import Instrument, Question
from amana.standards.laws import raw as raw_laws


def bundle(instrument: Instrument, language: str = "") -> dict[str, Any]:
    """Return an instrument with its rules, steps and laws; in one language, if one is named."""
    reader, asked = instrument.reader, {q.id: q for q in instrument.questions}
    rules = reader.document
    whole = {
        "name": instrument.name,
        "version": instrument.version,
        "title": instrument.resolved["title"],
        "sections": [
            {**s, "questions": [_question(q, asked[q["id"]]) for q in s["questions"]]}
            for s in instrument.resolved["sections"]
        ],
        "checks": instrument.resolved["checks"],
        "indicators": [
            {**i, "weight": i["weight"], "legal": i["legal"]} for i in rules["indicators"]
        ],
        "sets": rules.get("sets", {}),
        "dimensions": rules.get("dimensions", []),
        "patterns": rules.get("patterns", []),
        "outcomes": [
            {"code": o.code, "label": _words(o.label), "class": o.field_class}
            for o in reader.outcomes
        ],
        "rules": rules["rules"],
        "otherwise": rules["otherwise"],
        "kinds": rules.get("kinds", []),
        "rescreen": rules.get("rescreen", []) + _again(instrument),
        "contradictions": rules.get("contradictions", []),
        "own_contradictions": []
        if rules is instrument.document
        else instrument.resolved.get("contradictions", []),
        "steps": opened("next_steps.json").at("steps").value,
        "laws": raw_laws(),
    }
    return said_in(whole, language) if language else whole


def _again(instrument: Instrument) -> list[dict[str, Any]]:
    """After a first pass a person is seen again, whatever was found: this always holds."""
    always = {"has": ["child", "adult"]}
    days = instrument.again_in_days
    return [{"days": days, "when": always}] if days else []


def _question(document: dict[str, Any], question: Question) -> dict[str, Any]:
    """Every question carries its answers and its wording, wherever the file has them from."""
    when = {a["id"]: a["when"] for a in document.get("answers", []) if "when" in a}
    answers = [
        {
            "id": a.id,
            "label": _words(a.label),
            "codes": list(a.codes),
            **({"when": when[a.id]} if a.id in when else {}),
        }
        for a in question.offered
    ]
    return {**document, "ask": _words(question.ask), "answers": answers}


def _words(words: Any) -> dict[str, str]:  # noqa: ANN401
    return {language: getattr(words, language) for language in LANGUAGES}


def said_in(value: Any, language: str) -> Any:  # noqa: ANN401
    """Return the same document with each trilingual text in one language."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return value[language]
        return {key: said_in(held, language) for key, held in value.items()}
    if isinstance(value, list):
        return [said_in(held, language) for held in value]
    return value
