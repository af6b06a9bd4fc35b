"""What to do next, and what never to do: coded steps, the most urgent first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, Words, once, opened
from amana.standards.instruments import shelf
from amana.standards.logic import Alphabet, Condition, State, compiled

KINDS = ("do", "never")


@dataclass(frozen=True)
class Step:
    """One thing to do or never to do, and when."""

    code: str
    kind: str
    words: Words
    when: Condition | None
    mark: str
    source: str


@dataclass(frozen=True)
class Steps:
    """All steps in their order of urgency, and the atoms that their conditions name."""

    steps: tuple[Step, ...]
    alphabet: Alphabet

    def applying(self, atoms: Collection[str]) -> tuple[str, ...]:
        """Return the codes of the steps that apply, the most urgent first.

        `atoms` are the signs, `child` or `adult`, `situation.…`, `class.…`, `first.…`, `kind.…`,
        `rescreen`.
        """
        state = State(self.alphabet.mask(atoms))
        return tuple(s.code for s in self.steps if s.when is None or s.when(state) is not None)


def step(code: str) -> Step:
    for one in load().steps:
        if one.code == code:
            return one
    raise LookupError(f"unknown next step {code!r}")


def read(root: Place) -> Steps:
    """Return the steps of a file in their order of urgency."""
    alphabet = Alphabet(codes=shelf().find("field-catalogue").reader.alphabet.codes)
    alphabet.allow(_atoms())
    steps = tuple(_step(place, alphabet) for place in root.at("steps").each())
    once(root.at("steps"), [one.code for one in steps])
    return Steps(steps, alphabet)


def _atoms() -> Iterable[str]:
    yield from ("child", "adult", "rescreen")
    for prefix, name in (
        ("situation", "SITUATION"),
        ("class", "CLASS"),
        ("first", "CLASS"),
        ("kind", "AUTRE_VULN_TYPE"),
    ):
        yield from (f"{prefix}.{code}" for code in codes.values(name))


def _step(place: Place, alphabet: Alphabet) -> Step:
    when = place.maybe("when")
    return Step(
        code=place.at("code").text(),
        kind=place.at("kind").one_of(KINDS),
        words=place.at("words").words(),
        when=compiled(when, alphabet) if when else None,
        mark=place.at("mark").one_of(MARKS),
        source=place.at("source").one_of(citations.load()),
    )


@cache
def load() -> Steps:
    return read(opened("next_steps.json"))
