"""What to do next, and what never to do: coded steps, the most urgent first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from amana.standards import catalogue, citations, codes
from amana.standards.datafile import MARKS, Place, Words, once, opened

KINDS = ("do", "never")
CONDITIONS = (
    *("class", "primary", "code", "all_codes", "without"),
    *("child", "situation", "vulnerability", "rescreen"),
)
SITUATIONS = ("alone", "separated", "accompanied", "unknown")


@dataclass(frozen=True)
class Circumstances:
    """What a step may depend on: the reading, its primary class first, and its facts."""

    classes: Sequence[str]
    codes: Collection[str]
    vulnerabilities: Collection[str]
    situation: str
    is_child: bool
    is_rescreened: bool


@dataclass(frozen=True)
class Condition:
    """All that must be true together; what is empty or None asks nothing."""

    classes: frozenset[str] = frozenset()
    primaries: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    all_codes: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    situations: frozenset[str] = frozenset()
    vulnerabilities: frozenset[str] = frozenset()
    child: bool | None = None
    rescreen: bool | None = None

    def holds(self, now: Circumstances) -> bool:
        return all(
            (
                _any_of(self.classes, now.classes),
                _any_of(self.primaries, now.classes[:1]),
                _any_of(self.codes, now.codes),
                self.all_codes <= set(now.codes),
                self.without.isdisjoint(now.codes),
                _any_of(self.situations, {now.situation}),
                _any_of(self.vulnerabilities, now.vulnerabilities),
                self.child in {None, now.is_child},
                self.rescreen in {None, now.is_rescreened},
            )
        )


@dataclass(frozen=True)
class Step:
    """One thing to do or never to do; it applies when any of its conditions holds."""

    code: str
    kind: str
    words: Words
    when: tuple[Condition, ...]
    mark: str
    source: str

    def applies(self, now: Circumstances) -> bool:
        return not self.when or any(condition.holds(now) for condition in self.when)


def applying(steps: Collection[Step], now: Circumstances) -> tuple[str, ...]:
    """Return the codes of the steps that apply, the most urgent first."""
    return tuple(step.code for step in steps if step.applies(now))


def step(code: str) -> Step:
    for one in load():
        if one.code == code:
            return one
    raise LookupError(f"unknown next step {code!r}")


def read(root: Place) -> tuple[Step, ...]:
    """Return the steps of a file in their order of urgency."""
    steps = tuple(_step(place) for place in root.at("steps").each())
    once(root.at("steps"), [one.code for one in steps])
    return steps


def _step(place: Place) -> Step:
    return Step(
        code=place.at("code").text(),
        kind=place.at("kind").one_of(KINDS),
        words=place.at("words").words(),
        when=tuple(_condition(when) for when in place.at("when").each()),
        mark=place.at("mark").one_of(MARKS),
        source=place.at("source").one_of(citations.load()),
    )


def _condition(place: Place) -> Condition:
    given = place.keyed(only=CONDITIONS)
    known = [indicator.code for indicator in catalogue.load().indicators]
    child, rescreen = given.get("child"), given.get("rescreen")
    return Condition(
        classes=_set(given, "class", codes.values("CLASS")),
        primaries=_set(given, "primary", codes.values("CLASS")),
        codes=_set(given, "code", known),
        all_codes=_set(given, "all_codes", known),
        without=_set(given, "without", known),
        situations=_set(given, "situation", SITUATIONS),
        vulnerabilities=_set(given, "vulnerability", codes.values("AUTRE_VULN_TYPE")),
        child=child.flag() if child else None,
        rescreen=rescreen.flag() if rescreen else None,
    )


def _set(given: Mapping[str, Place], key: str, allowed: Collection[str]) -> frozenset[str]:
    return frozenset(given[key].each_one_of(allowed)) if key in given else frozenset()


def _any_of(wanted: frozenset[str], there: Collection[str]) -> bool:
    return not wanted or not wanted.isdisjoint(there)


@cache
def load() -> tuple[Step, ...]:
    return read(opened("next_steps.json"))
