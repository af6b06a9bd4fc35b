"""The parts that several phones wrote of one person, as one: what holds, what a person must settle.

Pure. Which answer falls to which is decided in `merge.py`; here the rest of a record is gathered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amana.field.merge import Choice, Version, merged


@dataclass(frozen=True)
class Whole:
    """All parts as one, and the questions at which phones differ and nobody has chosen yet."""

    content: Mapping[str, Any]
    clashes: Mapping[str, tuple[Choice, ...]]


def whole(parts: Mapping[str, Mapping[str, Any]], choices: Mapping[str, Any]) -> Whole:
    """Return the parts as one; `choices` are what a person chose, with the values she saw.

    A choice holds among the values that were shown to her, and no longer when a new one comes.
    """
    found = merged(
        Version(name, part["seq"], part["answers"], part["started"]) for name, part in parts.items()
    )
    answers, open_ = dict(found.answers), {}
    for question, values in found.clashes.items():
        choice = choices.get(question)
        if choice is None or any(c.value not in choice["of"] for c in values):
            open_[question] = values
        elif choice["value"] is not None:
            answers[question] = choice["value"]
    in_order = sorted(parts.values(), key=lambda p: (p["began_at"], p["record"]))
    first = in_order[0]
    return Whole(
        {
            "instrument": first["instrument"],
            "version": max(p["version"] for p in in_order),
            "answers": answers,
            "words": _words(in_order),
            "skipped": {k: v for p in in_order for k, v in p["skipped"].items()},
            "observation": _joined(p["observation"] for p in in_order),
            "wristband": next((p["wristband"] for p in in_order if p["wristband"]), ""),
            "siblings": sorted({band for p in in_order for band in p["siblings"]}),
            # One phone that came to the end came to the end for all.
            "is_unfinished": all(p["is_unfinished"] for p in in_order),
            "account": first["account"],
            "language": first["language"],
            "shown": next((p["shown"] for p in in_order if p["shown"]), ""),
            "ms": sum(p["ms"] for p in in_order),
            "n_phones": len(in_order),
        },
        open_,
    )


def _words(parts: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return the person's own words at each question, all of them: nobody chooses among words."""
    asked = {question for part in parts for question in part["words"]}
    return {q: _joined(part["words"].get(q, "") for part in parts) for q in sorted(asked)}


def _joined(texts: Iterable[str]) -> str:
    found: list[str] = []
    for text in texts:
        if text and text not in found:
            found.append(text)
    return "\n".join(found)
