"""Answers for tests: what a person of the cast told, by the signs that a test is about."""

from collections.abc import Iterable
from typing import Any

from amana.standards.instruments import shelf

NO_DANGER = {"d1": ["none"], "d2": ["none"], "d3": ["alone"]}


def answers_yielding(codes: Iterable[str], **person: Any) -> dict[str, Any]:
    """Return answers to the rapid screening that yield these signs of this person."""
    found: dict[str, Any] = {**NO_DANGER, **person}
    questions = shelf().find("rapid-screening").questions
    answers = [(q.id, a) for q in questions if q.kind == "many" for a in q.answers]
    for code in codes:
        question, answer = next(
            (q, a) for q, a in answers if code in a.codes and not q.startswith("d")
        )
        chosen = [v for v in found.get(question, []) if v != "none"]
        found[question] = [*chosen, *([answer.id] if answer.id not in chosen else [])]
    return found
