"""The reading of a screening: seven rules over the indicators found. They propose; people decide.

The rules are a proposal to the two national committees. They stand in the order of precedence of
the classes they lead to.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from amana.standards import next_steps
from amana.standards.catalogue import Catalogue, UnknownCode, load
from amana.standards.next_steps import SITUATIONS, Circumstances

MINOR = ("yes", "no", "doubtful")
CLASSES = {
    1: "TRAITE_PRESUMEE",
    2: "TRAFIC_ILLICITE_AGGRAVE",
    3: "TRAITE_A_APPROFONDIR",
    4: "ENFANT_A_RISQUE",
    5: "TRAFIC_ILLICITE",
    6: "AUTRE_VULNERABILITE",
    7: "AUCUN_INDICATEUR",
}
ANY_MEANS_SUFFICES = frozenset({"O1", "G1"})
CHILD_SIGNS = frozenset({"E1", "E2", "E3", "E4", "E5"})
CHILD_SIGNS_TO_LOOK_INTO = frozenset({"E2", "E4", "E5"})
PRIORITIES = frozenset({"P1", "P2", "P3", "P4"})
VULNERABILITY = {"A1": "VBG", "P2": "VBG", "P4": "ASILE", "P3": "SANTE"}

Codes = frozenset[str]


class BadFacts(ValueError):
    """Facts that cannot be read; `field` says which."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field


@dataclass(frozen=True)
class Facts:
    """What the screening found; a word the rules do not know is refused, never taken for `no`."""

    minor: str
    situation: str
    indicators: Collection[str]

    def __post_init__(self) -> None:
        for field, value, allowed in (
            ("minor", self.minor, MINOR),
            ("situation", self.situation, SITUATIONS),
        ):
            if value not in allowed:
                raise BadFacts(field, f"{value!r} is none of {', '.join(allowed)}")
        if isinstance(self.indicators, str) or not isinstance(self.indicators, Collection):
            raise BadFacts("indicators", "must be a list of codes")


@dataclass(frozen=True)
class Reading:
    """What the rules propose, and why."""

    primary: str
    also: tuple[str, ...]
    rules: tuple[int, ...]
    fired: tuple[str, ...]
    noted: tuple[str, ...]
    next_steps: tuple[str, ...]
    rescreen_in_days: int | None
    vulnerabilities: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """The facts as the rules look at them."""

    is_child: bool
    is_apart: bool
    codes: Codes
    exploitation: Codes
    control: Codes
    strong_control: Codes


def facts_from(given: Mapping[str, Any]) -> Facts:
    """Return the facts a mapping holds, or refuse it and name the field."""
    fields = ("minor", "situation", "indicators")
    for field in (*fields, *given):
        if field not in given:
            raise BadFacts(field, "is missing")
        if field not in fields:
            raise BadFacts(str(field), "is not a field of the facts")
    facts = Facts(**given)
    try:
        return replace(facts, indicators=load().in_order(facts.indicators))
    except UnknownCode as unknown:
        raise BadFacts("indicators", str(unknown)) from unknown


def reading(facts: Facts, catalogue: Catalogue) -> Reading:
    """Return the class proposed for a person, with the rules and the signs that led to it."""
    given = catalogue.in_order(facts.indicators)
    seen = _seen(facts, catalogue)
    held = _held(seen)
    classes = [CLASSES[number] for number in held]
    fired = frozenset().union(*held.values())
    vulnerabilities = _vulnerabilities(seen, held)
    rescreen = _rescreen_in_days(seen, held)
    circumstances = Circumstances(
        classes=classes,
        codes=given,
        vulnerabilities=vulnerabilities,
        situation=facts.situation,
        is_child=seen.is_child,
        is_rescreened=rescreen is not None,
    )
    return Reading(
        primary=classes[0],
        also=tuple(classes[1:]),
        rules=tuple(held),
        fired=tuple(code for code in given if code in fired),
        noted=tuple(code for code in given if code not in fired),
        next_steps=next_steps.applying(next_steps.load(), circumstances),
        rescreen_in_days=rescreen,
        vulnerabilities=vulnerabilities,
    )


def class_of(minor: str, indicators: tuple[str, ...]) -> str:
    """Return the class of a record that does not say who was with the person."""
    return reading(Facts(minor, "unknown", indicators), load()).primary


def as_json(proposed: Reading) -> dict[str, object]:
    """Return the seven answers a worker and another program read."""
    return {
        "primary": proposed.primary,
        "also": list(proposed.also),
        "rules": list(proposed.rules),
        "fired": list(proposed.fired),
        "noted": list(proposed.noted),
        "next_steps": list(proposed.next_steps),
        "rescreen_in_days": proposed.rescreen_in_days,
    }


def _seen(facts: Facts, catalogue: Catalogue) -> Seen:
    codes = frozenset(facts.indicators)
    return Seen(
        is_child=facts.minor in {"yes", "doubtful"},
        is_apart=facts.situation in {"alone", "separated"},
        codes=codes,
        exploitation=codes & catalogue.sets["EXPL"],
        control=codes & catalogue.sets["CTRL"],
        strong_control=codes & catalogue.sets["CTRL_S"],
    )


