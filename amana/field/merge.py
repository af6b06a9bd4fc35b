"""Several phones wrote down the same person without a network: what holds, what a person settles.

Pure. The laws:

- The order in which versions arrive never matters, and a version that arrives twice counts once.
- One phone alone never clashes with itself: its highest seq stands for all before it.
- A value falls only to a value that was written by somebody who had seen it.
- Nothing is lost: the last value of every phone, unless somebody who had seen it wrote another,
  is in the answers or in a clash.
- To take an answer away is to write one: it neither falls silently nor wins silently.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Version:
    """What one phone held of a person when it sealed, and what it had found there before.

    `started` holds, for each question whose answer the phone did not find empty, the value found.
    """

    device: str
    seq: int
    given: Mapping[str, Any]
    started: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """One of the values that stand against each other; None was taken away."""

    value: Any
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """What all phones together say; a clash is shown to a person, who decides.

    A question whose answer was taken away, and that nobody else holds, is in neither.
    """

    answers: Mapping[str, Any]
    clashes: Mapping[str, tuple[Choice, ...]]


def merged(versions: Iterable[Version]) -> Merged:
    """Return what holds after all of these, and where phones disagree without having known it."""
    last = _last_of_each(versions)
    answers: dict[str, Any] = {}
    clashes: dict[str, tuple[Choice, ...]] = {}
    for question in sorted({q for v in last for q in (*v.given, *v.started)}):
        choices = _standing(question, last)
        if len(choices) > 1:
            clashes[question] = choices
        elif choices[0].value is not None:
            answers[question] = choices[0].value
    return Merged(answers, clashes)


def _last_of_each(versions: Iterable[Version]) -> list[Version]:
    last: dict[str, Version] = {}
    for version in versions:
        known = last.get(version.device)
        # One seq with two contents comes from no honest phone; order shall not matter even then.
        if known is None or (version.seq, _text_of(version)) > (known.seq, _text_of(known)):
            last[version.device] = version
    return [last[device] for device in sorted(last)]


def _text_of(version: Version) -> str:
    return _written([version.given, version.started])


def _standing(question: str, last: Iterable[Version]) -> tuple[Choice, ...]:
    """Return the values that nobody replaced, each with the phones that hold it."""
    values: dict[str, Any] = {}
    holders: dict[str, list[str]] = {}
    replaced_by: dict[str, set[str]] = {}
    for version in last:
        if question not in version.given and question not in version.started:
            continue
        value = _plain(version.given.get(question))
        key = _written(value)
        values[key] = value
        holders.setdefault(key, []).append(version.device)
        if question in version.started:
            before = _written(_plain(version.started[question]))
            replaced_by.setdefault(before, set()).add(key)
    return tuple(
        Choice(values[key], tuple(holders[key]))
        for key in sorted(values)
        if all(key in _later(other, replaced_by) for other in _later(key, replaced_by))
    )


def _later(key: str, replaced_by: Mapping[str, set[str]]) -> set[str]:
    """Return all values that were put in the place of this one, by whatever way.

    Where they lead back to it (one phone went from yes to no, the other from no to yes), nobody
    knows which was last, and all of that circle stand.
    """
    found: set[str] = set()
    ahead = [key]
    while ahead:
        new = replaced_by.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def _plain(value: object) -> object:
    """Return ticks in one order, each once: which was ticked first says nothing."""
    if isinstance(value, list | tuple):
        items = list(value)
        return sorted(set(items)) if all(isinstance(item, str) for item in items) else items
    return value


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=dict)