def _held(seen: Seen) -> dict[int, Codes]:
    """Return each rule that holds, in order, with the codes that made it hold."""
    presumed = trafficking_presumed(seen)
    to_look_into = None if presumed is not None else trafficking_to_look_into(seen)
    is_trafficking_open = presumed is not None or to_look_into is not None
    found = {
        1: presumed,
        2: aggravated_smuggling(seen),
        3: to_look_into,
        4: child_at_risk(seen, is_trafficking_open=is_trafficking_open),
        5: smuggling(seen),
        6: other_vulnerability(seen, is_trafficking_open=is_trafficking_open),
    }
    held = {number: codes for number, codes in found.items() if codes is not None}
    return held or {7: frozenset()}


def trafficking_presumed(seen: Seen) -> Codes | None:
    """Rule 1. For an adult, exploitation and a means; for a child, an act and exploitation."""
    return _child_presumed(seen) if seen.is_child else _adult_presumed(seen)


def _child_presumed(seen: Seen) -> Codes | None:
    """A child needs no means: consent and persuasion change nothing (Palermo, 3 c)."""
    purpose = seen.exploitation | seen.codes & {"E3"}
    if {"E1", "E4"} <= seen.codes:
        purpose |= {"E1", "E4"}
    return purpose | {"T1"} if purpose and "T1" in seen.codes else None


def _adult_presumed(seen: Seen) -> Codes | None:
    """Any means suffices for an organ or a forced marriage; the rest needs a strong one."""
    fired: Codes = frozenset()
    if seen.strong_control and seen.exploitation:
        fired |= seen.strong_control | seen.exploitation
    if seen.control and seen.exploitation & ANY_MEANS_SUFFICES:
        fired |= seen.control | seen.exploitation & ANY_MEANS_SUFFICES
    return fired or None


def aggravated_smuggling(seen: Seen) -> Codes | None:
    """Rule 2. Held for ransom or abused by smugglers."""
    return seen.codes & {"SM3"} or None


def trafficking_to_look_into(seen: Seen) -> Codes | None:
    """Rule 3. A strong means, two means, or a sign about the adult with the child."""
    means = seen.control if len(seen.control) > 1 else seen.strong_control
    return means | seen.codes & CHILD_SIGNS_TO_LOOK_INTO or None


def child_at_risk(seen: Seen, *, is_trafficking_open: bool) -> Codes | None:
    """Rule 4. A child alone or separated, or with any sign of harm, is at risk."""
    if not seen.is_child:
        return None
    harm = seen.exploitation | seen.codes & (CHILD_SIGNS | PRIORITIES | {"A1"})
    return harm if harm or seen.is_apart or is_trafficking_open else None


def smuggling(seen: Seen) -> Codes | None:
    """Rule 5. Paid to cross a border; it may be true beside trafficking."""
    return seen.codes & {"SM1"} or None


def other_vulnerability(seen: Seen, *, is_trafficking_open: bool) -> Codes | None:
    """Rule 6. Violence by others, asylum, health, or an adult's work dispute."""
    needs = seen.codes & VULNERABILITY.keys()
    if not seen.is_child and not is_trafficking_open:
        needs |= seen.exploitation
    return needs or None


def _vulnerabilities(seen: Seen, held: Mapping[int, Codes]) -> tuple[str, ...]:
    found = {VULNERABILITY[code] for code in held.get(6, ()) if code in VULNERABILITY}
    if _is_exploited_without_means(seen, held) and "N1" in seen.codes:
        found.add("CONFLIT_TRAVAIL")
    return tuple(sorted(found))


def _rescreen_in_days(seen: Seen, held: Mapping[int, Codes]) -> int | None:
    """The earlier date wins: exploitation without a visible means is seen again in two weeks."""
    if _is_exploited_without_means(seen, held) and "N1" not in seen.codes:
        return 14
    return 30 if min(held) in {3, 5} else None


def _is_exploited_without_means(seen: Seen, held: Mapping[int, Codes]) -> bool:
    return bool(held.get(6, frozenset()) & seen.exploitation)


def objections_to_sending(content: Mapping[str, object]) -> list[str]:
    """Return what a screening still lacks before it can be sent; a stop half-way is no fault."""
    against = []
    if "danger_seen" not in content:
        against.append("DANGER_CHECK_FIRST")
    if not content.get("age_band") or not content.get("minor"):
        against.append("PERSON_NOT_DESCRIBED")
    return against


def objections_to_decision(
    *, is_decided: bool, proposed: str, decided: str, reason: str
) -> list[str]:
    """Return what stands against a decision: it is made once, and a change says why."""
    against = []
    if is_decided:
        against.append("ALREADY_DECIDED")
    if decided != proposed and not reason.strip():
        against.append("CHANGE_NEEDS_REASON")
    return against
